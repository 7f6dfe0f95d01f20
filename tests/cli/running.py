"""`mockserver` as a process of its own that has not to load its modules first; they are most of what a short run takes.

A process that has loaded them stands by while tests run, and forks for each.
"""

import os
import sys
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

_SECONDS = 20


def run(*arguments: str, **variables: str) -> CompletedProcess[str]:
    """What it printed and its exit code, with `variables` in its environment and no other of the mock's.

    Fails if it has not ended after 20 s.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MOCKSERVER_")} | variables
    with TemporaryDirectory() as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        process = _standing_by().Process(target=_main, args=(arguments, environment, output, errors))
        process.start()
        process.join(_SECONDS)
        status = process.exitcode
        if status is None:
            process.kill()
            process.join()
        process.close()
        printed = [file.read_text(encoding="utf-8") for file in (output, errors)]
    assert status is not None, f"mockserver {' '.join(arguments)} runs for more than {_SECONDS} s: {printed}"
    return CompletedProcess(arguments, status, *printed)


@cache
def _standing_by() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["mockserver.cli", "mockserver.faults", "mockserver.spec", "urllib.request"])
    return context


def _main(arguments: tuple[str, ...], environment: dict[str, str], output: Path, errors: Path) -> None:
    for file, descriptor in ((output, 1), (errors, 2)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["mockserver", *arguments]
    from mockserver.cli import main

    main()

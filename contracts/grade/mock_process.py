"""The mock as a process of its own, for the time of a grading."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_PATIENCE: Final = 15.0
"""Real seconds within which it has to listen."""

_GRACE: Final = 5.0
"""Real seconds from SIGTERM to SIGKILL."""

_LOOK: Final = 0.02
_LAST_LINES: Final = 5
_PORTS_TRIED: Final = 5
_TAKEN: Final = "can't listen on"

_PROGRAM: Final = """
import os, runpy, shutil, signal, threading

def end_with_parent():
    # Nothing is ever written: this returns when the other end is gone, however that process ended. Nobody is left then
    # to remove the folder that was made for this one.
    os.read(0, 1)
    shutil.rmtree(os.getcwd(), ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_parent, name="end_with_parent", daemon=True).start()
runpy.run_module("mockserver", run_name="__main__", alter_sys=True)
"""
"""`python -m mockserver` that ends when whoever started it has ended.

A pipe, and not PR_SET_PDEATHSIG: that is Linux's, and its signal comes at the end of the thread that started the mock.
"""


class CannotRun(Exception):  # noqa: N818 - as click names its own
    """The mock does not come up; the message is one line, with the last that it printed."""


@contextmanager
def started(*options: str) -> Iterator[str]:
    """`mockserver serve` with these options while the block runs; gives its base URL, of 127.0.0.1 and a free port.

    Files in the options are absolute: it runs in a folder of its own, without MOCKSERVER_ variables. Unless the options
    have a --public-url, its videos lie under http://localhost and that port: another host than the API's. It is in a
    session of its own, so that Ctrl-C in the terminal does not end it before its journals are read, and ends by
    itself if this process dies. Raises CannotRun.
    """
    with TemporaryDirectory(prefix="contracts-mock-") as folder:
        process, port = _listening(Path(folder), options)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _listening(folder: Path, options: Sequence[str]) -> tuple[subprocess.Popen[bytes], int]:
    own_public_url = any(option.partition("=")[0] == "--public-url" for option in options)
    for _ in range(_PORTS_TRIED):
        port = 0 if own_public_url else _free_port()
        public_url = [] if own_public_url else ["--public-url", f"http://localhost:{port}"]
        process = _start(folder, ["serve", "--port", str(port), *public_url, *options])
        try:
            return process, _port(process, folder)
        except _Failed as failed:
            _end(process)
            # Between the look for a free port and its use, somebody else may have taken it.
            if port and _TAKEN in failed.output:
                continue
            raise CannotRun(f"the mock {failed.what}{_said(failed.output)}") from None
        except BaseException:
            _end(process)
            raise
    raise CannotRun(f"the mock finds no free port: {_PORTS_TRIED} were taken by others before it listened")


class _Failed(Exception):  # noqa: N818 - an outcome, told on by CannotRun
    def __init__(self, what: str, output: str) -> None:
        self.what = what
        self.output = output


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _start(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    environment["PYTHONIOENCODING"] = "utf-8"
    command = [sys.executable, "-c", _PROGRAM, *arguments, "--port-file", str(folder / "port")]
    with (folder / "output").open("wb") as output:
        try:
            return subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            raise CannotRun(f"the mock can't be started: {sys.executable}: {error.strerror}") from None


def _port(process: subprocess.Popen[bytes], folder: Path) -> int:
    file, until = folder / "port", time.monotonic() + _PATIENCE
    while True:
        if file.exists():
            return int(file.read_text(encoding="ascii"))
        try:
            status = process.wait(_LOOK)
        except subprocess.TimeoutExpired:
            if time.monotonic() < until:
                continue
            what = f"does not listen within {_PATIENCE:g} s"
        else:
            what = f"ended at once, with status {status}"
        raise _Failed(what, (folder / "output").read_text(encoding="utf-8", errors="replace"))


def _said(output: str) -> str:
    """The last lines of what it printed, in one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return f": {' / '.join(lines[-_LAST_LINES:])}" if lines else ", and printed nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdin is not None:
            process.stdin.close()

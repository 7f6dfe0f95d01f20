"""A client that runs N times faster, by libfaketime."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

FASTEST: Final = 100
"""Beyond it, what a computer does in a tenth of a second takes longer than any time-out of a client."""

_NAMES: Final = ("libfaketimeMT.so.1", "libfaketime.so.1")
_FOLDERS: Final = (
    *("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime"),
    *("/usr/local/lib/*/faketime", "/usr/local/lib/faketime"),
)
_HOW: Final = "install it (Debian, Ubuntu: apt install faketime), or name its file in FAKETIME_LIBRARY"
_OURS: Final = re.compile(r"\+0 x[0-9]+")
_SHARED: Final = "FAKETIME_SHARED"
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where the C library keeps it

_KEEPER: Final = """
import os, sys
print(os.environ.get("FAKETIME_SHARED", ""), flush=True)
sys.stdin.read()
"""
_TRIES: Final = 3


class CannotFastForward(Exception):  # noqa: N818 - as click names its own
    """A client can't be made faster here; the message is one line."""


def environment(n: float) -> Mapping[str, str]:
    """What a client's process is told so that it, and whatever it starts, runs `n` times faster.

    It goes on top of the process's own environment. Raises CannotFastForward.
    """
    if sys.platform != "linux":
        raise CannotFastForward(f"a client can be fast-forwarded on Linux only, not on {sys.platform}")
    if n != int(n) or not 1 <= n <= FASTEST:
        raise CannotFastForward(f"a client is fast-forwarded by a whole number from 1 to {FASTEST}, not by {n:g}")
    library = _library()
    variables = {
        "LD_PRELOAD": ":".join(filter(None, (os.environ.get("LD_PRELOAD"), str(library)))),
        "FAKETIME": f"+0 x{int(n)}",
        # What it starts goes on with its clock, and does not begin with one of its own.
        "FAKETIME_DONT_RESET": "1",
        # The times of files stay what they are. Otherwise Python, for one, would think that all it compiled is old.
        "NO_FAKE_STAT": "1",
        "FAKE_UTIME": "0",
    }
    if b"sem_clockwait" not in library.read_bytes():
        waits = str(Path(__file__).parent / "python_waits")
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (waits, os.environ.get("PYTHONPATH"))))
    return variables


@contextmanager
def one_clock(environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """A client's environment, in which all its processes share one clock, if it has variables of ours; else unchanged.

    Without it, each process that does not descend from another by fork alone would begin at the real time, as `date`
    does in a shell's loop, and one that is killed would leave its shared memory behind. Raises CannotFastForward.
    """
    preload = environment.get("LD_PRELOAD")
    if not (preload and _OURS.fullmatch(environment.get("FAKETIME", ""))) or _SHARED in environment:
        yield environment
        return
    for _ in range(_TRIES):
        # It makes the shared memory as it starts, named for its number, and removes it as it ends. It ends with us.
        keeper = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", "-c", _KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        with keeper:
            shared = keeper.stdout.readline().decode().strip() if keeper.stdout is not None else ""
            if shared:
                try:
                    yield {**environment, _SHARED: shared}
                finally:
                    keeper.communicate()
                    _remove(shared)
                return
            # Another process of that number may have left its own behind.
    raise CannotFastForward(f"libfaketime does not work here: {preload} can't be loaded")


def _library() -> Path:
    named = os.environ.get("FAKETIME_LIBRARY")
    if named:
        path = Path(named)
        if not path.is_file():
            raise CannotFastForward(f"libfaketime is not at {named}, where FAKETIME_LIBRARY says")
    else:
        folders = [folder for place in _FOLDERS for folder in sorted(Path("/").glob(place.removeprefix("/")))]
        if program := shutil.which("faketime"):
            prefix = Path(program).resolve().parents[1]
            folders = [*prefix.glob("lib/faketime"), *sorted(prefix.glob("lib/*/faketime")), *folders]
        found = [folder / name for folder in folders for name in _NAMES if (folder / name).is_file()]
        if not found:
            raise CannotFastForward(f"--fast-forward needs libfaketime: {_HOW}")
        path = found[0]
    if re.search(r"[\s:]", str(path)):
        raise CannotFastForward(f"libfaketime can't be loaded from {str(path)!r}: no blank or colon may be in its path")
    return path.resolve()


def _remove(shared: str) -> None:
    """Remove what a keeper that was killed would leave behind."""
    semaphore, _, memory = shared.partition(" ")
    for name in (f"sem.{semaphore.removeprefix('/')}", memory.removeprefix("/")):
        if name and "/" not in name:
            with suppress(OSError):
                (_SHARED_MEMORY / name).unlink(missing_ok=True)

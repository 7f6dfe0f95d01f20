"""A client that runs N times faster, by libfaketime.

Measured with libfaketime 0.9.10 (Debian 12), two busy cores: real seconds of what the client takes for 10 s.

                                                    N=5   N=10   N=20   N=50
    Python 3.11  time.sleep, asyncio.sleep          2.0    1.0   0.50   0.21
                 select, poll, sockets              2.0    1.0   0.50   0.20
                 Event.wait, Queue.get, join,
                   futures (by python_waits)        2.0    1.0   0.50   0.20
                 requests, timeout=10               2.0    1.0   0.50   0.20
                 httpx.AsyncClient(timeout=10)      2.3    1.4   0.70   0.39  (0.2 s for making it)
    Node 20      setTimeout, timers/promises,
                   setInterval, Atomics.wait        2.0    1.0   0.51   0.21
                 fetch, AbortSignal.timeout         2.0    1.0   0.52   0.20
    bash, curl   sleep, read -t                     2.0    1.0   0.52   0.27
                 loops over SECONDS, $(date +%s)    1.9    1.0   0.53   0.23
                 curl --max-time                    2.0    1.0   0.58   0.28
                 curl --retry 3 --retry-delay 10    6.1    3.0   1.57   0.78  (30 s)
    the same     Perl, Java 17, wget; C++ and Rust that sleep

A time-out of the client is shortened with the rest: 30 s for reading are 1.5 real seconds at N=20. It is no matter
while the mock answers in milliseconds: of 600 calls at each N, by 10 clients side by side, none ran out of 10 s up to
N=20; at N=50, 9 did (all of Node's), and none of 30 s. So 20 is as much as is wise where cores are few. A mock that
holds a call for H real seconds holds it for H * N of the client's.

Limits. Only what asks the C library for the time and waits by it is reached: no Go, no static program, none of musl, no
container. With 0.9.10 these wait for decades: std::condition_variable::wait_for in C++, Condvar::wait_timeout in Rust,
and in Python 3.11 and later acquire(timeout=) of a lock itself, SimpleQueue.get(timeout=), and all waits of threads if
it runs with -I or -E. These take the real time: `timeout 10 command`, setitimer(). The client's clock is ahead of
everybody else's, by an hour after 3 real minutes at N=20: what compares it with a time that was sent finds that late
(Retry-After as a date, the age of a signed callback).
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from contracts.options import FASTEST

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
    if not 1 <= n <= FASTEST or n != int(n):
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

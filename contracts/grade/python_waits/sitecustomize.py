"""Lets the waits of threads run out in a Python client that libfaketime makes faster.

Since 3.11 Python waits for a lock by sem_clockwait(), which libfaketime 0.9.10 (Debian 12, Ubuntu 22.04 and 24.04) does
not know: it is given a time of the faster clock and waits for it on the real one, for decades. So what waits with a
time-out for a condition (Event, Condition, Queue, Timer, Semaphore, futures) or for the end of a thread looks again and
again here, as Python 2 did. Not helped: acquire(timeout=) of a lock itself, SimpleQueue.get(timeout=).

It runs in any Python that the client uses, and leaves older ones alone. Times are seconds of the faster clock.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

_SHORTEST, _LONGEST = 0.001, 0.2


def _comes_about(what: Callable[[], bool], timeout: float) -> bool:
    until, pause = time.monotonic() + timeout, _SHORTEST
    while not what():
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST)
    return True


class _Waiter:
    """The lock on which a thread waits for a condition."""

    def __init__(self) -> None:
        self._lock = _allocate_lock()
        self.release = self._lock.release
        self.locked = self._lock.locked

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - a lock's own
        if blocking and timeout > 0:
            return _comes_about(lambda: self._lock.acquire(blocking=False), timeout)
        return self._lock.acquire(blocking, timeout)


def _join(self: threading.Thread, timeout: float | None = None) -> None:
    if timeout is None or timeout <= 0:
        _join_thread(self, timeout)
        return
    # Raises what join() raises for a thread that can't be joined.
    _join_thread(self, 0)
    _comes_about(lambda: not self.is_alive(), timeout)


def _load_next() -> None:
    """Load the module of the same name that this one stands before."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib takes longer to load
    spec = PathFinder.find_spec(__name__, [path for path in sys.path if os.path.abspath(path) != here])  # noqa: PTH100
    if spec is not None and spec.loader is not None:
        sys.modules[__name__] = module = module_from_spec(spec)
        spec.loader.exec_module(module)


_allocate_lock, _join_thread = threading.Lock, threading.Thread.join
if __name__ == "sitecustomize":
    if sys.version_info >= (3, 11):  # noqa: UP036 - the client may run in an older one
        threading._allocate_lock = _Waiter  # type: ignore[attr-defined]  # noqa: SLF001 - Condition.wait() calls it
        threading.Thread.join = _join  # type: ignore[method-assign]
    _load_next()

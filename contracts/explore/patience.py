"""An end for what does not end by itself, in this thread."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_LOOKS: Final = 0.005
"""Real seconds between two looks whether it may be interrupted where it is."""

_MOST_LOOKS: Final = 400
_AGAIN: Final = 1.0
"""Real seconds after which it is interrupted once more, should it not have listened."""


class Overdue(BaseException):
    """It took too long. No Exception, which a client may well take for trouble that passes."""


@contextmanager
def at_most(seconds: float, spared: str) -> Iterator[None]:
    """Raise Overdue in the block when it takes longer than so many real seconds.

    Not while code of the package `spared` runs, unless that goes on for some seconds: it might stop halfway. Only in
    the main thread, and where there are signals: elsewhere it takes as long as it takes.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    looks = 0

    def end(_: int, frame: FrameType | None) -> None:
        nonlocal looks
        looks += 1
        if looks < _MOST_LOOKS and _runs(spared, frame):
            return
        # Time enough to get out of here.
        signal.setitimer(signal.ITIMER_REAL, _AGAIN, _AGAIN)
        raise Overdue

    handler = signal.signal(signal.SIGALRM, end)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, _LOOKS)
    try:
        yield
    finally:
        # Somebody else's, as that of a limit for the whole test, goes on.
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)


def _runs(package: str, frame: FrameType | None) -> bool:
    """Whether a call into a package is under way."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] == package:
            return True
        frame = frame.f_back
    return False

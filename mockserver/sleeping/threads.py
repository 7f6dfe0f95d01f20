"""The threads of the code under test: which they are, and whether they have something to do."""

import sys
import threading
from collections.abc import Container
from pathlib import Path
from typing import Final

from mockserver.mock_thread import MockThread

_TASKS: Final = "/proc/self/task"
"""Where Linux tells of each thread."""

_GLANCE: Final = 0.0005
"""Real seconds after which the system tells of a thread that has something to do that it has run, or is about to."""

_BLIND_GLANCE: Final = 0.005
"""Real seconds in which it does some of it, if nobody is in its way; where the system does not tell."""


class Threads:
    """The thread that makes this, and all that start later, but for those of the mock.

    `glance` are real seconds: so far apart two looks at a thread tell whether it has something to do.
    """

    def __init__(self) -> None:
        me = threading.current_thread()
        self._older = frozenset(thread for thread in threading.enumerate() if thread is not me)
        self._tells = Path(f"{_TASKS}/{me.native_id}/schedstat").exists()
        self.glance = _GLANCE if self._tells else _BLIND_GLANCE

    def is_here(self) -> bool:
        """Whether the calling thread is one of them."""
        return self._is_one(threading.current_thread())

    def traces(self, but: Container[int | None]) -> dict[threading.Thread, object]:
        """Of all those whose number is not in `but`, a value that has changed when the thread has done something."""
        others = [thread for thread in threading.enumerate() if thread.ident not in but and self._is_one(thread)]
        return {thread: _time(thread) if self._tells else _place(thread) for thread in others}

    def _is_one(self, thread: threading.Thread) -> bool:
        return thread not in self._older and not isinstance(thread, MockThread)


def _time(thread: threading.Thread) -> object:
    """How long a thread has had a processor. One that is about to run never looks the same."""
    task = f"{_TASKS}/{thread.native_id}"
    try:
        with open(f"{task}/stat", "rb") as stat, open(f"{task}/schedstat", "rb") as times:  # noqa: PTH123 - read often
            rests = stat.read().rpartition(b") ")[2].startswith(b"S")
            return times.read().split()[0] if rests else object()
    except OSError:
        # It is about to start, or has just ended.
        return object()


def _place(thread: threading.Thread) -> object:
    """Where a thread is in its code; the same for one in a tight loop."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the only way to see another thread
    return object() if frame is None else (id(frame.f_code), frame.f_lasti)

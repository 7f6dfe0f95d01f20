"""The threads of the code under test: which they are, and whether they have something to do."""

import sys
import threading
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from mockserver.clock import stopwatch
from mockserver.mock_thread import MockThread

_TASKS: Final = "/proc/self/task"
"""Where Linux tells of each thread."""

_GLANCE: Final = 0.0005
"""Real seconds after which the system tells of a thread that has something to do that it has run, or is about to."""

_BLIND_GLANCE: Final = 0.005
"""Real seconds in which it does some of it, if nobody is in its way; where the system does not tell."""

_LONGEST_WORK: Final = 100_000_000
"""Nanoseconds of a processor after which time no longer stands for those who work."""

_LONGEST_WAIT: Final = 2.0
"""Real seconds after which it does not stand for those who get no processor, either."""

_BLIND_GLANCES: Final = 20
"""Glances after which time no longer stands where the system does not tell who works."""


class Trace(NamedTuple):
    """What can be seen of a thread; not the same as before when it has done something."""

    rests: bool
    """Whether it waits for something, as far as that can be told."""
    place: object
    """Where it is in its code, if nothing better can be told."""
    ran: int
    """Nanoseconds for which it has had a processor."""


Traces = Mapping[threading.Thread, Trace]


class Threads:
    """The thread that makes this, and all that start later, but for those of the mock.

    `glance` are real seconds: so far apart two looks at a thread tell whether it has something to do. Where the system
    tells, that is certain. Where it does not, a thread that gets no processor for so long looks as if it waited.
    """

    def __init__(self) -> None:
        me = threading.current_thread()
        self._older = frozenset(thread for thread in threading.enumerate() if thread is not me)
        self.tells = Path(f"{_TASKS}/{me.native_id}/schedstat").exists()
        """Whether the system tells of each thread."""
        self.glance = _GLANCE if self.tells else _BLIND_GLANCE

    def is_here(self) -> bool:
        """Whether the calling thread is one of them."""
        return self._is_one(threading.current_thread())

    def traces(self, but: Container[int | None], *, mock: bool) -> Traces:
        """What is to be seen of all those whose number is not in `but`; with `mock`, of those of the mock, too."""
        others = [
            thread
            for thread in threading.enumerate()
            if thread.ident not in but and (self._is_one(thread) or (mock and isinstance(thread, MockThread)))
        ]
        return {thread: _time(thread) if self.tells else _place(thread) for thread in others}

    def _is_one(self, thread: threading.Thread) -> bool:
        return thread not in self._older and not isinstance(thread, MockThread)


@dataclass(slots=True)
class Glances:
    """What somebody has seen of the threads that have not lain down, since time waits for them."""

    _first: Traces | None = None
    _last: Traces = field(default_factory=dict)
    _since: float = 0.0
    _at: float = 0.0

    def end(self, threads: Threads, traces: Traces, *, waking: bool) -> bool:
        """Look once more. Returns whether time need not wait any longer: for threads, or for those who are `waking`."""
        now = stopwatch()
        if self._first is None:
            self._first, self._last, self._since, self._at = traces, traces, now, now
            return False
        if now - self._at < threads.glance:
            return False
        quiet = not waking and all(trace.rests and self._last.get(thread) == trace for thread, trace in traces.items())
        if quiet or self._is_long(threads, self._first, traces, now - self._since):
            self._first = None
            return True
        self._last, self._at = traces, now
        return False

    @staticmethod
    def _is_long(threads: Threads, first: Traces, traces: Traces, waited: float) -> bool:
        if not threads.tells:
            return waited > _BLIND_GLANCES * threads.glance
        worked = sum(trace.ran - first[thread].ran for thread, trace in traces.items() if thread in first)
        return worked > _LONGEST_WORK or waited > _LONGEST_WAIT


def _time(thread: threading.Thread) -> Trace:
    """How long a thread has had a processor, and whether it wants one."""
    if thread.native_id is None:
        return Trace(rests=False, place=None, ran=0)  # it is about to start
    task = f"{_TASKS}/{thread.native_id}"
    try:
        with open(f"{task}/stat", "rb") as stat, open(f"{task}/schedstat", "rb") as times:  # noqa: PTH123 - read often
            rests = stat.read().rpartition(b") ")[2].startswith(b"S")
            return Trace(rests, None, int(times.read().split()[0]))
    except OSError:
        return Trace(rests=True, place=None, ran=0)  # it has ended


def _place(thread: threading.Thread) -> Trace:
    """Where a thread is in its code, and in what called it; the same for one in a tight loop."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the only way to see another thread
    place = []
    while frame is not None:
        place.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return Trace(rests=bool(place), place=place, ran=0)

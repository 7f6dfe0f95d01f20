"""asyncio.sleep, where sleeping moves the clock of a mock."""

import asyncio
import math
import threading
from contextlib import suppress
from functools import partial
from typing import Any, Final

from mockserver.sleeping.sleepers import SECOND, Sleepers
from mockserver.sleeping.threads import Glances

_ROUNDS: Final = 2
"""Rounds of an event loop without anything to do, after which nothing is under way."""

_BLIND_ROUNDS: Final = 100
"""The same for a loop that does not say whether it has something to do: what is under way is over by then."""

_FAR: Final = 1e9
"""Seconds; a timer beyond them is none."""


class SleepingTask:
    """One call of sleep on an event loop."""

    def __init__(self, watch: "LoopWatch") -> None:
        self.watch = watch
        self.until = 0
        self.depth = 0
        self.ended = watch.loop.create_future()

    def wake(self, error: Exception | None) -> bool:
        """Sleep no longer."""
        loop = self.watch.loop
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._end, error)
            # One that is stopped gets to it when it is started again.
            return loop.is_running()
        return False

    def sleep_on(self, seconds: float) -> None:
        """Sleep so long for real."""
        with suppress(RuntimeError):
            self.watch.loop.call_soon_threadsafe(self.watch.loop.call_later, seconds, partial(self._end, None))

    def _end(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


class LoopWatch:
    """Looks, between the rounds of an event loop, whether anything is left to do but to sleep."""

    blocks = False

    def __init__(self, sleepers: Sleepers, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.thread = threading.get_ident()
        self.glances = Glances()
        self._sleepers = sleepers
        # asyncio's own loops have these; uvloop hides what it has.
        self._ready: Any = getattr(loop, "_ready", None)
        self._has_timers = hasattr(loop, "_scheduled")
        self._selector: Any = getattr(loop, "_selector", None)
        self._enough = _BLIND_ROUNDS if self._ready is None else _ROUNDS
        self._rounds = 0
        self._looks = False
        self._pause: asyncio.TimerHandle | None = None

    async def sleep(self, nanoseconds: int) -> bool:
        """Sleep. Returns False if time is real again: it has not slept. Raises what went wrong in a mock meanwhile."""
        sleeper = SleepingTask(self)
        self.thread = threading.get_ident()
        if not self._sleepers.lie_down(sleeper, nanoseconds):
            return False
        self._begin()
        try:
            await sleeper.ended
        finally:
            self._sleepers.get_up(sleeper)
        return True

    def tell(self) -> None:
        """Look again."""
        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self._begin)

    def next_timer(self) -> int | None:
        """When the first of the loop's timers is due that is not."""
        if not self._has_timers:
            return None
        now = self.loop.time()
        timers: list[asyncio.TimerHandle] = list(self.loop._scheduled)  # type: ignore[attr-defined] # noqa: SLF001
        ahead = [each.when() - now for each in timers if not each.cancelled() and each is not self._pause]
        # One that is due is under way, unless the loop's thread sleeps.
        first = min((each for each in ahead if each > 0), default=math.inf)
        return None if first > _FAR else self._sleepers.now + math.ceil(first * SECOND)

    def _begin(self) -> None:
        if not self._looks:
            self._looks = True
            self._rounds = 0
            self.loop.call_soon(self._look)

    def _look(self) -> None:
        self._pause = None
        if self._ready:
            self._rounds = 0
        else:
            self._rounds += 1
        if self._rounds < self._enough:
            self.loop.call_soon(self._look)
            return
        seconds = self._sleepers.look(self, warily=self._is_connected())
        if seconds is None:
            self._looks = False
        elif seconds == 0:
            self._rounds = 0
            self.loop.call_soon(self._look)
        else:
            self._pause = self.loop.call_later(seconds, self._look)

    def _is_connected(self) -> bool:
        """Whether anything may come in by a socket, but for what other threads tell the loop."""
        if self._selector is None or not hasattr(self._selector, "get_map"):
            return self._ready is None
        return len(self._selector.get_map() or ()) > 1

"""Clocks of sandboxes, in milliseconds since 1970. The only module that reads real time."""

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """What a sandbox needs of a clock."""

    def now(self) -> int:
        """The instant, in milliseconds since 1970. Never less than before."""
        ...


class RealClock:
    """Starts at the real instant and runs `speed` times as fast: 60 is a minute a second."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._start = time.time_ns() // 1_000_000
        self._started = time.monotonic_ns()

    def now(self) -> int:
        return self._start + int((time.monotonic_ns() - self._started) * self.speed) // 1_000_000


class ManualClock:
    """Moves only when told; starts at 2025-01-01T00:00:00Z."""

    START = 1_735_689_600_000

    def __init__(self) -> None:
        self._now = self.START

    def now(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        """Go forward. Raises ValueError for a negative number of seconds: time never goes backwards."""
        if seconds < 0:
            raise ValueError(f"time never goes backwards: advance by {seconds} s")
        self._now += round(seconds * 1_000)


wall = time.time
"""The real instant, in seconds since 1970: for log lines."""

stopwatch = time.perf_counter
"""Seconds since some instant: for how long something took."""

ClockFactory = Callable[[], Clock]
"""Makes the clock of a new sandbox."""

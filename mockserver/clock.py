"""The clock of a sandbox, in milliseconds since 1970. The only module that reads real time."""

import time
from collections.abc import Callable
from typing import Final, Literal, get_args

from mockserver.instants import milliseconds

Mode = Literal["real", "manual", "auto"]
"""real: runs, `speed` times as fast as real time. manual: moves only when told. auto: runs, and makes a step at each
call to the emulated API."""

MODES: Final[tuple[str, ...]] = get_args(Mode)

START: Final = 1_735_689_600_000
"""2025-01-01T00:00:00Z: where manual and auto clocks start, so that a seed gives the same bytes."""

LATEST: Final = 250_000_000_000_000
"""Late in the year 9892: beyond, instants could no longer be written as dates."""

MAX_SPEED: Final = 10_000
"""Beyond it a clock would leave the calendar within weeks."""

AUTO_STEP: Final = 10_000
"""Milliseconds that an auto clock makes at each call, if nothing else is said."""


class Clock:
    """The one clock of a sandbox.

    `speed` is how many times as fast as real time it runs, `step` the milliseconds it makes at each call in mode auto.
    One that `waits` stands until it is told to `begin`. `real` gives real nanoseconds since some instant. Time never
    goes backwards. Not safe for use by several threads: hold the sandbox's lock.
    """

    def __init__(
        self,
        mode: Mode = "real",
        speed: float = 1.0,
        step: int = AUTO_STEP,
        real: Callable[[], int] = time.monotonic_ns,
        *,
        waits: bool = False,
    ) -> None:
        self.mode: Mode = mode
        self.speed = speed
        self.step = step
        self._real = real
        self._since = real()
        self._anchor = START if mode != "real" else time.time_ns() // 1_000_000
        self.waits = waits
        """Whether it has not begun to run."""
        self._stands = waits or mode == "manual"
        self.leaps = 0
        """How many leaps move it: more than one if a receiver that is called in the course of one sleeps."""

    def now(self) -> int:
        """The instant, in milliseconds since 1970. Never less than before."""
        if self._stands:
            return self._anchor
        now = self._anchor + int((self._real() - self._since) * self.speed) // 1_000_000
        return now if now < LATEST else LATEST  # noqa: FURB136 - read at every request: a call less

    @property
    def pace(self) -> float:
        """Seconds that pass here in a second of whoever waits: one where the clock only moves when told."""
        return 1.0 if self.mode == "manual" else self.speed

    def seconds_until(self, instant: int) -> float | None:
        """Real seconds until an instant, 0 if it has come; None if the clock does not move by itself."""
        if self._stands:
            return None
        return max(0.0, (instant - self.now()) / 1_000 / self.speed)

    def hold(self, instant: int | None = None) -> None:
        """Stand at an instant from now on, whatever the mode, until `release`; without one, where it is.

        Raises ValueError for one that lies before now, or beyond `LATEST`.
        """
        if instant is None:
            instant = self.now()
        else:
            self.check(instant)
        self._anchor, self._stands = instant, True

    def check(self, instant: int) -> None:
        """Raise ValueError for an instant to which this clock can't be moved."""
        if instant > LATEST:
            raise ValueError(f"time must not go beyond {milliseconds(LATEST)}")
        if instant < (now := self.now()):
            asked = milliseconds(instant) if instant >= 0 else f"{instant} ms"
            raise ValueError(f"time never goes backwards: it is {milliseconds(now)}, asked for {asked}")

    def release(self) -> None:
        """Go on as the mode says, from where it stands."""
        self._move(self.mode)

    def begin(self) -> None:
        """Wait no longer: go on as the mode says."""
        self.waits = False
        self._move(self.mode)

    def tick(self) -> None:
        """A call to the emulated API was answered: in mode auto, that is a step."""
        if self.mode == "auto":
            self._anchor = min(self._anchor + self.step, LATEST)

    def freeze(self) -> None:
        """Stand still: mode manual."""
        self._move("manual")

    def run(self, speed: float) -> None:
        """Run `speed` times as fast as real time: mode real."""
        self.waits = False
        self._move("real", speed)

    def auto(self, step: int) -> None:
        """Run as fast as before, and make a step of so many milliseconds at each call: mode auto."""
        self.waits = False
        self._move("auto")
        self.step = step

    def _move(self, mode: Mode, speed: float | None = None) -> None:
        self._anchor, self._since = self.now(), self._real()
        self._stands = self.waits or mode == "manual"
        self.mode = mode
        if speed is not None:
            self.speed = speed


def give_way() -> None:
    """Let another thread have its turn, if one waits."""
    time.sleep(0)


pause = time.sleep
"""Let so many real seconds pass."""

wall = time.time
"""The real instant, in seconds since 1970: for log lines."""

stopwatch = time.perf_counter
"""Seconds since some instant: for how long something took."""

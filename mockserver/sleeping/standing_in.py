"""What stands in for the functions that sleep and tell the time."""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import update_wrapper, wraps
from operator import index
from types import ModuleType
from typing import Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

from mockserver.sleeping.blocking import SleepingThread
from mockserver.sleeping.loops import LoopWatch
from mockserver.sleeping.places import is_untouched
from mockserver.sleeping.sleepers import SECOND, Sleepers

_TOO_LONG: Final = 2**63 / SECOND
"""Seconds for which a thread can't sleep."""

_SLEEPS_ITSELF: Final = "subprocess"
"""The one module of the standard library that sleeps while it waits for something real."""


class StandIn:
    """A function in the place of another. No method where it stands in a class, as those of `time` are none."""

    def __init__(self, original: Callable[..., Any], sleepers: Sleepers) -> None:
        self.original = original
        self.sleepers = sleepers
        update_wrapper(cast("Callable[..., Any]", self), original)

    def __reduce__(self) -> str:
        # A copy of it is itself, as of any function.
        return str(self.original.__qualname__)

    def __repr__(self) -> str:
        return f"<{self.original.__module__}.{self.original.__qualname__} in the time of a mock>"


class Sleep(StandIn):
    """In the place of time.sleep."""

    def __call__(self, seconds: Any, /) -> None:
        """Sleep. Raises what time.sleep raises."""
        sleepers = self.sleepers
        if sleepers.over or not sleepers.threads.is_here() or _is_real(sys._getframe(1).f_globals):  # noqa: SLF001
            self.original(seconds)
            return
        if not isinstance(seconds, float):
            with suppress(TypeError):
                seconds = index(seconds)
        if not isinstance(seconds, float | int) or not 0 < seconds < _TOO_LONG:
            self.original(seconds)
        elif left := SleepingThread().sleep(sleepers, round(seconds * SECOND)):
            self.original(left)


class Seconds(StandIn):
    """In the place of a function that tells the time in seconds."""

    def __call__(self) -> float:
        """The real time, and what was slept."""
        seconds: float = self.original()
        sleepers = self.sleepers
        return seconds + sleepers.now / SECOND if not sleepers.over and sleepers.threads.is_here() else seconds


class Nanoseconds(StandIn):
    """In the place of a function that tells the time in nanoseconds."""

    def __call__(self) -> int:
        """The real time, and what was slept."""
        nanoseconds: int = self.original()
        sleepers = self.sleepers
        return nanoseconds + sleepers.now if not sleepers.over and sleepers.threads.is_here() else nanoseconds


class Patch(NamedTuple):
    """A function to put into a module under a name."""

    owner: ModuleType
    name: str
    function: Any


def stand_ins(sleepers: Sleepers) -> list[Patch]:
    """What is to be put where."""
    return [
        Patch(time, "sleep", Sleep(_lasting(time.sleep), sleepers)),
        Patch(time, "time", Seconds(_lasting(time.time), sleepers)),
        Patch(time, "time_ns", Nanoseconds(_lasting(time.time_ns), sleepers)),
        Patch(time, "monotonic", Seconds(_lasting(time.monotonic), sleepers)),
        Patch(time, "monotonic_ns", Nanoseconds(_lasting(time.monotonic_ns), sleepers)),
        Patch(asyncio, "sleep", _async_sleep(_lasting(asyncio.sleep), sleepers)),
    ]


def present() -> Sleepers | None:
    """Those who sleep now, if time.sleep is stood in for."""
    stands = time.sleep
    return stands.sleepers if isinstance(stands, Sleep) and not stands.sleepers.over else None


def _lasting(function: Any) -> Any:
    """A function, or what it stands in for if its time is over: somebody has kept it, and put it back too late."""
    while isinstance(sleepers := getattr(function, "sleepers", None), Sleepers) and sleepers.over:
        function = function.original
    return function


def _is_real(caller: dict[str, Any]) -> bool:
    """Whether time is real for a function with these globals."""
    name = str(caller.get("__name__"))
    return name == _SLEEPS_ITSELF or is_untouched(name)


def _async_sleep(original: Any, sleepers: Sleepers) -> Any:
    """What stands in for asyncio.sleep: a coroutine function, as that is."""
    watches: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopWatch] = WeakKeyDictionary()

    @wraps(original)
    async def sleep(delay: Any, result: Any = None) -> Any:
        if sleepers.over or not sleepers.threads.is_here() or _is_real(sys._getframe(1).f_globals):  # noqa: SLF001
            return await original(delay, result)
        if not isinstance(delay, float | int) or not 0 < delay < _TOO_LONG:
            return await original(delay, result)
        loop = asyncio.get_running_loop()
        watch = watches.get(loop)
        if watch is None:
            watch = watches[loop] = LoopWatch(sleepers, loop)
        if not await watch.sleep(round(delay * SECOND)):
            return await original(delay, result)
        return result

    sleep.original, sleep.sleepers = original, sleepers  # type: ignore[attr-defined]
    return sleep

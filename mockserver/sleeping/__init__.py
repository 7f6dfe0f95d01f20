"""Time that moves when the code under test sleeps.

sleeping     for as long as it is open, sleeping is free, and moves the clock of a mock
places       where the functions that sleep and tell the time stand in the modules that are loaded
standing_in  what stands there meanwhile
threads      whose sleep counts, and who has something to do
sleepers     who sleeps, and when time moves
blocking     a thread that sleeps
loops        an event loop whose tasks sleep
moving       one mock whose time passes

One process, one time: a sleep moves the clocks of all sandboxes of the mock, those to come included; they stay
together for good, whoever moves one of them. Each step and each callback that falls due in a sleep happens at its own
instant, and callbacks are delivered before the sleep ends. Several mocks may be open at the same time, and be closed
in any order.

It counts what the thread sleeps that opens it, and all that start later: time.sleep, asyncio.sleep, what is made of
them (tenacity, anyio, urllib3's Retry), also under names that modules have bound before. For the same threads
time.time and time.monotonic tell the real time and what was slept; time.perf_counter and datetime tell the real one.
Threads that were there before sleep for real, and so do the standard library, pytest and uvicorn on their own behalf.
Instances and closures that have kept one of the functions from before do so, too, and tasks of trio.

What waits for an Event, a Queue, a Future or a socket waits in real time, and does not hold up those who sleep. Threads
sleep beside each other: while one has something to do, time stands for the others, until it has worked for a tenth of
a second. Linux tells who has something to do. Elsewhere that is a guess, by whether a thread gets on in its code within
some milliseconds: on a busy machine time may move there while one is about to sleep beside others.

The timers of an event loop, and so asyncio.timeout and wait_for, go by its own time, which is time.monotonic: they come
in their turn when its tasks sleep. uvloop has a clock of its own, by which they are real.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from mockserver.api import Api
from mockserver.runtime import PATCHING
from mockserver.sleeping.moving import Moving
from mockserver.sleeping.patching import patched
from mockserver.sleeping.sleepers import SECOND, Sleepers
from mockserver.sleeping.standing_in import present
from mockserver.sleeping.threads import Threads

__all__ = ["Slept", "sleeping"]


class Slept:
    """What was slept since it was made."""

    def __init__(self, sleepers: Sleepers) -> None:
        self._sleepers = sleepers
        self._since = sleepers.now

    @property
    def slept(self) -> float:
        """In seconds."""
        return (self._sleepers.now - self._since) / SECOND


@contextmanager
def sleeping(api: Api) -> Iterator[Slept]:
    """Let what this process sleeps move the clock of a mock. The package says whose sleep, and what else.

    While nobody uses the mock. Raises ValueError for one whose sandboxes stand at different instants.
    """
    with PATCHING:
        sleepers = present() or Sleepers(Threads())
        moving = Moving(api, sleepers.now)
        if sleepers.join(moving):
            sleepers.at_end = patched(sleepers)
    try:
        yield Slept(sleepers)
    finally:
        with PATCHING:
            if sleepers.leave(moving):
                sleepers.at_end()

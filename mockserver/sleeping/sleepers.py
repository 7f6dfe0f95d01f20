"""Who sleeps, and the time that passes meanwhile.

Time stands while anybody has something to do. When all sleep, or wait for something else than time, it goes to the
next instant at which somebody wakes up, and stops on the way wherever a mock has somebody to tell: who is told may
have something to do, or lie down, too.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from heapq import heappop, heappush
from itertools import count
from typing import Final, Protocol

from mockserver.runtime import new_lock
from mockserver.sleeping.moving import Moving
from mockserver.sleeping.threads import Glances, Threads

SECOND: Final = 1_000_000_000
"""In nanoseconds."""

_SPELL: Final = 20
"""Glances after which another event loop looks, in case the one whose turn it is can't: they disturb each other."""


class Watch(Protocol):
    """Somebody who can look whether time is to be moved: a sleeping thread, or an event loop with sleepers."""

    thread: int
    """The number of its thread."""
    blocks: bool
    """Whether its thread does nothing else."""
    glances: Glances

    def tell(self) -> None:
        """There may be something to see. From any thread."""

    def next_timer(self) -> int | None:
        """When an event loop will have something to do by itself, in the time of sleepers; None for never."""


class Sleeper(Protocol):
    """One call of sleep. Its methods come from any thread."""

    until: int
    depth: int
    """How much went on in the mocks when it lay down: all of that may be waiting for it."""

    @property
    def watch(self) -> Watch:
        """Who looks for it."""

    def wake(self, error: Exception | None) -> bool:
        """It has slept enough, or something went wrong. Returns whether it will get up soon."""

    def sleep_on(self, seconds: float) -> None:
        """Time is real again: this is what is left."""


class Sleepers:
    """Everybody who sleeps in this process, and the mocks whose clocks they move.

    Time is told in nanoseconds slept since the beginning. `threads` are those whose sleep counts.
    """

    def __init__(self, threads: Threads) -> None:
        self.threads = threads
        self.now = 0
        self.over = False
        """Whether time is real again."""
        self.at_end: Callable[[], None] = lambda: None
        """What is to be undone then."""
        self._lock = new_lock()
        self._asleep: set[Sleeper] = set()
        self._waking: set[Sleeper] = set()
        """Those who have been woken, and have not got up yet."""
        self._deep: set[Sleeper] = set()
        """Those asleep whose depth is not 0."""
        self._order: list[tuple[int, int, Sleeper]] = []
        """A heap of (when it wakes up, number, sleeper); some may not sleep any more."""
        self._blocked: list[tuple[int, int, Sleeper]] = []
        """The same of those that are threads."""
        self._loops: dict[Watch, int] = {}
        """How many sleep on each event loop."""
        self._number = 0
        self._moving: list[Moving] = []
        self._moves = 0

    def join(self, moving: Moving) -> bool:
        """Have the time of a mock pass. Returns whether it is the first."""
        with self._lock:
            self._moving = [*self._moving, moving]
            return len(self._moving) == 1

    def leave(self, moving: Moving) -> bool:
        """Move a mock no more. Returns whether it was the last: then time is real again, for those asleep, too."""
        with self._lock:
            self._moving = [each for each in self._moving if each is not moving]
            self.over = not self._moving
            asleep = sorted(self._asleep, key=lambda sleeper: sleeper.until) if self.over else []
        for sleeper in asleep:
            sleeper.sleep_on((sleeper.until - self.now) / SECOND)
        return self.over

    def lie_down(self, sleeper: Sleeper, nanoseconds: int) -> bool:
        """Take one who sleeps so long. Returns whether that is still possible.

        Raises OverflowError for longer than the calendar goes.
        """
        with self._lock:
            if self.over:
                return False
            sleeper.until = self.now + nanoseconds
            if any(sleeper.until > moving.end for moving in self._moving):
                raise OverflowError(f"the calendar of the mock ends before a sleep of {nanoseconds / SECOND:g} s does")
            sleeper.depth = self._depth()
            self._add(sleeper)
            watches = self._watches()
        _tell(watches, but=sleeper.watch)
        return True

    def get_up(self, sleeper: Sleeper) -> None:
        """Let go of one who does not sleep any more, woken or not."""
        with self._lock:
            self._waking.discard(sleeper)
            if sleeper not in self._asleep:
                return
            self._remove(sleeper)
            watches = self._watches()
        _tell(watches)

    def look(self, watch: Watch, *, warily: bool = False) -> float | None:
        """Move time, if it is for this watch to do so and nobody has anything to do.

        Returns the real seconds after which to look again, None if there is nothing to see until told. With `warily`,
        first give what may come from outside the time to come.
        """
        with self._lock:
            if self.over or watch not in self._watches():
                return None
            depth = self._depth()
            for sleeper in [sleeper for sleeper in self._deep if sleeper.depth > depth]:
                sleeper.depth = depth
                if not depth:
                    self._deep.discard(sleeper)
            first = self._first(self._order)
            pause = self.threads.glance
            if not watch.blocks and first is not None and first.watch is not watch:
                pause *= _SPELL
            if depth and not any(sleeper.depth == depth for sleeper in self._deep):
                # What goes on does not wait for anybody who sleeps.
                return pause
            if not self._is_quiet(watch, warily=warily, depth=depth):
                return pause
            self._moves += 1
            self.now = instant = self._next()
            moving = self._moving
        try:
            coming = [move for each in moving if (move := each.go(instant, within=depth > 0)) is not None]
        except BaseException:
            # An interrupt, on whose way out nothing must be left to wait for.
            self.arrive([])
            raise
        if coming:
            _Arrival(coming, self)
            return None
        return 0.0 if self.arrive([]) else self.threads.glance

    def arrive(self, errors: Sequence[Exception]) -> bool:
        """A move has ended; wake up whom it concerns. Returns whether all mocks have come where they were sent."""
        with self._lock:
            self._moves -= 1
            arrived = all(moving.is_there for moving in self._moving)
            for error in errors:
                if (first := self._first(self._order)) is not None:
                    self._wake(first, error)
            while arrived and (first := self._first(self._order)) is not None and first.until <= self.now:
                self._wake(first, None)
            watches = self._watches()
        _tell(watches)
        return arrived

    # All that follows: the lock is held

    def _depth(self) -> int:
        """How much goes on while time stands: moves, callbacks that an answer waits for, leaps that others make."""
        return max(self._moves, sum(moving.held for moving in self._moving))

    def _add(self, sleeper: Sleeper) -> None:
        self._number += 1
        entry = (sleeper.until, self._number, sleeper)
        self._asleep.add(sleeper)
        if sleeper.depth:
            self._deep.add(sleeper)
        heappush(self._order, entry)
        watch = sleeper.watch
        if watch.blocks:
            heappush(self._blocked, entry)
        else:
            self._loops[watch] = self._loops.get(watch, 0) + 1

    def _remove(self, sleeper: Sleeper) -> None:
        self._asleep.discard(sleeper)
        self._deep.discard(sleeper)
        watch = sleeper.watch
        if not watch.blocks:
            self._loops[watch] -= 1
            if not self._loops[watch]:
                del self._loops[watch]

    def _wake(self, sleeper: Sleeper, error: Exception | None) -> None:
        self._remove(sleeper)
        if sleeper.wake(error):
            self._waking.add(sleeper)

    def _first(self, order: list[tuple[int, int, Sleeper]]) -> Sleeper | None:
        """Who is the first to wake up."""
        while order:
            if order[0][2] in self._asleep:
                return order[0][2]
            heappop(order)
        return None

    def _watches(self) -> list[Watch]:
        """Who looks: of the threads asleep the one that wakes up first, else all event loops, of which any may be busy.

        A loop can't look while its thread sleeps.
        """
        first = self._first(self._blocked)
        return [first.watch] if first is not None else list(self._loops)

    def _is_quiet(self, watch: Watch, *, warily: bool, depth: int) -> bool:
        """Whether nobody has done anything since the last look of this watch."""
        lying = {sleeper.watch.thread for _, _, sleeper in self._blocked if sleeper in self._asleep}
        # While something goes on in a mock, its own threads may be those that have something to do.
        traces = self.threads.traces({watch.thread} | lying, mock=depth > 0)
        # A loop does not get to its tasks while its thread sleeps.
        waking = any(sleeper.watch.thread not in lying for sleeper in self._waking)
        if not (traces or waking or warily):
            return True
        if not watch.glances.end(self.threads, traces, waking=waking):
            return False
        # Who has not got up by now can't, as on a loop that was stopped.
        self._waking.clear()
        return True

    def _next(self) -> int:
        """The instant to go to: there is a sleeper, else nobody would look."""
        first = self._first(self._order)
        if first is None or not all(moving.is_there for moving in self._moving):
            return self.now
        instants = [first.until]
        instants += [instant for moving in self._moving if (instant := moving.next_due()) is not None]
        instants += [instant for loop in self._loops if (instant := loop.next_timer()) is not None]
        return max(self.now, min(instants))


class _Arrival:
    """The end of a move of which parts come later."""

    def __init__(self, coming: "Sequence[Future[None]]", sleepers: Sleepers) -> None:
        self._coming = coming
        self._sleepers = sleepers
        # Each end draws a number of its own, on whatever thread it comes.
        self._numbers = count(1)
        for move in coming:
            move.add_done_callback(self._end)

    def _end(self, _: "Future[None]") -> None:
        if next(self._numbers) == len(self._coming):
            errors = [error for each in self._coming if isinstance(error := each.exception(), Exception)]
            self._sleepers.arrive(errors)


def _tell(watches: Sequence[Watch], but: Watch | None = None) -> None:
    for watch in watches:
        if watch is not but:
            watch.tell()

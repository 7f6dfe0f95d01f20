"""What is owed to whom: the callbacks of a sandbox, in the order of each job, and what became of them.

A callback waits for its turn among those of its job, then for the instant of its next attempt. Whoever sends takes
it, which puts it in flight, and settles it with a receipt. Nothing here sends anything, and nothing reads a clock.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import Final

from mockserver.domain.lifecycle import Status
from mockserver.domain.model import Video

KEPT: Final = 10_000
"""Callbacks that are remembered after their end."""


class Verdict(StrEnum):
    """What an attempt came to."""

    RECEIVED = "received"
    FAILED = "failed"
    GONE = "gone"
    """The receiver wants no more calls for this job."""
    DENIED = "denied"
    """The address may not be called."""
    BUG = "bug"
    """It could not be sent, and that is the mock's own fault."""


class Outcome(StrEnum):
    """How a callback ended."""

    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    DENIED = "denied"
    DROPPED = "dropped"
    """Never sent, because the scenario says so."""
    WITHDRAWN = "withdrawn"
    """Not owed any more: the job was cancelled, its account unlinked, or the sandbox reset."""
    BUG = "bug"
    """Not sent, through the mock's own fault."""


_ENDS: Final = {
    Verdict.RECEIVED: Outcome.DELIVERED,
    Verdict.FAILED: Outcome.GIVEN_UP,
    Verdict.GONE: Outcome.GIVEN_UP,
    Verdict.DENIED: Outcome.DENIED,
    Verdict.BUG: Outcome.BUG,
}
"""How the last attempt ends a callback."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came back of one attempt.

    `status` is the receiver's, None without an answer; `answer` the start of its body; `error` in words; `wait` the
    milliseconds that the receiver asked to be left alone; `took` real seconds.
    """

    verdict: Verdict
    status: int | None = None
    answer: str = ""
    error: str | None = None
    wait: int = 0
    took: float = 0.0


@dataclass(slots=True)
class Attempt:
    """One try to deliver: when it was due, when it was sent (milliseconds since 1970). In flight without a receipt."""

    due: int
    sent: int
    receipt: Receipt | None = None


@dataclass(slots=True)
class Callback:
    """A call that is owed to the receiver of a job.

    It tells that `video` was `status` at the instant `at`; `due` is when it is tried next. `pause` are the real
    milliseconds between the connection and the request. `disturbed` names what the scenario does to it.
    """

    number: int
    video: Video
    status: Status
    url: str
    at: int
    due: int
    progress: bool = False
    """Whether it repeats the status of the one before."""
    pause: int = 0
    disturbed: str | None = None
    copy_of: int | None = None
    """The number of the callback that this one repeats on purpose."""
    attempts: list[Attempt] = field(default_factory=list)
    outcome: Outcome | None = None
    ended: int | None = None

    @property
    def in_flight(self) -> bool:
        """Whether an attempt is on its way."""
        return bool(self.attempts) and self.attempts[-1].receipt is None


@dataclass(slots=True)
class Outbox:
    """The callbacks of a sandbox.

    `retries` are the milliseconds after each failed attempt: as many further attempts are made. `waiting` are those
    that are owed, by the number of their video, the one to send first in front; `due` is a heap of (instant, number,
    video's number) of the fronts that are not in flight. `totals` counts all that ever
    ended, `finished` keeps the last.
    """

    retries: tuple[int, ...] = ()
    last_number: int = 0
    waiting: dict[int, deque[Callback]] = field(default_factory=dict)
    due: list[tuple[int, int, int]] = field(default_factory=list)
    held: dict[int, Callback] = field(default_factory=dict)
    """Callbacks that the next one of their job overtakes, by the number of their video."""
    finished: deque[Callback] = field(default_factory=lambda: deque(maxlen=KEPT))
    totals: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))

    @property
    def next_due(self) -> int | None:
        """The instant of the next attempt; None if there is nothing to send, or all of it is in flight."""
        return self.due[0][0] if self.due else None

    @property
    def owed(self) -> list[Callback]:
        """The callbacks that have not ended, in the order in which they came to be owed."""
        callbacks = [callback for queue in self.waiting.values() for callback in queue]
        return sorted([*callbacks, *self.held.values()], key=lambda callback: callback.number)

    def owe(self, callback: Callback) -> None:
        """Take a callback, behind the others of its job."""
        queue = self.waiting.get(callback.video.number)
        if queue is None:
            self.waiting[callback.video.number] = deque((callback,))
            self._await_turn(callback)
        else:
            queue.append(callback)

    def hold(self, callback: Callback) -> None:
        """Take a callback that has to wait for the next one of its job to overtake it."""
        self.held[callback.video.number] = callback

    def release(self, number: int, now: int = 0) -> Callback | None:
        """Put what was held for a video behind all that is owed for it, due at `now` at the earliest; returns that."""
        callback = self.held.pop(number, None)
        if callback is not None:
            callback.due = max(callback.due, now)
            self.owe(callback)
        return callback

    def drop(self, callback: Callback) -> None:
        """Note a callback that is not sent, because the scenario says so."""
        self._finish(callback, Outcome.DROPPED, callback.at)

    def new_number(self) -> int:
        """The number of the next callback."""
        self.last_number += 1
        return self.last_number

    def take(self, now: int) -> Callback | None:
        """The callback whose attempt is due first, and until `now`; from here on it is in flight."""
        if not self.due or self.due[0][0] > now:
            return None
        due, _, video = heappop(self.due)
        callback = self.waiting[video][0]
        callback.attempts.append(Attempt(due, now))
        return callback

    def take_front(self, number: int, now: int) -> Callback | None:
        """The callback in front for a video if it waits for an attempt, whenever that is due; it is in flight then."""
        for entry in self.due:
            if entry[2] == number:
                self.due.remove(entry)
                heapify(self.due)
                callback = self.waiting[number][0]
                callback.attempts.append(Attempt(entry[0], now))
                return callback
        return None

    def recall(self, callback: Callback) -> bool:
        """Take back the attempt in flight if the callback has ended meanwhile; returns whether it has."""
        if callback.outcome is None:
            return False
        callback.attempts.pop()
        return True

    def settle(self, callback: Callback, receipt: Receipt, now: int) -> None:
        """Note what came of the attempt in flight: it ends the callback, or the next attempt falls due."""
        attempt = callback.attempts[-1]
        if attempt.receipt is not None:
            raise ValueError(f"callback {callback.number} is not in flight")
        attempt.receipt = receipt
        if callback.outcome is Outcome.WITHDRAWN:
            if receipt.verdict is Verdict.RECEIVED:
                self.totals[Outcome.WITHDRAWN] -= 1
                self.totals[Outcome.DELIVERED] += 1
                callback.outcome = Outcome.DELIVERED
            return
        tries = len(callback.attempts)
        if receipt.verdict is Verdict.FAILED and tries <= len(self.retries):
            callback.due = now + max(self.retries[tries - 1], receipt.wait)
            self._await_turn(callback)
            return
        number = callback.video.number
        queue = self.waiting[number]
        queue.popleft()
        self._finish(callback, _ENDS[receipt.verdict], now)
        if receipt.verdict is Verdict.GONE:
            self.end_all({number}, Outcome.GIVEN_UP, now)
        elif queue:
            self._await_turn(queue[0], now)
        else:
            del self.waiting[number]

    def end_all(self, numbers: Collection[int], outcome: Outcome, now: int) -> None:
        """End all that is owed for these videos. What is in flight can't be called back: its receipt will be noted."""
        for number in numbers:
            self.release(number)
            for callback in self.waiting.pop(number, ()):
                self._finish(callback, outcome, now)
        self.due = [entry for entry in self.due if entry[2] not in numbers]
        heapify(self.due)

    def _await_turn(self, callback: Callback, now: int = 0) -> None:
        callback.due = max(callback.due, now)
        heappush(self.due, (callback.due, callback.number, callback.video.number))

    def _finish(self, callback: Callback, outcome: Outcome, now: int) -> None:
        callback.outcome, callback.ended = outcome, now
        self.totals[outcome] += 1
        self.finished.append(callback)

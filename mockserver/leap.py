"""A leap of a sandbox's clock: every due step and every due callback at its own instant, in time order.

The leap itself sends nothing: it is a generator that gives each request to send and is told what came of it, so that
the same leap runs over real sockets and without any. Where several sandboxes have one time, a leap of one is a leap of
all.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, Literal

from mockserver.clock import LATEST, Clock
from mockserver.domain import Callback, Event, Receipt, Sandbox
from mockserver.runtime import SLICE, GuardedSandbox


@dataclass(frozen=True, slots=True)
class Ahead:
    """So many milliseconds from where the clock is when the leap begins."""

    milliseconds: int


Until = int | Ahead | Literal["next-event", "idle"]
"""An instant; or so far ahead; or as far as something happens; or until nothing is left to happen."""

_FEW_JOBS: Final = 200
"""So many jobs end within about a millisecond."""

_MOST_EVENTS: Final = 1_000_000
"""A leap ends after so many: a client that begins anew whenever a job ends would keep it going for ever."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened during a leap, in time order; `omitted` counts the first ones, if they were too many to keep."""

    events: list[Event]
    omitted: int


class Restless(Exception):  # noqa: N818 - an answer, not an error
    """The leap does not get to its end: too much is on its way, or the sandbox was reset."""


Owed = tuple[GuardedSandbox, Callback]
"""A callback in flight, and the sandbox that owes it."""

Leap = Generator[Owed | None, Receipt | None, Happened]
"""Gives a callback in flight to send, and is told its receipt, or None if it was recalled; gives None where others may
have a turn."""


def leap(guarded: GuardedSandbox, until: Until) -> Leap:
    """Move a sandbox's clock; `guarded.leaping()` is held around it.

    Raises ValueError for an instant that lies in the past or too far in the future, Restless.
    """
    sandbox, clock = guarded.sandbox, guarded.clock
    with guarded.lock:
        begun = sandbox.story.total
        target = _target(guarded, until)
        if target is not None:
            clock.check(target)
        guarded.catch_up()
    owed: Owed | None = None
    receipt: Receipt | None = None
    done = False
    while not done:
        with guarded.lock:
            if owed is not None and receipt is not None:
                owed[0].sandbox.settle(owed[1], receipt)
            if guarded.retired:
                raise Restless("this sandbox was reset meanwhile")
            if sandbox.story.total - begun > _MOST_EVENTS:
                raise Restless(f"still on the way after {_MOST_EVENTS} events, the clock stands where they ended")
            owed, now, done = _next_call(guarded, target)
            if now > clock.now():
                clock.hold(now)
        if not done:
            receipt = yield owed
    with guarded.lock:
        if target is not None and target > clock.now():
            clock.hold(target)
            sandbox.catch_up(target)
        return Happened(*sandbox.story.since(begun))


def hop(guarded: GuardedSandbox, until: Until) -> Happened | None:
    """The same leap at once, under one lock, where nobody is to be called and little is to be done; else None.

    Raises ValueError.
    """
    sandbox, clock = guarded.sandbox, guarded.clock
    with guarded.lock:
        all_of_them = [each.sandbox for each in guarded.company()] if guarded.company is not None else [sandbox]
        if guarded.leaps or guarded.retired or any(_may_call(each, clock, until) for each in all_of_them):
            return None
        if sum(len(each.running) for each in all_of_them) > _FEW_JOBS:
            return None
        begun = sandbox.story.total
        clock.hold()
        try:
            target = _target(guarded, until)
            if target is None:
                ends = (at for job in sandbox.running.values() for at, _ in job.steps if at <= LATEST)
                target = max([clock.now(), *ends])
            clock.hold(target)
            for each in all_of_them:
                each.catch_up(target)
        finally:
            clock.release()
        return Happened(*sandbox.story.since(begun))


def _may_call(sandbox: Sandbox, clock: Clock, until: Until) -> bool:
    """Whether somebody has to be called on the way, or is being called; or it takes a closer look to say."""
    if not sandbox.calls:
        return False
    if clock.mode != "manual" or isinstance(until, str):
        # What runs by itself has to be looked after when it comes to rest elsewhere.
        return True
    outbox, due = sandbox.outbox, sandbox.next_due
    if len(outbox.waiting) > len(outbox.due):
        return True  # some are in flight
    return due is not None and due <= (until if isinstance(until, int) else clock.now() + until.milliseconds)


def drive(steps: Leap, send: Callable[[Callback], Receipt]) -> Happened:
    """Go through a leap, sending with `send`."""
    try:
        owed = next(steps)
        while True:
            owed = steps.send(None if owed is None else send(owed[1]))
    except StopIteration as done:
        happened: Happened = done.value
        return happened


def _next_call(guarded: GuardedSandbox, target: int | None) -> tuple[Owed | None, int, bool]:
    """Go as far as the next callback, but not past the target.

    Returns what is owed, the instant that was reached, and whether nothing is left to do. The lock is held.
    """
    sandbox = guarded.sandbox
    horizon = LATEST if target is None else target
    if guarded.company is None:
        callback, done = sandbox.next_call(horizon, SLICE)
        return None if callback is None else (guarded, callback), sandbox.now, done
    now = sandbox.now
    for _ in range(SLICE):
        if target is None:
            # The others come along, as far as this one has something to do.
            horizon = -1 if sandbox.next_due is None else min(sandbox.next_due, LATEST)
        due = [(instant, each) for each in guarded.company() if (instant := each.sandbox.next_due) is not None]
        instant, first = min(due, key=lambda each: each[0], default=(LATEST + 1, guarded))
        if instant > horizon:
            return None, now, True
        callback, _ = first.sandbox.next_call(instant, 1)
        now = max(now, first.sandbox.now)
        if callback is not None:
            return (first, callback), now, False
    return None, now, False


def _target(guarded: GuardedSandbox, until: Until) -> int | None:
    """The instant to go to, None for as far as there is something to do."""
    now = guarded.clock.now()
    if until == "idle":
        return None
    if until == "next-event":
        due = guarded.sandbox.next_due
        return now if due is None else max(due, now)
    return until if isinstance(until, int) else now + until.milliseconds

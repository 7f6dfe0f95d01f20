"""When something is tried again, how long to wait, and when to give up: the rules of the vendor's page.

- 429: wait 10 to 30 seconds, longer where Retry-After says so, and try again.
- 400, 401, 402, 404, 412, 422, 596: never tried again. The answer would be the same, or worse.
- No connection, a connection that broke, 5xx, a body that can't be read: reads are tried again, with growing pauses.
  What is no read is only sent again if nothing was sent; an upscale, if the API shows that it was not accepted.
- A video is asked for every 10 to 30 seconds until its status is final.
- Everything ends at the deadline.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Final, TypeAlias

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential
from tenacity.wait import wait_base

from contracts.client.errors import (
    ClientError,
    ConnectionFailed,
    DeadlineExceeded,
    InvalidArgument,
    NoCapacity,
    Unavailable,
    UnreadableAnswer,
)
from contracts.client.exchange import Flow, Now, Sleep

TIMEOUT: Final = (5.0, 60.0)
"""Seconds to connect, and between two pieces of an answer."""

Draw: TypeAlias = Callable[[float, float], float]
"""A number between two others, at random: `random.uniform`."""

TROUBLE: Final = (ConnectionFailed, Unavailable, UnreadableAnswer)
"""What may pass by itself, and leaves open whether the request was carried out (but for NotConnected)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """In seconds, those with two numbers at random between them. Raises InvalidArgument for what makes no sense.

    busy: after a 429. busy_attempts: how often one request is sent that is answered 429. poll: between two looks at a
    video. backoff: after trouble, at first and at most; it doubles. attempts: of one request that meets trouble.
    looks: how often the job of an upscale whose answer was lost is looked for, before it counts as not accepted.
    absences: polls in a row on which a video may be neither found nor listed. pages: of 100 videos, how far the list of
    videos is read. deadline: for one call of the client, all waiting included.
    """

    busy: tuple[float, float] = (10.0, 30.0)
    busy_attempts: int = 200
    poll: tuple[float, float] = (10.0, 30.0)
    backoff: tuple[float, float] = (1.0, 30.0)
    attempts: int = 5
    looks: int = 3
    absences: int = 5
    pages: int = 10
    deadline: float = 3_600.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            numbers = value if isinstance(value, tuple) else (value,)
            if isinstance(value, tuple):
                fits = all(map(isfinite, numbers)) and 0 <= numbers[0] <= numbers[1]
            else:
                fits = isfinite(value) and value > 0 and (each.name == "deadline" or value == int(value))
            if not fits:
                raise InvalidArgument(f"policy: {each.name} makes no sense as {value!r}")

    def rules(self, draw: Draw) -> tuple[Retrying, Retrying]:
        """What is tried again, as tenacity has it: when, after how long, until when."""
        low, high = self.busy
        first, longest = self.backoff
        return (
            Retrying(
                retry=retry_if_exception_type(NoCapacity),
                wait=_AsAsked(_Drawn(draw, low, high)),
                stop=stop_after_attempt(self.busy_attempts),
            ),
            Retrying(
                retry=retry_if_exception_type(TROUBLE),
                wait=_AsAsked(wait_exponential(multiplier=first, max=longest) + _Drawn(draw, 0, first)),
                stop=stop_after_attempt(self.attempts),
            ),
        )


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a call of the client may take; `until` is its deadline."""

    begun: float
    until: float

    def left(self) -> Flow[float]:
        """The seconds until the deadline. Raises DeadlineExceeded when there are none."""
        left = self.until - (yield Now())
        if left <= 0:
            raise DeadlineExceeded(f"the deadline of {self.until - self.begun:g} s is over")
        return float(left)

    def rest(self, seconds: float, cause: ClientError | str) -> Flow[None]:
        """Sleep. Raises DeadlineExceeded at once where that would go beyond the deadline."""
        now = yield Now()
        if now + seconds >= self.until:
            text = f"the deadline of {self.until - self.begun:g} s comes before the next attempt: {_words(cause)}"
            known = cause if isinstance(cause, ClientError) else None
            about: dict[str, Any] = {}
            if known is not None:
                about = {name: getattr(known, name) for name in ("operation", "status", "attempt", "retry_after")}
            raise DeadlineExceeded(text, **about) from known
        yield Sleep(seconds, _words(cause))


class Tries:
    """The attempts at one thing: what they met, and whether another one follows."""

    def __init__(self, policy: Policy, draw: Draw, span: Span) -> None:
        # Each kind of trouble has a count of its own.
        self._states = [RetryCallState(rule, None, (), {}) for rule in policy.rules(draw)]
        self._span = span
        self.number = 1

    def after(self, error: ClientError) -> Flow[None]:
        """Wait for the next attempt. Raises `error` if none is to follow, DeadlineExceeded if it would be too late."""
        for state in self._states:
            rule = state.retry_object
            state.set_exception((type(error), error, error.__traceback__))
            # By our own clock, for strategies that count from the beginning.
            state.start_time, state.outcome_timestamp = self._span.begun, (yield Now())
            if not rule.retry(state):
                continue
            if rule.stop(state):
                raise error
            state.upcoming_sleep = rule.wait(state)
            yield from self._span.rest(state.upcoming_sleep, error)
            state.prepare_for_next_attempt()
            self.number += 1
            return
        raise error


class _Drawn(wait_base):
    """Between two numbers, at random; tenacity's own draws from the shared generator."""

    def __init__(self, draw: Draw, low: float, high: float) -> None:
        self._draw, self._low, self._high = draw, low, high

    def __call__(self, retry_state: RetryCallState) -> float:  # noqa: ARG002 - the same after any attempt
        return self._draw(self._low, self._high)


class _AsAsked(wait_base):
    """As another strategy says, but not less than the answer's Retry-After."""

    def __init__(self, otherwise: wait_base) -> None:
        self._otherwise = otherwise

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.retry_after if isinstance(error, ClientError) else None
        return max(self._otherwise(retry_state), asked or 0.0)


def _words(cause: ClientError | str) -> str:
    return cause if isinstance(cause, str) else f"{cause.status or ''} {cause.message}".strip()

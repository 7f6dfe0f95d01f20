"""What holds for any sequence of refusals, faults and timings; and that clients with a flaw are found by it."""

import re
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from client.playing import REF, SOURCE, Played, play
from client.shadow import ENDS, Shadow, policies, shadows
from contracts.client import Policy, errors
from contracts.client.exchange import Answer, Flow, Sleep
from contracts.client.flows import Flows, Wish
from contracts.client.policy import Span
from contracts.client.results import Video

_EXAMPLES = settings(max_examples=3 * settings.default.max_examples, suppress_health_check=[HealthCheck.too_slow])
_UNTIL_FOUND = settings(
    _EXAMPLES, max_examples=2_000, database=None, phases=[Phase.generate], report_multiple_bugs=False
)


def behaves(kind: type[Flows], shadow: Shadow, policy: Policy, seed: int) -> None:
    """One story of an upscale that is wanted once. Fails if a rule is broken."""
    flows = kind(policy, Random(seed).uniform, lambda: REF)
    played = play(flows.upscale_and_wait(SOURCE), shadow.handle)
    _one_job(played, shadow)
    _in_time(played, policy)
    _polite(played)
    _silent_after_the_end(played)


def _one_job(played: Played, shadow: Shadow) -> None:
    """Success and errors that name a job have one; Undecided may have; nothing else has."""
    error = played.error
    known = error is None or error.video_id is not None
    undecided = isinstance(error, errors.Undecided)
    assert len(shadow.jobs) <= 1, f"{len(shadow.jobs)} jobs for one wish"
    assert undecided or len(shadow.jobs) == int(known), f"{error!r} with {len(shadow.jobs)} jobs"


def _in_time(played: Played, policy: Policy) -> None:
    begun = 1_000.0
    assert played.now <= begun + policy.deadline + 1e-6, "later than the deadline"


def _polite(played: Played) -> None:
    """No submission sooner than 10 s after one that was answered 429."""
    refused_at = None
    for (instant, request), outcome in zip(played.calls, played.outcomes, strict=True):
        if request.operation == "upscaleVideo":
            assert refused_at is None or instant - refused_at >= 10, "less than 10 s after a 429"
            refused_at = instant if isinstance(outcome, Answer) and outcome.status == 429 else None


def _silent_after_the_end(played: Played) -> None:
    for name, calls in zip(played.seen, played.calls_when_seen, strict=True):
        assert name not in ENDS or calls == len(played.calls), "a call after the end"


@_EXAMPLES
@given(shadows, policies, st.integers(0, 2**32))
def test_any_story_ends_well_or_in_the_right_error(shadow: Shadow, policy: Policy, seed: int) -> None:
    """One job at most, within the deadline, politely, and no word after the end."""
    behaves(Flows, shadow, policy, seed)


class Blind(Flows):
    """Submits again what got no answer, without a look."""

    def _looked(self, *_: object) -> Flow[set[str]]:
        yield from ()
        return set()


class Hasty(Flows):
    """Waits a second after a 429."""

    def _submitting_and_waiting(self, wish: Wish, *, once: bool) -> Flow[Video]:
        flow = super()._submitting_and_waiting(wish, once=once)
        result = None
        try:
            while True:
                effect = flow.send(result)
                if isinstance(effect, Sleep):
                    effect = Sleep(min(effect.seconds, 1.0))
                result = yield effect
        except StopIteration as end:
            return end.value


class Restless(Flows):
    """Asks once more when all is over."""

    def _watched(self, video_id: str, span: Span) -> Flow[Video]:
        yield from super()._watched(video_id, span)
        return (yield from super()._watched(video_id, span))


class Endless(Flows):
    """Knows no deadline."""

    def _span(self) -> Flow[Span]:
        span = yield from super()._span()
        return Span(span.begun, span.begun + 1e9)


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        (Blind, "[0-9]+ jobs"),
        (Hasty, "less than 10 s after a 429"),
        (Restless, "a call after the end"),
        (Endless, "later than the deadline"),
    ],
)
def test_client_with_a_flaw_is_found(kind: type[Flows], broken: str) -> None:
    """The rules above are not empty: each of these breaks one."""

    @_UNTIL_FOUND
    @given(shadows, policies, st.integers(0, 2**32))
    def story(shadow: Shadow, policy: Policy, seed: int) -> None:
        try:
            behaves(kind, shadow, policy, seed)
        except AssertionError as error:
            # It may break others on the way: the one that it is made for is looked for.
            if re.search(broken, str(error)):
                raise

    with pytest.raises(AssertionError, match=broken):
        story()

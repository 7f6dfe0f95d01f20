"""What is owed to receivers: in every history, and each rule by itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from domain.ledger import Debt, Ledger
from domain.play import (
    CALLING,
    CALLING_STAGES,
    COMMANDS,
    DEFAULT,
    HOOK,
    STAGES,
    Cancel,
    Command,
    Settle,
    Stage,
    Turn,
    Unlink,
)
from domain.worlds import FIRST, MINUTE, NOW, SECOND, USER, account, finished, id_of, snapshot, start
from mockserver.domain import (
    Callback,
    CallbackRules,
    Disturbance,
    Disturbing,
    Durations,
    Kind,
    Outcome,
    Receipt,
    Sandbox,
    Status,
    Verdict,
    Video,
    VideoId,
    Which,
    refusals,
)
from mockserver.domain.reporting import is_early

FAR = 10 * 365 * 86_400_000
OK = Receipt(Verdict.RECEIVED)
FAILED = Receipt(Verdict.FAILED)
GONE = Receipt(Verdict.GONE)

Answers = Callable[[Callback], Receipt]


def deliver(sandbox: Sandbox, until: int = NOW + FAR, answers: Answers = lambda _: OK) -> list[Callback]:
    """Let time go by until then with a receiver that answers so; returns what it got, in order, one each attempt."""
    sent: list[Callback] = []
    done = False
    while not done:
        callback, done = sandbox.next_call(until, 100)
        if callback is not None:
            assert len(sent) < 10_000
            sent.append(callback)
            sandbox.settle(callback, answers(callback))
    sandbox.advance(until)
    return sent


def every(sandbox: Sandbox) -> list[Callback]:
    """Every callback there ever was, by number; of those that ended only so many as are kept."""
    outbox = sandbox.outbox
    return sorted([*outbox.finished, *outbox.owed], key=lambda callback: callback.number)


# In every history


def _followed(stage: Stage, commands: Iterable[Command]) -> Iterator[tuple[Turn, Ledger]]:
    """The turns that were not refused, each with the ledger after it."""
    ledger = Ledger.of(stage.sandbox)
    for turn in stage.play_all(commands):
        if turn.refusal is None:
            ledger.follow(turn, stage.sandbox)
            yield turn, ledger


@settings(max_examples=3 * settings.default.max_examples)
@given(STAGES | CALLING_STAGES, COMMANDS | CALLING)
def test_what_is_owed_is_what_the_rules_say(stage: Stage, commands: list[Command]) -> None:
    """To whom, about what, when due, which attempts, how ended: as in a second, slower account."""
    for _, ledger in _followed(stage, commands):
        shown = [replace(debt, set_aside=False) for debt in ledger.debts]
        assert [Debt.of(callback) for callback in every(stage.sandbox)] == shown
    for callback in every(stage.sandbox):
        event(f"{callback.disturbed}, {callback.outcome}")


@given(CALLING_STAGES, CALLING)
def test_next_attempt_is_the_first_that_is_due(stage: Stage, commands: list[Command]) -> None:
    """Of those in front for their jobs that are not in flight."""
    for _, ledger in _followed(stage, commands):
        assert stage.sandbox.outbox.next_due == ledger.next_due


@given(CALLING_STAGES, CALLING)
def test_addresses_are_the_requests_own_or_the_users_default(stage: Stage, commands: list[Command]) -> None:
    """The default as it was when the job was accepted."""
    for _, ledger in _followed(stage, commands):
        for callback in every(stage.sandbox):
            assert callback.url == ledger.clients[callback.video.number].url


@given(CALLING_STAGES, CALLING)
def test_each_callback_ends_once(stage: Stage, commands: list[Command]) -> None:
    """Those that are owed and those that ended are all there ever were, each once, and the totals add up."""
    for _ in stage.play_all(commands):
        outbox = stage.sandbox.outbox
        assert [callback.number for callback in every(stage.sandbox)] == list(range(1, outbox.last_number + 1))
        assert all(callback.outcome is None for callback in outbox.owed)
        ended = Counter(callback.outcome for callback in outbox.finished)
        assert {outcome: count for outcome, count in outbox.totals.items() if count} == ended


@given(CALLING_STAGES, CALLING)
def test_jobs_callbacks_are_sent_one_after_the_other(stage: Stage, commands: list[Command]) -> None:
    """At most one is in flight, and none is sent before the one in front of it has ended."""
    for turn in stage.play_all(commands):
        owed = stage.sandbox.outbox.owed
        flying = Counter(callback.video.number for callback in owed if callback.in_flight)
        assert all(count == 1 for count in flying.values())
        if turn.callback is not None and not isinstance(turn.command, Settle):
            queue = stage.sandbox.outbox.waiting[turn.callback.video.number]
            assert queue[0] is turn.callback


@given(CALLING_STAGES, CALLING)
def test_attempts_are_one_and_the_retries(stage: Stage, commands: list[Command]) -> None:
    """Never more; the further ones fall due so long after the one before as the schedule or the receiver says."""
    settled: dict[int, tuple[int, int]] = {}
    retries = stage.sandbox.rules.callbacks.retries
    for turn in stage.play_all(commands):
        callback = turn.callback
        if callback is None:
            continue
        tries = len(callback.attempts)
        assert tries <= 1 + len(retries)
        if isinstance(turn.command, Settle):
            settled[callback.number] = (stage.sandbox.now, turn.command.wait)
        elif tries > 1:
            at, wait = settled[callback.number]
            assert callback.attempts[-1].due == at + max(retries[tries - 2], wait)


@given(CALLING_STAGES, CALLING)
def test_nothing_is_sent_before_it_is_due(stage: Stage, commands: list[Command]) -> None:
    """Nor is it due before what it tells happened."""
    for _ in stage.play_all(commands):
        for callback in every(stage.sandbox):
            assert all(callback.at <= attempt.due for attempt in callback.attempts)
            if callback.disturbed != Disturbing.EARLY:
                continue
            assert callback.video.job is not None
            assert callback.at == callback.video.job.started


@given(CALLING_STAGES, CALLING)
def test_nothing_is_owed_after_a_cancellation_or_an_unlinking(stage: Stage, commands: list[Command]) -> None:
    """Now and ever after: of the jobs concerned there is nothing owed, and nothing new."""
    silenced: dict[int, int] = {}
    for turn in stage.play_all(commands):
        command = turn.command
        told = Counter(callback.video.number for callback in every(stage.sandbox))
        assert all(told[number] == count for number, count in silenced.items())
        if turn.refusal is not None:
            continue
        if isinstance(command, Cancel) and turn.wanted is not None:
            silenced[turn.wanted.number] = told[turn.wanted.number]
        if isinstance(command, Unlink):
            silenced |= {found.number: told[found.number] for found in stage.ids if found.email == command.email}
        assert not {callback.video.number for callback in stage.sandbox.outbox.owed} & set(silenced)


@given(CALLING_STAGES, CALLING)
def test_refused_request_owes_nothing(stage: Stage, commands: list[Command]) -> None:
    """No number is given to a callback of a job that there is not."""
    for command in commands:
        before = stage.sandbox.outbox.last_number
        if stage.play(command).refusal is not None:
            assert stage.sandbox.outbox.last_number == before


@given(CALLING_STAGES, CALLING)
def test_reporting_jobs_are_those_that_run_and_have_a_receiver(stage: Stage, commands: list[Command]) -> None:
    """While one does, or while something is owed, the sandbox calls."""
    for _ in stage.play_all(commands):
        sandbox = stage.sandbox
        assert sandbox.reporting == sum(job.telling for job in sandbox.running.values())
        assert sandbox.calls == (sandbox.reporting > 0 or bool(sandbox.outbox.owed))


@given(CALLING_STAGES, CALLING, st.integers(0, 5))
def test_each_followed_job_ends_with_one_final_callback(stage: Stage, commands: list[Command], turn: int) -> None:
    """Of those with a receiver that was not told GONE; and with its duplicate where the scenario orders one."""
    made = [played.made for played in stage.play_all(commands) if played.made is not None]
    sandbox = stage.sandbox
    for callback in stage.flying:
        sandbox.settle(callback, OK)
    deliver(sandbox, sandbox.now + FAR, lambda callback: FAILED if (callback.number + turn) % 3 == 0 else OK)
    final = [callback for callback in every(sandbox) if callback.status.name in ("COMPLETED", "MODERATED", "FAILED")]
    for video in made:
        job = video.job
        assert job is not None
        if not job.telling or not job.followed or job.steps:
            continue
        mine = [callback for callback in final if callback.video is video]
        ordered = {found.kind for found in job.disturbances if found.concerns(final=True)}
        twice = Disturbing.DUPLICATE in ordered and Disturbing.DROPPED not in ordered
        assert [callback.copy_of for callback in mine] == [None, *([mine[0].number] if twice else [])]


@given(CALLING_STAGES, CALLING)
def test_sandbox_comes_to_rest_owing_nothing(stage: Stage, commands: list[Command]) -> None:
    """When every job has ended and every receiver has answered or been given up."""
    for _ in stage.play_all(commands):
        pass
    sandbox = stage.sandbox
    for callback in stage.flying:
        sandbox.settle(callback, FAILED)
    deliver(sandbox, sandbox.now + FAR, lambda _: FAILED)
    assert (sandbox.outbox.owed, sandbox.calls, sandbox.next_due) == ([], False, None)
    assert sum(sandbox.outbox.totals.values()) == sandbox.outbox.last_number


def _whims(seed: int) -> Answers:
    """A receiver that answers by the number of the callback and of the attempt."""

    def answer(callback: Callback) -> Receipt:
        chance = (callback.number * 7 + len(callback.attempts) * 13 + seed) % 11
        verdicts = [Verdict.GONE, Verdict.DENIED, *[Verdict.FAILED] * 3]
        return Receipt(verdicts[chance] if chance < len(verdicts) else Verdict.RECEIVED, wait=chance % 2 * 8_000)

    return answer


@given(CALLING_STAGES, CALLING, st.integers(0, 10), st.lists(st.integers(1, 400_000), min_size=1, max_size=8))
def test_delivering_leap_equals_many_small_ones(
    stage: Stage, commands: list[Command], seed: int, strides: list[int]
) -> None:
    """The same calls at the same instants with the same answers, and the same sandbox in the end."""
    for _ in stage.play_all(commands):
        pass
    sandbox = stage.sandbox
    other = snapshot(sandbox)[0]
    until, numbers = sandbox.now + sum(strides), []
    for stride in strides:
        numbers += [callback.number for callback in deliver(other, other.now + stride, _whims(seed))]
    assert [callback.number for callback in deliver(sandbox, until, _whims(seed))] == numbers
    assert snapshot(sandbox) == snapshot(other)


@given(CALLING_STAGES, CALLING)
def test_story_is_told_in_time_order(stage: Stage, commands: list[Command]) -> None:
    """Everything that happens is added at its end, at the sandbox's instant at the latest."""
    for _ in stage.play_all(commands):
        pass
    deliver(stage.sandbox, stage.sandbox.now + FAR)
    instants = [happened.at for happened in stage.sandbox.story.events]
    assert instants == sorted(instants)


# One rule at a time


def calling(*disturbances: Disturbance, **rules: Any) -> Sandbox:
    """A sandbox whose jobs take a minute and tell nothing between, unless told otherwise."""
    callbacks = CallbackRules(**{"progress": None, "disturbances": disturbances, **rules})
    durations = Durations(shortest=MINUTE, longest=MINUTE, queued=0.5)
    return start(account(FIRST), account(SECOND), callbacks=callbacks, durations=durations)


def begin(sandbox: Sandbox, reply_url: str | None = HOOK, email: str = FIRST) -> Video:
    """A job with a receiver."""
    return sandbox.upscale(finished(sandbox, email), reply_url=reply_url, max_jobs=8)


def told(callbacks: Iterable[Callback]) -> list[str]:
    """The statuses that the receiver heard."""
    return [callback.status.name for callback in callbacks]


def test_each_change_of_status_is_told() -> None:
    """GENERATING and the end, each at its instant; that the job is QUEUED its client knows."""
    sandbox = calling()
    video = begin(sandbox)
    sent = deliver(sandbox)
    assert told(sent) == ["GENERATING", "COMPLETED"]
    assert video.job is not None
    assert [callback.attempts[0].sent for callback in sent] == [at for at, _ in video.job.reached]


@pytest.mark.parametrize("ends", [Status.MODERATED, Status.FAILED])
def test_bad_end_is_told_as_well(ends: Status) -> None:
    """It is the last callback as any other end."""
    sandbox = calling()
    sandbox.upscale(VideoId(USER, FIRST, 7), reply_url=HOOK, ends=ends)
    assert told(deliver(sandbox)) == ["GENERATING", ends.name]


def test_job_without_a_receiver_owes_nothing() -> None:
    """Neither the request nor the user named one."""
    sandbox = calling()
    begin(sandbox, None)
    assert deliver(sandbox) == []
    assert not sandbox.calls


def test_users_default_is_the_receiver_of_jobs_that_name_none() -> None:
    """Of those accepted while it holds; what a request names goes before it."""
    sandbox = calling(final_only=True)
    begin(sandbox, None)
    sandbox.update_user(reply_url=DEFAULT)
    begin(sandbox, None)
    begin(sandbox)
    sandbox.update_user(reply_url="")
    begin(sandbox, None)
    assert [callback.url for callback in deliver(sandbox)] == [DEFAULT, HOOK]


def test_progress_is_told_at_exact_intervals() -> None:
    """From GENERATING on, and not at the instant of the end."""
    sandbox = calling(progress=7_000)
    video = begin(sandbox)
    sent = deliver(sandbox)
    assert video.job is not None
    (begun, _), (ended, _) = video.job.reached
    assert [callback.at for callback in sent] == [*range(begun, ended, 7_000), ended]
    assert [callback.progress for callback in sent] == [False, *[True] * (len(sent) - 2), False]


def test_progress_that_falls_on_the_end_is_not_told() -> None:
    """The end is told instead."""
    sandbox = start(
        callbacks=CallbackRules(progress=MINUTE // 4), durations=Durations(shortest=MINUTE, longest=MINUTE, queued=0)
    )
    begin(sandbox)
    assert told(deliver(sandbox)) == [*["GENERATING"] * 4, "COMPLETED"]


def test_final_only_tells_the_end_alone() -> None:
    """No change before, and no progress."""
    sandbox = calling(progress=1_000, final_only=True)
    begin(sandbox)
    assert told(deliver(sandbox)) == ["COMPLETED"]


def test_receiver_that_never_answers_is_not_owed_progress_without_end() -> None:
    """A hundred wait at most; the end is owed all the same."""
    sandbox = calling(progress=100)
    video = begin(sandbox)
    sandbox.advance(NOW + FAR)
    owed = sandbox.outbox.owed
    assert (len(owed), owed[-1].status, video.final) == (101, Status.COMPLETED, True)


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.DENIED])
def test_what_can_not_be_delivered_holds_up_nothing(verdict: Verdict) -> None:
    """Without retries it has ended with its one attempt, and the next is sent at its own instant."""
    sandbox = calling()
    begin(sandbox)
    sent = deliver(sandbox, answers=lambda _: Receipt(verdict))
    ends = {Verdict.FAILED: Outcome.GIVEN_UP, Verdict.DENIED: Outcome.DENIED}
    assert [(callback.outcome, len(callback.attempts)) for callback in sent] == [(ends[verdict], 1)] * 2
    assert all(callback.attempts[0].sent == callback.at for callback in sent)


def test_failed_attempts_are_repeated_by_the_schedule() -> None:
    """So long after the one before as it says, then the callback is given up."""
    sandbox = calling(final_only=True, retries=(1_000, 60_000))
    begin(sandbox)
    sent = deliver(sandbox, answers=lambda _: FAILED)
    end = NOW + MINUTE
    assert [attempt.sent for attempt in sent[0].attempts] == [end, end + 1_000, end + 61_000]
    assert (sent[0].outcome, sent[0].ended) == (Outcome.GIVEN_UP, end + 61_000)


@pytest.mark.parametrize(("wait", "expected"), [(500, 5_000), (5_000, 5_000), (90_000, 90_000)])
def test_receiver_that_asks_to_be_left_alone_is(wait: int, expected: int) -> None:
    """For as long as it asks, or as the schedule has it: the longer of both."""
    sandbox = calling(final_only=True, retries=(5_000,))
    begin(sandbox)
    sent = deliver(sandbox, answers=lambda _: Receipt(Verdict.FAILED, wait=wait))
    assert sent[0].attempts[1].due == NOW + MINUTE + expected


def test_later_callbacks_wait_for_a_retry() -> None:
    """The end is told when what came before it is off the table, and not earlier."""
    sandbox = calling(retries=(FAR // 2,))
    begin(sandbox)
    first, again, final = deliver(sandbox, answers=lambda callback: OK if callback.attempts[1:] else FAILED)
    assert first is again
    assert (final.at, final.attempts[0].due) == (NOW + MINUTE, first.attempts[1].sent)


def test_jobs_do_not_wait_for_each_other() -> None:
    """A retry of the one is no concern of the other."""
    sandbox = calling(retries=(FAR // 2,))
    slow, quick = begin(sandbox), begin(sandbox, DEFAULT)
    sent = deliver(sandbox, answers=lambda callback: FAILED if callback.video is slow else OK)
    assert [callback.attempts[-1].sent for callback in sent if callback.video is quick][-1] == NOW + MINUTE


def test_receiver_that_wants_no_more_calls_gets_none() -> None:
    """Those that wait are given up, and no progress and no end is owed any more; the job goes on."""
    sandbox = calling(progress=5_000)
    video = begin(sandbox)
    (callback,) = deliver(sandbox, answers=lambda _: GONE)
    assert (callback.outcome, video.status) == (Outcome.GIVEN_UP, Status.COMPLETED)
    assert (sandbox.outbox.last_number, sandbox.reporting) == (1, 0)


def test_receiver_that_wants_no_more_calls_hears_of_other_jobs() -> None:
    """It meant the one job."""
    sandbox = calling(final_only=True)
    first, second = begin(sandbox), begin(sandbox)
    sent = deliver(sandbox, answers=lambda callback: GONE if callback.video is first else OK)
    assert [callback.video for callback in sent] == [first, second]


def test_cancelled_jobs_callbacks_are_withdrawn() -> None:
    """What waits for a retry too; another job's are not."""
    sandbox = calling(retries=(5_000,))
    video, other = begin(sandbox), begin(sandbox, DEFAULT)
    sandbox.advance(NOW + MINUTE // 2)
    failing = sandbox.take(sandbox.now)
    assert failing is not None
    sandbox.settle(failing, FAILED)
    doomed, kept = (video, other) if failing.video is video else (other, video)
    sandbox.cancel(id_of(sandbox, doomed))
    assert (failing.outcome, failing.ended) == (Outcome.WITHDRAWN, sandbox.now)
    assert {callback.video.number for callback in deliver(sandbox)} == {kept.number}


@pytest.mark.parametrize(("verdict", "outcome"), [(Verdict.RECEIVED, "DELIVERED"), (Verdict.FAILED, "WITHDRAWN")])
def test_attempt_in_flight_can_not_be_called_back(verdict: Verdict, outcome: str) -> None:
    """What is cancelled meanwhile may still arrive, and counts as what became of it; it is not tried again."""
    sandbox = calling(retries=(1,))
    video = begin(sandbox)
    sandbox.advance(NOW + MINUTE // 2)
    callback = sandbox.take(sandbox.now)
    assert callback is not None
    sandbox.cancel(id_of(sandbox, video))
    sandbox.settle(callback, Receipt(verdict))
    assert callback.outcome is Outcome[outcome]
    assert {found.name: count for found, count in sandbox.outbox.totals.items() if count} == {outcome: 1}
    assert deliver(sandbox) == []


def test_unlinked_accounts_callbacks_are_withdrawn() -> None:
    """Also those of its videos that had ended, even if deleted; another account's are not."""
    sandbox = calling()
    gone, running = begin(sandbox), begin(sandbox)
    begin(sandbox, email=SECOND)
    sandbox.advance(NOW + MINUTE)
    sandbox.delete(id_of(sandbox, gone))
    begin(sandbox)
    sandbox.delete_account(FIRST)
    assert sandbox.outbox.totals[Outcome.WITHDRAWN] == 4
    assert {callback.video.email for callback in deliver(sandbox)} == {SECOND}
    assert running.final


def test_deleted_videos_callbacks_are_still_owed() -> None:
    """What it was is true all the same."""
    sandbox = calling()
    video = begin(sandbox)
    sandbox.advance(NOW + MINUTE)
    sandbox.delete(id_of(sandbox, video))
    assert told(deliver(sandbox)) == ["GENERATING", "COMPLETED"]


def test_sandbox_that_ends_withdraws_what_it_owes() -> None:
    """Everything, whatever it waits for."""
    sandbox = calling(Disturbance(kind=Disturbing.SWAPPED))
    begin(sandbox)
    begin(sandbox)
    sandbox.advance(NOW + MINUTE // 2)
    sandbox.withdraw()
    assert (sandbox.outbox.owed, sandbox.outbox.totals[Outcome.WITHDRAWN]) == ([], 2)


def test_attempt_is_settled_once() -> None:
    """A second receipt would be of no attempt."""
    sandbox = calling()
    begin(sandbox)
    (callback,) = deliver(sandbox, NOW + MINUTE // 2)
    with pytest.raises(ValueError, match="callback 1 is not in flight"):
        sandbox.settle(callback, OK)


# Disturbances


def test_dropped_callback_is_never_sent_and_says_so() -> None:
    """Of the final one only, unless told otherwise; the story tells it."""
    sandbox = calling(Disturbance(kind=Disturbing.DROPPED))
    begin(sandbox)
    assert told(deliver(sandbox)) == ["GENERATING"]
    final = every(sandbox)[-1]
    assert (final.status, final.outcome, final.attempts) == (Status.COMPLETED, Outcome.DROPPED, [])
    (dropped,) = [found for found in sandbox.story.events if found.kind is Kind.CALLBACK and not found.attempt]
    assert dropped.callback is final


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (Which.FINAL, ["GENERATING", "COMPLETED", "COMPLETED"]),
        (Which.PROGRESS, ["GENERATING", "GENERATING", "COMPLETED"]),
        (Which.ALL, ["GENERATING", "GENERATING", "COMPLETED", "COMPLETED"]),
    ],
)
def test_duplicate_is_delivered_twice(of: Which, expected: list[str]) -> None:
    """One right after the other, and it names the one it repeats."""
    sandbox = calling(Disturbance(kind=Disturbing.DUPLICATE, of=of))
    begin(sandbox)
    sent = deliver(sandbox)
    assert told(sent) == expected
    assert [callback.disturbed for callback in sent if callback.copy_of is not None] == ["duplicate"] * (len(sent) - 2)


def test_late_callback_is_sent_after_its_delay() -> None:
    """On the sandbox's clock; it tells what was."""
    sandbox = calling(Disturbance(kind=Disturbing.LATE, delay=90_000, of=Which.ALL))
    begin(sandbox)
    first, final = deliver(sandbox)
    assert (first.status, first.attempts[0].sent) == (Status.GENERATING, first.at + 90_000)
    assert (final.at, final.attempts[0].sent) == (NOW + MINUTE, NOW + MINUTE + 90_000)


def test_slow_callback_pauses_between_connection_and_request() -> None:
    """So many real milliseconds; it is due as ever."""
    sandbox = calling(Disturbance(kind=Disturbing.SLOW, delay=700))
    begin(sandbox)
    first, final = deliver(sandbox)
    assert (first.pause, final.pause, final.due) == (0, 700, NOW + MINUTE)


@pytest.mark.parametrize("progress", [None, 7_000])
def test_final_callback_overtakes_the_one_before(progress: int | None) -> None:
    """Those before that are in their order, and the overtaken one is counted as owed meanwhile."""
    sandbox = calling(Disturbance(kind=Disturbing.SWAPPED), progress=progress)
    begin(sandbox)
    before = deliver(sandbox, NOW + MINUTE - 1)
    (held,) = sandbox.outbox.owed
    final, overtaken = deliver(sandbox)
    assert (final.status, overtaken) == (Status.COMPLETED, held)
    assert [callback.number for callback in [*before, overtaken, final]] == list(range(1, len(before) + 3))


def test_early_job_is_generating_when_it_is_accepted() -> None:
    """Its first callback is due at once, and can be taken in front of what else is due."""
    sandbox = calling(Disturbance(kind=Disturbing.EARLY, jobs=frozenset({2})))
    begin(sandbox)
    sandbox.advance(NOW + MINUTE // 2)
    video = begin(sandbox)
    assert video.job is not None
    assert is_early(video.job)
    callback = sandbox.outbox.take_front(video.number, sandbox.now)
    assert callback is not None
    assert (callback.status, callback.at, callback.disturbed) == (Status.GENERATING, sandbox.now, "early")


def test_front_in_flight_can_not_be_taken_again() -> None:
    """Nor that of a job that owes nothing."""
    sandbox = calling(Disturbance(kind=Disturbing.EARLY))
    video = begin(sandbox)
    assert sandbox.outbox.take_front(video.number, NOW) is not None
    assert sandbox.outbox.take_front(video.number, NOW) is None
    assert sandbox.outbox.take_front(video.number + 1, NOW) is None


def test_early_job_without_a_receiver_is_as_any_other() -> None:
    """There is nobody to hear of it early."""
    sandbox = calling(Disturbance(kind=Disturbing.EARLY))
    assert begin(sandbox, None).status is Status.QUEUED


def test_disturbance_concerns_the_jobs_it_names() -> None:
    """Counted as they were accepted, refused requests left out."""
    sandbox = calling(Disturbance(kind=Disturbing.DROPPED, jobs=frozenset({2})), final_only=True)
    videos = [begin(sandbox)]
    with pytest.raises(refusals.UnknownVideo):
        sandbox.upscale(VideoId(USER, FIRST, 1), reply_url=HOOK)
    videos += [begin(sandbox), begin(sandbox)]
    assert [callback.video for callback in deliver(sandbox)] == [videos[0], videos[2]]


def test_disturbances_of_one_kind_each_concern_their_own() -> None:
    """One for the final call and one for the others are both in force."""
    sandbox = calling(
        Disturbance(kind=Disturbing.LATE, of=Which.FINAL, delay=90_000),
        Disturbance(kind=Disturbing.LATE, of=Which.PROGRESS, delay=1_000),
    )
    begin(sandbox)
    assert [callback.due - callback.at for callback in deliver(sandbox)] == [1_000, 90_000]


def test_overtaken_callback_is_sent_even_if_the_final_one_is_dropped() -> None:
    """At the end of the job: nothing that is owed is lost."""
    sandbox = calling(Disturbance(kind=Disturbing.SWAPPED), Disturbance(kind=Disturbing.DROPPED))
    begin(sandbox)
    (overtaken,) = deliver(sandbox)
    assert (overtaken.status, overtaken.attempts[0].due) == (Status.GENERATING, NOW + MINUTE)
    assert sandbox.outbox.owed == []


def test_overtaken_callback_is_delivered_twice_where_that_is_ordered() -> None:
    """Two disturbances of a job are both in force."""
    sandbox = calling(Disturbance(kind=Disturbing.SWAPPED), Disturbance(kind=Disturbing.DUPLICATE, of=Which.PROGRESS))
    begin(sandbox)
    assert told(deliver(sandbox)) == ["COMPLETED", "GENERATING", "GENERATING"]


# The story


def test_story_tells_what_happened_since() -> None:
    """In time order, each attempt with its place in the callback."""
    sandbox = calling(final_only=True, retries=(1_000,))
    begin(sandbox)
    mark = sandbox.story.total
    deliver(sandbox, answers=lambda callback: OK if callback.attempts[1:] else FAILED)
    events, omitted = sandbox.story.since(mark)
    assert omitted == 0
    assert [(found.kind.value, found.status.name, found.attempt) for found in events] == [
        ("status", "GENERATING", 0),
        ("status", "COMPLETED", 0),
        ("callback", "COMPLETED", 1),
        ("callback", "COMPLETED", 2),
    ]


def test_story_says_how_much_it_no_longer_keeps() -> None:
    """The last of it is kept."""
    sandbox = start(slots=False, credits=False)
    for _ in range(4_000):
        sandbox.upscale(finished(sandbox))
    sandbox.advance(NOW + FAR)
    events, omitted = sandbox.story.since(0)
    assert (len(events), omitted, sandbox.story.total) == (10_000, 2_000, 12_000)
    assert sandbox.story.since(12_000) == ([], 0)
    assert sandbox.story.since(11_999) == (events[-1:], 0)

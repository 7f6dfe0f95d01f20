"""What holds in every history of a sandbox, whatever is asked of it and in which order."""

from collections.abc import Iterable

from hypothesis import event, given
from hypothesis import strategies as st

from domain.play import COMMANDS, STAGES, Adjust, Advance, Command, Stage, Upscale
from domain.shadow import Shadow
from domain.worlds import snapshot
from mockserver.domain import Event, Sandbox


@given(STAGES, COMMANDS, st.lists(st.integers(1, 400_000), min_size=1, max_size=5))
def test_one_leap_equals_many_small_steps(stage: Stage, commands: list[Command], strides: list[int]) -> None:
    """The same things happen at the same instants, and the sandboxes are equal at every command."""
    other = Stage(snapshot(stage.sandbox)[0])
    for command in commands:
        if not isinstance(command, Advance):
            stage.play(command)
            other.play(command)
        else:
            leap = stage.play(command).events
            assert leap == _in_steps(other, command.milliseconds, strides)
            event(f"leap over {min(len(leap), 4)} events")
        assert snapshot(stage.sandbox) == snapshot(other.sandbox)


def _in_steps(stage: Stage, milliseconds: int, strides: list[int]) -> list[Event]:
    events: list[Event] = []
    turn = 0
    shortest = milliseconds // 60  # enough of them, and not a million
    while milliseconds > 0:
        stride = min(max(strides[turn % len(strides)], shortest), milliseconds)
        events += stage.play(Advance(stride)).events
        milliseconds -= stride
        turn += 1
    return events + stage.play(Advance(0)).events


@given(STAGES, COMMANDS)
def test_events_come_in_time_order_at_their_instants(stage: Stage, commands: list[Command]) -> None:
    """None lies before what was, or after what is."""
    last = stage.sandbox.now
    for turn in stage.play_all(commands):
        for happened in turn.events:
            assert last <= happened.at <= stage.sandbox.now
            last = happened.at


@given(STAGES, COMMANDS)
def test_refused_command_changes_nothing(stage: Stage, commands: list[Command]) -> None:
    """Not a value, not an order, not the state of the dice."""
    for command in commands:
        before = snapshot(stage.sandbox)
        turn = stage.play(command)
        if turn.refusal is not None:
            assert snapshot(stage.sandbox) == before
            event(f"refused: {type(turn.refusal).__name__}")


@given(STAGES, COMMANDS)
def test_refusals_are_those_of_the_contract(stage: Stage, commands: list[Command]) -> None:
    """What is refused, and why, is what the contract's order of checks gives."""
    shadow = Shadow.of(stage.sandbox)
    for turn in stage.play_all(commands):
        event(f"{type(turn.command).__name__}: {type(turn.refusal).__name__ if turn.refusal else 'accepted'}")
        assert (type(turn.refusal) if turn.refusal else None) is shadow.refusal(turn)
        if turn.refusal is None:
            shadow.follow(turn, stage.sandbox)


def _shadowed(stage: Stage, commands: Iterable[Command]) -> Iterable[Shadow]:
    """The shadow after each turn."""
    shadow = Shadow.of(stage.sandbox)
    yield shadow
    for turn in stage.play_all(commands):
        if turn.refusal is None:
            shadow.follow(turn, stage.sandbox)
        yield shadow


@given(STAGES, COMMANDS)
def test_credits_are_conserved(stage: Stage, commands: list[Command]) -> None:
    """What was granted is what is left, reserved and spent; only an outside hand changes the sum."""
    for shadow in _shadowed(stage, commands):
        for email, account in stage.sandbox.accounts.items():
            assert (account.credits, account.reserved, account.spent) == (
                shadow.credits(email),
                shadow.reserved(email),
                shadow.spent(email),
            )


@given(STAGES, COMMANDS)
def test_sum_of_credits_only_changes_by_an_outside_hand(stage: Stage, commands: list[Command]) -> None:
    """The same without a shadow: no command but Adjust moves an account's sum."""
    for command in commands:
        before = _sums(stage)
        stage.play(command)
        if not isinstance(command, Adjust):
            after = _sums(stage)
            assert all(after[email] == before[email] for email in before.keys() & after.keys())


def _sums(stage: Stage) -> dict[str, int]:
    return {
        email: account.credits + account.reserved + account.spent for email, account in stage.sandbox.accounts.items()
    }


@given(STAGES, COMMANDS)
def test_counters_are_the_number_of_jobs(stage: Stage, commands: list[Command]) -> None:
    """`running` are the followed jobs that have not ended, `upstream` all that have not."""
    for shadow in _shadowed(stage, commands):
        accounts = stage.sandbox.accounts
        assert set(accounts) == set(shadow.purses)
        for email, account in accounts.items():
            assert (account.running, account.upstream) == (shadow.running(email), shadow.upstream(email))


@given(STAGES, COMMANDS)
def test_no_more_jobs_run_than_slots(stage: Stage, commands: list[Command]) -> None:
    """A job is only accepted under its maxJobs, the request's else the account's, and under the plan's concurrency."""
    for command in commands:
        accounts = snapshot(stage.sandbox)[0].accounts
        turn = stage.play(command)
        if isinstance(command, Upscale) and turn.made is not None and stage.sandbox.rules.slots:
            before = accounts[turn.made.email]
            assert before.running < (command.max_jobs or before.max_jobs)
            assert before.upstream < before.concurrency


@given(STAGES, COMMANDS)
def test_numbers_only_grow(stage: Stage, commands: list[Command]) -> None:
    """No number is ever given twice, not even after its video is gone."""
    highest = max((number for number in stage.sandbox.videos), default=0)
    seen = set(stage.sandbox.videos)
    for _ in stage.play_all(commands):
        new = sorted(set(stage.sandbox.videos) - seen)
        assert all(number > highest for number in new)
        seen.update(new)
        highest = max([highest, *new])


@given(STAGES, COMMANDS)
def test_next_step_is_the_next_thing_that_happens_to_a_job(stage: Stage, commands: list[Command]) -> None:
    """It is the least instant of all steps and reports to come, nothing happens before it, and something at it."""
    for _ in stage.play_all(commands):
        sandbox = stage.sandbox
        jobs = sandbox.running.values()
        coming = [at for job in jobs for at in (*(at for at, _ in job.steps), job.report_at) if at is not None]
        assert sandbox.next_step == min(coming, default=None)
        if sandbox.next_step is not None:
            future = snapshot(sandbox)[0]
            assert future.advance(sandbox.next_step - 1) == []
            assert _told(future) == _told(sandbox)
            future.advance(sandbox.next_step)
            assert _told(future) > _told(sandbox)


def _told(sandbox: Sandbox) -> int:
    """How much happened and came to be owed."""
    return sandbox.story.total + sandbox.outbox.last_number


@given(STAGES, COMMANDS)
def test_next_due_is_the_next_step_or_attempt(stage: Stage, commands: list[Command]) -> None:
    """Until then nobody need look at the sandbox, and then there is something to apply or to send."""
    for _ in stage.play_all(commands):
        sandbox = stage.sandbox
        attempts = [queue[0].due for queue in sandbox.outbox.waiting.values() if not queue[0].in_flight]
        steps = [] if sandbox.next_step is None else [sandbox.next_step]
        assert sandbox.next_due == min([*attempts, *steps], default=None)


@given(STAGES, COMMANDS)
def test_every_accepted_job_ends_once(stage: Stage, commands: list[Command]) -> None:
    """Unless its account is unlinked, each job reaches GENERATING and then one final status, and holds nothing then."""
    started = {turn.made.number for turn in stage.play_all(commands) if turn.made is not None}
    sandbox = stage.sandbox
    while sandbox.next_step is not None:
        sandbox.advance(sandbox.next_step)
    assert all(sandbox.videos[number].final for number in started & set(sandbox.videos))
    assert all((a.running, a.upstream, a.reserved) == (0, 0, 0) for a in sandbox.accounts.values())

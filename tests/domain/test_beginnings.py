"""What a scenario makes of jobs: how they end, which run from the first instant, and when a slot will be free."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.worlds import COST, FIRST, MINUTE, NOW, SECOND, account, fill, finished, id_of, start
from mockserver.domain import Durations, Endings, Refusal, Sandbox, Status, VideoId
from mockserver.domain.capacity import free_at

LONG: Final = Durations(shortest=MINUTE, longest=10 * MINUTE)
C, F, M = Status.COMPLETED, Status.FAILED, Status.MODERATED


def ends(sandbox: Sandbox, jobs: int) -> list[Status]:
    """How so many jobs end, one after the other."""
    found = []
    for _ in range(jobs):
        video = sandbox.upscale(finished(sandbox))
        sandbox.advance(sandbox.now + 10 * MINUTE)
        found.append(video.status)
    return found


# Endings


def test_listed_endings_are_those_of_the_first_jobs() -> None:
    """In the order of their acceptance; all others are COMPLETED."""
    assert ends(start(endings=Endings(listed=(F, C, M))), 5) == [F, C, M, C, C]


def test_refused_upscale_takes_no_ending() -> None:
    """It was not accepted."""
    sandbox = start(account(credits=COST), endings=Endings(listed=(F, M)))
    assert ends(sandbox, 1) == [F]
    with pytest.raises(Refusal):
        sandbox.upscale(VideoId(sandbox.user, FIRST, 5))
    assert ends(sandbox, 1) == [M]


def test_trigger_wins_over_the_listed_ending() -> None:
    """And takes its place."""
    sandbox = start(endings=Endings(listed=(F, F, M)))
    video = sandbox.upscale(finished(sandbox), ends=M)
    sandbox.advance(NOW + 10 * MINUTE)
    assert [video.status, *ends(sandbox, 2)] == [M, F, M]


def test_shares_are_met() -> None:
    """Roughly, over many jobs; all that is left is COMPLETED."""
    sandbox = start(endings=Endings(shares=((F, 0.3), (M, 0.1))), slots=False, credits=False)
    found = [video.job.steps[-1][1] for video in fill(sandbox, jobs=2_000) if video.job is not None]
    assert 500 < found.count(F) < 700
    assert 120 < found.count(M) < 280
    assert found.count(C) == 2_000 - found.count(F) - found.count(M)


@pytest.mark.parametrize(("shares", "wanted"), [(((F, 1.0),), F), (((F, 0.0), (M, 1.0)), M)])
def test_share_of_one_is_all(shares: tuple[tuple[Status, float], ...], wanted: Status) -> None:
    """And one of nothing is none."""
    assert ends(start(endings=Endings(shares=shares)), 20) == [wanted] * 20


def test_endings_are_only_drawn_where_there_are_shares() -> None:
    """The same seed gives the same world, whether endings are listed or not."""
    worlds = [start(endings=endings, durations=LONG) for endings in (Endings(), Endings(listed=(F, M)))]
    for sandbox in worlds:
        fill(sandbox)
    assert worlds[0].dice == worlds[1].dice
    assert [job.steps[-1][0] for job in worlds[0].running.values()] == [
        job.steps[-1][0] for job in worlds[1].running.values()
    ]


# Jobs that run from the first instant


def test_running_jobs_hold_slots_from_the_first_instant() -> None:
    """They are jobs like others: they end in their time, and free their slots."""
    sandbox = start(account(running=3), account(SECOND), durations=LONG)
    (availability, other) = sandbox.availability()
    assert (availability.executing, availability.available, other.executing) == (3, 0, 0)
    with pytest.raises(Refusal, match="runs 3 jobs"):
        sandbox.upscale(finished(sandbox))
    running = [video for video, _ in sandbox.followed()]
    assert {(video.created_at, video.original) for video in running} == {(NOW, finished(sandbox).number)}
    sandbox.advance(NOW + 10 * MINUTE)
    assert [video.status for video in running] == [C, C, C]
    assert sandbox.video(id_of(sandbox, running[0])) is running[0]
    assert sandbox.upscale(finished(sandbox)).status is Status.QUEUED


def test_running_jobs_take_nothing_of_the_credits() -> None:
    """They were paid before: what was ever granted is what is left, reserved and spent, all the same."""
    sandbox = start(account(running=2, credits=50), endings=Endings(listed=(F,)))
    found = sandbox.accounts[FIRST]
    assert (found.credits, found.reserved, found.spent) == (50, 2 * COST, 0)
    sandbox.advance(NOW + 10 * MINUTE)
    assert (found.credits, found.reserved, found.spent) == (50, 0, 2 * COST)


def test_running_jobs_are_not_counted_among_those_accepted() -> None:
    """The first job of a client is the first one."""
    sandbox = start(account(running=2), endings=Endings(listed=(F, M)))
    assert sandbox.accepted == 0
    assert ends(sandbox, 3) == [F, M, C]


@given(running=st.integers(0, 5), seed=st.integers(0, 50))
def test_without_running_jobs_a_seed_gives_the_same_world(running: int, seed: int) -> None:
    """They are drawn after all accounts with their videos."""
    plain = start(account(), account(SECOND), seed=seed, durations=LONG)
    sandbox = start(account(running=running), account(SECOND), seed=seed, durations=LONG)
    assert (plain == sandbox) is (running == 0)
    assert [sandbox.videos[number] for number in plain.videos] == list(plain.videos.values())


# When a slot will be free


@given(
    jobs=st.integers(0, 8),
    cancelled=st.integers(0, 3),
    own=st.integers(1, 8),
    asked=st.none() | st.integers(1, 8),
    concurrency=st.integers(0, 8),
    seed=st.integers(0, 1_000),
)
def test_slot_is_free_at_the_instant_that_is_told(
    jobs: int, cancelled: int, own: int, asked: int | None, concurrency: int, seed: int
) -> None:
    """Not a millisecond before; whether the account's slots are full, or the plan's."""
    sandbox = start(account(max_jobs=8, concurrency=8), durations=LONG, seed=seed)
    videos = fill(sandbox, jobs=jobs)
    for video in videos[:cancelled]:
        sandbox.cancel(id_of(sandbox, video))
    sandbox.accounts.adjust(FIRST, max_jobs=own, concurrency=concurrency)

    def refused() -> bool:
        try:
            sandbox.upscale(finished(sandbox), max_jobs=asked)
        except Refusal:
            return True
        return False

    instant = free_at(sandbox.accounts[FIRST], sandbox.running.values(), asked)
    if instant is not None:
        sandbox.advance(instant - 1)
        assert refused()
        sandbox.advance(instant)
        assert not refused()
    elif concurrency == 0:
        sandbox.advance(NOW + 10 * MINUTE)
        assert refused()
    else:
        assert not refused()

"""Upscaling: what is refused and in which order, slots, credits, endings."""

import pytest

from domain.worlds import COST, FIRST, MINUTE, NOW, SECOND, USER, account, fill, finished, id_of, start
from mockserver.domain import Durations, Sandbox, Status, VideoId, refusals
from mockserver.domain.refusals import Refusal

FAR = 10 * 365 * 86_400_000
"""Long enough for every job to end."""


def test_fresh_sandbox_has_finished_videos_to_upscale() -> None:
    """Each account starts with its footage, COMPLETED and older than the sandbox."""
    sandbox = start(account(FIRST), account(SECOND))
    assert [len(a.videos) for a in sandbox.accounts.values()] == [2, 2]
    assert all(video.status is Status.COMPLETED and video.created_at < NOW for video in sandbox.videos.values())


def test_footage_of_an_account_is_in_order_of_age() -> None:
    """Numbers and dates agree on what is newest."""
    created = [video.created_at for video in start().videos.values()]
    assert created == sorted(created)


def test_upscale_is_queued_under_a_new_number() -> None:
    """The new video shows what the source shows, and names it."""
    sandbox = start()
    source = finished(sandbox)
    video = sandbox.upscale(source, reply_url="http://a/b", reply_ref="r", origin="http://mock")
    assert (video.status, video.original, video.origin) == (Status.QUEUED, source.number, "http://mock")
    assert video.footage == sandbox.videos[source.number].footage
    assert video.job is not None
    assert (video.job.reply_url, video.job.reply_ref) == ("http://a/b", "r")
    assert sandbox.video(id_of(sandbox, video)) is video


def test_source_may_be_upscaled_again() -> None:
    """Each time is a new job."""
    sandbox = start()
    first, second = fill(sandbox, jobs=2)
    assert first.number != second.number
    assert len(sandbox.running) == 2


def test_upscale_may_be_upscaled() -> None:
    """A finished upscale is a video as any other."""
    sandbox = start()
    (video,) = fill(sandbox, jobs=1)
    sandbox.advance(NOW + MINUTE)
    assert sandbox.upscale(id_of(sandbox, video)).original == video.number


def test_job_goes_through_the_life_cycle() -> None:
    """QUEUED at acceptance, then GENERATING, then COMPLETED at the drawn instant."""
    sandbox = start()
    fill(sandbox, jobs=1)
    assert [event.status for event in sandbox.advance(NOW + FAR)] == [Status.GENERATING, Status.COMPLETED]
    assert sandbox.now == NOW + FAR


@pytest.mark.parametrize("ends", [Status.MODERATED, Status.FAILED])
def test_job_ends_as_told(ends: Status) -> None:
    """A trigger's ending needs no source video."""
    sandbox = start()
    video = sandbox.upscale(VideoId(USER, FIRST, 7), ends=ends)
    sandbox.advance(NOW + FAR)
    assert video.status is ends


def test_durations_lie_between_their_bounds() -> None:
    """Jobs end between the shortest and the longest duration, and wait a part of it at most."""
    durations = Durations(shortest=1_000, longest=9_000, queued=0.5)
    sandbox = start(durations=durations, slots=False, credits=False)
    for video in fill(sandbox, jobs=200):
        assert video.job is not None
        (queued, _), (total, _) = video.job.steps
        assert 1_000 <= total - NOW <= 9_000
        assert 0 <= queued - NOW <= 0.5 * (total - NOW)


def test_time_never_goes_backwards() -> None:
    """An instant before the sandbox's own changes nothing."""
    sandbox = start()
    sandbox.advance(NOW + MINUTE)
    assert sandbox.advance(NOW) == []
    assert sandbox.now == NOW + MINUTE


# Refusals


def foreign(sandbox: Sandbox) -> VideoId:
    return finished(sandbox)._replace(user="999")


def of_unknown_account(sandbox: Sandbox) -> VideoId:
    return finished(sandbox)._replace(email="nobody@example.com")


def unknown(sandbox: Sandbox) -> VideoId:
    return finished(sandbox)._replace(number=5)


def of_the_other_account(sandbox: Sandbox) -> VideoId:
    return finished(sandbox)._replace(email=SECOND)


def deleted(sandbox: Sandbox) -> VideoId:
    source = finished(sandbox)
    sandbox.delete(source)
    return source


def unfinished(sandbox: Sandbox) -> VideoId:
    return id_of(sandbox, sandbox.upscale(finished(sandbox)))


def failed(sandbox: Sandbox) -> VideoId:
    video = sandbox.upscale(finished(sandbox), ends=Status.FAILED)
    sandbox.advance(NOW + FAR)
    return id_of(sandbox, video)


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        (foreign, refusals.ForeignVideo),
        (of_unknown_account, refusals.UnknownAccount),
        (unknown, refusals.UnknownVideo),
        (of_the_other_account, refusals.UnknownVideo),
        (deleted, refusals.DeletedVideo),
        (unfinished, refusals.UnfinishedVideo),
        (failed, refusals.UnfinishedVideo),
    ],
)
def test_source_that_can_not_be_upscaled_is_refused(source: object, refusal: type[Refusal]) -> None:
    """The refusal says what is wrong with the video named."""
    sandbox = start(account(FIRST), account(SECOND))
    assert callable(source)
    wanted = source(sandbox)
    with pytest.raises(refusal, match=r"user:|account"):
        sandbox.upscale(wanted)


def test_account_in_trouble_is_refused_until_it_is_updated() -> None:
    """Updating the account clears the pending error."""
    sandbox = start(account(pending_error=True))
    with pytest.raises(refusals.PendingError):
        sandbox.upscale(finished(sandbox))
    sandbox.save_account(FIRST, max_jobs=3)
    assert sandbox.upscale(finished(sandbox)).status is Status.QUEUED


@pytest.mark.parametrize(("credits", "accepted"), [(COST - 1, False), (COST, True)])
def test_credits_must_cover_the_cost(credits: int, accepted: bool) -> None:  # noqa: FBT001
    """Exactly the cost is enough."""
    sandbox = start(account(credits=credits))
    if accepted:
        sandbox.upscale(finished(sandbox))
    else:
        with pytest.raises(refusals.InsufficientCredits, match=f"{credits} credits, an upscale costs {COST}"):
            sandbox.upscale(finished(sandbox))


def test_slots_are_the_accounts_by_default() -> None:
    """As many jobs run as the account's maxJobs."""
    sandbox = start(account(max_jobs=2))
    fill(sandbox, jobs=2)
    with pytest.raises(refusals.AccountBusy, match="runs 2 jobs, maxJobs is 2"):
        sandbox.upscale(finished(sandbox))


@pytest.mark.parametrize("max_jobs", [1, 2])
def test_request_may_ask_for_fewer_slots(max_jobs: int) -> None:
    """The request's maxJobs holds in place of the account's, also below it."""
    sandbox = start()
    fill(sandbox, jobs=2)
    with pytest.raises(refusals.AccountBusy, match=f"maxJobs is {max_jobs}"):
        sandbox.upscale(finished(sandbox), max_jobs=max_jobs)


def test_request_may_ask_for_more_slots() -> None:
    """The request's maxJobs holds above the account's, too."""
    sandbox = start()
    fill(sandbox, jobs=3)
    assert sandbox.upscale(finished(sandbox), max_jobs=4).status is Status.QUEUED


def test_all_accounts_are_full() -> None:
    """Another answer is given when every other account is full as well."""
    sandbox = start(account(FIRST), account(SECOND, max_jobs=1))
    fill(sandbox, FIRST)
    fill(sandbox, SECOND, jobs=1)
    with pytest.raises(refusals.AllAccountsBusy, match="all 2 accounts are full"):
        sandbox.upscale(finished(sandbox))


def test_one_free_account_elsewhere_leaves_the_videos_own_busy() -> None:
    """An id pins the account: a free slot on another does not help, but changes the text."""
    sandbox = start(account(FIRST), account(SECOND), account("third@example.com"))
    fill(sandbox, FIRST)
    fill(sandbox, SECOND)
    with pytest.raises(refusals.AccountBusy):
        sandbox.upscale(finished(sandbox))


def test_upstream_takes_no_more_than_the_plan_allows() -> None:
    """Free slots do not help when the plan's concurrency is reached."""
    sandbox = start(account(concurrency=2))
    fill(sandbox, jobs=2)
    with pytest.raises(refusals.UpstreamLimit, match="2 jobs upstream, its plan allows 2"):
        sandbox.upscale(finished(sandbox))


def test_slots_may_be_off() -> None:
    """Then neither maxJobs nor concurrency refuses."""
    sandbox = start(slots=False)
    assert len(fill(sandbox, jobs=50)) == 50


def test_credits_may_be_off() -> None:
    """Then nothing is charged, and an empty account upscales."""
    sandbox = start(account(credits=0), credits=False)
    fill(sandbox, jobs=1)
    sandbox.advance(NOW + FAR)
    assert (sandbox.accounts[FIRST].credits, sandbox.accounts[FIRST].spent) == (0, 0)


def test_refusals_come_in_the_contracts_order() -> None:
    """With everything wrong at once, each obstacle shows when the one before it is out of the way."""
    sandbox = start(account(concurrency=3))
    fill(sandbox, jobs=3)
    sandbox.accounts.adjust(FIRST, credits=0, pending_error=True)
    bad = [foreign(sandbox), of_unknown_account(sandbox), unknown(sandbox)]
    for wanted, refusal in zip(
        bad, [refusals.ForeignVideo, refusals.UnknownAccount, refusals.UnknownVideo], strict=True
    ):
        with pytest.raises(refusal):
            sandbox.upscale(wanted)
    with pytest.raises(refusals.PendingError):
        sandbox.upscale(finished(sandbox))
    sandbox.accounts.adjust(FIRST, pending_error=False)
    with pytest.raises(refusals.InsufficientCredits):
        sandbox.upscale(finished(sandbox))
    sandbox.accounts.adjust(FIRST, credits=COST)
    with pytest.raises(refusals.AccountBusy):
        sandbox.upscale(finished(sandbox))
    sandbox.accounts.adjust(FIRST, max_jobs=8)
    with pytest.raises(refusals.UpstreamLimit):
        sandbox.upscale(finished(sandbox))
    sandbox.accounts.adjust(FIRST, concurrency=4)
    assert sandbox.upscale(finished(sandbox)).status is Status.QUEUED


# Slots and credits over a job's life


@pytest.mark.parametrize("ends", [None, Status.MODERATED, Status.FAILED])
def test_slot_is_free_at_the_end(ends: Status | None) -> None:
    """However a job ends, its slot and its place upstream are free again."""
    sandbox = start(account(max_jobs=1, concurrency=1))
    sandbox.upscale(finished(sandbox), ends=ends)
    sandbox.advance(NOW + MINUTE - 1)
    with pytest.raises(refusals.AccountBusy):
        sandbox.upscale(finished(sandbox))
    sandbox.advance(NOW + MINUTE)
    assert sandbox.upscale(finished(sandbox)).status is Status.QUEUED


def test_credits_are_reserved_at_acceptance_and_spent_at_completion() -> None:
    """The balance falls at once; the cost is spent when the video is there."""
    sandbox = start(account(credits=100))
    fill(sandbox, jobs=1)
    mine = sandbox.accounts[FIRST]
    assert (mine.credits, mine.reserved, mine.spent) == (80, 20, 0)
    sandbox.advance(NOW + FAR)
    assert (mine.credits, mine.reserved, mine.spent) == (80, 0, 20)


@pytest.mark.parametrize("ends", [Status.MODERATED, Status.FAILED])
def test_failed_job_is_refunded(ends: Status) -> None:
    """A job that ends without a video costs nothing."""
    sandbox = start(account(credits=100))
    sandbox.upscale(finished(sandbox), ends=ends)
    sandbox.advance(NOW + FAR)
    mine = sandbox.accounts[FIRST]
    assert (mine.credits, mine.reserved, mine.spent) == (100, 0, 0)


def test_accounts_pay_for_themselves() -> None:
    """The account of the video pays and gives the slot, no other."""
    sandbox = start(account(FIRST), account(SECOND))
    before = sandbox.accounts[SECOND].credits
    fill(sandbox, FIRST)
    other = sandbox.accounts[SECOND]
    assert (other.running, other.upstream, other.reserved, other.credits) == (0, 0, 0, before)


def test_same_seed_gives_the_same_sandbox() -> None:
    """Content, numbers and durations repeat."""
    one, other = start(seed=5), start(seed=5)
    fill(one)
    fill(other)
    assert one == other
    assert one.advance(NOW + FAR) == other.advance(NOW + FAR)


def test_sandboxes_compare_by_their_dice() -> None:
    """What comes next is part of what a sandbox is."""
    one, other = start(), start()
    assert one == other
    other.dice.random()
    assert one != other


def test_other_seed_gives_another_sandbox() -> None:
    """A seed is not ignored."""
    assert set(start(seed=5).videos) != set(start(seed=6).videos)

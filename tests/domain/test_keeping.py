"""What a sandbox keeps: cancelling, deleting, paging, accounts."""

from typing import Any

import pytest

from domain.worlds import FIRST, NOW, SECOND, account, fill, finished, id_of, snapshot, start
from mockserver.domain import Status, refusals

FAR = 10 * 365 * 86_400_000


# Cancelling


def test_cancelled_job_frees_its_slot_at_once() -> None:
    """A new job may start in its place."""
    sandbox = start(account(max_jobs=1))
    (video,) = fill(sandbox, jobs=1)
    sandbox.cancel(id_of(sandbox, video))
    assert sandbox.upscale(finished(sandbox)).status is Status.QUEUED


def test_cancelled_job_goes_on_upstream_and_ends() -> None:
    """It keeps its place in the plan, is paid, and the video is finished."""
    sandbox = start(account(max_jobs=1, concurrency=1, credits=100))
    (video,) = fill(sandbox, jobs=1)
    sandbox.cancel(id_of(sandbox, video))
    with pytest.raises(refusals.UpstreamLimit):
        sandbox.upscale(finished(sandbox))
    sandbox.advance(NOW + FAR)
    mine = sandbox.accounts[FIRST]
    assert (video.status, mine.running, mine.upstream, mine.spent) == (Status.COMPLETED, 0, 0, 20)


def test_cancelled_job_is_no_longer_followed() -> None:
    """The scheduler shows the others, in the order of their start."""
    sandbox = start()
    first, second, third = fill(sandbox)
    sandbox.cancel(id_of(sandbox, second))
    assert [video for video, _ in sandbox.followed()] == [first, third]


def test_only_followed_jobs_can_be_cancelled() -> None:
    """Not a finished video, not a job twice, not one of another user or account."""
    sandbox = start(account(FIRST), account(SECOND))
    (video,) = fill(sandbox, jobs=1)
    mine = id_of(sandbox, video)
    for wanted in (finished(sandbox), mine._replace(user="9"), mine._replace(email=SECOND), mine._replace(number=1)):
        with pytest.raises(refusals.UnknownJob):
            sandbox.cancel(wanted)
    sandbox.cancel(mine)
    with pytest.raises(refusals.UnknownJob):
        sandbox.cancel(mine)


def test_ended_job_can_not_be_cancelled() -> None:
    """Its slot is already free and must not be freed twice."""
    sandbox = start()
    (video,) = fill(sandbox, jobs=1)
    sandbox.advance(NOW + FAR)
    with pytest.raises(refusals.UnknownJob):
        sandbox.cancel(id_of(sandbox, video))


# Deleting


def test_deleted_video_is_gone_and_says_so() -> None:
    """It is in no list, and not unknown but deleted."""
    sandbox = start()
    source = finished(sandbox)
    sandbox.delete(source)
    assert source.number not in [video.number for video in sandbox.page(None, limit=100, offset=0)]
    with pytest.raises(refusals.DeletedVideo):
        sandbox.video(source)


def test_video_is_deleted_once() -> None:
    """The second time it was deleted already."""
    sandbox = start()
    source = finished(sandbox)
    sandbox.delete(source)
    with pytest.raises(refusals.DeletedVideo):
        sandbox.delete(source)


def test_video_in_the_making_can_not_be_deleted() -> None:
    """Neither while it is followed nor after its job was cancelled."""
    sandbox = start()
    (video,) = fill(sandbox, jobs=1)
    for _ in range(2):
        with pytest.raises(refusals.VideoProcessing, match="is still QUEUED"):
            sandbox.delete(id_of(sandbox, video))
        if video.number in sandbox.running and sandbox.running[video.number].followed:
            sandbox.cancel(id_of(sandbox, video))


@pytest.mark.parametrize("change", [{"user": "9"}, {"email": SECOND}, {"number": 5}])
def test_id_must_name_the_video_in_all_parts(change: dict[str, Any]) -> None:
    """A number alone is not enough."""
    sandbox = start(account(FIRST), account(SECOND))
    with pytest.raises(refusals.UnknownVideo):
        sandbox.delete(finished(sandbox)._replace(**change))


def test_id_of_a_deleted_video_must_fit_in_all_parts() -> None:
    """With another user or account it was never there."""
    sandbox = start(account(FIRST), account(SECOND))
    source = finished(sandbox)
    sandbox.delete(source)
    for wanted in (source._replace(email=SECOND), source._replace(user="9")):
        with pytest.raises(refusals.UnknownVideo):
            sandbox.video(wanted)


def test_source_of_a_running_job_may_be_deleted() -> None:
    """The job does not need it any more."""
    sandbox = start()
    source = finished(sandbox)
    video = sandbox.upscale(source)
    sandbox.delete(source)
    sandbox.advance(NOW + FAR)
    assert (video.status, video.original) == (Status.COMPLETED, source.number)


# Paging


def test_page_is_newest_first() -> None:
    """Upscales come before the footage, the last one first."""
    sandbox = start()
    made = fill(sandbox, jobs=2)
    numbers = [video.number for video in sandbox.page(FIRST, limit=100, offset=0)]
    assert numbers[:2] == [made[1].number, made[0].number]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [(2, 0, [0, 1]), (2, 1, [1, 2]), (9, 3, [3, 4]), (2, 4, [4]), (2, 5, []), (2, 6, []), (1, 2_147_483_647, [])],
)
def test_page_is_a_slice_of_the_list(limit: int, offset: int, expected: list[int]) -> None:
    """`offset` counts from the newest; past the end there is nothing."""
    sandbox = start()
    fill(sandbox)
    every = sandbox.page(FIRST, limit=100, offset=0)
    assert len(every) == 5
    assert sandbox.page(FIRST, limit=limit, offset=offset) == [every[index] for index in expected]


def test_page_needs_an_email_only_with_several_accounts() -> None:
    """One account needs no name, none at all has no videos."""
    sandbox = start(account(FIRST), account(SECOND))
    with pytest.raises(refusals.EmailRequired, match="2 accounts"):
        sandbox.page(None, limit=1, offset=0)
    sandbox.delete_account(FIRST)
    assert [video.email for video in sandbox.page(None, limit=1, offset=0)] == [SECOND]
    sandbox.delete_account(SECOND)
    assert sandbox.page(None, limit=1, offset=0) == []


# Accounts


def test_linked_account_gets_videos_of_its_own() -> None:
    """It can be used at once."""
    sandbox = start()
    linked = sandbox.save_account(SECOND, max_jobs=7)
    assert (linked.max_jobs, len(linked.videos)) == (7, 2)
    assert sandbox.upscale(finished(sandbox, SECOND)).email == SECOND


def test_updated_account_keeps_what_it_has() -> None:
    """Only maxJobs and the pending error change."""
    sandbox = start(account(pending_error=True))
    (videos, balance) = (list(sandbox.accounts[FIRST].videos), sandbox.accounts[FIRST].credits)
    updated = sandbox.save_account(FIRST, max_jobs=8)
    assert (updated.max_jobs, updated.pending_error) == (8, False)
    assert (updated.videos, updated.credits) == (videos, balance)


def test_unlinking_forgets_videos_and_jobs() -> None:
    """Nothing of the account is left, the rest is untouched, and the number of accounts left is told."""
    sandbox = start(account(FIRST), account(SECOND))
    fill(sandbox, FIRST)
    (other,) = fill(sandbox, SECOND, jobs=1)
    assert sandbox.delete_account(FIRST) == 1
    assert {video.email for video in sandbox.videos.values()} == {SECOND}
    assert list(sandbox.running) == [other.number]


def test_unlinked_accounts_jobs_never_happen() -> None:
    """Time goes on without their steps, and nothing is owed for them."""
    sandbox = start()
    fill(sandbox)
    sandbox.delete_account(FIRST)
    assert sandbox.next_due is None
    assert sandbox.advance(NOW + FAR) == []


def test_account_linked_again_starts_anew() -> None:
    """Neither slots nor reserved credits are left of the jobs before."""
    sandbox = start()
    fill(sandbox)
    sandbox.delete_account(FIRST)
    again = sandbox.save_account(FIRST, max_jobs=3)
    sandbox.advance(NOW + FAR)
    assert (again.running, again.upstream, again.reserved, again.credits) == (0, 0, 0, 10_000)


def test_account_linked_again_has_no_deleted_videos() -> None:
    """Not even their names."""
    sandbox = start()
    source = finished(sandbox)
    sandbox.delete(source)
    sandbox.delete_account(FIRST)
    sandbox.save_account(FIRST, max_jobs=3)
    with pytest.raises(refusals.UnknownVideo):
        sandbox.video(source)


def test_unknown_account_can_not_be_unlinked_or_adjusted() -> None:
    """A name that is not linked is refused."""
    sandbox = start()
    with pytest.raises(refusals.UnknownAccount):
        sandbox.delete_account(SECOND)
    with pytest.raises(refusals.UnknownAccount):
        sandbox.accounts.adjust(SECOND, credits=5)


def test_adjusting_leaves_alone_what_it_does_not_name() -> None:
    """None is no value; zero and False are."""
    sandbox = start(account(pending_error=True))
    before, _ = snapshot(sandbox)
    sandbox.accounts.adjust(FIRST)
    assert sandbox == before
    mine = sandbox.accounts.adjust(FIRST, credits=0, max_jobs=1, concurrency=0, pending_error=False)
    assert (mine.credits, mine.max_jobs, mine.concurrency, mine.pending_error) == (0, 1, 0, False)


@pytest.mark.parametrize(
    ("max_jobs", "concurrency", "cancelled", "available"),
    [(8, 5, 0, 2), (4, 9, 0, 1), (3, 5, 0, 0), (2, 5, 0, 0), (3, 3, 1, 0), (3, 5, 1, 1)],
)
def test_available_is_the_least_of_slots_and_plan(
    max_jobs: int, concurrency: int, cancelled: int, available: int
) -> None:
    """The page's example has 8 slots, 3 executing, 2 available; never less than none."""
    sandbox = start()
    for video in fill(sandbox)[:cancelled]:
        sandbox.cancel(id_of(sandbox, video))
    sandbox.accounts.adjust(FIRST, max_jobs=max_jobs, concurrency=concurrency)
    (slots,) = sandbox.availability()
    assert (slots.max_jobs, slots.executing, slots.available) == (max_jobs, 3 - cancelled, available)


def test_no_account_is_not_several() -> None:
    """Without any, none can be the only one; the list of videos is empty."""
    sandbox = start(account(FIRST))
    sandbox.delete_account(FIRST)
    with pytest.raises(refusals.NoAccounts):
        sandbox.accounts.find(None)
    assert sandbox.page(None, limit=1, offset=0) == []


# The user


def test_user_is_updated_value_by_value() -> None:
    """What is None stays; an empty address is no default, an empty name is a name."""
    sandbox = start()
    sandbox.update_user(name="Demo", reply_url="http://a")
    sandbox.update_user()
    assert (sandbox.name, sandbox.reply_url) == ("Demo", "http://a")
    sandbox.update_user(name="")
    assert (sandbox.name, sandbox.reply_url) == ("", "http://a")
    sandbox.update_user(reply_url="")
    assert (sandbox.name, sandbox.reply_url) == ("", None)

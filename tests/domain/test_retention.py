"""What a sandbox forgets: the oldest finished upscales of an account, beyond the retention."""

from dataclasses import replace

import pytest

from domain.worlds import FIRST, MINUTE, NOW, SECOND, USER, account, fill, id_of, start
from mockserver.domain import Durations, Status, VideoId, refusals
from mockserver.domain.footage import CATALOGUE

FAR = 10 * 365 * 86_400_000


def test_oldest_finished_upscales_are_forgotten_first() -> None:
    """What is left are the newest ones, not fewer than are to be kept, and not many more; and the sources."""
    sandbox = start(retention=5, credits=False)
    made = []
    for turn in range(300):
        made += fill(sandbox, jobs=1)
        sandbox.advance(NOW + (turn + 1) * MINUTE)
    page = sandbox.page(FIRST, limit=1_000, offset=0)
    kept = [video.number for video in page if video.original is not None]
    assert kept == [video.number for video in reversed(made)][: len(kept)]
    assert 5 <= len(kept) < 100
    assert len(page) - len(kept) == 2
    assert {video.number for video in page} == set(sandbox.videos)


def test_forgotten_video_is_unknown() -> None:
    """As if it had never been, also when it was deleted before; another account's is not concerned."""
    sandbox = start(account(FIRST), account(SECOND), retention=5, credits=False)
    oldest, source = fill(sandbox, jobs=1)[0].number, sandbox.accounts[FIRST].videos[1]
    other = sandbox.accounts[SECOND].videos[0]
    sandbox.delete(VideoId(USER, SECOND, other))
    sandbox.delete(VideoId(USER, FIRST, source))
    for turn in range(300):
        fill(sandbox, jobs=1)
        sandbox.advance(NOW + (turn + 1) * MINUTE)
    for number in (oldest, source):
        with pytest.raises(refusals.UnknownVideo):
            sandbox.video(VideoId(USER, FIRST, number))
    with pytest.raises(refusals.DeletedVideo):
        sandbox.video(VideoId(USER, SECOND, other))


def test_running_video_is_never_forgotten() -> None:
    """However many end while it runs, it ends, too, and its end is told."""
    quick = start(retention=1, slots=False, credits=False)
    slowly = replace(quick.rules, durations=Durations(shortest=FAR, longest=FAR))
    sandbox = start(rules=slowly)
    (slow,) = fill(sandbox, jobs=1)
    sandbox.rules = quick.rules
    for turn in range(200):
        sandbox.upscale(VideoId(USER, FIRST, 1), ends=Status.COMPLETED)
        sandbox.advance(NOW + (turn + 1) * MINUTE)
    assert not sandbox.video(id_of(sandbox, slow)).final
    assert sandbox.advance(NOW + 2 * FAR)[-1].number == slow.number


def test_many_jobs_that_end_together_are_all_told() -> None:
    """Running videos do not push out finished ones: only finished ones count against the retention."""
    sandbox = start(retention=1, slots=False, credits=False)
    made = fill(sandbox, jobs=200)
    ended = [event.number for event in sandbox.advance(NOW + FAR) if event.status is Status.COMPLETED]
    assert sorted(ended) == [video.number for video in made]
    assert made[-1].number in sandbox.videos


def test_jobs_that_still_run_push_out_none_that_ended() -> None:
    """However many there are, and however many sources: neither counts against the retention."""
    sandbox = start(account(footage=CATALOGUE * 40), retention=100, slots=False, credits=False)
    made = fill(sandbox, jobs=150)
    sandbox.advance(NOW + FAR)
    assert all(video.number in sandbox.videos for video in made)


def test_retention_is_each_accounts_own() -> None:
    """A busy account does not push out another's videos."""
    sandbox = start(account(FIRST), account(SECOND), retention=1, slots=False, credits=False)
    quiet = list(sandbox.accounts[SECOND].videos)
    (calm,) = fill(sandbox, SECOND, jobs=1)
    fill(sandbox, FIRST, jobs=200)
    sandbox.advance(NOW + FAR)
    assert sandbox.accounts[SECOND].videos == [*quiet, calm.number]
    assert all(number in sandbox.videos for number in [*quiet, calm.number])


def test_deleted_sources_make_no_room_for_more() -> None:
    """The bound is that of the upscales, however many sources there were."""
    sandbox = start(account(footage=CATALOGUE * 40), retention=10, slots=False, credits=False)
    for number in list(sandbox.accounts[FIRST].videos)[1:]:
        sandbox.delete(VideoId(USER, FIRST, number))
    fill(sandbox, jobs=200)
    sandbox.advance(NOW + FAR)
    assert 10 < len(sandbox.accounts[FIRST].videos) < 100


def test_oldest_deleted_videos_are_forgotten() -> None:
    """Those deleted last are remembered, as many as are kept; a sandbox that keeps few videos stays small."""
    sandbox = start(retention=5, credits=False)
    made = []
    for turn in range(50):
        (video,) = fill(sandbox, jobs=1)
        sandbox.advance(NOW + (turn + 1) * MINUTE)
        sandbox.delete(id_of(sandbox, video))
        made.append(video)
    assert list(sandbox.deleted) == [video.number for video in made[-5:]]
    with pytest.raises(refusals.DeletedVideo):
        sandbox.video(id_of(sandbox, made[-5]))
    with pytest.raises(refusals.UnknownVideo):
        sandbox.video(id_of(sandbox, made[-6]))

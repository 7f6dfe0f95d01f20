"""Every rule of the flows, by lists of answers."""

from typing import Any

import pytest

from client.playing import (
    ACCEPTED,
    BUSY,
    NEW,
    OTHER,
    PROCESSING,
    REF,
    REFUSED,
    RESET,
    SILENCE,
    SOURCE,
    Outcome,
    answer,
    error,
    flows,
    listed,
    mine,
    running,
    script,
    video,
)
from contracts.client import Policy, errors

LOST: list[Outcome] = [RESET, SILENCE, error(500), error(502), answer(200, b'{"video_id":'), answer(200, {"id": NEW})]
NOWHERE: dict[str, Any] = {"listAvailable": running(), "listVideos": listed()}


# Submitting


def test_accepted_upscale_is_one_request() -> None:
    """With what was given, by the names of the API."""
    played = script(flows().upscale_video(SOURCE, reply_url="http://a.example/b", max_jobs=2), upscaleVideo=ACCEPTED)
    assert played.result.video_id == NEW
    assert played.operations == ["upscaleVideo"]
    body = {"video_id": SOURCE, "replyUrl": "http://a.example/b", "replyRef": REF, "maxJobs": 2}
    assert played.sent("upscaleVideo") == [body]


def test_accepted_upscale_keeps_what_is_not_documented() -> None:
    """And says which reference went with it."""
    played = script(flows().upscale_video(SOURCE), upscaleVideo=answer(200, {"video_id": NEW, "cost_credits": 20}))
    assert played.result.reply_ref == REF
    assert played.result.raw == {"video_id": NEW, "cost_credits": 20}


def test_busy_account_is_asked_again_after_ten_seconds_or_more() -> None:
    """The vendor's rule."""
    played = script(flows().upscale_video(SOURCE), upscaleVideo=[BUSY, BUSY, ACCEPTED])
    assert played.pauses == [10, 10]
    assert played.result.video_id == NEW


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry_after": "45"}, 45),
        ({"retry_after": "3"}, 10),
        ({"retry_after": "soon"}, 10),
        ({"retry_after": "²"}, 10),
        ({"retry_after": "Wed, 01 Jan 2025 00:01:00 GMT", "date": "Wed, 01 Jan 2025 00:00:00 GMT"}, 60),
        ({"retry_after": "Wed, 01 Jan 2025 00:00:00 GMT", "date": "Wed, 01 Jan 2025 00:01:00 GMT"}, 10),
        ({"retry_after": "Wed, 01 Jan 2025 00:01:00 GMT"}, 10),
    ],
)
def test_retry_after_lengthens_the_wait(headers: dict[str, str], pause: float) -> None:
    """In seconds or as a date, against the answer's own; never below the ten seconds."""
    played = script(flows().upscale_video(SOURCE), upscaleVideo=[error(429, **headers), ACCEPTED])
    assert played.pauses == [pause]


def test_busy_account_is_not_asked_for_ever() -> None:
    """After so many attempts the refusal is told, with the number of the last one."""
    played = script(flows(Policy(busy_attempts=4)).upscale_video(SOURCE), upscaleVideo=BUSY)
    assert isinstance(played.error, errors.AccountBusy)
    assert (played.error.attempt, played.count("upscaleVideo")) == (4, 4)


def test_deadline_ends_the_wait_before_it_begins() -> None:
    """Nobody sleeps beyond it to find out."""
    played = script(flows(Policy(deadline=25)).upscale_video(SOURCE), upscaleVideo=BUSY)
    assert isinstance(played.error, errors.DeadlineExceeded)
    assert isinstance(played.error.__cause__, errors.AccountBusy)
    assert (played.error.status, played.error.attempt) == (429, 3)
    assert played.pauses == [10, 10]


def test_deadline_counts_the_time_of_requests() -> None:
    """Slow answers use it up, too."""
    played = script(flows(Policy(deadline=60)).upscale_video(SOURCE), took=24, upscaleVideo=BUSY)
    assert isinstance(played.error, errors.DeadlineExceeded)
    assert played.count("upscaleVideo") == 2


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 412, 422, 596])
def test_refusal_is_not_tried_again(status: int) -> None:
    """The answer would be the same."""
    played = script(flows().upscale_video(SOURCE), upscaleVideo=error(status, "because"))
    assert isinstance(played.error, errors.Refused)
    assert (played.error.status, played.error.message) == (status, "because")
    assert played.operations == ["upscaleVideo"]
    assert played.pauses == []


def test_refused_connection_is_simply_tried_again() -> None:
    """Nothing was sent, so there is nothing to look for."""
    played = script(flows().upscale_video(SOURCE), upscaleVideo=[REFUSED, REFUSED, ACCEPTED])
    assert played.operations == ["upscaleVideo"] * 3
    assert played.pauses == [1, 2]


def test_refused_connection_is_not_tried_for_ever() -> None:
    """Five times, as any trouble."""
    played = script(flows().upscale_video(SOURCE), upscaleVideo=REFUSED)
    assert isinstance(played.error, errors.NotConnected)
    assert played.count("upscaleVideo") == 5


# A lost answer


@pytest.mark.parametrize("lost", LOST)
def test_lost_answer_is_found_among_the_running_jobs(lost: Outcome) -> None:
    """The job is not submitted again."""
    played = script(
        flows().upscale_video(SOURCE), upscaleVideo=lost, listAvailable=running((NEW, REF)), listVideos=listed()
    )
    assert (played.result.video_id, played.result.reply_ref) == (NEW, REF)
    assert played.count("upscaleVideo") == 1


@pytest.mark.parametrize("lost", LOST)
def test_lost_answer_is_found_in_the_list(lost: Outcome) -> None:
    """Where the job has ended, too."""
    played = script(
        flows().upscale_video(SOURCE), upscaleVideo=lost, listAvailable=running(), listVideos=listed(mine(1))
    )
    assert played.result.video_id == NEW
    assert played.count("upscaleVideo") == 1


@pytest.mark.parametrize("lost", LOST)
def test_what_was_not_accepted_is_submitted_again(lost: Outcome) -> None:
    """After three looks, some time apart."""
    played = script(flows().upscale_video(SOURCE), upscaleVideo=[lost, ACCEPTED], **NOWHERE)
    assert played.result.video_id == NEW
    assert played.count("upscaleVideo") == 2
    assert played.count("listAvailable") == 3
    assert played.pauses[:2] == [10, 10]
    first, second = played.sent("upscaleVideo")
    assert first == second


def test_job_that_shows_late_is_found() -> None:
    """The API may still be at work when the client has given up waiting for its answer."""
    played = script(
        flows().upscale_video(SOURCE),
        upscaleVideo=SILENCE,
        listAvailable=[running(), running((NEW, REF))],
        listVideos=listed(),
    )
    assert played.result.video_id == NEW
    assert played.count("upscaleVideo") == 1


def test_one_cannot_look_is_undecided() -> None:
    """Then nothing is submitted a second time, and the error has what to look for."""
    played = script(flows().upscale_video(SOURCE), upscaleVideo=RESET, listAvailable=error(503), listVideos=listed())
    assert isinstance(played.error, errors.Undecided)
    assert played.error.reply_ref == REF
    assert REF in str(played.error)
    assert isinstance(played.error.__cause__, errors.Unavailable)
    assert played.count("upscaleVideo") == 1


def test_deadline_while_looking_is_undecided() -> None:
    """The time is over, and the job may be there."""
    played = script(flows(Policy(deadline=15)).upscale_video(SOURCE), upscaleVideo=RESET, **NOWHERE)
    assert isinstance(played.error, errors.Undecided)
    assert isinstance(played.error.__cause__, errors.DeadlineExceeded)


def test_trouble_that_stays_is_told_as_what_it_is() -> None:
    """Nothing was accepted: the advice says that it may be submitted again."""
    played = script(flows(Policy(attempts=2)).upscale_video(SOURCE), upscaleVideo=error(503), **NOWHERE)
    assert isinstance(played.error, errors.Unavailable)
    assert played.count("upscaleVideo") == 2
    assert "nothing was accepted" in str(played.error)


def test_list_is_read_to_its_end_where_it_does_not_show_its_order() -> None:
    """That the newest come first is not documented."""
    page = [video(1, f"user:1-pixverse:a@b-video:{number}") for number in range(3)]
    played = script(
        flows().upscale_video(SOURCE),
        upscaleVideo=RESET,
        listAvailable=running(),
        listVideos=[listed(*page), listed(mine()), listed()],
    )
    assert played.result.video_id == NEW
    assert [dict(request.query).get("offset") for _, request in played.calls if request.operation == "listVideos"] == [
        None,
        "100",
        "200",
    ]


def test_first_page_is_enough_where_it_shows_that_the_newest_come_first() -> None:
    """One request for each look."""
    page = listed(video(1, OTHER, created_at="2025-01-02T00:00:00Z"), video(1, SOURCE))
    played = script(
        flows().upscale_video(SOURCE), upscaleVideo=[RESET, ACCEPTED], listAvailable=running(), listVideos=page
    )
    assert played.count("listVideos") == 3


def test_list_that_does_not_end_is_undecided() -> None:
    """The job may be on a page that was not read."""
    pages: list[Outcome] = [listed(video(1, f"user:1-pixverse:a@b-video:{number}")) for number in range(7)]
    played = script(
        flows(Policy(pages=2, looks=1)).upscale_video(SOURCE),
        upscaleVideo=RESET,
        listAvailable=running(),
        listVideos=pages,
    )
    assert isinstance(played.error, errors.Undecided)


# References of the caller's


def test_reference_of_the_caller_is_kept() -> None:
    """Nothing is added to it."""
    played = script(flows().upscale_video(SOURCE, reply_ref="order-17"), upscaleVideo=ACCEPTED, **NOWHERE)
    assert played.sent("upscaleVideo") == [{"video_id": SOURCE, "replyRef": "order-17"}]


def test_job_that_had_the_reference_before_is_another_one() -> None:
    """A reference may be used again: only what is new since the submission counts."""
    old = mine(1, "order-17", video_id=OTHER)
    played = script(
        flows().upscale_video(SOURCE, reply_ref="order-17"),
        upscaleVideo=RESET,
        listAvailable=running(),
        listVideos=[listed(old), listed(), listed(old, mine(5, "order-17")), listed()],
    )
    assert played.result.video_id == NEW


def test_job_of_another_video_with_the_reference_is_another_one() -> None:
    """As of a batch with one reference."""
    foreign = mine(5, "batch", original_video_id=OTHER)
    played = script(
        flows().upscale_video(SOURCE, reply_ref="batch"),
        upscaleVideo=[RESET, ACCEPTED],
        listAvailable=[running(), running((NEW, "batch"))],
        listVideos=[listed(), listed(foreign)],
    )
    assert played.count("upscaleVideo") == 2


def test_running_job_whose_video_is_not_known_leaves_it_open() -> None:
    """The scheduler does not tell it, and others may use the reference."""
    played = script(
        flows().upscale_video(SOURCE, reply_ref="batch"),
        upscaleVideo=RESET,
        listAvailable=[running(), running((NEW, "batch"))],
        listVideos=listed(),
    )
    assert isinstance(played.error, errors.Undecided)
    assert played.count("upscaleVideo") == 1


def test_once_is_answered_by_the_job_that_has_the_reference() -> None:
    """A wish that an earlier run has uttered is not uttered again."""
    played = script(
        flows().upscale_video(SOURCE, reply_ref="wish", once=True),
        listAvailable=running((NEW, "wish")),
        listVideos=listed(),
    )
    assert played.result.video_id == NEW
    assert played.count("upscaleVideo") == 0


def test_once_looks_beyond_the_newest_videos() -> None:
    """The wish may be an old one."""
    newest = listed(video(1, OTHER, created_at="2025-01-02T00:00:00Z"), video(1, SOURCE))
    played = script(
        flows().upscale_video(SOURCE, reply_ref="wish", once=True),
        listAvailable=running(),
        listVideos=[newest, listed(mine(1, "wish")), listed()],
    )
    assert played.result.video_id == NEW
    assert played.count("upscaleVideo") == 0


def test_once_is_undecided_where_the_list_does_not_end() -> None:
    """The job may be further on: nothing is submitted."""
    pages: list[Outcome] = [listed(video(1, f"user:1-pixverse:a@b-video:{number}")) for number in range(3)]
    played = script(
        flows(Policy(pages=2)).upscale_video(SOURCE, reply_ref="wish", once=True),
        listAvailable=running(),
        listVideos=pages,
    )
    assert isinstance(played.error, errors.Undecided)
    assert played.count("upscaleVideo") == 0


def test_once_submits_what_nobody_has_wished() -> None:
    """The first time it is as any other."""
    played = script(flows().upscale_video(SOURCE, reply_ref="wish", once=True), upscaleVideo=ACCEPTED, **NOWHERE)
    assert played.result.video_id == NEW


def test_once_needs_a_reference() -> None:
    """There is nothing else to know the wish by."""
    with pytest.raises(errors.InvalidArgument, match="reply_ref"):
        flows().upscale_video(SOURCE, once=True)


# Waiting


def test_wait_polls_until_the_status_is_final() -> None:
    """Every ten seconds or more, and not once more."""
    played = script(
        flows().wait(NEW), getVideo=[PROCESSING, PROCESSING, answer(200, video(1))], listVideos=listed(video(10))
    )
    assert played.result.video_id == NEW
    assert played.pauses == [10, 10]
    assert played.operations[-1] == "getVideo"


def test_finished_video_is_not_waited_for() -> None:
    """The first look is at once."""
    played = script(flows().wait(NEW), getVideo=answer(200, video(1)))
    assert (played.operations, played.pauses) == (["getVideo"], [])


@pytest.mark.parametrize("status", [5, 10, 99])
def test_final_flag_alone_is_no_end(status: int) -> None:
    """The vendor's page has it true for QUEUED; only the life cycle counts."""
    going = answer(200, video(status, video_status_final=True, url="https://media.example.com/early.mp4"))
    played = script(flows().wait(NEW), getVideo=[going, going, answer(200, video(1))])
    assert played.count("getVideo") == 3


def test_end_is_taken_from_the_list_too() -> None:
    """Where the video by its id is late."""
    played = script(flows().wait(NEW), getVideo=PROCESSING, listVideos=listed(video(1)))
    assert played.result.video_id == NEW
    assert played.pauses == []


@pytest.mark.parametrize(("status", "kind"), [(7, errors.Moderated), (8, errors.Failed)])
def test_bad_end_is_an_error_with_the_video(status: int, kind: type[errors.Ended]) -> None:
    """So nobody takes its url for a result."""
    played = script(flows().wait(NEW), getVideo=answer(200, video(status)))
    assert type(played.error) is kind
    assert isinstance(played.error, errors.Ended)
    assert played.error.video is not None
    assert played.error.video_id == NEW


def test_watch_tells_each_status_once() -> None:
    """A bad end, too, and no error."""
    played = script(
        flows().watch(NEW),
        getVideo=PROCESSING,
        listVideos=[listed(video(status)) for status in (5, 5, 10, 10, 10, 8)],
    )
    assert played.seen == ["QUEUED", "GENERATING", "FAILED"]
    assert played.error is None


def test_video_that_never_appears_is_not_found() -> None:
    """After five polls in a row on which it was nowhere."""
    played = script(flows().wait(NEW), getVideo=PROCESSING, listVideos=listed())
    assert isinstance(played.error, errors.NotFound)
    assert NEW in str(played.error)
    assert played.count("getVideo") == 5


def test_video_that_appears_late_is_waited_for() -> None:
    """The absences before do not count any more."""
    played = script(
        flows().wait(NEW),
        getVideo=[*[PROCESSING] * 8, answer(200, video(1))],
        listVideos=[*[listed()] * 4, listed(video(5)), *[listed()] * 4],
    )
    assert played.result.video_id == NEW


def test_deleted_video_is_not_waited_for() -> None:
    """It will not come back."""
    played = script(flows().wait(NEW), getVideo=error(404, "The original video has been deleted"))
    assert type(played.error) is errors.NotFound
    assert played.count("getVideo") == 1


def test_trouble_while_polling_passes() -> None:
    """Each poll is a read, tried again with growing pauses."""
    played = script(flows().wait(NEW), getVideo=[RESET, error(502), answer(200, b"<html>"), answer(200, video(1))])
    assert played.pauses == [1, 2, 4]
    assert played.result.video_id == NEW


def test_error_after_the_acceptance_names_the_job() -> None:
    """So that nobody submits it again."""
    played = script(flows().upscale_and_wait(SOURCE), upscaleVideo=ACCEPTED, getVideo=error(401, "Unauthorized"))
    assert isinstance(played.error, errors.Unauthorized)
    assert played.error.video_id == NEW
    assert NEW in str(played.error)


def test_deadline_is_one_for_submission_and_wait() -> None:
    """What the first uses up is not there for the second."""
    played = script(
        flows(Policy(deadline=35)).upscale_and_wait(SOURCE),
        upscaleVideo=[BUSY, BUSY, ACCEPTED],
        getVideo=PROCESSING,
        listVideos=listed(mine()),
    )
    assert isinstance(played.error, errors.DeadlineExceeded)
    assert played.error.video_id == NEW
    assert sum(played.pauses) == 30


# Everything else


@pytest.mark.parametrize("trouble", [RESET, SILENCE, REFUSED, error(500), error(503), answer(200, b"")])
def test_read_is_tried_again(trouble: Outcome) -> None:
    """With growing pauses, five times at most."""
    played = script(flows().get_user(), getUser=[trouble, trouble, answer(200, {"subscriptionIsActive": True})])
    assert played.result.subscription_is_active is True
    assert played.pauses == [1, 2]
    assert script(flows().get_user(), getUser=trouble).count("getUser") == 5


@pytest.mark.parametrize("trouble", [RESET, SILENCE, error(500), answer(200, b"")])
def test_write_whose_fate_is_unknown_is_not_repeated(trouble: Outcome) -> None:
    """It may have been carried out."""
    played = script(flows().cancel_job(NEW), cancelJob=trouble)
    assert played.error is not None
    assert played.count("cancelJob") == 1


def test_write_that_was_not_sent_is_repeated() -> None:
    """Nothing was done."""
    played = script(flows().delete_video(NEW), deleteVideo=[REFUSED, answer(200, {"video_id": NEW})])
    assert played.result.video_id == NEW


def test_503_says_how_long_to_wait() -> None:
    """Retry-After is honoured there, too."""
    played = script(flows().get_user(), getUser=[error(503, retry_after="20"), answer(200, {})])
    assert played.pauses == [20]


@pytest.mark.parametrize(
    "changes",
    [{"busy": (30.0, 10.0)}, {"poll": (-1.0, 5.0)}, {"attempts": 0}, {"deadline": float("nan")}, {"looks": 1.5}],
)
def test_policy_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    """The message names the field and the value."""
    with pytest.raises(errors.InvalidArgument, match=next(iter(changes))):
        Policy(**changes)

"""Both clients against a mock on a socket, by the same table."""

import pytest

from client.conftest import Connect, Face, Live
from client.playing import SOURCE
from contracts.client import Policy, errors

UPSCALE = "upscaleVideo"


def number(value: int) -> str:
    """The id of the video with this number."""
    return f"{SOURCE.rpartition(':')[0]}:{value}"


def test_upscale_comes_to_its_end(live: Live, client: Face) -> None:
    """From the wish to the file's address."""
    video = client.call("upscale_and_wait", SOURCE)
    assert (video.status.name, video.source, video.output_width) == ("COMPLETED", SOURCE, 3840)
    assert video.url.endswith(".mp4")
    assert len(live.jobs) == 1


def test_statuses_are_seen_in_their_order(client: Face) -> None:
    """Although the video by its id is 404 until it is final."""
    accepted = client.call("upscale_video", SOURCE)
    assert client.watch(accepted.video_id) == ["QUEUED", "GENERATING", "COMPLETED"]


@pytest.mark.parametrize(("digit", "kind"), [(7, errors.Moderated), (8, errors.Failed)])
def test_bad_end_is_told(client: Face, digit: int, kind: type[errors.Ended]) -> None:
    """As an error with the video."""
    with pytest.raises(kind) as caught:
        client.call("upscale_and_wait", number(digit))
    assert caught.value.video is not None


def test_slots_are_waited_for(live: Live, client: Face) -> None:
    """Five jobs of an account that runs three at a time."""
    ids = {client.call("upscale_video", SOURCE).video_id for _ in range(5)}
    assert len(ids) == len(live.jobs) == 5


@pytest.mark.parametrize(
    ("digit", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthorized),
        (412, errors.InsufficientCredits),
        (429, errors.AccountBusy),
        (4292, errors.AllAccountsBusy),
        (4293, errors.UpstreamLimit),
        (596, errors.PendingError),
    ],
)
def test_every_refusal_is_met(live: Live, connect: Connect, digit: int, kind: type[errors.Refused]) -> None:
    """As the mock gives it."""
    policy = Policy(busy_attempts=2)
    with connect(live.url, live.advance, live.token, policy=policy) as client, pytest.raises(kind) as caught:
        client.call("upscale_video", number(digit))
    assert caught.value.operation == UPSCALE
    assert live.jobs == []


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "lost-reply"},
        {"fault": "connection-reset", "handled": True},
        {"fault": "empty-answer", "handled": True},
        {"fault": "no-answer", "handled": True},
        {"fault": "truncated-body"},
        {"fault": "malformed-json"},
    ],
    ids=lambda fault: fault["fault"],
)
def test_lost_answer_is_one_job(live: Live, client: Face, fault: dict[str, object]) -> None:
    """It was accepted: the client finds it."""
    live.faults({**fault, "operation": UPSCALE})
    accepted = client.call("upscale_video", SOURCE)
    assert live.jobs == [accepted.video_id]


@pytest.mark.parametrize("fault", ["connection-reset", "no-answer", "bad-gateway", "service-unavailable"])
def test_lost_request_is_one_job(live: Live, client: Face, fault: str) -> None:
    """It was not accepted: the client looks, and submits it again."""
    live.faults({"fault": fault, "operation": UPSCALE})
    accepted = client.call("upscale_video", SOURCE)
    assert live.jobs == [accepted.video_id]


@pytest.mark.parametrize("ref", [None, "order-17"])
def test_lost_answers_in_a_row_are_as_many_jobs_as_wishes(live: Live, client: Face, ref: str | None) -> None:
    """With a reference of the caller's for both, too."""
    live.faults({"fault": "lost-reply", "operation": UPSCALE, "call": [1, 2]})
    ids = {client.call("upscale_video", SOURCE, reply_ref=ref).video_id for _ in range(2)}
    assert ids == set(live.jobs)
    assert len(ids) == 2


def test_once_is_once(live: Live, client: Face) -> None:
    """However often it is said."""
    ids = {client.call("upscale_video", SOURCE, reply_ref="wish", once=True).video_id for _ in range(3)}
    assert ids == set(live.jobs)


def test_unsteady_connection_is_got_over(live: Live, client: Face) -> None:
    """A fifth of all reads is lost."""
    live.faults(
        *({"operation": each, "share": 0.2, "fault": "connection-reset"} for each in ("getVideo", "listVideos"))
    )
    assert client.call("upscale_and_wait", SOURCE).status.name == "COMPLETED"


def test_html_of_a_proxy_is_told_in_its_words(live: Live, client: Face) -> None:
    """Without the tags."""
    live.faults({"fault": "bad-gateway", "operation": "getUser", "times": 9})
    with pytest.raises(errors.Unavailable, match="502 Bad Gateway") as caught:
        client.call("get_user")
    assert "<" not in str(caught.value)


def test_right_body_with_the_wrong_type_is_read(live: Live, client: Face) -> None:
    """What it says of itself is not what it is."""
    live.faults({"fault": "wrong-content-type", "operation": "getUser"})
    assert client.call("get_user").subscription_is_active is True


def test_accounts_are_managed(client: Face) -> None:
    """Linked, read, unlinked."""
    made = client.call("save_account", "other@example.com", password="secret", max_jobs=2)
    assert (made.email, made.max_jobs) == ("other@example.com", 2)
    assert set(client.call("list_accounts")) == {"demo@example.com", "other@example.com"}
    assert client.call("get_features", email="other@example.com").plan_name
    assert client.call("delete_account", "other@example.com").remaining == 1
    with pytest.raises(errors.NotFound):
        client.call("get_account", "other@example.com")


def test_pending_error_goes_away_as_advised(live: Live, client: Face) -> None:
    """By saving the account."""
    live.control("PATCH", "accounts/demo@example.com", {"pendingError": True})
    with pytest.raises(errors.PendingError):
        client.call("upscale_video", SOURCE)
    client.call("save_account", "demo@example.com", password="new", max_jobs=3)
    assert client.call("upscale_video", SOURCE).video_id


def test_job_is_cancelled_and_its_video_deleted(client: Face) -> None:
    """The rest of the operations."""
    accepted = client.call("upscale_video", SOURCE, reply_ref="mine")
    assert [job.reply_ref for job in client.call("list_running")] == ["mine"]
    assert client.call("cancel_job", accepted.video_id).deleted is True
    assert client.call("list_available").executing == ()
    assert client.call("wait", accepted.video_id).reply_ref == "mine"
    assert client.call("delete_video", accepted.video_id).deleted is True
    assert client.call("update_user", name="demo").name == "demo"


def test_nobody_listens(connect: Connect) -> None:
    """The error says that nothing was sent."""
    pauses: list[float] = []
    connected = connect("http://127.0.0.1:1", pauses.append, random=lambda low, _: low)
    with connected as client, pytest.raises(errors.NotConnected) as caught:
        client.call("upscale_video", SOURCE)
    assert caught.value.attempt == 5
    assert pauses == [1, 2, 4, 8]


def test_clients_show_no_token(live: Live, client: Face) -> None:
    """Neither they nor their errors."""
    live.faults({"status": 503, "body": f"no such token: {live.token}", "operation": "getUser", "times": 9})
    with pytest.raises(errors.Unavailable) as caught:
        client.call("get_user")
    for shown in (repr(client.client), str(caught.value), repr(caught.value), repr(vars(caught.value))):
        assert live.token not in shown

"""The jobs that run, the slots that are free, cancelling."""

from typing import Any

import pytest

from api.mock import EMAIL, FEATURES, OTHER, SCHEDULER, VIDEOS, MakeMock, Mock

AVAILABLE = f"{SCHEDULER}/available"


def slots(mock: Mock, email: str = EMAIL) -> Any:
    (found,) = [account for account in mock.get(AVAILABLE)["available"] if account["email"] == email]
    return found


def test_nothing_runs_at_first(mock: Mock) -> None:
    """Every slot is free."""
    assert mock.get(SCHEDULER) == []
    assert mock.get(AVAILABLE) == {
        "executing": [],
        "available": [{"email": EMAIL, "maxJobs": 3, "executing": 0, "available": 3}],
    }


def test_running_jobs_are_listed_in_the_order_of_their_start(mock: Mock) -> None:
    """With the instant they started at, to the millisecond, and what the request named."""
    first = mock.accepted()
    mock.advance(1.5)
    second = mock.accepted(replyUrl="http://a/b", replyRef="r")
    assert mock.get(SCHEDULER) == [
        {"id": first, "type": "video", "started": "2025-01-01T00:00:00.000Z", "elapsed": "00:01"},
        {
            "id": second,
            "type": "video",
            "started": "2025-01-01T00:00:01.500Z",
            "elapsed": "00:00",
            "replyUrl": "http://a/b",
            "replyRef": "r",
        },
    ]
    assert mock.get(AVAILABLE)["executing"] == mock.get(SCHEDULER)


@pytest.mark.parametrize(
    ("seconds", "elapsed"), [(0, "00:00"), (59.9, "00:59"), (60, "01:00"), (605, "10:05"), (6_000, "100:00")]
)
def test_elapsed_is_minutes_and_seconds(seconds: float, elapsed: str, make_mock: MakeMock) -> None:
    """More than an hour is more than sixty minutes."""
    mock = make_mock(changes={"jobs": "{shortest: 10000, longest: 10000}"})
    mock.accepted()
    mock.advance(seconds)
    assert mock.get(SCHEDULER)[0]["elapsed"] == elapsed


def test_ended_job_is_no_longer_listed(mock: Mock) -> None:
    """Its slot is free."""
    mock.accepted()
    assert (slots(mock)["executing"], slots(mock)["available"]) == (1, 2)
    mock.finish()
    assert mock.get(SCHEDULER) == []
    assert (slots(mock)["executing"], slots(mock)["available"]) == (0, 3)


def test_available_is_bounded_by_the_plan(mock: Mock) -> None:
    """As in the page's example: 8 slots, 3 executing, 2 available."""
    mock.sandbox.accounts.adjust(EMAIL, max_jobs=8)
    for _ in range(3):
        mock.accepted()
    assert slots(mock) == {"email": EMAIL, "maxJobs": 8, "executing": 3, "available": 2}


def test_available_says_how_many_are_accepted(mock: Mock) -> None:
    """So many upscales, not one more."""
    mock.accepted()
    free = slots(mock)["available"]
    assert [mock.upscale().status for _ in range(free + 1)] == [200] * free + [429]


def test_accounts_have_slots_of_their_own(mock: Mock) -> None:
    """A job on one takes none of the other."""
    mock.link(OTHER)
    mock.accepted()
    assert (slots(mock, EMAIL)["available"], slots(mock, OTHER)["available"]) == (2, 3)


def test_cancelled_job_frees_its_slot_and_goes_on(mock: Mock) -> None:
    """It is no longer listed, a new one may start, the video ends and is paid."""
    made = [mock.accepted() for _ in range(3)]
    answer = mock.call("DELETE", f"{SCHEDULER}/{made[1]}")
    assert (answer.status, answer.body) == (200, {"id": made[1], "deleted": True})
    assert [job["id"] for job in mock.get(SCHEDULER)] == [made[0], made[2]]
    mock.accepted()
    mock.finish()
    assert mock.get(f"{VIDEOS}/{made[1]}")["video_status_name"] == "COMPLETED"
    assert mock.get(FEATURES)["credit_package"] == 10_000 - 4 * 20


def test_cancelled_job_keeps_its_place_upstream(mock: Mock) -> None:
    """Cancelling is no way round the plan."""
    for _ in range(5):
        mock.call("DELETE", f"{SCHEDULER}/{mock.accepted()}")
    assert mock.upscale().body == {"error": "Reached the limit for concurrent generations."}
    assert slots(mock) == {"email": EMAIL, "maxJobs": 3, "executing": 0, "available": 0}


def finished(mock: Mock) -> str:
    made = mock.accepted()
    mock.finish()
    return made


def cancelled(mock: Mock) -> str:
    made = mock.accepted()
    mock.call("DELETE", f"{SCHEDULER}/{made}")
    return made


def of_another_user(mock: Mock) -> str:
    return mock.accepted().replace("user:12345", "user:9")


def source(mock: Mock) -> str:
    return mock.video_id()


@pytest.mark.parametrize("make", [finished, cancelled, of_another_user, source])
def test_what_does_not_run_can_not_be_cancelled(make: Any, mock: Mock) -> None:
    """The text is that of a sibling service; nothing changes."""
    wanted = make(mock)
    mock.get(SCHEDULER)
    before = mock.kept()
    answer = mock.call("DELETE", f"{SCHEDULER}/{wanted}")
    assert (answer.status, answer.body) == (404, {"error": f"Unable to locate running {wanted}"})
    assert mock.sandbox == before


def test_encoded_id_is_a_bad_request(mock: Mock) -> None:
    """As with videos."""
    sent = mock.accepted().replace(":", "%3A")
    answer = mock.call("DELETE", f"{SCHEDULER}/{sent}")
    text = f"id must be sent raw in the path, not percent-encoded, got {sent}"
    assert (answer.status, answer.body) == (400, {"error": text, "code": 400})
    assert len(mock.get(SCHEDULER)) == 1


def test_encoded_id_is_taken_where_the_switch_says_so(make_mock: MakeMock) -> None:
    """The answer has it decoded."""
    mock = make_mock(changes={"answers.encoded_id": "200"})
    made = mock.accepted()
    answer = mock.call("DELETE", f"{SCHEDULER}/{made.replace(':', '%3A').replace('@', '%40')}")
    assert answer.body == {"id": made, "deleted": True}


def test_available_is_no_job(mock: Mock) -> None:
    """The word is a path of its own, which can't be deleted."""
    answer = mock.call("DELETE", AVAILABLE)
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


def test_jobs_of_an_unlinked_account_are_gone(mock: Mock) -> None:
    """Nothing of them is left to run or to cancel."""
    made = mock.accepted()
    mock.call("DELETE", f"/v2/pixverse/accounts/{EMAIL}")
    assert mock.get(SCHEDULER) == []
    assert mock.call("DELETE", f"{SCHEDULER}/{made}").status == 404
    mock.finish()
    assert mock.get(AVAILABLE) == {"executing": [], "available": []}

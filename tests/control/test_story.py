"""The control API: what happened in a sandbox: its jobs, callbacks, events."""

import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from api.mock import EMAIL, SCHEDULER, VIDEOS, MakeMock, Mock
from mockserver.attempted import Attempted
from mockserver.control import story
from mockserver.domain import Callback, Receipt, Status, Verdict
from mockserver.leap import drive, leap


def advance(mock: Mock, **body: Any) -> list[dict[str, Any]]:
    answer = mock.call("POST", "/__mock/clock/advance", body)
    assert answer.status == 200, answer.content
    events: list[dict[str, Any]] = answer.body["events"]
    return events


def closed() -> str:
    """A URL at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/cb"


def data(mock: Mock, name: str, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = mock.get(f"/__mock/{name}", query)["data"]
    return rows


def dropping(make_mock: MakeMock, seconds: int) -> Mock:
    """A mock with a job of so many seconds that ended; it had a callback in each of them, and none was sent."""
    mock = make_mock(
        changes={
            "jobs.shortest": str(seconds),
            "jobs.longest": str(seconds),
            "callbacks.progress": "1",
            "callbacks.disturbances": "[{kind: dropped, of: all}]",
        }
    )
    mock.accepted(replyUrl=closed())
    mock.advance(seconds)
    return mock


# Nothing yet


def test_a_fresh_sandbox_has_no_story(mock: Mock) -> None:
    """The four lists in their fixed shapes."""
    totals = {"delivered": 0, "given up": 0, "denied": 0, "dropped": 0, "withdrawn": 0, "bug": 0}
    assert mock.get("/__mock/requests") == {"data": [], "total": 0, "omitted": 0}
    assert mock.get("/__mock/jobs") == {"data": []}
    assert mock.get("/__mock/callbacks") == {"data": [], "owed": 0, "totals": totals, "omitted": 0}
    assert mock.get("/__mock/events") == {"data": [], "omitted": 0}


# Jobs


def test_job_tells_its_life(mock: Mock) -> None:
    """From what it was asked for to what it reached."""
    source = mock.video_id()
    video_id = mock.accepted(source, replyRef="order-17")
    (job,) = data(mock, "jobs")
    assert job == {
        "video_id": video_id,
        "source": source,
        "status": "QUEUED",
        "started": "2025-01-01T00:00:00.000Z",
        "reached": [],
        "ended": None,
        "cost": 20,
        "followed": True,
        "replyUrl": None,
        "replyRef": "order-17",
    }
    events = advance(mock, until="idle")
    (job,) = data(mock, "jobs")
    assert job["status"] == "COMPLETED"
    assert job["reached"] == [{"at": event["at"], "status": event["status"]} for event in events]
    assert job["ended"] == events[-1]["at"]


def test_cancelled_job_is_not_followed(mock: Mock) -> None:
    """It goes on all the same; callbacks no longer go anywhere."""
    url = closed()
    video_id = mock.accepted(replyUrl=url)
    assert data(mock, "jobs")[0]["replyUrl"] == url
    assert mock.call("DELETE", f"{SCHEDULER}/{video_id}").status == 200
    events = advance(mock, until="idle")
    (job,) = data(mock, "jobs")
    assert (job["followed"], job["status"]) == (False, "COMPLETED")
    assert [event["event"] for event in events] == ["status", "status"]
    assert [event["event"] for event in data(mock, "events")] == ["accepted", "cancelled", "status", "status"]
    assert data(mock, "callbacks") == []


def test_default_reply_url_is_told(mock: Mock) -> None:
    """Where callbacks really go."""
    url = closed()
    assert mock.call("POST", "/v2/account", {"replyUrl": url}).status == 200
    mock.accepted()
    assert data(mock, "jobs")[0]["replyUrl"] == url


def test_receiver_of_a_cancelled_job_is_told_still(mock: Mock) -> None:
    """The default, too."""
    url = closed()
    assert mock.call("POST", "/v2/account", {"replyUrl": url}).status == 200
    video_id = mock.accepted()
    assert mock.call("DELETE", f"{SCHEDULER}/{video_id}").status == 200
    assert data(mock, "jobs")[0]["replyUrl"] == url


def test_receiver_that_wants_no_more_is_told_still(mock: Mock) -> None:
    """The default, too."""
    url = closed()
    assert mock.call("POST", "/v2/account", {"replyUrl": url}).status == 200
    mock.accepted()
    with mock.guarded.leaping():
        drive(leap(mock.guarded, "idle"), lambda _: Receipt(Verdict.GONE, 410))
    assert mock.get("/__mock/callbacks")["totals"]["given up"] == 1
    assert data(mock, "jobs")[0]["replyUrl"] == url


def test_jobs_are_not_looked_for_before_the_first(mock: Mock) -> None:
    """There may be very many sources, and the sandbox is locked meanwhile."""
    made = [mock.accepted() for _ in range(2)]
    sandbox = mock.guarded.sandbox
    untouchable: Any = object()
    sandbox.videos = {0: untouchable, **sandbox.videos}
    sandbox.accounts[EMAIL].sources += 1
    assert [job["video_id"] for job in data(mock, "jobs", "limit=10000")] == made


def test_jobs_are_found_before_newer_sources(mock: Mock) -> None:
    """Those of an account that was linked later."""
    made = mock.accepted()
    mock.link()
    assert mock.guarded.sandbox.accounts["other@example.com"].sources > 0
    assert [job["video_id"] for job in data(mock, "jobs")] == [made]
    assert [job["video_id"] for job in data(mock, "jobs", "limit=1")] == [made]


def test_limit_gives_the_newest_jobs(mock: Mock) -> None:
    """Oldest first."""
    made = [mock.accepted() for _ in range(3)]
    assert [job["video_id"] for job in data(mock, "jobs")] == made
    assert [job["video_id"] for job in data(mock, "jobs", "limit=2")] == made[1:]
    assert [job["video_id"] for job in data(mock, "jobs", "limit=10000")] == made


@pytest.mark.parametrize("name", ["jobs", "callbacks", "events"])
@pytest.mark.parametrize("limit", ["0", "-1", "10001", "ten", "1.5", "", "%ff"])
def test_bad_limit_is_a_problem(mock: Mock, name: str, limit: str) -> None:
    """It names the limit."""
    answer = mock.call("GET", f"/__mock/{name}", query=f"limit={limit}")
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "limit" in answer.body["detail"]


# Callbacks and events


def test_delivered_callback_tells_its_attempt(mock: Mock, receiver: str, adapter: str) -> None:
    """When it was due and sent, and what the receiver said; the event tells the same."""
    url = f"{receiver}/__mock/sink/{adapter}"
    video_id = mock.accepted(replyUrl=url)
    _, told = advance(mock, until="next-event")
    answer = mock.get("/__mock/callbacks")
    (callback,) = answer["data"]
    (attempt,) = callback.pop("attempts")
    assert callback == {
        "number": 1,
        "request": 1,
        "video_id": video_id,
        "status": "GENERATING",
        "progress": False,
        "url": url,
        "at": told["at"],
        "due": told["at"],
        "outcome": "delivered",
        "disturbed": None,
    }
    receipt = {"result": "received", "seconds": attempt["seconds"], "answered": 200, "answer": '{"received":1}'}
    assert attempt == {"due": told["at"], "sent": told["at"], **receipt}
    expected = {"at": told["at"], "event": "callback", "video_id": video_id, "status": "GENERATING"}
    assert told == {**expected, "callback": 1, "url": url, "attempt": 1, **receipt}
    assert 0 < attempt["seconds"] < 10
    assert answer["owed"] == 0
    assert answer["totals"] == {"delivered": 1, "given up": 0, "denied": 0, "dropped": 0, "withdrawn": 0, "bug": 0}
    assert answer["omitted"] == 0


def test_failed_attempts_tell_why(make_mock: MakeMock) -> None:
    """Each with its number; while one is ahead, the callback is owed."""
    mock = make_mock(changes={"callbacks.retries": "[5]", "callbacks.final_only": "true"})
    url = closed()
    mock.accepted(replyUrl=url)
    for _ in range(3):
        advance(mock, until="next-event")
    answer = mock.get("/__mock/callbacks")
    (callback,) = answer["data"]
    assert (callback["outcome"], answer["owed"], len(callback["attempts"])) == ("given up", 0, 2)
    first, second = (event for event in data(mock, "events") if event["event"] == "callback")
    assert (first["attempt"], second["attempt"]) == (1, 2)
    place = url.removeprefix("http://").removesuffix("/cb")
    assert first["error"] == second["error"] == f"connection refused by {place}"
    assert first["result"] == "failed"
    assert "answered" not in first
    assert callback["attempts"][1]["due"] == second["at"] > first["at"]


def test_retry_after_and_answers_are_told(make_mock: MakeMock) -> None:
    """What the receiver said, and how long it wants to be left alone; until then the callback is owed."""
    mock = make_mock(changes={"callbacks.retries": "[5]"})
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        server.settimeout(10)
        mock.accepted(replyUrl=f"http://127.0.0.1:{server.getsockname()[1]}/cb")
        coming = pool.submit(advance, mock, until="next-event")
        with server.accept()[0] as connection:
            connection.recv(65_536)
            head = b"HTTP/1.1 503 Busy\r\nRetry-After: 90\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
            connection.sendall(head + b"\x1b[2J\n")
        event = coming.result(timeout=10)[-1]
    assert (event["result"], event["answered"], event["retry_after"]) == ("failed", 503, 90)
    assert event["answer"] == "\x1b[2J\n"
    answer = mock.get("/__mock/callbacks")
    assert (answer["owed"], answer["data"][0]["outcome"]) == (1, None)
    assert answer["data"][0]["due"] > event["at"]


def test_denied_and_dropped_callbacks_are_told(make_mock: MakeMock) -> None:
    """The one is not allowed, the other never sent, because the scenario says so."""
    mock = make_mock(
        changes={"callbacks.final_only": "true", "callbacks.disturbances": "[{kind: dropped, jobs: [2], of: all}]"}
    )
    url = "http://192.0.2.1/cb"
    for _ in range(2):
        mock.accepted(replyUrl=url)
    advance(mock, until="idle")
    told = {
        event["outcome" if "outcome" in event else "result"]: event
        for event in data(mock, "events")[2:]
        if event["event"] == "callback"
    }
    assert set(told) == {"denied", "dropped"}
    assert "192.0.2.1" in told["denied"]["error"]
    assert (told["dropped"]["attempt"], told["dropped"]["url"]) == (0, url)
    callbacks = {callback["outcome"]: callback for callback in data(mock, "callbacks")}
    assert (callbacks["dropped"]["attempts"], callbacks["dropped"]["disturbed"]) == ([], "dropped")
    assert callbacks["denied"]["attempts"][0]["result"] == "denied"


def test_withdrawn_callback_is_told(make_mock: MakeMock) -> None:
    """One that was owed when its job was cancelled."""
    mock = make_mock(changes={"callbacks.retries": "[300]"})
    video_id = mock.accepted(replyUrl=closed())
    advance(mock, until="next-event")
    assert mock.get("/__mock/callbacks")["owed"] == 1
    assert mock.call("DELETE", f"{SCHEDULER}/{video_id}").status == 200
    answer = mock.get("/__mock/callbacks")
    assert (answer["owed"], answer["data"][0]["outcome"], answer["totals"]["withdrawn"]) == (0, "withdrawn", 1)


def test_events_are_what_the_advances_told(mock: Mock, receiver: str) -> None:
    """All of them, behind that of the job's acceptance."""
    video_id = mock.accepted(replyUrl=f"{receiver}/__mock/sink/told")
    told = advance(mock, seconds=100) + advance(mock, until="next-event") + advance(mock, until="idle")
    first, *others = data(mock, "events")
    accepted = {"at": "2025-01-01T00:00:00.000Z", "event": "accepted", "video_id": video_id, "status": "QUEUED"}
    assert first == accepted
    assert others == told
    assert [event["at"] for event in told] == sorted(event["at"] for event in told)


def test_only_the_last_events_are_kept(make_mock: MakeMock) -> None:
    """And it is said how many are not: of the story, and of one advance."""
    mock = make_mock(
        changes={
            "jobs.shortest": "20000",
            "jobs.longest": "20000",
            "callbacks.progress": "1",
            "callbacks.disturbances": "[{kind: dropped, of: all}]",
        }
    )
    mock.accepted(replyUrl=closed())
    answer = mock.call("POST", "/__mock/clock/advance", {"until": "idle"}).body
    assert len(answer["events"]) == 10_000
    told = mock.get("/__mock/events", "limit=10000")
    assert (len(told["data"]), told["omitted"]) == (10_000, answer["omitted"] + 1)
    assert told["data"] == answer["events"]
    newest = mock.get("/__mock/events")
    assert newest == {"data": answer["events"][-1_000:], "omitted": told["omitted"] + 9_000}


def test_only_the_last_callbacks_are_kept(make_mock: MakeMock) -> None:
    """And it is said how many are not; without a limit there are a thousand."""
    mock = dropping(make_mock, 20_000)
    told = mock.get("/__mock/callbacks", "limit=10000")
    total = told["totals"]["dropped"]
    assert [callback["number"] for callback in told["data"]] == list(range(total - 9_999, total + 1))
    assert told["omitted"] == total - 10_000 > 0
    newest = mock.get("/__mock/callbacks")
    assert (newest["data"], newest["omitted"]) == (told["data"][-1_000:], total - 1_000)


@pytest.mark.parametrize("name", ["callbacks", "events"])
def test_limit_gives_the_newest_in_their_order(make_mock: MakeMock, name: str) -> None:
    """And it is said how many came before."""
    mock = dropping(make_mock, 20)
    every = mock.get(f"/__mock/{name}")
    count = len(every["data"])
    assert (every["omitted"], count > 5) == (0, True)
    for limit in (1, 3, count, 10_000):
        told = mock.get(f"/__mock/{name}", f"limit={limit}")
        assert told == {**every, "data": every["data"][-limit:], "omitted": max(0, count - limit)}


def test_limit_counts_what_is_owed(make_mock: MakeMock, receiver: str) -> None:
    """In the order of the numbers, whether they ended or not."""
    mock = make_mock(changes={"callbacks.retries": "[3000]", "callbacks.final_only": "true"})
    for url in (closed(), f"{receiver}/__mock/sink/limited", closed()):
        mock.accepted(replyUrl=url)
    advance(mock, seconds=700)
    every = mock.get("/__mock/callbacks")
    assert (every["owed"], every["totals"]["delivered"], every["omitted"]) == (2, 1, 0)
    assert all(one["number"] < other["number"] for one, other in pairwise(every["data"]))
    told = mock.get("/__mock/callbacks", "limit=1")
    assert told == {**every, "data": every["data"][-1:], "omitted": len(every["data"]) - 1}


def test_a_callback_outlives_its_video(mock: Mock, receiver: str) -> None:
    """What was done to a video that is deleted is told all the same."""
    video_id = mock.accepted(replyUrl=f"{receiver}/__mock/sink/outlived")
    advance(mock, until="idle")
    assert mock.call("DELETE", f"{VIDEOS}/{video_id}").status == 200
    assert data(mock, "jobs") == []
    assert data(mock, "callbacks")[-1]["video_id"] == video_id
    assert data(mock, "requests")[0]["callbacks"] == data(mock, "callbacks")


# Others meanwhile


@pytest.mark.parametrize("name", ["requests", "jobs", "callbacks", "events", "journal"])
def test_sandbox_is_free_while_an_answer_is_written(
    make_mock: MakeMock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It is locked only while what may change is copied."""
    mock = dropping(make_mock, 20)
    guarded, locked = mock.guarded, set()

    def watching(at: int) -> str:
        locked.add(guarded.lock.locked())
        return "2025-01-01T00:00:00.000Z"

    monkeypatch.setattr(story, "milliseconds", watching)
    mock.get(f"/__mock/{name}")
    assert locked == {False}


def before(monkeypatch: pytest.MonkeyPatch, name: str, happening: Callable[[], object]) -> None:
    """Let something happen whenever the story is about to write a thing of that name."""
    write = getattr(story, name)

    def late(*arguments: Any) -> Any:
        happening()
        return write(*arguments)

    monkeypatch.setattr(story, name, late)


def test_job_is_told_as_it_was(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of it while the answer is written."""
    mock.accepted()
    was = data(mock, "jobs")
    before(monkeypatch, "shown_job", lambda: mock.advance(1_000))
    assert data(mock, "jobs") == was
    assert data(mock, "jobs")[0]["status"] == "COMPLETED"


def test_callback_is_told_as_it_was(make_mock: MakeMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of it while the answer is written."""
    mock = make_mock(changes={"callbacks.retries": "[300]"})
    mock.accepted(replyUrl=closed())
    advance(mock, until="next-event")
    was = mock.get("/__mock/callbacks")
    assert (was["owed"], was["data"][0]["outcome"]) == (1, None)
    before(monkeypatch, "shown_callback", mock.guarded.sandbox.withdraw)
    assert mock.get("/__mock/callbacks") == was
    assert data(mock, "callbacks")[0]["outcome"] == "withdrawn"


# The log


def test_log_holds_no_command_to_a_terminal(mock: Mock, caplog: pytest.LogCaptureFixture) -> None:
    """The address is what a client gave."""
    mock.accepted()
    video = next(reversed(mock.guarded.sandbox.videos.values()))
    callback = Callback(1, video, Status.COMPLETED, "http://127.0.0.1/\x1b]0;owned\x07\r\n\x9b\u202e", 0, 0)
    with caplog.at_level(logging.INFO, "mockserver"):
        mock.api.observer(Attempted(callback, Receipt(Verdict.RECEIVED, 200), 1, None))
    (record,) = (record for record in caplog.records if "callback" in record.getMessage())
    expected = f"callback {video.number} COMPLETED to 'http://127.0.0.1/\\x1b]0;owned\\x07\\r\\n\\x9b\\u202e': received"
    assert record.getMessage() == expected


def test_secrets_in_an_address_are_masked_wherever_it_is_told(mock: Mock) -> None:
    """Jobs, callbacks, events; the call itself goes to the address as it was given."""
    mock.upscale(replyUrl="http://127.0.0.1:9/hook?api_key=planted&x=1")
    mock.call("POST", "/__mock/clock/advance", {"until": "idle"})
    for path, name in (("jobs", "replyUrl"), ("callbacks", "url"), ("events", "url")):
        shown = [row[name] for row in mock.get(f"/__mock/{path}")["data"] if name in row]
        assert set(shown) == {"http://127.0.0.1:9/hook?api_key=***&x=1"}

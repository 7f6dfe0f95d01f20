"""What a test does with a sandbox, in process and over HTTP: the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from handle.conftest import Call
from mockserver import PixverseMock, PixverseSandbox, PixverseServer
from mockserver.handle.asking import MockError
from mockserver.scenario_file import ScenarioError

START = datetime(2025, 1, 1, tzinfo=UTC)
UPSCALE = "upscaleVideo"


def test_client_is_let_in(sandbox: PixverseSandbox, client: httpx.Client) -> None:
    """With its headers, at its base URL; and the video is there, finished."""
    video = client.get(f"/v2/pixverse/videos/{sandbox.video_id}")
    assert (video.status_code, video.json()["video_status_name"]) == (200, "COMPLETED")
    assert sandbox.headers == {"Authorization": f"Bearer {sandbox.token}"}


def test_looking_leaves_no_trace(sandbox: PixverseSandbox) -> None:
    """What a test asks of the mock is not what its client did."""
    _ = sandbox.video_id, sandbox.jobs, sandbox.callbacks, sandbox.events, sandbox.clock.now, sandbox.accounts.list()
    assert sandbox.requests.count() == 0
    assert sandbox.clock.now == START


def test_representation_does_not_tell_the_token(sandbox: PixverseSandbox) -> None:
    """It stands in what pytest prints of a failed test."""
    things = (sandbox, sandbox.clock, sandbox.accounts, sandbox.requests, sandbox.faults, sandbox.sink("x"))
    assert not any(sandbox.token in repr(thing) for thing in things)


# Clock


def test_time_goes_by(sandbox: PixverseSandbox, upscale: Call) -> None:
    """By seconds, by a timedelta, to an instant; what happened comes back."""
    upscale()
    assert sandbox.clock.advance(1.5) == []
    assert sandbox.clock.advance(timedelta(hours=1))[-1]["status"] == "COMPLETED"
    sandbox.clock.set(START + timedelta(days=1))
    sandbox.clock.set("2025-01-03T01:00:00+01:00")
    assert sandbox.clock.now == START + timedelta(days=2)


def test_time_goes_as_far_as_something_happens(sandbox: PixverseSandbox, upscale: Call) -> None:
    """To the next event, and until nothing is left to happen."""
    upscale()
    assert [event["status"] for event in sandbox.clock.advance("next-event")] == ["GENERATING"]
    assert [event["status"] for event in sandbox.clock.advance("idle")] == ["COMPLETED"]
    assert sandbox.clock.advance("next-event") == []


def test_clock_runs_as_told(sandbox: PixverseSandbox) -> None:
    """In each mode."""
    modes = [sandbox.clock.mode]
    for change in (lambda: sandbox.clock.auto(5), lambda: sandbox.clock.speed(2), sandbox.clock.freeze):
        change()
        modes.append(sandbox.clock.mode)
    assert modes == ["manual", "auto", "real", "manual"]


def test_time_never_goes_backwards(sandbox: PixverseSandbox) -> None:
    """The mock's own words say so, and nothing changes."""
    with pytest.raises(MockError, match=r"time never goes backwards: it is 2025-01-01T00:00:00\.000Z") as caught:
        sandbox.clock.advance(-1)
    assert caught.value.status == 400
    assert sandbox.clock.now == START


# Accounts


def test_account_is_adjusted(sandbox: PixverseSandbox, upscale: Call) -> None:
    """Each of its values; the others stay."""
    before = sandbox.accounts.get()
    changed = sandbox.accounts.adjust(credits=19, max_jobs=2, concurrency=1, pending_error=False)
    assert changed == {**before, "credits": 19, "maxJobs": 2, "concurrency": 1}
    assert sandbox.accounts.get(before["email"]) == changed
    assert upscale().status_code == 412


def test_unknown_account_is_an_error(sandbox: PixverseSandbox) -> None:
    """That names those there are, here; the mock's own, there."""
    with pytest.raises(LookupError, match=r"no account a@b is linked; there are demo@example\.com"):
        sandbox.accounts.get("a@b")
    with pytest.raises(MockError, match="404"):
        sandbox.accounts.adjust("nobody/?#%20@example.com", credits=1)


def test_sandbox_without_anything_says_so(sandbox: PixverseSandbox) -> None:
    """Neither an account nor a video."""
    sandbox.scenario.put({"accounts": []})
    with pytest.raises(LookupError, match="there are none"):
        sandbox.accounts.adjust(credits=1)
    with pytest.raises(LookupError, match="no account of this sandbox has a finished video"):
        _ = sandbox.video_id


# Jobs and callbacks


def test_job_is_told(sandbox: PixverseSandbox, upscale: Call) -> None:
    """With its statuses and instants."""
    video_id = upscale(replyRef="order-1").json()["video_id"]
    sandbox.clock.advance("idle")
    (job,) = sandbox.jobs
    assert (job["video_id"], job["status"], job["replyRef"]) == (video_id, "COMPLETED", "order-1")
    assert [reached["status"] for reached in job["reached"]] == ["GENERATING", "COMPLETED"]
    assert [event["event"] for event in sandbox.events] == ["accepted", "status", "status"]


def test_callbacks_come_to_a_sink(sandbox: PixverseSandbox, upscale: Call) -> None:
    """In order, as they were delivered."""
    sink = sandbox.sink()
    upscale(replyUrl=sink.url)
    assert sink.received == []
    assert len(sink.wait(1)) == 1
    assert sink.wait(2)[1]["body"]["replyUrl"] == sink.url
    sandbox.clock.advance("idle")
    statuses = [received["body"]["video_status_name"] for received in sink.received]
    assert statuses == [callback["status"] for callback in sandbox.callbacks]
    assert statuses[-1] == "COMPLETED"
    assert all(callback["outcome"] == "delivered" for callback in sandbox.callbacks)
    sink.clear()
    assert sink.received == []


def test_waiting_for_what_never_comes_ends(sandbox: PixverseSandbox, upscale: Call) -> None:
    """As soon as nothing is left to happen."""
    sink = sandbox.sink("quiet")
    upscale(replyUrl=sink.url)
    with pytest.raises(AssertionError, match=r"of 1000 callbacks came to .*/__mock/sink/quiet and nothing is left"):
        sink.wait(1_000)


def test_waiting_on_a_clock_that_runs_is_real(sandbox: PixverseSandbox, upscale: Call) -> None:
    """The callbacks come by themselves; what does not come in time is told."""
    sandbox.scenario.put({"jobs": {"shortest": 100, "longest": 100}})
    sandbox.clock.speed(10_000)
    sink = sandbox.sink()
    upscale(replyUrl=sink.url)
    assert sink.wait()[0]["body"]["video_status_name"] == "GENERATING"
    with pytest.raises(AssertionError, match=r"0 of 1 callbacks came to .* after 0 s"):
        sandbox.sink().wait(timeout=0)


# Requests


def test_requests_are_told(sandbox: PixverseSandbox, client: httpx.Client, upscale: Call) -> None:
    """Listed, counted and found."""
    upscale(replyRef="order-1")
    upscale(maxJobs=9)
    client.get("/v2/nothing")
    assert [each["status"] for each in sandbox.requests.list()] == [200, 400, 404]
    assert [each["status"] for each in sandbox.requests.list(limit=1, operation=UPSCALE)] == [400]
    assert sandbox.requests.count(status="4xx") == 2
    assert sandbox.requests.count(operation=UPSCALE, status=200) == 1
    (found,) = sandbox.requests.find(operation=UPSCALE, body={"replyRef": {"matches": "^order-"}})
    assert (found["number"], found["accepted"]) == (1, sandbox.jobs[0]["video_id"])
    (unmatched,) = sandbox.requests.unmatched()
    assert unmatched["path"] == "/v2/nothing"


def test_journal_is_one_document(sandbox: PixverseSandbox, upscale: Call) -> None:
    """With what the calls for its parts give."""
    upscale(replyRef="order-1")
    told = sandbox.journal
    assert (told["form"], told["sandbox"], told["total"], told["lost"]) == (1, "12345", 1, 0)
    assert told["requests"] == sandbox.requests.list()
    assert (told["jobs"], told["callbacks"]) == (sandbox.jobs, [])


def test_expectation_that_is_met_is_told(sandbox: PixverseSandbox, upscale: Call) -> None:
    """By count, and by a sequence."""
    upscale()
    upscale(maxJobs=9)
    assert sandbox.requests.verify(operation=UPSCALE)["count"] == 2
    for counts in ({"exactly": 2}, {"at_least": 1}, {"at_most": 2}):
        assert sandbox.requests.verify(operation=UPSCALE, **counts)["verified"]
    steps: list[Any] = [{"status": 200}, {"status": 400}]
    assert sandbox.requests.verify(sequence=steps, strict=True)["verified"]


def test_expectation_that_is_not_met_is_raised(sandbox: PixverseSandbox, upscale: Call) -> None:
    """With what came near."""
    upscale(replyRef="order-1")
    with pytest.raises(
        AssertionError, match=r"(?s)at least 1 was expected\nnear: POST /v2/pixverse/videos/upscale 200 .*order-2"
    ):
        sandbox.requests.verify(operation=UPSCALE, body={"replyRef": "order-2"})
    with pytest.raises(AssertionError):
        sandbox.requests.verify(operation=UPSCALE, exactly=2, timeout=0.01)
    with pytest.raises(MockError, match="either count or sequence"):
        sandbox.requests.verify(sequence=[{}], exactly=1)


def test_filter_that_is_none_is_refused(sandbox: PixverseSandbox) -> None:
    """With its name."""
    with pytest.raises(TypeError, match="there is no filter stauts, only operation, method"):
        sandbox.requests.list(stauts=429)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="there is no filter stauts"):
        sandbox.requests.count(stauts=429)  # type: ignore[call-arg]
    with pytest.raises(MockError, match="stauts"):
        sandbox.requests.find(stauts=429)  # type: ignore[call-arg]


# Faults and scenario


def test_fault_is_triggered(sandbox: PixverseSandbox, upscale: Call) -> None:
    """For the next calls, in front of what was planned."""
    sandbox.faults.put([{"fault": "upstream-limit", "times": 1}])
    assert [each["name"] for each in sandbox.faults.trigger("account-busy", times=2)["data"]] == [
        "account-busy",
        "upstream-limit",
    ]
    answers = [upscale().json().get("error", "") for _ in range(4)]
    assert [bool(answer) for answer in answers] == [True, True, True, False]
    assert sandbox.faults.get()["exhausted"]
    assert sandbox.faults.add({"fault": "lost-reply"}, {"status": 503, "body": "down"})["data"][1]["name"] == "503"


def test_unknown_fault_is_refused(sandbox: PixverseSandbox) -> None:
    """And the one that was meant is named."""
    with pytest.raises(MockError, match="did you mean account-busy"):
        sandbox.faults.trigger("acount-busy")


def test_scenario_is_put(sandbox: PixverseSandbox, upscale: Call) -> None:
    """As data, and by the name of a ready-made one; a reset goes back."""
    assert sandbox.scenario.put({"accounts": [{"email": "a@b.co", "credits": 1}]}) == sandbox.scenario.get()
    assert upscale().status_code == 412
    assert "description" in sandbox.scenario.put("password-changed")
    assert upscale().status_code == 596
    sandbox.reset()
    assert (sandbox.scenario.get(), upscale().status_code) == ({}, 200)


def test_bad_scenario_changes_nothing(sandbox: PixverseSandbox) -> None:
    """It is refused here or there, by what can tell."""
    with pytest.raises(ScenarioError, match="did you mean lost-reply"):
        sandbox.scenario.put("lost-rply")
    with pytest.raises(MockError, match="did you mean accounts"):
        sandbox.scenario.put({"acounts": []})
    assert sandbox.scenario.get() == {}


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_what_is_no_json_is_refused(sandbox: PixverseSandbox, value: Any) -> None:
    """Before it is sent."""
    with pytest.raises(MockError, match="must be JSON"):
        sandbox.faults.add({"fault": value})


# Other sandboxes


def test_other_sandbox_is_another_world(sandbox: PixverseSandbox, upscale: Call) -> None:
    """Fresh by itself, known by its token, by a scenario of its own."""
    other = sandbox.sandbox(scenario={"limits": {"slots": False}})
    upscale()
    assert (len(sandbox.jobs), len(other.jobs)) == (1, 0)
    assert sandbox.sandbox(other.token).scenario.get() == {"limits": {"slots": False}}
    assert len({sandbox.token, other.token, sandbox.sandbox().token}) == 3


def test_story_is_told_in_lines(sandbox: PixverseSandbox, upscale: Call) -> None:
    """The last ones, each no longer than a line of a report."""
    upscale(replyUrl="http://127.0.0.1:9/" + "x" * 300)
    sandbox.clock.advance("idle")
    lines = sandbox.timeline().splitlines()
    assert "POST /v2/pixverse/videos/upscale 200" in lines[1]
    assert max(map(len, lines)) <= 160
    few = sandbox.timeline(3).splitlines()
    assert (few[0], few[-1], len(few)) == ("(the beginning is left out)", lines[-1], 4)


# What there is but once


def test_unknown_token_says_what_is_wrong(local: PixverseMock, server: PixverseServer) -> None:
    """As the log of the mock does."""
    for sandbox in (local.sandbox("test"), server.sandbox("test")):
        with pytest.raises(MockError, match=r"401: .*not of the form user:123-abc"):
            _ = sandbox.jobs


def test_no_mock_is_an_error_of_its_own() -> None:
    """With what was asked, and where."""
    with pytest.raises(MockError, match=r"no mock answers GET /__mock/jobs at http://127\.0\.0\.1:9"):
        _ = PixverseServer("http://127.0.0.1:9").sandbox().jobs


def test_what_is_no_mock_is_told(server: PixverseServer) -> None:
    """A mock has health."""
    server.check()
    with pytest.raises(MockError, match="no mock answers"):
        PixverseServer("http://127.0.0.1:9").check()


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8596", "http://", "ftp://a.test", "http://a.test/v2", "http://a.test:99999"]
)
def test_url_of_a_server_has_a_form(url: str) -> None:
    """Scheme, host and port; a slash at the end does no harm."""
    with pytest.raises(ValueError, match=f"scheme, host and port only, .* got '{url}'"):
        PixverseServer(url)
    assert PixverseServer("http://LOCALHOST:8596/").url == "http://localhost:8596"
    assert PixverseServer("http://[::1]:8596").url == "http://[::1]:8596"


def test_stories_of_all_sandboxes_are_told(local: PixverseMock) -> None:
    """By token, and what reached none."""
    from requests import Session

    from mockserver.interception import RequestsAdapter

    other = local.sandbox()
    with Session() as session:
        session.mount("https://", RequestsAdapter(local.mock))
        session.get(f"{local.base_url}/v2/account", headers=other.headers)
        session.get(f"{local.base_url}/v2/account")
    stories = local.timelines()
    assert "GET /v2/account 200" in stories[other.token]
    assert stories[""] == "GET /v2/account 401  no Authorization header"

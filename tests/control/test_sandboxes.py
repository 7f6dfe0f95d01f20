"""All sandboxes: how many there may be and which go, the list of them, and the metrics."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from api.mock import UPSCALE, VIDEOS, MakeMock, Mock, Send
from mockserver import Api, Settings
from mockserver.eviction import leaving
from mockserver.journal import Exchange, Fault
from mockserver.message import Request, Response
from mockserver.mock import Mock as WholeMock
from mockserver.runtime import GuardedSandbox

HOUR = 3_600_000
SINK = "http://127.0.0.1:1/nobody"


def in_process(api: Api) -> Send:
    """The whole mock, without an adapter."""
    whole = WholeMock(api)

    def send(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        coming = whole.exchange(Request(method, path, query, pairs, body))
        response = coming.response if isinstance(coming, Exchange) else coming.result(timeout=10).response
        return response.status, {name.decode(): value.decode() for name, value in response.headers}, response.body

    return send


@pytest.fixture
def make_small() -> Iterator[Callable[..., Callable[[str], Mock]]]:
    """Makes a mock for at most so many sandboxes; what it gives makes the way to the sandbox of a user."""
    apis: list[Api] = []

    def make(most: int, **settings: Any) -> Callable[[str], Mock]:
        api = Api(Settings(**{"strict": True, "clock": "manual", **settings}, max_sandboxes=most))
        apis.append(api)
        send = in_process(api)
        return lambda name: Mock(api, send, token=f"user:12345-{name}")

    yield make
    for api in apis:
        api.close()


MakeSmall = Callable[..., Callable[[str], Mock]]


def present(mock: Mock) -> set[str]:
    """The names of the users that have a sandbox; the two ways to it agree."""
    runtime = mock.api.runtime
    by_token = dict(runtime)
    assert runtime._by_header == {b"Bearer " + token.encode(): guarded for token, guarded in by_token.items()}
    assert runtime._leaving == []
    return {token.partition("-")[2] for token in by_token}


def guarded_of(mock: Mock) -> GuardedSandbox:
    return dict(mock.api.runtime)[mock.token]


def later(mock: Mock) -> None:
    """Let an hour pass on a sandbox's clock, unnoticed until someone looks."""
    guarded = guarded_of(mock)
    with guarded.lock:
        guarded.clock.hold(guarded.clock.now() + HOUR)


# Which go


@dataclass
class Thing:
    """What can be used and busy."""

    used: float
    busy: bool

    def is_idle(self) -> bool:
        return not self.busy


@given(st.lists(st.builds(Thing, st.floats(0, 100), st.booleans())), st.integers(1, 10))
def test_idle_ones_go_first_those_not_used_for_longest_first(things: list[Thing], many: int) -> None:
    """Busy ones only if none is idle; never more than wanted, and some if there are any."""
    chosen, idle = leaving([(str(number), thing) for number, thing in enumerate(things)], many)
    gone = [thing for _, thing in chosen]
    kind = [thing for thing in things if not thing.busy] or things
    assert idle == (bool(gone) and not gone[0].busy)
    assert len(gone) == min(many, len(kind))
    assert [thing.used for thing in gone] == sorted(thing.used for thing in kind)[:many]
    assert all(any(thing is other for other in kind) for thing in gone)


def test_the_one_not_used_for_longest_makes_room(make_small: MakeSmall) -> None:
    """Calls of the emulated API and of the control API count as use; in whatever form the header is written."""
    of = make_small(4)
    for name in ("a", "b", "c", "d"):
        of(name).get(VIDEOS)
    of("a").get(VIDEOS)
    of("b").get("/__mock/clock")
    assert of("c").call("GET", VIDEOS, headers={"Authorization": "bearer  user:12345-c"}).status == 200
    of("e").get(VIDEOS)
    assert present(of("a")) == {"a", "b", "c", "e"}


def test_a_token_that_comes_back_gets_a_fresh_sandbox(make_small: MakeSmall) -> None:
    """As if it had never been seen."""
    of = make_small(1)
    of("a").call("PATCH", "/__mock/accounts/demo@example.com", {"credits": 1})
    of("b").get(VIDEOS)
    assert of("a").get("/__mock/accounts")["data"][0]["credits"] != 1
    assert present(of("a")) == {"a"}


def test_running_job_keeps_a_sandbox(make_small: MakeSmall) -> None:
    """Until it is over by the sandbox's clock, even if nobody has looked since."""
    of = make_small(2)
    of("a").accepted()
    of("b").get(VIDEOS)
    of("c").get(VIDEOS)
    assert present(of("a")) == {"a", "c"}
    later(of("a"))
    of("d").get(VIDEOS)
    assert present(of("a")) == {"c", "d"}


def test_owed_callback_keeps_a_sandbox(make_small: MakeSmall) -> None:
    """Also when no job runs any more."""
    of = make_small(2)
    of("a").accepted(replyUrl=SINK)
    later(of("a"))
    for name in ("b", "c"):
        of(name).get(VIDEOS)
    assert present(of("a")) == {"a", "c"}
    guarded = guarded_of(of("a"))
    assert not guarded.sandbox.running
    assert guarded.sandbox.outbox.owed


def test_sandbox_whose_clock_is_moved_stays(make_small: MakeSmall) -> None:
    """Someone waits for it."""
    of = make_small(2)
    of("a").get(VIDEOS)
    of("b").get(VIDEOS)
    with guarded_of(of("a")).leaping():
        of("c").get(VIDEOS)
    assert present(of("a")) == {"a", "c"}


def test_busy_ones_go_where_none_is_idle(make_small: MakeSmall, caplog: pytest.LogCaptureFixture) -> None:
    """The one not used for longest; what it owed is withdrawn, and a warning says what is lost."""
    of = make_small(2)
    for name in ("a", "b"):
        of(name).accepted(replyUrl=SINK)
        later(of(name))
        of(name).accepted(replyUrl=SINK)
    gone = guarded_of(of("a"))
    evicted: list[GuardedSandbox] = []
    of("a").api.runtime.evicted = evicted.append
    of("c").get(VIDEOS)
    assert present(of("b")) == {"b", "c"}
    assert evicted == [gone]
    assert gone.retired
    assert gone.sandbox.outbox.owed == []
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("mockserver", logging.WARNING)
    assert "jobs that ran and callbacks that were owed are lost" in record.getMessage()


def test_a_few_go_at_a_time_with_one_line(make_small: MakeSmall, caplog: pytest.LogCaptureFixture) -> None:
    """One in a hundred, so that not every new token looks at all of them; the line names some, masked."""
    of = make_small(500)
    for number in range(500):
        of(f"secret{number}").get(VIDEOS)
    assert caplog.records == []
    of("new").get(VIDEOS)
    assert present(of("new")) == {"new", *(f"secret{number}" for number in range(5, 500))}
    (message,) = caplog.messages
    assert message.startswith(
        "5 sandboxes (user:12345-***, user:12345-***, user:12345-***, ...) are gone for new ones: --max-sandboxes"
    )
    assert "secret" not in message
    for number in range(4):
        of(f"more{number}").get(VIDEOS)
    assert len(caplog.records) == 1


def test_reset_needs_room_only_for_a_new_token(make_small: MakeSmall) -> None:
    """A fresh sandbox in the place of another is not one more."""
    of = make_small(2)
    for name in ("a", "b", "a"):
        of(name).call("POST", "/__mock/reset")
        assert "a" in present(of("a"))
    assert present(of("a")) == {"a", "b"}
    of("c").call("PUT", "/__mock/scenario", {})
    assert present(of("a")) == {"a", "c"}


def test_refused_token_costs_nobody_a_sandbox(make_small: MakeSmall) -> None:
    """Nor does a token that is only looked at for an example."""
    of = make_small(1)
    of("a").get(VIDEOS)
    assert of("b").call("GET", VIDEOS, headers={"Authorization": "Bearer nonsense"}).status == 401
    of("a").api.example_id("user:1-c")
    assert present(of("a")) == {"a"}


def test_many_threads_share_few_sandboxes(make_small: MakeSmall) -> None:
    """Sixteen, with tokens of their own and shared ones, resets, jobs: never too many, every request answered."""
    of = make_small(8)
    runtime = of("a").api.runtime

    def work(thread: int) -> int:
        most = 0
        for turn in range(60):
            mock = of(f"{thread}x{turn}" if turn % 3 else f"shared{turn % 4}")
            assert mock.call("POST", UPSCALE, {"video_id": mock.video_id()}).status in (200, 429)
            if turn % 5 == 0:
                assert mock.call("POST", "/__mock/reset").status == 204
            most = max(most, len(runtime))
        return most

    with ThreadPoolExecutor(16) as pool:
        assert max(pool.map(work, range(16))) <= 8
    assert len(present(of("a"))) <= 8


@pytest.mark.parametrize("most", [0, -1])
def test_bad_bound_is_refused_at_the_start(most: int) -> None:
    """There is room for one at least."""
    with pytest.raises(ValueError, match=f"max_sandboxes must be at least 1, got {most}"):
        Settings(max_sandboxes=most)


@pytest.mark.slow
def test_tokens_without_end_leave_nothing_behind(make_small: MakeSmall) -> None:
    """30,000 of them in a mock for 1,000: the counts stay flat, the totals are whole."""
    of = make_small(1_000)
    runtime = of("a").api.runtime
    for number in range(30_000):
        assert of(f"soak{number}").call("GET", VIDEOS).status == 200
        assert len(runtime) <= 1_000
        if number % 1_000 == 999:
            assert len(present(of("a"))) > 980
    assert metrics(of("a"))["mockserver_requests_total", "listVideos", "200"] == 30_000


# The list


def test_list_shows_those_used_last_first(make_mock: MakeMock) -> None:
    """Each with its clock, its load and when it was used; the one that asks is the first. Tokens are masked."""
    mock = make_mock(max_sandboxes=77)
    started = datetime.now(UTC)
    busy = Mock(mock.api, mock.send, token="user:777-verysecret")
    busy.accepted(replyUrl=SINK)
    busy.call("POST", "/__mock/clock/speed", {"speed": 60})
    busy.call("POST", "/__mock/clock/freeze")
    answer = mock.get("/__mock/sandboxes")
    assert (answer["limit"], answer["omitted"]) == (77, 0)
    first, second = answer["data"]
    assert (first["user"], first["requests"], first["running"], first["owed"]) == ("12345", 0, 0, 0)
    assert first["clock"] == {"mode": "manual", "speed": 1.0, "now": "2025-01-01T00:00:00.000Z"}
    assert (second["user"], second["requests"], second["running"]) == ("777", 1, 1)
    assert second["owed"] == len(guarded_of(busy).sandbox.outbox.owed)
    assert (second["clock"]["mode"], second["clock"]["speed"]) == ("manual", 60.0)
    margin = timedelta(seconds=1)
    times = [datetime.fromisoformat(row["used"]) for row in answer["data"]]
    assert started - margin <= times[1] <= times[0] <= datetime.now(UTC) + margin
    assert "verysecret" not in str(answer)


def test_list_is_bounded(make_small: MakeSmall) -> None:
    """At most 1,000, those used last; the rest is counted."""
    of = make_small(2_000)
    for number in range(1_003):
        of(f"many{number}").call("GET", VIDEOS)
    answer = of("many7").get("/__mock/sandboxes")
    assert (len(answer["data"]), answer["omitted"]) == (1_000, 3)
    assert answer["data"][0]["requests"] == 1


# The metrics


def metrics(mock: Mock) -> dict[tuple[str, ...], float]:
    """The samples by name and values of labels."""
    answer = mock.call("GET", "/__mock/metrics", headers={"Authorization": ""})
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_metrics_count_what_happens(make_mock: MakeMock) -> None:
    """Requests by operation and status, those without one too; sandboxes, jobs, callbacks, faults, the time since."""
    mock = make_mock()
    assert metrics(mock)["mockserver_sandboxes",] == 0
    mock.accepted(replyUrl=SINK)
    mock.call("GET", VIDEOS, headers={"Authorization": "Bearer nonsense"})
    mock.call("GET", "/v2/nothing", headers={"Authorization": ""})
    guarded = guarded_of(mock)
    with guarded.lock:
        faults = (Fault("reset", 0, "inferred"), Fault("late", 1, "inferred"))
        guarded.journal.append(
            Exchange(Request("GET", VIDEOS), Response(200, (), b""), "listVideos", "", faults=faults)
        )
    found = metrics(mock)
    assert {key: value for key, value in found.items() if key[0] == "mockserver_requests_total"} == {
        ("mockserver_requests_total", "", "404"): 1,
        ("mockserver_requests_total", "listVideos", "200"): 1,
        ("mockserver_requests_total", "listVideos", "401"): 1,
        ("mockserver_requests_total", "upscaleVideo", "200"): 1,
    }
    assert found["mockserver_sandboxes",] == 1
    assert found["mockserver_jobs_running",] == 1
    assert found["mockserver_jobs_accepted_total",] == 1
    assert found["mockserver_faults_total", "reset"] == found["mockserver_faults_total", "late"] == 1
    assert found["mockserver_uptime_seconds",] > 0
    later(mock)
    found = metrics(mock)
    assert found["mockserver_jobs_running",] == 0
    assert found["mockserver_callbacks_owed",] == len(guarded.sandbox.outbox.owed) > 0
    assert found["mockserver_callbacks_total", "delivered"] == 0


def test_totals_outlive_sandboxes(make_small: MakeSmall) -> None:
    """After a reset and after it made room for another; what was owed then counts as withdrawn."""
    of = make_small(1)
    for end in (lambda: of("a").call("POST", "/__mock/reset"), lambda: of("b").get("/__mock/clock")):
        mock = of("a")
        before = metrics(mock)
        mock.accepted(replyUrl=SINK)
        later(mock)
        owed = metrics(mock)["mockserver_callbacks_owed",]
        end()
        after = metrics(mock)
        for name, gained in [
            (("mockserver_requests_total", "upscaleVideo", "200"), 1),
            (("mockserver_jobs_accepted_total",), 1),
            (("mockserver_callbacks_total", "withdrawn"), owed),
        ]:
            assert after[name] - before.get(name, 0) == gained > 0
        assert after["mockserver_jobs_running",] == after["mockserver_callbacks_owed",] == 0


def test_metrics_need_neither_token_nor_sandbox(make_mock: MakeMock) -> None:
    """A monitor has none; its requests are not counted, and make no sandbox."""
    mock = make_mock(control_token="open-sesame-demo")
    first = metrics(mock)
    second = metrics(mock)
    del first["mockserver_uptime_seconds",], second["mockserver_uptime_seconds",]
    assert first == second
    assert len(mock.api.runtime) == 0

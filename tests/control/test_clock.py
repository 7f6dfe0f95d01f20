"""The control API: the clock of a sandbox, looked at, moved, changed."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.mock import EMAIL, VIDEOS, Answer, MakeMock, Mock

START = "2025-01-01T00:00:00.000Z"


def clock(mock: Mock) -> Any:
    return mock.get("/__mock/clock")


def now(mock: Mock) -> datetime:
    return datetime.fromisoformat(clock(mock)["now"])


def verb(mock: Mock, name: str, body: Any = None) -> Answer:
    return mock.call("POST", f"/__mock/clock/{name}", body)


def advance(mock: Mock, **body: Any) -> Any:
    answer = verb(mock, "advance", body)
    assert answer.status == 200, answer.content
    return answer.body


def refused(answer: Answer, status: int = 400) -> str:
    """What a problem says."""
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    return str(answer.body["detail"])


# Fixed shapes


def test_clock_answers_three_things(mock: Mock) -> None:
    """Mode, speed, now with milliseconds and Z."""
    assert clock(mock) == {"mode": "manual", "speed": 1, "now": START}


def test_verbs_answer_as_the_clock_does(mock: Mock) -> None:
    """All but advance, which tells what happened, too."""
    for name, body in (("set", {"now": "2025-01-01T00:00:00Z"}), ("freeze", {}), ("speed", {"speed": 2}), ("auto", {})):
        answer = verb(mock, name, body)
        assert answer.status == 200
        assert set(answer.body) == {"mode", "speed", "now"}
    assert set(advance(mock, seconds=0)) == {"mode", "speed", "now", "events", "omitted"}


@pytest.mark.parametrize("mode", ["real", "manual", "auto"])
def test_every_mode_can_be_started_with_and_moved(make_mock: MakeMock, mode: str) -> None:
    """An hour ahead is an hour later; the mode stays."""
    mock = make_mock(clock=mode)
    before = now(mock)
    answer = advance(mock, seconds=3_600)
    assert answer["mode"] == mode
    moved = datetime.fromisoformat(answer["now"]) - before
    assert timedelta(hours=1) <= moved < timedelta(hours=1, seconds=30)
    assert verb(mock, "set", {"now": "2125-01-01T00:00:00+01:00"}).body["now"].startswith("2124-12-31T23:00:0")


# Advance


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "00:00:00.000"),
        (1.5, "00:00:01.500"),
        (0.001, "00:00:00.001"),
        (0.0004, "00:00:00.000"),
        (0.29, "00:00:00.290"),
        (86_399.999, "23:59:59.999"),
    ],
)
def test_advance_moves_by_seconds(mock: Mock, seconds: float, shown: str) -> None:
    """Fractions, too, to the millisecond."""
    assert advance(mock, seconds=seconds)["now"] == f"2025-01-01T{shown}Z"
    assert clock(mock)["now"] == f"2025-01-01T{shown}Z"


def test_advance_tells_what_happened(mock: Mock) -> None:
    """Every step at its own instant, in time order; where nothing happens, nothing."""
    video_id = mock.accepted()
    events = advance(mock, seconds=600)["events"]
    assert [event["status"] for event in events] == ["GENERATING", "COMPLETED"]
    assert {event["video_id"] for event in events} == {video_id}
    instants = [event["at"] for event in events]
    assert START < instants[0] < instants[1] <= clock(mock)["now"] == "2025-01-01T00:10:00.000Z"
    answer = advance(mock, seconds=1)
    assert (answer["events"], answer["omitted"]) == ([], 0)


def test_advance_goes_as_far_as_something_happens(mock: Mock) -> None:
    """And stands there; with nothing ahead it stays."""
    mock.accepted()
    for status in ("GENERATING", "COMPLETED"):
        answer = advance(mock, until="next-event")
        assert [event["status"] for event in answer["events"]] == [status]
        assert answer["now"] == answer["events"][-1]["at"]
    last = clock(mock)
    assert advance(mock, until="next-event") == {**last, "events": [], "omitted": 0}
    assert advance(mock, until="idle") == {**last, "events": [], "omitted": 0}


def test_advance_goes_on_until_nothing_is_left(mock: Mock) -> None:
    """It stands where the last thing happened."""
    for _ in range(3):
        mock.accepted()
    answer = advance(mock, until="idle")
    assert [event["status"] for event in answer["events"]].count("COMPLETED") == 3
    assert answer["now"] == answer["events"][-1]["at"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "the body must have either seconds or until, got neither"),
        ({"seconds": 1, "until": "idle"}, "the body must have either seconds or until, got seconds, until"),
        ({"minutes": 1}, "'minutes' was unexpected"),
        ({"seconds": 1, "minutes": 1}, "'minutes' was unexpected"),
        ({"seconds": "1"}, 'seconds must be a number, got "1"'),
        ({"seconds": True}, "seconds must be a number, got true"),
        ({"seconds": None}, "seconds must be a number, got null"),
        ({"seconds": 1e10}, "seconds must be from -1000000000 to 1000000000, got 10000000000"),
        ({"seconds": -1}, f"time never goes backwards: it is {START}, asked for 2024-12-31T23:59:59.000Z"),
        ({"seconds": -0.0001}, "time never goes backwards: "),
        ({"seconds": -1e10}, "seconds must be from -1000000000"),
        ({"until": "tomorrow"}, "until must be"),
        ([1], "the body must be an object"),
    ],
)
def test_bad_advance_is_a_problem_and_moves_nothing(mock: Mock, body: Any, said: str) -> None:
    """It says what is wrong."""
    mock.accepted()
    before = mock.kept()
    assert said in refused(verb(mock, "advance", body))
    assert clock(mock)["now"] == START
    assert mock.kept() == before


@pytest.mark.parametrize("content", [b"", b"{", b'{"seconds": NaN}', b'{"seconds": 1e400}', b'{"seconds": Infinity}'])
def test_advance_needs_json(mock: Mock, content: bytes) -> None:
    """What JSON does not have is no number of seconds."""
    assert "the body must be JSON" in refused(mock.call("POST", "/__mock/clock/advance", content=content))


def test_advance_needs_a_body(mock: Mock) -> None:
    """It has nothing that could be left out."""
    assert "Content-Type must be application/json, got none" in refused(verb(mock, "advance"))


def test_time_has_an_end(mock: Mock) -> None:
    """Instants beyond could not be written as dates."""
    assert verb(mock, "set", {"now": "9891-01-01T00:00:00Z"}).status == 200
    assert "time must not go beyond 9892-" in refused(verb(mock, "advance", {"seconds": 1e9}))
    video_id = mock.accepted()
    answer = advance(mock, until="idle")
    assert answer["now"].startswith("9891-01-01T00:")
    assert mock.get(f"{VIDEOS}/{video_id}")["video_status_name"] == "COMPLETED"


# Set


@pytest.mark.parametrize(
    "text", ["2025-01-01T01:00:00Z", "2025-01-01T01:00:00+00:00", "2025-01-01 02:00+01:00", "20250101T010000.0001Z"]
)
def test_set_takes_iso_dates_with_offset(mock: Mock, text: str) -> None:
    """In any of their forms."""
    assert verb(mock, "set", {"now": text}).body["now"] == "2025-01-01T01:00:00.000Z"


def test_set_applies_what_falls_due(mock: Mock) -> None:
    """As advance does."""
    video_id = mock.accepted()
    verb(mock, "set", {"now": "2025-01-02T00:00:00Z"})
    video = mock.get(f"{VIDEOS}/{video_id}")
    assert video["video_status_name"] == "COMPLETED"
    reached = mock.get("/__mock/jobs")["data"][0]["ended"]
    assert START < reached < "2025-01-01T00:11"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"now": "2024-12-31T23:59:59.999Z"}, f"time never goes backwards: it is {START}, asked for 2024-12-31"),
        ({"now": "1969-07-20T20:17:00Z"}, "time never goes backwards: "),
        ({"now": "0001-01-01T00:00:00+23:59"}, "time never goes backwards: "),
        ({"now": "2025-01-01T01:00:00"}, "an instant must have an offset"),
        ({"now": "2025-01-02"}, "an instant must have an offset"),
        ({"now": "10000-01-01T00:00:00Z"}, "now must be an ISO date with time and offset"),
        ({"now": "9999-12-31T23:59:59-23:59"}, "time must not go beyond"),
        ({"now": "2025-02-30T00:00:00Z"}, "now must be an ISO date with time and offset"),
        ({"now": "tomorrow, at noon"}, "now must be an ISO date with time and offset"),
        ({"now": "soon"}, "now must"),
        ({"now": "2025-01-01T01:00:00Z" + " " * 40}, "now must"),
        ({"now": 1_735_689_600}, "now must be a string"),
        ({"now": None}, "now must be a string"),
        ({}, "now"),
        ({"now": "2025-01-01T01:00:00Z", "mode": "manual"}, "'mode' was unexpected"),
    ],
)
def test_bad_set_is_a_problem_and_moves_nothing(mock: Mock, body: Any, said: str) -> None:
    """It says what is wrong."""
    assert said in refused(verb(mock, "set", body))
    assert clock(mock)["now"] == START


# Modes


@pytest.mark.parametrize("content", [None, b"{}", b'{"mode": "auto"}', b"nonsense"])
def test_freeze_needs_no_body(make_mock: MakeMock, content: bytes | None) -> None:
    """Whatever comes is not looked at; from here on the clock stands."""
    mock = make_mock(clock="real")
    frozen = mock.call("POST", "/__mock/clock/freeze", content=content).body
    assert frozen["mode"] == "manual"
    mock.get(VIDEOS)
    assert clock(mock) == frozen


def test_speed_lets_it_run(mock: Mock) -> None:
    """From where it stood, so many times as fast as real time."""
    started = time.monotonic()
    answer = verb(mock, "speed", {"speed": 10_000}).body
    assert (answer["mode"], answer["speed"]) == ("real", 10_000)
    while now(mock) < datetime.fromisoformat("2025-01-01T00:10:00Z"):
        assert time.monotonic() - started < 10
    frozen = verb(mock, "freeze").body
    elapsed = time.monotonic() - started
    assert datetime.fromisoformat(frozen["now"]) - datetime.fromisoformat(START) <= timedelta(seconds=elapsed * 10_000)


@pytest.mark.parametrize("speed", [0.001, 0.5, 60, 10_000])
def test_speed_may_be_a_fraction(mock: Mock, speed: float) -> None:
    """From a thousandth to ten thousand."""
    assert verb(mock, "speed", {"speed": speed}).body["speed"] == speed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"speed": 0}', "speed must be from 0.001 to 10000, got 0"),
        (b'{"speed": -1}', "speed must be from 0.001 to 10000, got -1"),
        (b'{"speed": 0.0009}', "speed must be from 0.001 to 10000"),
        (b'{"speed": 10001}', "speed must be from 0.001 to 10000, got 10001"),
        (b'{"speed": NaN}', "the body must be JSON"),
        (b'{"speed": "60"}', 'speed must be a number, got "60"'),
        (b'{"speed": 60, "step": 1}', "'step' was unexpected"),
        (b"{}", "speed"),
    ],
)
def test_bad_speed_is_a_problem_and_changes_nothing(mock: Mock, content: bytes, said: str) -> None:
    """The clock stands as it stood."""
    assert said in refused(mock.call("POST", "/__mock/clock/speed", content=content))
    assert clock(mock) == {"mode": "manual", "speed": 1, "now": START}


@pytest.mark.parametrize(("body", "step"), [({}, 10.0), ({"step": 0.5}, 0.5), ({"step": 3_600}, 3_600.0)])
def test_auto_makes_a_step_at_each_call(mock: Mock, body: Any, step: float) -> None:
    """Ten seconds unless told otherwise; each call to the emulated API, but no control call."""
    started = time.monotonic()
    answer = verb(mock, "auto", body).body
    assert (answer["mode"], answer["speed"]) == ("auto", 1)
    for _ in range(3):
        mock.get(VIDEOS)
        clock(mock)
    moved = (now(mock) - datetime.fromisoformat(START)).total_seconds()
    assert 3 * step <= moved <= 3 * step + time.monotonic() - started + 0.01


def test_auto_counts_refused_calls_too(mock: Mock) -> None:
    """A client that only does wrong ends, too."""
    verb(mock, "auto", {})
    assert mock.call("POST", "/v2/pixverse/videos/upscale", {}).status == 400
    assert now(mock) >= datetime.fromisoformat("2025-01-01T00:00:10Z")


@pytest.mark.parametrize("body", [{"step": -1}, {"step": 1e10}, {"step": "1"}, {"step": None}, {"speed": 1}])
def test_bad_step_is_a_problem_and_changes_nothing(mock: Mock, body: Any) -> None:
    """The clock stands as it stood."""
    refused(verb(mock, "auto", body))
    assert clock(mock) == {"mode": "manual", "speed": 1, "now": START}


# Several


def test_second_advance_while_one_runs_is_refused(mock: Mock) -> None:
    """As is every other verb; looking on is not, and the first one ends as if nothing had been."""
    with socket.create_server(("127.0.0.1", 0)) as receiver, ThreadPoolExecutor(1) as pool:
        receiver.settimeout(10)
        mock.accepted(replyUrl=f"http://127.0.0.1:{receiver.getsockname()[1]}/cb")
        first = pool.submit(advance, mock, until="next-event")
        connection = receiver.accept()[0]
        with connection:
            connection.recv(65_536)
            for name, body in (
                ("advance", {"seconds": 1}),
                ("advance", {"seconds": -1}),
                ("advance", {"until": "idle"}),
                ("set", {"now": "2026-01-01T00:00:00Z"}),
                ("freeze", None),
                ("speed", {"speed": 60}),
                ("auto", {}),
            ):
                assert refused(verb(mock, name, body), 409) == "the clock of this sandbox is being moved already"
            looked = clock(mock)
            assert mock.get("/__mock/callbacks")["data"][0]["attempts"][0]["result"] == "in flight"
            other = mock.of_fresh_token()
            assert advance(other, seconds=1)["now"] == "2025-01-01T00:00:01.000Z"
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        answer = first.result(timeout=10)
    assert [event["event"] for event in answer["events"]] == ["status", "callback"]
    assert answer["now"] == looked["now"] == answer["events"][0]["at"]
    assert advance(mock, seconds=0)["mode"] == "manual"


def test_reset_ends_an_advance(mock: Mock) -> None:
    """It says so; the fresh sandbox is not touched."""
    with socket.create_server(("127.0.0.1", 0)) as receiver, ThreadPoolExecutor(1) as pool:
        receiver.settimeout(10)
        mock.accepted(replyUrl=f"http://127.0.0.1:{receiver.getsockname()[1]}/cb")
        first = pool.submit(verb, mock, "advance", {"until": "idle"})
        connection = receiver.accept()[0]
        with connection:
            connection.recv(65_536)
            assert mock.call("POST", "/__mock/reset").status == 204
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        assert refused(first.result(timeout=10), 409) == "this sandbox was reset meanwhile"
    assert clock(mock) == {"mode": "manual", "speed": 1, "now": START}
    assert mock.get("/__mock/callbacks")["data"] == []


def test_sandboxes_do_not_move_each_other(mock: Mock) -> None:
    """Neither their clocks nor their jobs."""
    other = mock.of_fresh_token()
    video_id = other.accepted()
    mock.accepted()
    advance(mock, until="idle")
    verb(mock, "speed", {"speed": 10_000})
    assert clock(other) == {"mode": "manual", "speed": 1, "now": START}
    assert other.call("GET", f"{VIDEOS}/{video_id}").status == 404
    assert other.get("/__mock/jobs")["data"][0]["status"] == "QUEUED"


LOOKS: list[tuple[str, str, Any]] = [
    ("GET", "/__mock/health", None),
    ("GET", "/__mock/openapi.json", None),
    ("GET", "/__mock/clock", None),
    ("GET", "/__mock/requests", None),
    ("GET", "/__mock/jobs", None),
    ("GET", "/__mock/callbacks", None),
    ("GET", "/__mock/events", None),
    ("GET", "/__mock/accounts", None),
    ("GET", "/__mock/scenario", None),
    ("PATCH", f"/__mock/accounts/{EMAIL}", {"credits": 500}),
    ("PATCH", f"/__mock/accounts/{EMAIL}", {"credits": -1}),
    ("PUT", "/__mock/scenario", {"nonsense": 1}),
    ("POST", "/__mock/clock/advance", {"seconds": 0}),
    ("POST", "/__mock/clock/advance", {"seconds": -1}),
    ("POST", "/__mock/clock/set", {"now": "1999-01-01T00:00:00Z"}),
    ("POST", "/__mock/clock/speed", {"speed": 0}),
    ("POST", "/__mock/sink/moved", {}),
    ("GET", "/__mock/nothing", None),
    ("DELETE", "/__mock/clock", None),
]
"""Calls that are not told to move a clock."""


@given(calls=st.lists(st.sampled_from(LOOKS), min_size=1, max_size=30))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("mode", ["manual", "auto"])
def test_control_calls_never_move_a_clock(shared: Any, mode: str, calls: list[tuple[str, str, Any]]) -> None:
    """Not by a millisecond; one that runs goes on with real time alone."""
    mock = next(shared)
    mock.accepted()
    if mode == "auto":
        verb(mock, "auto", {})
    started, before = time.monotonic(), now(mock)
    for method, path, body in calls:
        mock.call(method, path, body)
    moved = (now(mock) - before).total_seconds()
    if mode == "manual":
        assert moved == 0
    else:
        assert 0 <= moved <= time.monotonic() - started + 0.002

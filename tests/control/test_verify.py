"""The control API: whether a client asked for what was expected, and waiting until it does."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.mock import EMAIL, FEATURES, UPSCALE, VIDEOS, MakeMock, Mock
from mockserver.api import Api
from mockserver.control.criteria import Criteria
from mockserver.control.judge import Counting, Following, InARow
from mockserver.journal import Exchange
from mockserver.message import Request, Response
from mockserver.mock import Mock as WholeMock
from mockserver.server import running
from mockserver.settings import Settings

_PATIENCE: Final = 20.0
_MANY: Final = 50


def verify(mock: Mock, **body: Any) -> dict[str, Any]:
    answer = mock.call("POST", "/__mock/requests/verify", body)
    assert answer.status == 200, answer.content
    verdict: dict[str, Any] = answer.body
    return verdict


@pytest.fixture
def used(mock: Mock) -> Mock:
    """One that was asked for a few things: 1 to 5."""
    mock.accepted(replyRef="order-1")
    mock.get(VIDEOS)
    mock.upscale("user:12345-pixverse:demo@example.com-video:429")
    mock.get(VIDEOS)
    mock.accepted(replyRef="order-2")
    return mock


# Counts


@pytest.mark.parametrize(
    ("count", "verified", "why"),
    [
        ({"exactly": 3}, True, "3 requests are like this, exactly 3 were expected"),
        ({"exactly": 2}, False, "3 requests are like this, exactly 2 were expected"),
        ({"exactly": 4}, False, "3 requests are like this, exactly 4 were expected"),
        ({"atLeast": 3}, True, "3 requests are like this, at least 3 were expected"),
        ({"atLeast": 4}, False, "3 requests are like this, at least 4 were expected"),
        ({"atMost": 3}, True, "3 requests are like this, at most 3 were expected"),
        ({"atMost": 1}, False, "3 requests are like this, at most 1 was expected"),
    ],
)
def test_count(used: Mock, count: dict[str, int], verified: bool, why: str) -> None:  # noqa: FBT001
    """Of the exchanges that are like the criteria, and their numbers."""
    verdict = verify(used, operation="upscaleVideo", count=count)
    assert (verdict["verified"], verdict["why"]) == (verified, why)
    assert (verdict["count"], verdict["requests"]) == (3, [1, 3, 5])


def test_nothing_is_like_this(used: Mock) -> None:
    """What comes nearest is told, with what differs: what has another value before what has none."""
    verdict = verify(used, operation="upscaleVideo", body={"replyRef": "order-3"}, count={"atLeast": 1})
    assert (verdict["verified"], verdict["count"], verdict["requests"]) == (False, 0, [])
    assert verdict["why"] == "no requests are like this, at least 1 was expected"
    assert [(near["number"], near["differs"]) for near in verdict["nearest"]] == [
        (5, 'body.replyRef must be "order-3", got "order-2"'),
        (1, 'body.replyRef must be "order-3", got "order-1"'),
        (3, 'body.replyRef must be "order-3", got none'),
    ]
    assert verdict["nearest"][0] == {**verdict["nearest"][0], "method": "POST", "path": UPSCALE, "status": 200}


def test_nothing_is_near_where_nothing_is_missing(used: Mock) -> None:
    """Too many are like it, not too few."""
    assert verify(used, count={"atMost": 0})["nearest"] == []
    assert verify(used, count={"exactly": 5})["nearest"] == []


def test_differences_keep_secrets(used: Mock) -> None:
    """Those of the request and those of the criteria."""
    used.call("POST", f"/v2/pixverse/accounts/{EMAIL}", {"email": EMAIL, "password": "correct horse"})
    wanted = {"headers": {"authorization": "Bearer battery"}, "body": {"password": "staple"}}
    answer = used.call("POST", "/__mock/requests/verify", {**wanted, "count": {"atLeast": 1}})
    assert answer.body["nearest"][0]["number"] == 6
    for secret in ("correct horse", "battery", "staple", used.token):
        assert secret.encode() not in answer.content


def test_lost_exchanges_are_told(make_mock: MakeMock) -> None:
    """For one of them may have been like it."""
    mock = make_mock(journal=2)
    for _ in range(5):
        mock.get(VIDEOS)
    assert verify(mock, count={"atLeast": 3})["why"].endswith("; the first 3 requests are no longer kept")


# Sequences


@pytest.mark.parametrize(
    ("body", "numbers", "verified"),
    [
        ({"sequence": [{"status": 200}, {"status": 429}, {"status": 200}]}, [1, 3, 4], True),
        ({"sequence": [{"operation": "upscaleVideo"}] * 3}, [1, 3, 5], True),
        ({"sequence": [{"status": 429}, {"status": 429}]}, [3], False),
        ({"sequence": [{"status": 500}]}, [], False),
        ({"sequence": [{"method": "POST"}, {"method": "GET"}], "strict": True}, [1, 2], True),
        ({"sequence": [{"method": "POST"}, {"method": "POST"}], "strict": True}, [1], False),
        ({"sequence": [{"method": "POST"}, {"status": 429}], "strict": True}, [1], False),
        ({"operation": "upscaleVideo", "sequence": [{"status": 429}, {"status": 200}], "strict": True}, [3, 5], True),
        ({"since": 1, "sequence": [{"operation": "upscaleVideo"}] * 2}, [3, 5], True),
        ({"sequence": [{"since": 3}]}, [4], True),
    ],
)
def test_sequence(used: Mock, body: dict[str, Any], numbers: list[int], verified: bool) -> None:  # noqa: FBT001
    """In this order; others may stand between, unless it is strict: then only what the criteria leave out."""
    verdict = verify(used, **body)
    assert (verdict["verified"], verdict["requests"], verdict["count"]) == (verified, numbers, len(numbers))


def test_sequence_tells_where_it_stopped(used: Mock) -> None:
    """And what came nearest."""
    verdict = verify(used, sequence=[{"status": 429}, {"status": 412}])
    assert verdict["why"] == "request 3 came as expected, then no request like step 2 of 2"
    assert verdict["nearest"][0]["differs"] == "status must be 412, got 200"
    strict = verify(used, sequence=[{"status": 429}, {"operation": "upscaleVideo"}], strict=True)
    assert strict["why"] == "request 3 came as expected, then no request like step 2 of 2 at once"
    assert verify(used, sequence=[{"status": 500}])["why"] == "no request is like step 1 of 1"
    assert verify(used, sequence=[{"status": 429}])["why"] == "request 3 came as expected"
    assert verify(used, sequence=[{}, {}], strict=True)["why"] == "requests 1, 2 came as expected, in a row"


def exchanges(statuses: list[int]) -> list[Exchange]:
    """Exchanges answered so, numbered from 1."""
    made = [Exchange(Request("GET", "/"), Response(status, (), b""), "op", "") for status in statuses]
    for number, each in enumerate(made, 1):
        each.number = number
    return made


def answered(status: int) -> Criteria:
    return Criteria(0, [lambda each: iter(() if each.response.status == status else ("another",))])


EVERY: Final = Criteria(0, [])
statuses = st.lists(st.integers(1, 3), max_size=12)


@given(statuses, st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 12))
def test_sequences_are_found_as_a_search_finds_them(came: list[int], steps: list[int], cut: int) -> None:
    """Whether they come all at once or in two parts."""
    wanted = [answered(status) for status in steps]
    following, row = Following(EVERY, wanted), InARow(EVERY, wanted)
    made = exchanges(came)
    for judge in (following, row):
        judge.hear(made[:cut])
        judge.hear(made[cut:])
    rest = iter(came)
    assert following.is_met is all(step in rest for step in steps)
    assert all(one < other for one, other in pairwise(following.numbers))
    assert [came[number - 1] for number in following.numbers] == steps[: following.count]
    size = len(steps)
    assert row.is_met is any(came[start : start + size] == steps for start in range(len(came) - size + 1))
    assert [came[number - 1] for number in row.numbers] == steps[: row.count]
    assert all(other - one == 1 for one, other in pairwise(row.numbers))


@given(statuses, st.sampled_from(["exactly", "atLeast", "atMost"]), st.integers(0, 6))
def test_counts_are_lost_only_for_good(came: list[int], how: Any, wanted: int) -> None:
    """What is lost is never met again; what is met and can't be lost stays so."""
    judge = Counting(answered(1), how, wanted)
    for each in exchanges(came):
        was_lost = judge.is_lost
        judge.hear([each])
        assert not (was_lost and judge.is_met)
        assert not (judge.is_lost and judge.is_met)
    assert judge.count == came.count(1)


# What can't be asked


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "the body must have either count or sequence"),
        ({"count": {"exactly": 1}, "sequence": [{}]}, "the body must have either count or sequence"),
        ({"count": {}}, "count must have one of exactly, atLeast, atMost, got none"),
        (
            {"count": {"exactly": 1, "atMost": 2}},
            "count must have one of exactly, atLeast, atMost, got exactly, atMost",
        ),
        ({"count": {"atleast": 1}}, "'atleast' was unexpected"),
        ({"count": {"exactly": -1}}, "count.exactly must be"),
        ({"count": {"exactly": 1.5}}, "count.exactly must be an integer"),
        ({"count": {"exactly": 1}, "strict": True}, "strict must stand beside a sequence"),
        ({"sequence": []}, "sequence must"),
        ({"sequence": [{}] * 101}, "sequence must"),
        ({"sequence": [{"operation": "a"}]}, "sequence[0].operation must be one of upscaleVideo"),
        ({"sequence": [{}, {"body": {"matches": "("}}]}, "sequence[1].body.matches must be a regular expression"),
        ({"sequence": [{"count": 1}]}, "'count' was unexpected"),
        ({"count": {"exactly": 1}, "timeout": 601}, "timeout must be from 0 to 600"),
        ({"count": {"exactly": 1}, "timeout": -1}, "timeout must be from 0 to 600"),
    ],
)
def test_bad_expectation_is_a_problem(mock: Mock, body: dict[str, Any], said: str) -> None:
    """It names the place, the rule and the value; nothing waits."""
    answer = mock.call("POST", "/__mock/requests/verify", body)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert said in answer.body["detail"]
    assert mock.guarded.journal.listeners == []


# Waiting


@pytest.mark.parametrize(
    ("body", "verified"),
    [
        ({"count": {"atLeast": 0}}, True),
        ({"count": {"exactly": 5}}, True),
        ({"count": {"atMost": 5}}, True),
        ({"count": {"exactly": 4}}, False),
        ({"count": {"atMost": 4}}, False),
        ({"sequence": [{"status": 429}]}, True),
    ],
)
def test_what_is_settled_is_not_waited_for(used: Mock, body: dict[str, Any], verified: bool) -> None:  # noqa: FBT001
    """It is so already, or never will be."""
    verdict = verify(used, **body, timeout=600)
    assert verdict["verified"] is verified
    assert "within" not in verdict["why"]
    assert used.guarded.journal.listeners == []


def test_time_out(used: Mock) -> None:
    """The verdict as it is then, with what was waited for."""
    verdict = verify(used, status=500, count={"atLeast": 1}, timeout=0.05)
    assert (verdict["verified"], verdict["count"]) == (False, 0)
    assert verdict["why"] == "no requests are like this, at least 1 was expected within 0.05 s"
    assert verdict["nearest"]
    assert used.guarded.journal.listeners == []


def test_the_shortest_time_out(used: Mock) -> None:
    """What came before counts all the same."""
    assert verify(used, count={"atLeast": 5}, timeout=1e-9)["verified"] is True
    assert verify(used, count={"atLeast": 6}, timeout=1e-9)["verified"] is False


@pytest.fixture
def server() -> Iterator[tuple[Api, str]]:
    """A mock that listens, with its host and port."""
    api = Api(Settings(clock="manual"))
    with running(api) as url:
        api.courier  # noqa: B018 - its thread is no part of what is counted
        yield api, url.removeprefix("http://")


def ask(server: str, method: str, path: str, body: Any = None, name: str = "1") -> HTTPConnection:
    """Send a request, and don't wait for its answer."""
    connection = HTTPConnection(server, timeout=_PATIENCE)
    headers = {"Authorization": f"Bearer user:{name}-waiting", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    return connection


def answer(connection: HTTPConnection) -> tuple[int, Any]:
    """Wait for the answer."""
    with closing(connection):
        response = connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else None


def call(server: str, method: str, path: str, body: Any = None, name: str = "1") -> tuple[int, Any]:
    return answer(ask(server, method, path, body, name))


def await_listeners(api: Api, many: int, names: list[str]) -> None:
    """Wait until so many calls wait in each of these sandboxes."""
    pause = threading.Event()
    guarded = [api.runtime.guarded(f"Bearer user:{name}-waiting".encode()) for name in names]
    for _ in range(int(_PATIENCE / 0.01)):
        if all(len(each.journal.listeners) == many for each in guarded):
            return
        pause.wait(0.01)
    raise AssertionError(f"{[len(each.journal.listeners) for each in guarded]} calls wait")


def waiting(stack: ExitStack, server: str, many: int, name: str = "1", **body: Any) -> list[HTTPConnection]:
    """So many calls that wait for what is expected."""
    connections = [ask(server, "POST", "/__mock/requests/verify", {"timeout": 600, **body}, name) for _ in range(many)]
    for connection in connections:
        stack.callback(connection.close)
    return connections


def test_fifty_calls_wait_for_one_request(server: tuple[Api, str]) -> None:
    """None holds a thread; others are answered meanwhile; one request is enough for all of them."""
    api, address = server
    call(address, "GET", "/__mock/health")
    before = threading.active_count()
    with ExitStack() as stack:
        connections = waiting(stack, address, _MANY, operation="upscaleVideo", count={"exactly": 1})
        await_listeners(api, _MANY, ["1"])
        assert threading.active_count() == before
        assert call(address, "GET", "/__mock/health")[0] == 200
        assert call(address, "GET", FEATURES)[0] == 200
        await_listeners(api, _MANY, ["1"])
        number = {"video_id": f"user:1-pixverse:{EMAIL}-video:11223344"}
        assert call(address, "POST", UPSCALE, number)[0] == 200
        verdicts = [answer(connection) for connection in connections]
    assert {(status, verdict["verified"], *verdict["requests"]) for status, verdict in verdicts} == {(200, True, 2)}
    await_listeners(api, 0, ["1"])
    assert threading.active_count() == before


def test_fifty_calls_wait_in_sandboxes_of_their_own(server: tuple[Api, str]) -> None:
    """Each hears of its own requests alone."""
    api, address = server
    names = [str(number) for number in range(1, _MANY + 1)]
    before = threading.active_count()
    with ExitStack() as stack:
        connections = [waiting(stack, address, 1, name, sequence=[{}, {}])[0] for name in names]
        await_listeners(api, 1, names)
        assert threading.active_count() - before < 5
        for name in [*names, *names]:
            call(address, "GET", FEATURES, name=name)
        verdicts = [answer(connection) for connection in connections]
    assert [verdict["requests"] for _, verdict in verdicts] == [[1, 2]] * _MANY


def test_waiting_ends_once_it_is_hopeless(server: tuple[Api, str]) -> None:
    """One too many: it is not waited for the time-out."""
    api, address = server
    with ExitStack() as stack:
        (connection,) = waiting(stack, address, 1, operation="listVideos", count={"exactly": 3})
        await_listeners(api, 1, ["1"])
        guarded = api.runtime.guarded(b"Bearer user:1-waiting")
        # Under one lock, so that nobody looks in between.
        with guarded.lock:
            for each in exchanges([200, 200, 200, 200]):
                each.operation = "listVideos"
                guarded.journal.append(each)
        status, verdict = answer(connection)
    assert (status, verdict["verified"], verdict["count"]) == (200, False, 4)


def test_reset_ends_the_waiting(server: tuple[Api, str]) -> None:
    """With a problem; calls that wait in other sandboxes go on."""
    api, address = server
    with ExitStack() as stack:
        connections = waiting(stack, address, 3, count={"atLeast": 1})
        (other,) = waiting(stack, address, 1, "2", count={"atLeast": 1})
        await_listeners(api, 3, ["1"])
        assert call(address, "POST", "/__mock/reset")[0] == 204
        ended = [answer(connection) for connection in connections]
        assert call(address, "GET", FEATURES, name="2")[0] == 200
        assert answer(other)[1]["verified"] is True
    assert [(status, body["detail"]) for status, body in ended] == [(409, "the sandbox was reset meanwhile")] * 3


def test_the_end_of_the_mock_ends_the_waiting() -> None:
    """Nobody who waits in the same process waits for ever."""
    api = Api(Settings(clock="manual", strict=True))
    whole = WholeMock(api)
    body = json.dumps({"count": {"atLeast": 1}, "timeout": 600}).encode()
    headers = [(b"authorization", b"Bearer user:1-waiting"), (b"content-type", b"application/json")]

    def ask() -> Any:
        return whole.exchange(Request("POST", "/__mock/requests/verify", "", headers, body))

    coming = ask()
    api.close()
    for each in (coming, ask()):
        exchange = each.result(timeout=_PATIENCE)
        assert (exchange.response.status, exchange.why) == (503, "the mock ends")
    assert api.runtime.guarded(b"Bearer user:1-waiting").journal.listeners == []


def test_no_more_than_a_thousand_wait(mock: Mock) -> None:
    """Each costs every request a little."""
    listeners = mock.guarded.journal.listeners
    listeners.extend([lambda: None] * 1_000)
    answer = mock.call("POST", "/__mock/requests/verify", {"count": {"atLeast": 1}, "timeout": 600})
    assert answer.status == 409
    assert "1000 calls wait" in answer.body["detail"]
    assert len(listeners) == 1_000

"""Many calls that wait for a receiver: none holds a thread, and the mock answers everybody else meanwhile."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any, Final

import pytest

from api.mock import EMAIL, UPSCALE, VIDEOS
from mockserver.api import Api
from mockserver.server import running
from mockserver.settings import Settings
from storm.receiver import Receiver

_PATIENCE: Final = 20.0
_MANY: Final = 50
_SOURCE: Final = 11_223_344


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def server(receiver: Receiver) -> Iterator[str]:
    """The host and port of a mock whose first callbacks come before the answers; ended before its receiver is."""
    changes = {
        "limits.slots": "false",
        "callbacks.progress": "0",
        "callbacks.disturbances": json.dumps([{"kind": "early"}]),
    }
    with running(Api(Settings(clock="manual", callback_timeout=_PATIENCE, changes=changes))) as url:
        yield url.removeprefix("http://")


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
        return response.status, json.loads(response.read())


def call(server: str, method: str, path: str, body: Any = None, name: str = "1") -> tuple[int, Any]:
    return answer(ask(server, method, path, body, name))


def upscale(server: str, url: str, name: str = "1") -> HTTPConnection:
    body = {"video_id": f"user:{name}-pixverse:{EMAIL}-video:{_SOURCE}", "replyUrl": url}
    return ask(server, "POST", UPSCALE, body, name)


def arrive(receiver: Receiver, calls: int) -> None:
    """Wait until so many calls have come."""
    pause = threading.Event()
    for _ in range(int(_PATIENCE / 0.01)):
        if receiver.count() >= calls:
            return
        pause.wait(0.01)
    raise AssertionError(f"{receiver.count()} of {calls} calls came")


def test_fifty_upscales_wait_for_their_first_callbacks(server: str, receiver: Receiver) -> None:
    """Health, the list of videos and the clock answer meanwhile, no thread is held, and then all fifty are answered."""
    before = threading.active_count()
    with ExitStack() as stack:
        connections = [upscale(server, receiver.url("1", "withheld")) for _ in range(_MANY)]
        for connection in connections:
            stack.callback(connection.close)
        arrive(receiver, _MANY)
        threads = threading.active_count() - before
        assert call(server, "GET", "/__mock/health")[0] == 200
        assert call(server, "GET", f"{VIDEOS}/")[0] == 200
        assert call(server, "POST", "/__mock/clock/advance", {"seconds": 1})[0] == 200
        assert threads < 10
        receiver.release()
        assert [answer(connection)[0] for connection in connections] == [200] * _MANY
    status, leapt = call(server, "POST", "/__mock/clock/advance", {"until": "idle"})
    assert (status, receiver.count()) == (200, 2 * _MANY)
    assert [event["result"] for event in leapt["events"] if event["event"] == "callback"] == ["received"] * _MANY


def test_fifty_leaps_wait_for_their_receivers(server: str, receiver: Receiver) -> None:
    """Each of a sandbox of its own: health answers, another sandbox is served, and a second leap is refused."""
    before = threading.active_count()
    names = [str(number) for number in range(1, _MANY + 1)]
    for name in names:
        call(server, "PUT", "/__mock/scenario", {"callbacks": {"final_only": True}}, name)
        assert answer(upscale(server, receiver.url(name, "withheld"), name))[0] == 200
    with ExitStack() as stack:
        path, body = "/__mock/clock/advance", {"until": "idle"}
        connections = [ask(server, "POST", path, body, name) for name in names]
        for connection in connections:
            stack.callback(connection.close)
        arrive(receiver, _MANY)
        assert threading.active_count() - before < 10
        assert call(server, "GET", "/__mock/health")[0] == 200
        assert call(server, "GET", f"{VIDEOS}/", name="999")[0] == 200
        assert call(server, "POST", path, body, names[0])[0] == 409
        receiver.release()
        leapt = [answer(connection) for connection in connections]
    assert [(status, found["events"][-1]["result"]) for status, found in leapt] == [(200, "received")] * _MANY

"""Callbacks to applications of this process: no socket, and whatever they do, the mock goes on."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from threading import Event, current_thread
from typing import Any

import flask
import pytest
import requests

import mockserver
from mockserver import PixverseMock, Settings
from mockserver.handle.asking import MockError
from mockserver.handle.told import Callback

UPSCALE = "https://api.useapi.net/v2/pixverse/videos/upscale"


@pytest.fixture
def mock(monkeypatch: pytest.MonkeyPatch) -> Iterator[PixverseMock]:
    """A mock without progress calls, whose attempts may take little time; nobody can make a connection."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    scenario = {"callbacks": {"final_only": True}}
    with mockserver.intercept(scenario=scenario, settings=Settings(callback_timeout=0.2, strict=True)) as mock:
        yield mock


def upscale(mock: PixverseMock, url: str) -> Callback:
    """What came of the callback of a job, if it is sent there."""
    body = {"video_id": mock.video_id, "replyUrl": url, "replyRef": "order-1"}
    assert requests.post(UPSCALE, headers=mock.headers, json=body).status_code == 200
    mock.clock.advance("idle")
    return mock.callbacks[-1]


def test_flask_application_receives(mock: PixverseMock) -> None:
    """As from the network: method, host, path, query, headers, body."""
    app, seen = flask.Flask("receiver"), []

    @app.post("/done/<path:rest>")
    def done(rest: str) -> tuple[str, int]:
        request = flask.request
        body = request.get_json()
        seen.append((request.host, rest, request.args["a"], request.headers["User-Agent"], body["replyRef"]))
        return "thanks", 202

    mock.register_app("app.test", app)
    callback = upscale(mock, "https://app.test/done/a%2Fb?a=1%202")
    assert seen == [("app.test", "a/b", "1 2", f"pixverse-mock/{mockserver.__version__}", "order-1")]
    (attempt,) = callback["attempts"]
    assert (callback["outcome"], attempt["answered"], attempt["answer"]) == ("delivered", 202, "thanks")


class Awaited:
    """An ASGI application; `status` is what it answers."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.seen: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        message = await receive()
        self.seen.append((scope["method"], scope["raw_path"], scope["query_string"], b"order-1" in message["body"]))
        headers = [(b"Retry-After", b"30"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"busy"})


def test_asgi_application_receives(mock: PixverseMock) -> None:
    """The same; what it asks for is heard."""
    app = Awaited(503)
    mock.register_app("app.test:8000", app)
    callback = upscale(mock, "http://app.test:8000/done?a=1")
    assert app.seen == [("POST", b"/done", b"a=1", True)]
    (attempt,) = callback["attempts"]
    assert (attempt["answered"], attempt["answer"], attempt["retry_after"]) == (503, "busy", 30)


def test_asgi_function_receives(mock: PixverseMock) -> None:
    """An application need not be an object."""
    app = Awaited(204)

    async def function(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    mock.register_app("app.test", function)
    assert upscale(mock, "http://app.test/")["outcome"] == "delivered"


@pytest.mark.parametrize("error", [ValueError("broken"), pytest.fail.Exception("broken")])
def test_receiver_that_raises_has_not_answered(
    mock: PixverseMock, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    """Its error stands in the journal, its trace in the log, and the mock goes on."""

    def app(environ: Any, start: Any) -> Any:
        raise error

    mock.register_app("app.test", app)
    callback = upscale(mock, "http://app.test/")
    assert callback["outcome"] == "given up"
    assert callback["attempts"][0]["error"].endswith("broken")
    assert "the receiver of callbacks at app.test raised" in caplog.text
    assert upscale(mock, mock.sink().url)["outcome"] == "delivered"


def test_receiver_that_hangs_is_given_up(mock: PixverseMock) -> None:
    """After the time-out of an attempt."""
    wait = Event()
    mock.register_app("app.test", answering(wait.wait))
    try:
        callback = upscale(mock, "http://app.test/")
    finally:
        wait.set()
    assert callback["attempts"][0]["error"] == "no answer within 0.2 s"


def test_receiver_may_ask_the_mock(mock: PixverseMock) -> None:
    """For a video, for another job; to move the clock that is being moved is refused."""
    seen: list[Any] = []

    def ask() -> None:
        if seen:
            return
        seen.append(requests.get(f"https://api.useapi.net/v2/pixverse/videos/{mock.video_id}", headers=mock.headers))
        seen.append(requests.post(UPSCALE, headers=mock.headers, json={"video_id": mock.video_id}))
        try:
            mock.clock.advance(1)
        except MockError as error:
            seen.append(error)

    mock.register_app("app.test", answering(ask))
    assert upscale(mock, "http://app.test/")["outcome"] == "delivered"
    assert [getattr(each, "status_code", None) or each.status for each in seen] == [200, 200, 409]
    assert [job["status"] for job in mock.jobs] == ["COMPLETED", "COMPLETED"]


def test_receiver_has_a_thread_of_its_own(mock: PixverseMock) -> None:
    """Neither the caller's nor the courier's."""
    names: list[str] = []
    mock.register_app("app.test", answering(lambda: names.append(current_thread().name)))
    upscale(mock, "http://app.test/")
    assert names == ["receiver"]


def test_early_callback_comes_before_the_answer(mock: PixverseMock) -> None:
    """In process, too."""
    mock.scenario.put({"callbacks": {"disturbances": [{"kind": "early"}]}})
    came: list[str | None] = []
    mock.register_app("app.test", answering(lambda: came.append(mock.requests.list()[0]["answered"])))
    body = {"video_id": mock.video_id, "replyUrl": "http://app.test/"}
    answer = requests.post(UPSCALE, headers=mock.headers, json=body)
    assert (answer.status_code, came) == (200, [None])
    (exchange,) = mock.requests.list()
    assert str(exchange["answered"]) >= exchange["real"]


@pytest.mark.parametrize(
    "url", ["http://app.test:8000/", "http://other.test/", "http://app.test.example/", "http://me@app.test/"]
)
def test_other_places_are_not_taken_for_it(mock: PixverseMock, url: str) -> None:
    """Each goes out for real, or can't."""
    came: list[None] = []
    mock.register_app("app.test", answering(lambda: came.append(None)))
    assert upscale(mock, url)["outcome"] in ("given up", "denied")
    assert came == []


@pytest.mark.parametrize("host", ["", "http://app.test", "app.test/path", "app.test:0", "app.test:70000", "a b", "a:b"])
def test_what_is_no_host_is_refused(mock: PixverseMock, host: str) -> None:
    """With the value."""
    with pytest.raises(ValueError, match="a receiver has a host name, with or without a port, got"):
        mock.register_app(host, answering(lambda: None))


@pytest.mark.parametrize("app", [None, "app", 7])
def test_what_is_no_application_is_refused(mock: PixverseMock, app: Any) -> None:
    """With the value."""
    with pytest.raises(TypeError, match="a WSGI or an ASGI application, got"):
        mock.register_app("app.test", app)


def test_callback_to_a_long_call_of_the_mock_ends(mock: PixverseMock) -> None:
    """A replyUrl may be any URL, also one of the control API, which has no use for it."""
    assert upscale(mock, f"{mock.base_url}/__mock/clock/advance")["attempts"][0]["answered"] == 401


def answering(act: Callable[[], Any]) -> Callable[[Any, Any], list[bytes]]:
    """A WSGI application that does this, and answers 200."""

    def app(environ: Any, start: Any) -> list[bytes]:
        act()
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    return app

"""The client of the control API: what it makes of answers, and of what is no mock."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from mockserver import Api, Settings
from mockserver.control_client import ControlClient, ControlError
from mockserver.server import running

TOKEN = "user:12345-demo"


@contextmanager
def saying(*parts: bytes, requests: list[bytes] | None = None) -> Iterator[str]:
    """The address of a server that answers one request with these bytes, and then closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            with server.accept()[0] as connection:
                got = connection.recv(65_536)
                if requests is not None:
                    requests.append(got)
                for part in parts:
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            thread.join(timeout=10)


def answer(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def failure(url: str, seconds: float = 10) -> str:
    """What a call that fails says; it is one printable line."""
    with pytest.raises(ControlError) as caught:
        ControlClient(url, TOKEN).ask("GET", "/__mock/clock", seconds=seconds)
    message = str(caught.value)
    assert message.isprintable()
    return message.replace(url, "URL")


def test_asks_a_mock() -> None:
    """JSON in and out, None where there is nothing; a problem's text comes out."""
    with running(Api(Settings(clock="manual"))) as url:
        client = ControlClient(f"{url}/", TOKEN)
        assert client.url == url
        assert client.ask("POST", "/__mock/clock/advance", {"seconds": 1})["now"] == "2025-01-01T00:00:01.000Z"
        assert client.ask("POST", "/__mock/reset") is None
        assert client.ask("GET", "/__mock/clock")["now"] == "2025-01-01T00:00:00.000Z"
        with pytest.raises(ControlError, match=r"says 400: seconds must be a number, got \"x\"$"):
            client.ask("POST", "/__mock/clock/advance", {"seconds": "x"})


def test_token_goes_with_the_request() -> None:
    """As the emulated API's does."""
    got: list[bytes] = []
    with saying(answer("200 OK", "application/json; charset=utf-8", b"{}"), requests=got) as url:
        assert ControlClient(url, TOKEN).ask("GET", "/__mock/clock") == {}
    assert got[0].startswith(b"GET /__mock/clock HTTP/1.1\r\n")
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n".encode() in got[0]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "it does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "GET /__mock/clock is answered 200, not in JSON"),
        (answer("200 OK", "application/json", b"[" * 100_000), "GET /__mock/clock is answered 200, not in JSON"),
        (answer("200 OK", "application/json", b"\xff"), "GET /__mock/clock is answered 200, not in JSON"),
        (answer("404 Not Found", "text/html", b"<p>Not found"), "GET /__mock/clock is answered 404, not in JSON"),
        (answer("404 Not Found", "application/json", b"{}"), "GET /__mock/clock is answered 404"),
        (answer("400 Bad", "application/problem+json", b'{"title": "x"}'), "GET /__mock/clock is answered 400"),
        (answer("302 Found\r\nLocation: http://192.0.2.1/", "application/json", b"{}"), "is answered 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "GET /__mock/clock is answered 200"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "it does not answer in HTTP"),
    ],
)
def test_what_is_no_mock_is_called_so(said: bytes, message: str) -> None:
    """Whatever it says; a redirect is not followed."""
    with saying(said) as url:
        shown = failure(url)
    assert shown.startswith("what listens at URL is no mock that this version knows: ")
    assert shown.endswith(message)


def test_control_characters_of_a_problem_do_no_harm() -> None:
    """It may repeat what a client sent."""
    detail = b'{"detail": "bad \\u001b[2J\\r\\n\\u202e"}'
    with saying(answer("400 Bad Request", "application/problem+json", detail)) as url:
        assert failure(url) == r"the mock at URL says 400: bad \x1b[2J\r\n\u202e"


def test_silence_ends() -> None:
    """After the time that was given."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert failure(url, 0.1) == "no answer from URL within 0.1 s"


def test_nobody_there_is_said_in_words() -> None:
    """For a port, a name, and what can be no name."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    assert failure(url) == "no mock answers at URL: connection refused"
    assert failure("http://a..b") == "no mock answers at URL: that is no name of a host"


def test_a_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mock is near, and the token is nobody else's business."""
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with running(Api(Settings())) as url:
        assert ControlClient(url, TOKEN).ask("GET", "/__mock/health")["status"] == "ok"


@pytest.mark.parametrize(
    "url",
    [
        *("", "localhost:8596", "http://", "http://h/x", "http://h?x", "http://h#x", "http://u:p@h", "http://h:99999"),
        *("http://h:x", "http://h\n", "http://h h", "ws://h", "http://[::1", "HTTP://h", "http://é"),
    ],
)
def test_url_is_scheme_host_and_port(url: str) -> None:
    """Anything else is refused, before anything is sent."""
    with pytest.raises(ValueError, match=r"^--url takes scheme, host and port only, as http://127.0.0.1:8596, got '"):
        ControlClient(url, TOKEN)


@pytest.mark.parametrize("url", ["http://h", "https://h:1", "http://[::1]:80/", "http://a_b.c-d:65535/"])
def test_good_urls(url: str) -> None:
    """A slash at the end does no harm."""
    assert ControlClient(url, TOKEN).url == url.removesuffix("/")


@pytest.mark.parametrize("token", ["", " ", "a\nb", "é", "a\x00"])
def test_token_fits_into_a_header(token: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="--token takes printable ASCII"):
        ControlClient("http://h", token)


def test_rows_are_objects() -> None:
    """Another mock's answers may have another form."""
    client = ControlClient("http://h", TOKEN)
    assert client.rows({"data": [{}]}, "data") == [{}]
    for wrong in (None, [], {}, {"data": {}}, {"data": [1]}):
        with pytest.raises(ControlError, match="no list 'data'"):
            client.rows(wrong, "data")


def test_what_does_not_fit_is_an_error_of_the_mock() -> None:
    """Whatever goes wrong while its answer is read."""
    client = ControlClient("http://h", TOKEN)
    rows: list[dict[str, str]] = [{}]
    with pytest.raises(ControlError, match=r"its answer has another form \(KeyError: 'at'\)"), client.reading():
        print(rows[0]["at"])

"""What the clients put on the wire, byte by byte."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import SSLCertVerificationError
from threading import Thread
from typing import Any

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError, SSLError

from client.conftest import TOKEN, Connect
from client.playing import NEW, SOURCE
from contracts.client import Client, InvalidArgument, Policy, errors

ODD = "user:1-pixverse:a._+~!$&'*=-b@example.com-video:5"


@contextmanager
def listening(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """An address where each connection gets the next of these answers, and what came there."""
    came: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65_536)
                head, _, body = request.partition(b"\r\n\r\n")
                length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if b"content-length:" in line), 0)
                while len(body) < length:
                    body += connection.recv(65_536)
                came.append(head + b"\r\n\r\n" + body)
                connection.sendall(answer)

    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
    finally:
        thread.join(timeout=10)
        listener.close()


def ok(body: bytes = b"{}", head: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """An answer with this body, the last on its connection."""
    return head + b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def no_sleep(_: float) -> None:
    """Nothing has to be waited for."""


@pytest.mark.parametrize("video_id", [NEW, ODD])
def test_id_goes_raw(connect: Connect, video_id: str) -> None:
    """A percent-encoded `:` or `@` is answered 400."""
    with listening(ok(b'{"video_id": "x"}')) as (url, came), connect(url, no_sleep) as client:
        client.call("get_video", video_id)
    assert came[0].startswith(f"GET /v2/pixverse/videos/{video_id} HTTP/1.1\r\n".encode())


def test_email_in_the_query_is_encoded(connect: Connect) -> None:
    """As any query."""
    with listening(ok()) as (url, came), connect(url, no_sleep) as client:
        client.call("get_features", email="a+b&c@example.com")
    assert came[0].startswith(b"GET /v2/pixverse/features?email=a%2Bb%26c%40example.com HTTP/1.1\r\n")


def test_token_is_sent_and_nothing_else_of_anybody(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .netrc does not win over it."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", encoding="ascii")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with listening(ok()) as (url, came), connect(url, no_sleep) as client:
        client.call("get_user")
    lines = [line for line in came[0].split(b"\r\n") if line.lower().startswith(b"authorization:")]
    assert [line.split(b": ", 1)[1] for line in lines] == [f"Bearer {TOKEN}".encode()]


def test_redirect_is_not_followed(connect: Connect) -> None:
    """The token is for nobody else."""
    moved = ok(head=b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/elsewhere")
    with (
        listening(moved) as (url, came),
        connect(url, no_sleep) as client,
        pytest.raises(errors.UnexpectedAnswer, match="302"),
    ):
        client.call("get_user")
    assert len(came) == 1


def test_596_without_a_reason_is_understood(connect: Connect) -> None:
    """A status that no registry has."""
    with (
        listening(ok(b'{"error": "pending"}', b"HTTP/1.1 596 ")) as (url, _),
        connect(url, no_sleep) as client,
        pytest.raises(errors.PendingError, match="pending"),
    ):
        client.call("upscale_video", SOURCE)


@pytest.mark.parametrize("body", [b"not json", b'{"video_id": "no-id"}', b'{"video_id": "../../etc/passwd"}'])
def test_acceptance_that_can_not_be_read_is_looked_for(connect: Connect, body: bytes) -> None:
    """A job may be there all the same."""
    job = b'{"executing": [{"id": "%s", "replyRef": "wish"}]}' % NEW.encode()
    videos = ok(b'{"data": []}')
    answers = (ok(b'{"executing": []}'), videos, ok(body), ok(job), videos)
    with listening(*answers) as (url, came), connect(url, no_sleep) as client:
        assert client.call("upscale_video", SOURCE, reply_ref="wish", once=True).video_id == NEW
    assert sum(request.startswith(b"POST") for request in came) == 1


def test_deadline_shortens_the_timeout(connect: Connect) -> None:
    """An answer that never comes holds nobody beyond it."""
    silent = socket.create_server(("127.0.0.1", 0))
    try:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        brief = connect(url, no_sleep, policy=Policy(deadline=0.2))
        with brief as client, pytest.raises((errors.Timeout, errors.DeadlineExceeded)):
            client.call("get_user")
    finally:
        silent.close()


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (SSLError(SSLCertVerificationError("self-signed")), errors.NotConnected),
        (SSLError("record layer failure"), errors.ConnectionFailed),
        (ProxyError("no proxy", NewConnectionError(HTTPConnection("a"), "refused")), errors.NotConnected),
        (ProxyError("no proxy", OSError("broke off")), errors.ConnectionFailed),
    ],
    ids=["certificate", "tls", "no proxy", "proxy"],
)
def test_what_never_left_is_told_from_what_may_have(reason: Exception, kind: type[errors.ConnectionFailed]) -> None:
    """By what requests says of it."""

    class Broken(requests.Session):
        def request(self, *_: Any, **__: Any) -> requests.Response:
            error = MaxRetryError(HTTPConnectionPool("a"), "/", reason)
            raise requests.ConnectionError(error)

    with Client(TOKEN, session=Broken(), policy=Policy(attempts=1)) as client, pytest.raises(kind) as caught:
        client.get_user()
    assert type(caught.value) is kind


def test_session_of_the_caller_stays_open() -> None:
    """And is used."""
    with requests.Session() as session:
        session.headers["X-Mine"] = "yes"
        with listening(ok(), ok()) as (url, came):
            with Client(TOKEN, url, session=session) as client:
                client.get_user()
            Client(TOKEN, url, session=session).get_user()
    assert all(b"X-Mine: yes" in request for request in came)


@pytest.mark.parametrize(
    "url",
    [
        "api.useapi.net",
        "ftp://api.useapi.net",
        "https://api.useapi.net/v2",
        "https://user:pass@api.useapi.net",
        "https://api.useapi.net?x=1",
        "https://api.useapi.net:99999",
        "https://api.useapi.net\n",
        "https://",
        "",
    ],
)
def test_base_url_is_scheme_host_and_port(connect: Connect, url: str) -> None:
    """The message names the value."""
    with pytest.raises(InvalidArgument, match="base_url takes scheme, host and port only"), connect(url, no_sleep):
        pytest.fail("it was accepted")


@pytest.mark.parametrize("token", ["", " ", "user:1-a\r\nX: y", "tökën", "user:1-a "])
def test_token_that_no_header_takes_is_refused_unseen(connect: Connect, token: str) -> None:
    """The message does not repeat it."""
    refused = pytest.raises(InvalidArgument, match="token must be printable ASCII")
    with refused as caught, connect("http://127.0.0.1:1", no_sleep, token):
        pytest.fail("it was accepted")
    assert not token.strip() or token.strip() not in str(caught.value)

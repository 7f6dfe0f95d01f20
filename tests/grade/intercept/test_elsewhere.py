"""What is not for the API nor for this machine is refused, and told."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.grade.intercept import Interception, intercepting
from grade.intercept.peers import asked, port_of, to_proxy, until

ID = b"user:12345-pixverse:demo@example.com-video:1"
TOKEN = b"user:12345-demo"


@pytest.fixture
def interception(tmp_path: Path) -> Iterator[Interception]:
    """One whose mock is never asked."""
    with intercepting("http://127.0.0.1:9", tmp_path) as made:
        yield made


def test_tunnel_to_another_host_is_refused_and_told(interception: Interception) -> None:
    """With a sentence for who reads it."""
    before = time.time()
    answer = asked(interception, b"CONNECT Example.com:8443 HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(
        b"contracts grade: example.com:8443 is not reached under --intercept, only api.useapi.net and loopback\n"
    )
    (tried,) = interception.elsewhere()
    assert (tried.host, tried.port, tried.secure, tried.token) == ("example.com", 8443, True, False)
    assert before <= tried.at <= time.time()


@pytest.mark.parametrize(
    ("sent", "place", "secure"),
    [
        (b"GET http://example.com/x HTTP/1.1\r\nHost: other\r\n\r\n", ("example.com", 80), False),
        (b"GET http://somebody@example.com:81/x HTTP/1.1\r\nHost: other\r\n\r\n", ("example.com", 81), False),
        (b"GET https://example.com HTTP/1.1\r\nHost: other\r\n\r\n", ("example.com", 443), True),
        (b"GET /x HTTP/1.1\r\nHost: example.com:82\r\n\r\n", ("example.com", 82), False),
        (b"GET http://[2001:db8::1]:83/ HTTP/1.1\r\nHost: other\r\n\r\n", ("2001:db8::1", 83), False),
        (
            b"GET http://api.useapi.net.example.com/ HTTP/1.1\r\nHost: a\r\n\r\n",
            ("api.useapi.net.example.com", 80),
            False,
        ),
        (b"GET http://api.useapi.net@example.com/ HTTP/1.1\r\nHost: a\r\n\r\n", ("example.com", 80), False),
        (b"GET http://127.0.0.1.example.com/ HTTP/1.1\r\nHost: a\r\n\r\n", ("127.0.0.1.example.com", 80), False),
    ],
    ids=repr,
)
def test_request_in_the_clear_to_another_host_is_refused_and_told(
    interception: Interception, sent: bytes, place: tuple[str, int], *, secure: bool
) -> None:
    """By what it says in its first line, else by its Host."""
    assert asked(interception, sent).startswith(b"HTTP/1.1 403 ")
    (tried,) = interception.elsewhere()
    assert ((tried.host, tried.port), tried.secure, tried.token) == (place, secure, False)


@pytest.mark.parametrize(
    ("target", "header", "body", "token"),
    [
        (b"/", b"Authorization: Bearer x", b"", True),
        (b"/", b"aUTHORIZATION : Bearer x", b"", True),
        (b"/", b"X-Authorization: Bearer x", b"", False),
        (b"/?t=" + TOKEN, b"A: b", b"", True),
        (b"/?t=user%3A12345-demo", b"A: b", b"", True),
        (b"/", b"X-Key: " + TOKEN, b"", True),
        (b"/", b"A: b", b'{"token": "' + TOKEN + b'"}', True),
        (b"/", b"A: b", b'{"id": "' + ID + b'"}', False),
        (b"/" + ID, b"A: b", b"", False),
        (b"/" + ID.replace(b":", b"%3A"), b"A: b", b"", False),
        (b"/" + ID, b"A: b", TOKEN, True),
    ],
    ids=repr,
)
def test_token_in_the_clear_is_told(
    interception: Interception, target: bytes, header: bytes, body: bytes, *, token: bool
) -> None:
    """In any part of the request. An id is none."""
    length = b"Content-Length: %d" % len(body)
    asked(interception, b"POST http://example.com%b HTTP/1.1\r\n%b\r\n%b\r\n\r\n%b" % (target, header, length, body))
    assert [tried.token for tried in interception.elsewhere()] == [token]


def test_large_body_is_searched_and_answered(interception: Interception) -> None:
    """It is read before the answer, so that the answer is heard."""
    body = b"x" * 900_000 + TOKEN
    head = b"POST http://example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert asked(interception, head + body).startswith(b"HTTP/1.1 403 ")
    assert interception.elsewhere()[0].token


def test_client_that_waits_to_send_its_body_is_answered_at_once(interception: Interception) -> None:
    """It asks first whether it shall."""
    with to_proxy(interception) as connection:
        connection.sendall(
            b"POST http://example.com/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
        connection.settimeout(1)
        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")


def test_attempt_that_is_under_way_when_all_ends_is_told(tmp_path: Path) -> None:
    """Also when asked afterwards."""
    with intercepting("http://127.0.0.1:9", tmp_path) as interception:
        connection = to_proxy(interception)
        connection.sendall(b"POST http://example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
        # Another one is answered: by then the first one has been begun with.
        asked(interception, b"CONNECT other:1 HTTP/1.1\r\n\r\n")
    connection.close()
    assert {tried.host for tried in interception.elsewhere()} == {"example.com", "other"}


def test_proxy_does_not_ask_itself(interception: Interception) -> None:
    """It would do so for ever."""
    port = port_of(interception)
    for place in (b"127.0.0.1:%d" % port, b"localhost:%d" % port):
        answer = asked(interception, b"GET http://%b/ HTTP/1.1\r\nHost: %b\r\n\r\n" % (place, place))
        assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert asked(interception, b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % place).startswith(b"HTTP/1.1 400 ")
    assert interception.elsewhere() == []


def test_first_thousand_attempts_are_kept(interception: Interception) -> None:
    """A client may try without end."""
    for _ in range(1_005):
        with to_proxy(interception) as connection:
            connection.sendall(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
            until(connection, b"\r\n\r\n")
    assert len(interception.elsewhere()) == 1_000

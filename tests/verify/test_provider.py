"""The shell to a provider, over real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from contracts.findings import Got
from contracts.provider import BadAddress, Budget, OutOfCalls, OutOfTime, Provider, Stopped, Unresponsive
from providers.hostile import HOSTILE, besieging


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives one of the answers to each connection, and closes it; and what it was sent."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    got.append(connection.recv(65_536))
                    with suppress(BrokenPipeError, ConnectionResetError):
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", got
        thread.join(5)


def provider(url: str, calls: int = 100, seconds: float = 20, **more: float) -> Provider:
    return Provider(url, Budget(calls, time.monotonic() + seconds), **more)


def ask(to: Provider) -> tuple[int, str]:
    got = asked(to)
    return got.status, got.error


def asked(to: Provider) -> Got:
    """The answer to one call, after which the connection is closed."""
    try:
        return to.call("getUser", "GET", "/v2/account", token="user:1-a").got
    finally:
        to.close()


def test_answer_is_kept_as_it_came() -> None:
    """Status, reason phrase, headers in their case and order, body; also of a number that no standard has."""
    answer = (
        b"HTTP/1.1 596 Pending mod message\r\nContent-Type: application/json\r\nX-A: 1\r\ncontent-length: 2\r\n\r\n{}"
    )
    with answering(answer) as (url, sent):
        got = asked(provider(url))
    assert (got.status, got.reason, got.body) == (596, "Pending mod message", b"{}")
    assert got.headers[:2] == (("Content-Type", "application/json"), ("X-A", "1"))
    assert b"Authorization: Bearer user:1-a\r\n" in sent[0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "closed"),
        (b"garbage\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}more", "follow"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_001, "longer"),
    ],
)
def test_what_is_no_answer_is_told_and_raises_nothing(answer: bytes, said: str) -> None:
    """Each way not to answer has its words."""
    with answering(answer, answer) as (url, _):
        status, error = ask(provider(url))
        socket.create_connection(url.removeprefix("http://").split(":")).close()  # the server waits for two
    assert status == 0
    assert said in error


def test_no_redirect_is_followed() -> None:
    """It is an answer like any other."""
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    with answering(answer) as (url, _):
        assert ask(provider(url)) == (302, "")


def test_token_reaches_no_other_host() -> None:
    """Not even where every answer leads away."""
    with besieging(HOSTILE["redirects"]) as hostile:
        to = provider(hostile.url)
        for _ in range(3):
            ask(to)
        to.close()
        assert hostile.strayed == []


def test_calls_are_counted_and_end() -> None:
    """A part of a budget ends by itself, and counts against the whole."""
    whole = Budget(3, time.monotonic() + 10)
    part = whole.part(2)
    part.spend()
    part.spend()
    with pytest.raises(OutOfCalls):
        part.spend()
    whole.spend()
    with pytest.raises(OutOfCalls):
        whole.spend()


def test_a_budget_ends_with_its_time_and_when_stopped() -> None:
    """Also in its parts."""
    with pytest.raises(OutOfTime):
        Budget(3, time.monotonic() - 1).part(1).spend()
    whole = Budget(3, time.monotonic() + 10)
    part = whole.part(2)
    part.stop("enough")
    with pytest.raises(Stopped, match="enough"):
        whole.spend()


def test_provider_that_is_gone_ends_the_run() -> None:
    """After some calls without any answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    to = provider(url)
    for _ in range(11):
        ask(to)
    with pytest.raises(Unresponsive):
        ask(to)


def test_a_silent_provider_costs_no_more_than_its_time() -> None:
    """A call ends after its time-out."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        to = provider(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.2)
        status, error = ask(to)
        to.close()
    assert status == 0
    assert "within" in error


@pytest.mark.parametrize(
    "url", ["127.0.0.1", "ftp://x", "http://x/path", "http://u:p@x", "http://x:99999", "http://x?q"]
)
def test_an_address_is_scheme_host_and_port(url: str) -> None:
    """Anything else is told in one line."""
    with pytest.raises(BadAddress):
        provider(url)

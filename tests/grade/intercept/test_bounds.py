"""Whatever comes to the proxy, nothing breaks, nothing is printed, and all is over when it is over."""

import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from contracts.grade.intercept import Interception, endpoint, intercepting
from grade.intercept.peers import (
    Server,
    asked,
    echo,
    everything,
    is_reset,
    secured,
    serving,
    to_proxy,
    tunnelled,
    until,
)

HELLO = b"GET / HTTP/1.1\r\nHost: api.useapi.net\r\n\r\n"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers with what was sent."""
    with serving(echo) as made:
        yield made


@pytest.fixture
def interception(server: Server, tmp_path: Path) -> Iterator[Interception]:
    """One that leads there; it must still work when the test is over."""
    with intercepting(server.url, tmp_path) as made:
        yield made
        works(made)


@pytest.fixture(autouse=True)
def silence(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing may be printed or logged."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    yield
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def works(interception: Interception) -> None:
    with secured(interception) as connection:
        connection.sendall(HELLO)
        assert everything(connection).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff" * 100,
        b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET /no-host HTTP/1.1\r\n\r\n",
        b"CONNECT HTTP/1.1\r\n\r\n",
        b"CONNECT api.useapi.net:99999 HTTP/1.1\r\n\r\n",
        b"CONNECT [::1 HTTP/1.1\r\n\r\n",
        b"GET http:///x HTTP/1.1\r\n\r\n",
        b"CONNECT " + b"a" * 70_000,
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_nonsense_is_a_bad_request(interception: Interception, sent: bytes) -> None:
    """And the end of the connection."""
    assert asked(interception, sent).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("sent", [b"\0", b"\0no port:x\r\n", b"\0" * 70_000], ids=lambda sent: repr(sent[:10]))
def test_nonsense_instead_of_a_place_is_the_end(interception: Interception, sent: bytes) -> None:
    """What Node's file writes is written by nobody else."""
    with to_proxy(interception) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            assert connection.recv(100) == b""


def test_handshake_that_fails_is_the_end(interception: Interception) -> None:
    """An alert, then the end."""
    with tunnelled(interception) as connection:
        connection.sendall(b"\x16\x03\x01\x00\x05hello")
        with suppress(ConnectionResetError):
            everything(connection)


def test_tls_that_goes_wrong_later_is_the_end(interception: Interception) -> None:
    """A record that is none."""
    with secured(interception) as connection:
        with socket.socket(fileno=os.dup(connection.fileno())) as bare:
            bare.sendall(b"\x17\x03\x03\x00\x05hello")
        assert is_reset(connection)


@pytest.mark.parametrize("sent", [b"", b"CONNECT api.useapi.net", b"\0api", b"\x16\x03"], ids=repr)
def test_client_that_does_not_go_on_is_not_waited_for_for_ever(
    interception: Interception, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start of a connection there is a limit."""
    monkeypatch.setattr(endpoint, "_PATIENCE", 0.1)
    with to_proxy(interception) as connection:
        connection.sendall(sent)
        with suppress(ConnectionResetError):
            assert everything(connection) == b""


def test_client_that_does_not_trust_the_certificate_is_told_of(interception: Interception) -> None:
    """One with CAs of its own, say: it makes no call, and its author wants to know why."""
    with pytest.raises(ssl.SSLCertVerificationError), tunnelled(interception) as connection:
        ssl.create_default_context(cadata=None).wrap_socket(connection, server_hostname="api.useapi.net")
    works(interception)
    assert interception.distrusted() == 1


def test_more_connections_than_there_may_be_wait(interception: Interception, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are served once there is room."""
    monkeypatch.setattr(endpoint, "CONNECTIONS", 3)
    with ExitStack() as held:
        held_open = [held.enter_context(secured(interception)) for _ in range(3)]
        waiting = held.enter_context(to_proxy(interception))
        waiting.sendall(b"CONNECT other:1 HTTP/1.1\r\n\r\n")
        waiting.settimeout(0.2)
        with pytest.raises(TimeoutError):
            waiting.recv(100)
        held_open[0].sendall(HELLO)
        assert everything(held_open[0])
        held_open[0].close()
        waiting.settimeout(10)
        assert until(waiting, b"\r\n\r\n").startswith(b"HTTP/1.1 403 ")


def test_all_is_over_at_once_while_the_client_holds_on(server: Server, tmp_path: Path) -> None:
    """Connections in every state; no thread, no file, no port is left."""
    with ExitStack() as held:
        with intercepting(server.url, tmp_path) as interception:
            opened = [
                to_proxy(interception),
                tunnelled(interception),
                secured(interception),
                tunnelled(interception, server.url.removeprefix("http://").encode()),
            ]
            for connection in opened:
                held.enter_context(connection)
            half = held.enter_context(to_proxy(interception))
            half.sendall(b"POST http://api.useapi.net/ HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
            threads = threading.active_count()
            started = time.monotonic()
        assert time.monotonic() - started < 1
        assert threading.active_count() <= threads - 1
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(ConnectionRefusedError):
            to_proxy(interception)


def test_interceptions_in_one_process_do_not_meet(tmp_path: Path) -> None:
    """Each has its port, its CA and its mock; those of twenty threads at once."""

    def own(number: int) -> tuple[bytes, int]:
        def behave(connection: socket.socket) -> bytes:
            until(connection, b"\r\n\r\n")
            connection.sendall(b"%d" % number)
            return b""

        with serving(behave) as server, intercepting(server.url, tmp_path) as interception:
            came = b""
            for _ in range(5):
                with secured(interception) as connection:
                    connection.sendall(HELLO)
                    came = everything(connection)
            asked(interception, b"CONNECT other:%d HTTP/1.1\r\n\r\n" % (number + 1))
            return came, interception.elsewhere()[0].port

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(own, range(20))) == [(b"%d" % number, number + 1) for number in range(20)]


def test_ca_of_one_interception_is_not_trusted_in_another(server: Server, tmp_path: Path) -> None:
    """Each makes its own, and forgets the key."""
    with intercepting(server.url, tmp_path) as one, intercepting(server.url, tmp_path) as other:
        trust = ssl.create_default_context(cafile=one.environment["SSL_CERT_FILE"])
        with pytest.raises(ssl.SSLCertVerificationError), tunnelled(other) as connection:
            trust.wrap_socket(connection, server_hostname="api.useapi.net")
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path for path in kept if "PRIVATE KEY" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("target", ["127.0.0.1:8596", "https://127.0.0.1:8596", "http://127.0.0.1", ""])
def test_target_has_to_be_an_address(tmp_path: Path, target: str) -> None:
    """Scheme, host and port."""
    with pytest.raises(ValueError, match="the mock's address must be of the form"), intercepting(target, tmp_path):
        pass


def test_what_is_raised_inside_gets_out(server: Server, tmp_path: Path) -> None:
    """And all is cleared away."""
    with pytest.raises(KeyError), intercepting(server.url, tmp_path):
        raise KeyError
    assert list(tmp_path.iterdir()) == []

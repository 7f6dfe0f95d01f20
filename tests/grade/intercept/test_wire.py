"""What passes between client and mock passes unchanged: bytes, ends, resets."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.grade.intercept import Interception, intercepting
from grade.intercept.peers import (
    SECONDS,
    Server,
    asked,
    echo,
    everything,
    hang_up,
    is_reset,
    secured,
    serving,
    to_proxy,
    tunnelled,
    until,
)

ODD = (
    b"POST /v2/pixverse/videos/user:1-pixverse:a@b.c-video:1/%75ser%3a1?a=%zz&b=\xff HTTP/1.1\r\n"
    b"zeta: 1\r\nhOST:   api.useapi.net\r\nAlpha:2 \r\nzeta: 3\r\nContent-Length: 5\r\n\r\nhello"
)
PIPELINED = b"GET /one HTTP/1.1\r\nHost: api.useapi.net\r\n\r\n" * 3


@contextmanager
def between(
    behave: Callable[[socket.socket], bytes], folder: Path, *hosts: str
) -> Iterator[tuple[Server, Interception]]:
    """A server that behaves so, and an interception that leads to it."""
    with serving(behave) as server, intercepting(server.url, folder, hosts or ("api.useapi.net",)) as interception:
        yield server, interception


@contextmanager
def echoing(folder: Path) -> Iterator[Interception]:
    """An interception that leads to a server which sends back whatever comes, as it comes."""

    def behave(connection: socket.socket) -> bytes:
        while data := connection.recv(65_536):
            connection.sendall(data)
        return b""

    with between(behave, folder) as (_, interception):
        yield interception


@pytest.mark.parametrize("sent", [ODD, PIPELINED, b"no HTTP at all \x00\xff", b"GET / HTT"], ids=repr)
def test_mock_gets_what_was_sent_by_tls_byte_by_byte(tmp_path: Path, sent: bytes) -> None:
    """Paths, order and case of headers, several requests at once, nonsense."""
    with between(everything, tmp_path) as (server, interception), secured(interception) as connection:
        connection.sendall(sent)
        connection.unwrap()
    assert server.told == [sent]


def test_any_bytes_pass_in_both_directions(tmp_path: Path) -> None:
    """In pieces of any size, over one connection."""
    with echoing(tmp_path) as interception, secured(interception) as connection:

        @given(st.lists(st.binary(min_size=1, max_size=70_000), min_size=1, max_size=5))
        def passes(pieces: list[bytes]) -> None:
            came = b""
            for piece in pieces:
                connection.sendall(piece)
            while len(came) < sum(map(len, pieces)):
                came += connection.recv(65_536)
            assert came == b"".join(pieces)

        passes()


def test_client_that_only_sends_does_not_stall_what_the_mock_sends(tmp_path: Path) -> None:
    """4 MB up and 4 MB down at once, while the client does not read: each direction waits for itself alone."""
    size = 4_000_000
    all_sent = Event()

    def behave(connection: socket.socket) -> bytes:
        connection.sendall(b"d" * 200_000)
        came = 0
        while came < size and (data := connection.recv(65_536)):
            came += len(data)
        all_sent.set()
        connection.sendall(b"d" * (size - 200_000))
        return b""

    with between(behave, tmp_path) as (_, interception), secured(interception) as connection:
        connection.sendall(b"u" * size)
        assert all_sent.wait(SECONDS)
        assert len(everything(connection)) == size


def test_client_that_ended_its_sending_gets_its_answer(tmp_path: Path) -> None:
    """By TLS's own goodbye, too."""

    def behave(connection: socket.socket) -> bytes:
        came = everything(connection)
        connection.sendall(b"answer")
        return came

    with between(behave, tmp_path) as (server, interception), tunnelled(interception) as connection:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        trust = ssl.create_default_context(cafile=interception.environment["SSL_CERT_FILE"])
        tls = trust.wrap_bio(incoming, outgoing, server_hostname="api.useapi.net")

        def pumped(step: Callable[[], object]) -> object:
            while True:
                try:
                    done = step()
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(connection.recv(65_536))
                else:
                    connection.sendall(outgoing.read())
                    return done

        pumped(tls.do_handshake)
        pumped(lambda: tls.write(b"question"))
        with pytest.raises(ssl.SSLWantReadError):
            tls.unwrap()
        assert pumped(lambda: tls.read(100)) == b"answer"
    assert server.told == [b"question"]


@pytest.mark.parametrize("first", [b"", b"half an ans"])
def test_reset_by_the_mock_reaches_the_client(tmp_path: Path, first: bytes) -> None:
    """After what was sent before it."""

    def behave(connection: socket.socket) -> bytes:
        came = until(connection, b"one")
        connection.sendall(first)
        if b"two" not in came:
            until(connection, b"two")
        hang_up(connection)
        return b""

    with between(behave, tmp_path) as (_, interception), secured(interception) as connection:
        connection.sendall(b"one")
        if first:
            assert connection.recv(100) == first
        connection.sendall(b"two")
        assert is_reset(connection)


def test_cut_by_the_mock_is_an_end_to_the_client(tmp_path: Path) -> None:
    """A proper one: TLS says goodbye, so that it is the body which is too short."""

    def behave(connection: socket.socket) -> bytes:
        until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return b""

    with between(behave, tmp_path) as (_, interception), secured(interception) as connection:
        connection.sendall(PIPELINED)
        assert everything(connection).endswith(b"half")


def test_early_answer_reaches_a_client_whose_body_nobody_reads(tmp_path: Path) -> None:
    """The mock answers and closes; what the client goes on to send breaks the connection, as it would without us."""

    def behave(connection: socket.socket) -> bytes:
        until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        return b""

    with between(behave, tmp_path) as (_, interception), secured(interception) as connection:
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe|EOF"):
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n" + b"x" * 50_000_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_client_that_goes_abruptly_resets_the_mock(tmp_path: Path) -> None:
    """As a process that is killed does."""
    seen: list[str] = []
    come = Event()

    def behave(connection: socket.socket) -> bytes:
        until(connection, b"\r\n\r\n")
        come.set()
        try:
            connection.recv(100)
        except ConnectionResetError as error:
            seen.append(type(error).__name__)
        return b""

    with between(behave, tmp_path) as (server, interception):
        connection = secured(interception)
        connection.sendall(PIPELINED)
        assert come.wait(SECONDS)
        hang_up(connection)
        wait_for(lambda: bool(server.told))
    assert seen == ["ConnectionResetError"]


def test_nobody_at_the_target_is_a_reset(tmp_path: Path) -> None:
    """The mock may have ended before the client."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with intercepting(url, tmp_path) as interception, secured(interception) as connection:
        assert is_reset(connection)


def test_several_hosts_lead_to_the_mock(tmp_path: Path) -> None:
    """Each with its certificate."""
    with between(echo, tmp_path, "api.useapi.net", "Media.PixVerse.ai") as (server, interception):
        for host in ("api.useapi.net", "media.pixverse.ai"):
            with secured(interception, host) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host.encode())
                assert everything(connection).startswith(b"HTTP/1.1 200 OK")
    assert [told.rpartition(b" ")[2] for told in server.told] == [b"api.useapi.net", b"media.pixverse.ai"]


def test_tls_without_connect_leads_to_the_mock(tmp_path: Path) -> None:
    """As Node comes, and `curl --connect-to`."""
    with between(echo, tmp_path) as (_, interception):
        trust = ssl.create_default_context(cafile=interception.environment["SSL_CERT_FILE"])
        with trust.wrap_socket(to_proxy(interception), server_hostname="api.useapi.net") as connection:
            connection.sendall(PIPELINED)
            assert everything(connection).startswith(b"HTTP/1.1 200 OK")


def test_no_tls_in_a_tunnel_leads_to_the_mock(tmp_path: Path) -> None:
    """As `curl --proxytunnel http://` comes."""
    with between(echo, tmp_path) as (server, interception), tunnelled(interception, b"api.useapi.net:80") as connection:
        connection.sendall(PIPELINED)
        assert everything(connection).startswith(b"HTTP/1.1 200 OK")
    assert server.told == [PIPELINED.partition(b"\r\n\r\n")[0]]


@pytest.mark.parametrize("scheme", [b"http", b"HTTPS"])
@pytest.mark.parametrize(
    ("target", "path"), [(b"", b"/"), (b"?a=1", b"/?a=1"), (b"/a%3Ab:c?d#e", b"/a%3Ab:c?d#e")], ids=repr
)
def test_request_in_the_clear_loses_its_host_and_no_more(
    tmp_path: Path, scheme: bytes, target: bytes, path: bytes
) -> None:
    """With https:// it is one of axios, which asks its proxy so."""
    rest = b" HTTP/1.1\r\nHost: api.useapi.net\r\nProxy-Connection: x\r\n b: c\r\n\r\n"
    with between(everything, tmp_path) as (server, interception), to_proxy(interception) as connection:
        connection.sendall(b"GET " + scheme + b"://api.USEAPI.net." + target + rest)
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection) == b""
    assert server.told == [b"GET " + path + rest]


def test_requests_in_the_clear_follow_each_other(tmp_path: Path) -> None:
    """Each ends where its body ends, however that is told; what is no HTTP is passed on as it is."""
    one = b"POST http://api.useapi.net/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    two = (
        b"POST http://api.useapi.net/2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nGET\r\n0\r\n\r\n"
    )
    three = b"GET http://api.useapi.net/3 HTTP/1.1\r\nHost: a\r\n\r\n"
    nonsense = b"GET http://api.useapi.net/4 HTTP/9\r\n\r\nGET http://api.useapi.net/5 HTTP/1.1\r\n\r\n"
    with between(everything, tmp_path) as (server, interception), to_proxy(interception) as connection:
        connection.sendall(one + two + three + nonsense)
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection) == b""
    assert server.told == [(one + two + three).replace(b"http://api.useapi.net", b"") + nonsense]


def test_loopback_is_passed_on(tmp_path: Path) -> None:
    """A tunnel, and a request in the clear; also on a connection that was used for the API before."""

    def here(connection: socket.socket) -> bytes:
        return echo(connection)

    def api(connection: socket.socket) -> bytes:
        until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nAPI")
        return everything(connection)

    with serving(here) as local, between(api, tmp_path) as (_, interception):
        address = local.url.removeprefix("http://").encode()
        with tunnelled(interception, address) as connection:
            connection.sendall(PIPELINED)
            assert everything(connection).startswith(b"HTTP/1.1 200 OK")
        with to_proxy(interception) as connection:
            connection.sendall(b"GET http://api.useapi.net/ HTTP/1.1\r\nHost: a\r\n\r\n")
            assert until(connection, b"API").endswith(b"API")
            named = address.replace(b"127.0.0.1", b"localhost")
            connection.sendall(b"GET http://%b/here HTTP/1.1\r\nHost: a\r\n\r\n" % named)
            assert everything(connection).startswith(b"HTTP/1.1 200 OK")
        assert interception.elsewhere() == []
    assert local.told[1].startswith(b"GET /here HTTP/1.1")


def test_nobody_on_loopback_is_a_bad_gateway(tmp_path: Path) -> None:
    """In the clear there is a way to say so."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with between(echo, tmp_path) as (_, interception):
        answer = asked(interception, b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: a\r\n\r\n" % port)
    assert answer.startswith(b"HTTP/1.1 502 "), answer


def wait_for(condition: Callable[[], bool]) -> None:
    """Fail if it does not come true in time."""
    pause = Event()
    for _ in range(SECONDS * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("what was waited for has not happened")

"""What becomes of a connection on which something went wrong on purpose, and of the server that holds it."""

import gc
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event
from typing import Any, Final

import pytest
import requests
from uvicorn.server import ServerState

from live import serving
from mockserver import Api, Settings
from mockserver.server import running
from server.test_wire import (
    ACCOUNT,
    AUTHORIZATION,
    JSON,
    NONSENSE,
    PAGE,
    UPSCALE,
    exchange,
    request,
    silent,
    to_the_end,
    whole,
)

HEAD: Final = request("HEAD /v2/account HTTP/1.1", AUTHORIZATION)
SUBMIT: Final = request(
    UPSCALE, AUTHORIZATION, JSON, body=b'{"video_id": "user:12345-pixverse:demo@example.com-video:11223344"}'
)
CUTS: Final = ("connection-reset", "empty-answer", "truncated-body")
BODY_SECONDS: Final = 0.2
LONG: Final = 600
"""Seconds that no test waits."""


class Server:
    """A mock over a socket; `state` is what uvicorn holds of it."""

    def __init__(self, api: Api, url: str, state: ServerState | None = None) -> None:
        self.api = api
        self.url = url
        host, _, port = url.removeprefix("http://").partition(":")
        self.address = host, int(port)
        self._state = state

    def suffer(self, *rules: dict[str, Any]) -> None:
        """Put a fault plan in."""
        suffer(self.url, *rules)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=10)

    def seen(self) -> list[str]:
        """The operations of the requests that were looked at."""
        return [exchange.operation for exchange in self.api.runtime.guarded(b"Bearer user:12345-demo").journal]

    def wait_until_all_are_gone(self) -> None:
        """Fail if it holds on to connections whose clients are gone."""
        state = self._state
        assert state is not None
        wait_for(lambda: not state.connections)


def suffer(url: str, *rules: dict[str, Any]) -> None:
    control(url, "PUT", "faults", {"faults": rules})


def control(url: str, method: str, path: str, body: Any = None) -> None:
    headers = {"Authorization": "Bearer user:12345-demo"}
    answer = requests.request(method, f"{url}/__mock/{path}", json=body, headers=headers, timeout=10)
    assert answer.ok, answer.text


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    """A mock with manual clocks, whose bugs are raised."""
    api = Api(Settings(strict=True, clock="manual"))
    others = server_states()
    with running(api) as url:
        (state,) = [found for found in server_states() if found not in others]
        # The threads of courier and pages are there before a test begins that counts them.
        api.courier  # noqa: B018
        assert requests.get(f"{url}/openapi.json", timeout=10).ok
        yield Server(api, url, state)


def server_states() -> list[ServerState]:
    """Those of all servers in this process; `running` keeps its own to itself."""
    return [found for found in gc.get_objects() if isinstance(found, ServerState)]


@pytest.fixture
def server(shared: Server) -> Iterator[Server]:
    """That mock with a fresh sandbox. When a test is over, its connections are, too."""
    control(shared.url, "POST", "reset")
    yield shared
    shared.wait_until_all_are_gone()


def wait_for(condition: Callable[[], bool]) -> None:
    """Fail if it does not come true within 5 s."""
    pause = Event()
    for _ in range(500):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("what was waited for has not happened")


def leave(connection: socket.socket, *, abruptly: bool) -> None:
    """Close; abruptly is as a process that is killed with bytes unread."""
    if abruptly:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def received_until_it_breaks(connection: socket.socket) -> bytes:
    """What comes before the connection is closed or reset."""
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


# The next request


@pytest.mark.parametrize("fault", CUTS)
def test_next_connection_works(server: Server, fault: str) -> None:
    """Only the one that was struck is lost."""
    server.suffer({"fault": fault, "operation": "getUser"})
    with server.connect() as connection:
        connection.sendall(ACCOUNT)
        received_until_it_breaks(connection)
    assert exchange(server.address, ACCOUNT).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("fault", [*CUTS, "no-answer", "slow-body"])
def test_other_connections_are_not_touched(server: Server, fault: str) -> None:
    """One that is open already is used again, before, while and after the struck one suffers."""
    server.suffer({"fault": fault, "operation": "getUser"})
    with server.connect() as other, server.connect() as struck:
        answered(other, SUBMIT)
        struck.sendall(ACCOUNT)
        answered(other, SUBMIT)
        struck.close()
        answered(other, SUBMIT)


def answered(connection: socket.socket, sent: bytes) -> None:
    """Fail if this request gets no good answer."""
    connection.sendall(sent)
    received = b""
    while not whole(received):
        chunk = connection.recv(65_536)
        assert chunk, received
        received += chunk
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_connection_of_a_slow_body_is_used_again(server: Server) -> None:
    """The client knows where the body ended."""
    server.suffer({"fault": "slow-body", "seconds": BODY_SECONDS, "operation": "getUser"})
    with server.connect() as connection:
        answered(connection, ACCOUNT)
        answered(connection, ACCOUNT)
    assert server.seen() == ["getUser", "getUser"]


def test_slow_body_ends_a_connection_that_is_to_be_closed(server: Server) -> None:
    """The client said so, and is told so."""
    server.suffer({"fault": "slow-body", "seconds": BODY_SECONDS})
    with server.connect() as connection:
        connection.sendall(request("GET /v2/account HTTP/1.1", AUTHORIZATION, "Connection: close"))
        received = received_until_it_breaks(connection)
    assert b"connection: close\r\n" in received
    assert whole(received) == 1


def test_faults_strike_one_connection_after_the_other(server: Server) -> None:
    """A client that tries again meets the next one."""
    server.suffer(*({"fault": fault, "operation": "getUser"} for fault in CUTS))
    received = []
    for _ in range(4):
        with server.connect() as connection:
            connection.sendall(request("GET /v2/account HTTP/1.1", AUTHORIZATION, "Connection: close"))
            received.append(received_until_it_breaks(connection))
    assert [bool(each) for each in received] == [False, False, True, True]
    assert [whole(each) for each in received[2:]] == [0, 1]


# Requests behind a struck one


@pytest.mark.parametrize("more", [ACCOUNT, PAGE, ACCOUNT + PAGE + ACCOUNT, NONSENSE])
def test_requests_behind_a_slow_body_wait_for_its_end(server: Server, more: bytes) -> None:
    """No answer stands inside another."""
    server.suffer({"fault": "slow-body", "seconds": BODY_SECONDS, "operation": "upscaleVideo"})
    with server.connect() as connection:
        connection.sendall(SUBMIT + more)
        connection.shutdown(socket.SHUT_WR)
        statuses = to_the_end(connection)
    assert statuses == [200, 400] if more is NONSENSE else [200] * (1 + more.count(b"GET "))


@pytest.mark.parametrize("fault", CUTS)
def test_requests_behind_a_cut_are_not_carried_out(server: Server, fault: str) -> None:
    """They are lost with the connection."""
    server.suffer({"fault": fault, "operation": "getUser"})
    with server.connect() as connection:
        connection.sendall(ACCOUNT + SUBMIT + PAGE + NONSENSE)
        received_until_it_breaks(connection)
    server.wait_until_all_are_gone()
    assert server.seen() == ["getUser"]


@pytest.mark.parametrize("more", [SUBMIT, PAGE, SUBMIT[:40]])
def test_requests_behind_no_answer_wait_for_ever(server: Server, more: bytes) -> None:
    """Whether they came with it or later."""
    server.suffer({"fault": "no-answer", "operation": "getUser"})
    with server.connect() as connection:
        connection.sendall(ACCOUNT + more)
        silent(connection)
        connection.sendall(more)
        silent(connection)
    server.wait_until_all_are_gone()
    assert server.seen() == ["getUser"]


# HEAD, which has no body to suffer


@pytest.mark.parametrize("fault", ["truncated-body", "slow-body", "malformed-json", "wrong-content-type"])
def test_head_of_an_answer_is_whole(server: Server, fault: str) -> None:
    """What happens to a body happens to none."""
    server.suffer({"fault": fault})
    with server.connect() as connection:
        connection.sendall(HEAD)
        received = connection.recv(65_536)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("fault", ["connection-reset", "empty-answer"])
def test_head_is_cut_like_any_other(server: Server, fault: str) -> None:
    """Not a byte comes."""
    server.suffer({"fault": fault})
    with server.connect() as connection:
        connection.sendall(HEAD)
        assert received_until_it_breaks(connection) == b""


# Clients that go, or end their sending


@pytest.mark.parametrize("abruptly", [False, True])
@pytest.mark.parametrize("more", [b"", SUBMIT, SUBMIT[:40], PAGE, NONSENSE])
@pytest.mark.parametrize("fault", ["no-answer", "slow-body"])
def test_client_that_goes_leaves_nothing_behind(server: Server, fault: str, more: bytes, abruptly: bool) -> None:  # noqa: FBT001
    """In the middle of a body or while it waits, whatever it sent besides."""
    seconds = {"seconds": 4.0} if fault == "slow-body" else {}
    server.suffer({"fault": fault, **seconds})
    connection = server.connect()
    connection.sendall(ACCOUNT + more)
    if fault == "slow-body":
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
    else:
        wait_for(lambda: server.seen() == ["getUser"])
    leave(connection, abruptly=abruptly)
    server.wait_until_all_are_gone()


def test_client_that_has_ended_its_sending_gets_no_answer(server: Server) -> None:
    """But the end of the connection, since nothing shows whether it still waits."""
    server.suffer({"fault": "no-answer"})
    with server.connect() as connection:
        connection.sendall(ACCOUNT)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_client_that_has_ended_its_sending_gets_its_slow_body(server: Server) -> None:
    """To its end."""
    server.suffer({"fault": "slow-body", "seconds": BODY_SECONDS})
    with server.connect() as connection:
        connection.sendall(ACCOUNT)
        connection.shutdown(socket.SHUT_WR)
        assert to_the_end(connection) == [200]


@pytest.mark.parametrize("fault", [*CUTS, "no-answer"])
def test_client_that_went_before_its_late_answer_leaves_nothing_behind(server: Server, fault: str) -> None:
    """The answer suffers what it would, without anybody there."""
    control(server.url, "POST", "clock/speed", {"speed": 1})
    server.suffer({"fault": "latency", "seconds": 0.1}, {"fault": fault})
    with server.connect() as connection:
        connection.sendall(ACCOUNT)
        wait_for(lambda: server.seen() == ["getUser"])
    server.wait_until_all_are_gone()


# The end of the server


@pytest.mark.parametrize(
    "rule",
    [{"fault": "no-answer"}, {"fault": "slow-body", "seconds": LONG}, {"fault": "latency", "seconds": LONG}],
    ids=lambda rule: str(rule["fault"]),
)
def test_end_of_the_server_leaves_nothing_open(rule: dict[str, Any]) -> None:
    """Whatever is waited for; what was left open would be a warning, and so an error."""
    api = Api(Settings(strict=True))
    with ExitStack() as stack:
        with running(api) as url:
            server = Server(api, url)
            server.suffer({**rule, "sticky": True})
            connections = [stack.enter_context(server.connect()) for _ in range(10)]
            for connection in connections:
                connection.sendall(ACCOUNT)
            wait_for(lambda: len(server.seen()) == len(connections))
        for connection in connections:
            assert not whole(received_until_it_breaks(connection))


def test_sigterm_ends_a_server_whose_clients_wait() -> None:
    """At once and with 0, though some wait for ever, some read a slow body, and some wait for a late answer."""
    with serving("--log-format", "text") as mock, ExitStack() as stack:
        suffer(
            mock.url,
            {"fault": "no-answer", "operation": "getUser", "sticky": True},
            {"fault": "slow-body", "operation": "listAccounts", "seconds": LONG, "sticky": True},
            {"fault": "latency", "operation": "listVideos", "seconds": LONG, "sticky": True},
        )
        host, _, port = mock.url.removeprefix("http://").partition(":")
        connections = []
        for path in 7 * ["/v2/account", "/v2/pixverse/accounts", "/v2/pixverse/videos"]:
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
            connection.sendall(request(f"GET {path} HTTP/1.1", AUTHORIZATION))
            connections.append(connection)
        for connection in connections[1::3]:
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
        mock.process.send_signal(signal.SIGTERM)
        assert mock.process.wait(timeout=2) == 0
        for connection in connections:
            assert not whole(received_until_it_breaks(connection))
        assert "Traceback" not in mock.printed()

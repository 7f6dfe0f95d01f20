"""Receives callbacks: a small HTTP server that counts, answers as it is told, and ends cleanly.

Whatever the other side does, it stays bounded: in connections, in bytes of a call, in calls that are kept, in time.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Final, Self

import h11

from contracts.findings import Sent, Told
from contracts.provider.safety import is_loopback

LARGEST: Final = 1_000_000
"""Bytes of a call's body that are read; a longer one is answered 413."""

MOST: Final = 10_000
"""Calls that are kept; what comes after them is answered, counted, and forgotten."""

_CONNECTIONS: Final = 64
_IDLE: Final = 10.0
"""Real seconds that a connection may wait for its next bytes."""

_SMALL: Final = 65_536

Tell = Callable[[Sent, int], Told]
"""Writes down a call and what it was answered."""


@dataclass(eq=False)
class Door:
    """An address of the receiver, for one purpose. `answer` is the status of its answers, given after `pause` real
    seconds; `told` is what came, in order.
    """

    name: str
    url: str
    answer: int = 200
    pause: float = 0.0
    told: list[Told] = field(default_factory=list)


class Receiver:
    """A receiver that listens from `with` on to its end.

    `tell` writes each call down. Without `address` it listens on a free port of loopback; with one, the provider is
    told that host and port, and the port is listened on: on loopback if the host is, else on all addresses. Raises
    OSError if the port can't be had.
    """

    def __init__(self, tell: Tell, address: tuple[str, int] | None = None) -> None:
        self.stray: list[Told] = []
        """Calls to addresses that nobody was told."""
        self.calls = 0
        """All that came, kept or not."""
        self._tell = tell
        self._doors: dict[str, Door] = {}
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self._ending = threading.Event()
        host = address[0] if address else "127.0.0.1"
        bound = ("127.0.0.1" if is_loopback(host) else "", address[1] if address else 0)
        self._server = _Server(bound, self)
        self._told_host = f"[{host}]" if ":" in host else host
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="callback receiver")

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def door(self, name: str, *, answer: int = 200, pause: float = 0.0, tail: str = "") -> Door:
        """A new address; `tail` is what its URL has behind the path that tells it from others."""
        path = f"/{len(self._doors)}/{name}{tail}"
        door = Door(name, f"http://{self._told_host}:{self.port}{path}", answer, pause)
        self._doors[path] = door
        return door

    def wait(self, seconds: float, until: Callable[[], bool]) -> bool:
        """Wait at most so many real seconds until something is true, looked at after each call; whether it is."""
        with self._came:
            return self._came.wait_for(until, seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def take(self, sent: Sent, target: str) -> int:
        """Write a call down, wait as its door says, and give the status to answer."""
        door = self._doors.get(target)
        answered = 404 if door is None else door.answer
        with self._came:
            self.calls += 1
            if self.calls <= MOST:
                told = self._tell(sent, answered)
                (self.stray if door is None else door.told).append(told)
            self._came.notify_all()
        if door is not None and door.pause:
            self._ending.wait(door.pause)
        return answered


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        self.receiver = receiver
        self.open: set[socket.socket] = set()
        self.guard = threading.Lock()
        super().__init__(address, _Handler)

    def verify_request(self, _request: object, _client_address: object) -> bool:
        """No more connections at once than these; another one is closed."""
        return len(self.open) < _CONNECTIONS

    def hang_up(self) -> None:
        """End the connections that are open, so that nobody waits for their next call."""
        with self.guard:
            for connection in self.open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """The caller may go whenever it likes."""


class _Handler(BaseRequestHandler):
    server: _Server
    request: socket.socket

    def setup(self) -> None:
        self.request.settimeout(_IDLE)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.server.guard:
            self.server.open.add(self.request)

    def finish(self) -> None:
        with self.server.guard:
            self.server.open.discard(self.request)

    def handle(self) -> None:
        """Serve a connection, call after call, until one side ends it."""
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=_SMALL)
        with suppress(OSError, h11.RemoteProtocolError, h11.LocalProtocolError):
            while self._one(http):
                http.start_next_cycle()

    def _one(self, http: h11.Connection) -> bool:
        """One call; whether another may follow."""
        # A body that comes drop by drop ends at some time, too.
        until = time.monotonic() + 3 * _IDLE
        request: h11.Request | None = None
        body = b""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                if time.monotonic() > until:
                    return False
                if http.they_are_waiting_for_100_continue:
                    self._send(http, h11.InformationalResponse(status_code=100, headers=[]))
                http.receive_data(self.request.recv(_SMALL))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > LARGEST:
                    self._answer(http, 413)
                    return False
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                self._answer(http, self._take(request, body))
                return http.our_state is h11.DONE and http.their_state is h11.DONE
            else:
                return False

    def _take(self, request: h11.Request, body: bytes) -> int:
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw_items()
        )
        target = request.target.decode("latin-1")
        host = next((value for name, value in headers if name.lower() == "host"), "")
        sent = Sent(request.method.decode("latin-1"), f"http://{host}{target}", headers, body)
        return self.server.receiver.take(sent, target)

    def _answer(self, http: h11.Connection, status: int) -> None:
        text = b"ok" if status < 300 else b"no"
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))]
        self._send(http, h11.Response(status_code=status, headers=headers))
        self._send(http, h11.Data(data=text))
        self._send(http, h11.EndOfMessage())

    def _send(self, http: h11.Connection, event: h11.Event) -> None:
        self.request.sendall(http.send(event) or b"")

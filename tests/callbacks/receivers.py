"""Receivers of callbacks: real HTTP servers on threads, that answer as a test says and keep what came."""

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Event, Thread
from typing import Any, Final

PATIENCE: Final = 20
"""Seconds after which something that was waited for counts as missing."""


@dataclass(frozen=True)
class Received:
    """A call: its headers (names in lower case) and its body."""

    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The content as JSON."""
        return json.loads(self.content)

    @property
    def told(self) -> tuple[str, str]:
        """The video and the status that it tells."""
        return self.body["video_id"], self.body["video_status_name"]


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b"ok"


Raw = Iterable[bytes]
"""Pieces of an answer that is sent as it stands; the connection is closed behind it."""

Answering = Callable[[Received], Reply | Raw]


class Receiver:
    """What a receiver is known by: its address, how it answers, what came."""

    def __init__(self, url: str, answer: Answering) -> None:
        self.url = url
        self.answer = answer
        self.received: list[Received] = []
        self.arrived: Queue[Received] = Queue()
        self.released = Event()
        """Set at the end at the latest: what an answer that hangs waits for."""
        self.failures: list[BaseException] = []

    @property
    def told(self) -> list[tuple[str, str]]:
        """The videos and statuses that came."""
        return [received.told for received in self.received]

    @property
    def statuses(self) -> list[str]:
        """The statuses that came."""
        return [status for _, status in self.told]

    def next(self) -> Received:
        """The next call; fails if it does not come."""
        return self.arrived.get(timeout=PATIENCE)

    def hang(self, _: Received) -> Reply:
        """Answer when released, and not before."""
        self.released.wait(PATIENCE)
        return Reply()


def in_turn(*replies: Reply | Raw) -> Answering:
    """These answers one after the other, the last of them for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def always(status: int, **headers: str) -> Answering:
    """The same status for every call; the names of headers come with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return in_turn(Reply(status, named))


def _content(_: Received) -> Reply:
    return Reply()


@contextmanager
def receiving(answer: Answering = _content) -> Iterator[Receiver]:
    """A receiver on a free port of 127.0.0.1. Raises at the end what `answer` raised, if it did."""
    with _Server(answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="receiver")
        thread.start()
        try:
            yield server.receiver
        finally:
            server.receiver.released.set()
            server.shutdown()
            thread.join()
            server.hang_up()
    for failure in server.receiver.failures:
        raise failure


@contextmanager
def nobody() -> Iterator[str]:
    """An address at which connections are refused: its port is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/hook"


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, answer: Answering) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = Receiver(f"http://127.0.0.1:{self.server_address[1]}/hook", answer)
        self.open: set[socket.socket] = set()

    def hang_up(self) -> None:
        """End the connections that are still open, so that nobody waits for their next request."""
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The sender may go whenever it likes."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        self.server.open.add(self.request)
        super().setup()

    def finish(self) -> None:
        self.server.open.discard(self.request)
        super().finish()

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        received = Received({name.lower(): value for name, value in self.headers.items()}, content)
        receiver = self.server.receiver
        receiver.received.append(received)
        receiver.arrived.put(received)
        try:
            reply = receiver.answer(received)
        except BaseException as failure:
            receiver.failures.append(failure)
            reply = Reply(500)
        if isinstance(reply, Reply):
            self._send(reply)
        else:
            self.close_connection = True
            for piece in reply:
                self.wfile.write(piece)

    def do_GET(self) -> None:
        """Who follows a redirect ends here."""
        self.server.receiver.failures.append(AssertionError(f"GET {self.path}"))
        self._send(Reply())

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    def log_message(self, *_: Any) -> None:
        """Nothing: what came is kept."""

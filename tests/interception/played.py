"""The same answers twice: written to a real socket, and given by a mock in process. What goes wrong is the same."""

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from mockserver.api import Api
from mockserver.interception.conversion import body, half, headers, phrase, pieces, suffers
from mockserver.journal import Exchange
from mockserver.message import Request, Response, Suffering, Wire
from mockserver.mock import Mock

BODY = b'{"data": [1, 2, 3, 4, 5, 6, 7, 8]}'
GOOD = Response(200, [(b"content-type", b"application/json")], BODY)


def ailing(suffering: Suffering, seconds: float = 0.0) -> Response:
    """An answer that the wire does this to."""
    return Response(200, [(b"content-type", b"application/json")], BODY, wire=Wire(suffering, seconds))


class Script:
    """Answers in order, of which the last one stays.

    `asked` are the methods and bodies of the requests, `patience` what those in process told of the client's.
    """

    def __init__(self, answers: Sequence[Response]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, bytes]] = []
        self.patience: list[float | None] = []

    def next(self, method: str, content: bytes) -> Response:
        """The answer to the next request."""
        self.asked.append((method, content))
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


def in_process(api: Api, script: Script) -> Mock:
    """A mock that answers by a script whatever is asked."""
    mock = Mock(api)

    def exchange(request: Request) -> Exchange:
        script.patience.append(request.patience)
        return Exchange(request, script.next(request.method, request.body), "", "scripted")

    mock.exchange = exchange
    return mock


@contextmanager
def on_a_socket(script: Script) -> Iterator[str]:
    """The address of a server that answers by a script, one connection after the other."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            with connection, suppress(OSError):
                while _answer(connection, script):
                    pass

    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for each in (listener, *held):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _answer(connection: socket.socket, script: Script) -> bool:
    """Answer one request; returns whether another one may follow."""
    sent = b""
    while b"\r\n\r\n" not in sent:
        if not (more := connection.recv(65_536)):
            return False
        sent += more
    head, _, rest = sent.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(rest) < length:
        rest += connection.recv(65_536)
    method = head.split()[0].decode()
    return _write(connection, script.next(method, rest), method)


def _write(connection: socket.socket, response: Response, method: str) -> bool:
    suffering, whole = suffers(response), body(response, method)
    first = f"HTTP/1.1 {response.status} {phrase(response)}\r\n".encode("latin-1")
    head = first + b"".join(b"%b: %b\r\n" % each for each in headers(response)) + b"\r\n"
    match suffering:
        case None:
            connection.sendall(head + whole)
            return True
        case Suffering.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        case Suffering.TRUNCATED:
            connection.sendall(head + half(whole))
        case Suffering.UNANSWERED:
            _await_end(connection)
        case Suffering.DRIBBLED:
            connection.sendall(head)
            if response.wire is not None and response.wire.seconds:
                _await_end(connection)
            else:
                for piece in pieces(whole):
                    connection.sendall(piece)
                return True
    return False


def _await_end(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


@dataclass
class Told:
    """What a client came away with: a result, or an error as its kinds down to the cause, and its text."""

    result: Any = None
    kinds: list[Any] = field(default_factory=list)
    text: str = ""


def kinds(error: BaseException | None) -> list[Any]:
    """The class of an error, those of the errors in it, then the same of what led to it."""
    if error is None:
        return []
    inside = [kinds(each) for each in (*error.args, getattr(error, "reason", None)) if isinstance(each, BaseException)]
    return [f"{type(error).__module__}.{type(error).__name__}", inside, kinds(error.__cause__ or error.__context__)]

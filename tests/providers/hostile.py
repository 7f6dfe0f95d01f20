"""Providers that are none: they hang, reset, flood, babble, or send elsewhere. No part of the matrix."""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Final

_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
_HEAD_BYTES: Final = 65_536
_MEBIBYTE: Final = b"x" * 1_048_576


@dataclass
class Hostile:
    """One that runs: its address, the heads of the requests that came, and those that came to the other host."""

    url: str
    elsewhere: str
    heads: list[bytes] = field(default_factory=list)
    strayed: list[bytes] = field(default_factory=list)
    over: Event = field(default_factory=Event)
    """Set at the end: what hangs waits for it."""

    def token_strayed(self, token: str) -> bool:
        """Whether the other host was told the token, anywhere in a request."""
        return any(token.encode() in head for head in self.strayed)


Behaviour = Callable[[Hostile, socket.socket, bytes], None]
"""What becomes of a connection once the head of a request has come."""


def hangs(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """No byte of an answer comes."""
    hostile.over.wait()


def hangs_in_the_body(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """The head of an answer comes at once, its body never."""
    connection.sendall(_OK + b"content-length: 100\r\n\r\n{")
    hostile.over.wait()


def drips(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """A byte comes now and then, so that no time-out between two of them ever strikes."""
    connection.sendall(_OK + b"content-length: 100000\r\n\r\n")
    while not hostile.over.wait(0.2):
        connection.sendall(b" ")


def resets(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """The connection is reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closes(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """The connection is closed without an answer."""


def floods(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """The answer is 10 MB long."""
    connection.sendall(_OK + b"content-length: %d\r\n\r\n" % (10 * len(_MEBIBYTE)))
    for _ in range(10):
        connection.sendall(_MEBIBYTE)


def floods_for_ever(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """The answer has no end."""
    connection.sendall(_OK + b"transfer-encoding: chunked\r\n\r\n")
    while not hostile.over.is_set():
        connection.sendall(b"%x\r\n%b\r\n" % (len(_MEBIBYTE), _MEBIBYTE))


def floods_headers(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """The answer has a head of 10 MB."""
    connection.sendall(_OK)
    for number in range(10_000):
        connection.sendall(b"x-header-%d: %b\r\n" % (number, _MEBIBYTE[:1_000]))
    connection.sendall(b"content-length: 2\r\n\r\n{}")


def babbles(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """What comes is no HTTP."""
    connection.sendall(b"\x16\x03\x01\x00\xff220 ready\r\n\x00\xff\xfe\r\n\r\n")


def babbles_in_http(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """The answer is HTTP, what it holds is no JSON, nor text."""
    connection.sendall(_OK + b"content-length: 6\r\n\r\n\x00\xff\xfe\x80{[")


def nests(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """The answer is JSON of arrays 200,000 deep."""
    body = b"[" * 200_000 + b"]" * 200_000
    connection.sendall(_OK + b"content-length: %d\r\n\r\n%b" % (len(body), body))


def redirects(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """Every request is sent on to another host, which records what it is told."""
    place = f"{hostile.elsewhere}{head.split(b' ', 2)[1].decode('latin-1')}".encode("latin-1")
    connection.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: %b\r\ncontent-length: 0\r\n\r\n" % place)


def redirects_in_circles(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """Every request is sent on to where it came."""
    place = head.split(b" ", 2)[1]
    connection.sendall(b"HTTP/1.1 302 Found\r\nlocation: %b\r\ncontent-length: 0\r\n\r\n" % place)


def answers_anything(hostile: Hostile, connection: socket.socket, head: bytes) -> None:
    """Every request is answered 200 with an empty object."""
    connection.sendall(_OK + b"content-length: 2\r\n\r\n{}")


HOSTILE: Final[dict[str, Behaviour]] = {
    behaviour.__name__.replace("_", "-"): behaviour
    for behaviour in (
        hangs,
        hangs_in_the_body,
        drips,
        resets,
        closes,
        floods,
        floods_for_ever,
        floods_headers,
        babbles,
        babbles_in_http,
        nests,
        redirects,
        redirects_in_circles,
        answers_anything,
    )
}


@contextmanager
def besieging(behaviour: Behaviour, port: int = 0) -> Iterator[Hostile]:
    """A hostile provider on a port of this machine, and the other host, while the block runs."""
    with _listening(port) as here, _listening() as there:
        hostile = Hostile(_address(here), _address(there))
        threads: list[Thread] = []

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                head = _head(connection)
                hostile.heads.append(head)
                if head:
                    behaviour(hostile, connection, head)

        def stray(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                hostile.strayed.append(_head(connection))
                body = json.dumps({"error": "elsewhere"}).encode()
                connection.sendall(_OK + b"content-length: %d\r\n\r\n%b" % (len(body), body))

        for listener, answer in ((here, serve), (there, stray)):
            threads.append(Thread(target=_accept, args=(listener, answer, hostile.over, threads), name="hostile"))
            threads[-1].start()
        try:
            yield hostile
        finally:
            hostile.over.set()
            for thread in threads:
                thread.join(timeout=5)


@contextmanager
def _listening(port: int = 0) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        listener.settimeout(0.05)
        yield listener


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _accept(
    listener: socket.socket, answer: Callable[[socket.socket], None], over: Event, threads: list[Thread]
) -> None:
    while not over.is_set():
        with suppress(TimeoutError):
            connection, _ = listener.accept()
            connection.settimeout(5)
            thread = Thread(target=answer, args=(connection,), name="hostile", daemon=True)
            threads.append(thread)
            thread.start()


def _head(connection: socket.socket) -> bytes:
    """What comes until the end of the head, and of the body as much as came along."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD_BYTES:
        piece = connection.recv(65_536)
        if not piece:
            break
        head += piece
    return head

"""Both ends of an interception as bare sockets: servers that do as a test says, clients that send what it says."""

import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event
from urllib.parse import urlsplit

from contracts.grade.intercept import Interception

SECONDS = 10
"""For anything that a socket waits for."""


@dataclass
class Server:
    """A server at `url`, with what its connections told, in the order in which they ended."""

    url: str
    told: list[bytes] = field(default_factory=list)


@contextmanager
def serving(behave: Callable[[socket.socket], bytes]) -> Iterator[Server]:
    """Connections are given to `behave`, each in a thread; what it gives is told. A connection may break."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")
    over = Event()
    threads: list[threading.Thread] = []

    def behave_once(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(SECONDS)
            server.told.append(behave(connection))

    def accept() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=behave_once, args=(connection,)))
                threads[-1].start()

    threads.append(threading.Thread(target=accept))
    threads[0].start()
    try:
        yield server
    finally:
        over.set()
        for thread in threads:
            thread.join()
        listener.close()


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side ends. Raises OSError where it breaks."""
    came = b""
    while data := connection.recv(65_536):
        came += data
    return came


def until(connection: socket.socket, end: bytes) -> bytes:
    """What comes until `end` has come, or the other side ends."""
    came = b""
    while end not in came and (data := connection.recv(65_536)):
        came += data
    return came


def echo(connection: socket.socket) -> bytes:
    """Answer a request with its own body."""
    head, _, body = until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length and (data := connection.recv(65_536)):
        body += data
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    return head


def hang_up(connection: socket.socket) -> None:
    """Close so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def is_reset(connection: socket.socket) -> bool:
    """Whether the connection ends with a reset, whatever comes before. Of TLS, Python before 3.13 does not tell."""
    with socket.socket(fileno=os.dup(connection.fileno())) as bare:
        bare.settimeout(SECONDS)
        try:
            everything(bare)
        except ConnectionResetError:
            return True
        return False


def port_of(interception: Interception) -> int:
    port = urlsplit(interception.environment["HTTPS_PROXY"]).port
    assert port is not None
    return port


def to_proxy(interception: Interception) -> socket.socket:
    """A connection to the proxy."""
    return socket.create_connection(("127.0.0.1", port_of(interception)), timeout=SECONDS)


def asked(interception: Interception, sent: bytes) -> bytes:
    """What the proxy sends until it ends the connection, after these bytes and no more."""
    with to_proxy(interception) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return everything(connection)


def tunnelled(interception: Interception, place: bytes = b"api.useapi.net:443") -> socket.socket:
    """A connection to a place, by CONNECT; what is said in it is still to be said."""
    connection = to_proxy(interception)
    connection.sendall(b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (place, place))
    answer = until(connection, b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    return connection


def secured(interception: Interception, host: str = "api.useapi.net") -> ssl.SSLSocket:
    """A TLS connection to the API's host, its certificate checked against the CA that the environment names.

    Where it ends without TLS's goodbye, receiving fails.
    """
    trust = ssl.create_default_context(cafile=interception.environment["SSL_CERT_FILE"])
    bare = tunnelled(interception, f"{host}:443".encode())
    return trust.wrap_socket(bare, server_hostname=host, suppress_ragged_eofs=False)

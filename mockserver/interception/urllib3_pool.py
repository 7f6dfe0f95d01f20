"""urllib3's connections, with the mock in the place of the socket.

Everything above the socket is urllib3's own and the standard library's: what is put on the wire, retries, timeouts,
how a body is read and decoded, what is raised.
"""

import io
import os
from errno import ECONNRESET
from http.client import HTTPMessage, HTTPResponse, RemoteDisconnected
from socket import socket
from typing import Any, BinaryIO, Final, cast

from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from mockserver.interception.conversion import body, half, headers, is_too_slow, phrase, silence, suffers
from mockserver.interception.waiting import Sent, ask
from mockserver.message import Response, Suffering
from mockserver.mock import Mock

_PORTS: Final = {"http": 80, "https": 443}
_KEPT: Final = 10
"""Connections to an origin that are used again; as many as requests keeps."""


def pool_of(mock: Mock, scheme: str, host: str, port: int | None) -> HTTPConnectionPool:
    """A pool whose connections to this origin end at the mock. `scheme` is "http" or "https"."""
    kind = _SecurePool if scheme == "https" else _Pool
    return kind(host, port or _PORTS[scheme], maxsize=_KEPT, mock=mock)


class _Line:
    """One end of a connection, as much of a socket as http.client uses; at the other end is the mock."""

    def __init__(self, mock: Mock, scheme: str) -> None:
        self._mock = mock
        self._scheme = scheme
        self._sent: list[bytes] = []
        self.patience: float | None = None

    def sendall(self, data: bytes) -> None:
        self._sent.append(bytes(data))

    def settimeout(self, seconds: float | None) -> None:
        self.patience = seconds

    def makefile(self, _mode: str) -> BinaryIO:
        # Nothing to read yet: how long the client waits is known when it asks for the answer.
        return io.BytesIO()

    def close(self) -> None:
        pass

    def answer(self) -> Response:
        """What the mock answers to all that was sent."""
        return ask(self._mock, Sent(b"".join(self._sent), self._scheme, self.patience))


class _Answer(HTTPResponse):
    """An answer whose parts are at hand and need not be parsed."""

    def __init__(self, sock: socket, debuglevel: int = 0, method: str | None = None, url: str | None = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._line = cast("_Line", sock)
        self._asked = method or ""

    def begin(self) -> None:
        """Take the answer, or what came in its place. Raises what a socket does."""
        response, patience = self._line.answer(), self._line.patience
        suffering = suffers(response)
        if suffering is Suffering.UNANSWERED:
            raise silence(patience)
        if suffering is Suffering.RESET:
            raise ConnectionResetError(ECONNRESET, os.strerror(ECONNRESET))
        if suffering is Suffering.EMPTY:
            raise RemoteDisconnected("Remote end closed connection without response")
        self.version = 11
        self.code = self.status = response.status
        self.reason = phrase(response)
        self.headers = self.msg = HTTPMessage()
        for name, value in headers(response):
            self.headers[name.decode("latin-1")] = value.decode("latin-1")
        self.chunked = False
        # Each answer is the last one of its line; the next request has a fresh one.
        self.will_close = True
        whole = body(response, self._asked)
        self.length = len(whole)
        come: io.IOBase = io.BytesIO(half(whole) if suffering is Suffering.TRUNCATED else whole)
        if is_too_slow(response, whole, patience):
            come = _Silence()
        self.fp = cast("io.BufferedReader", come)


class _Silence(io.RawIOBase):
    """A body of which nothing comes in time."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> int:
        raise TimeoutError("timed out")


class _Connection(HTTPConnection):
    """A connection to the mock."""

    response_class = _Answer
    meant = "http"
    """The scheme of the URLs that lead here."""

    def __init__(self, *arguments: Any, mock: Mock, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._mock = mock

    def connect(self) -> None:
        self.sock = cast("socket", _Line(self._mock, self.meant))


class _SecureConnection(_Connection):
    """The same for a client that means TLS: there is nobody to hide from."""

    default_port = _PORTS["https"]  # type: ignore[misc] # as urllib3's own does it
    meant = "https"


class _Pool(HTTPConnectionPool):
    """Connections to the mock."""

    ConnectionCls = _Connection

    def __str__(self) -> str:
        # As urllib3's own: it stands in what clients read of their errors.
        return f"{self.scheme.upper()}ConnectionPool(host={self.host!r}, port={self.port!r})"


class _SecurePool(_Pool):
    """The same for clients that mean TLS."""

    scheme = "https"
    ConnectionCls = _SecureConnection

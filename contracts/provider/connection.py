"""One connection to a provider: requests out, answers in, bounded in size and time, whatever the other side does."""

import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from select import select
from typing import Final

import h11

from contracts.findings import Got

LARGEST: Final = 1_000_000
"""Bytes of an answer's body that are read; a longer one is an answer that did not come."""


class _Late(Exception):  # noqa: N818 - they are seen in this module only
    """The answer did not come in time."""


class _Stale(Exception):  # noqa: N818
    """The other side closed a connection that was kept, before it read the request."""


class Connection:
    """Keeps one connection open from call to call; nothing is sent to any other host."""

    def __init__(self, host: str, port: int, *, tls: bool) -> None:
        self._host = host
        self._port = port
        self._tls = ssl.create_default_context() if tls else None
        self._socket: socket.socket | None = None
        self._http = h11.Connection(h11.CLIENT)

    def exchange(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes, seconds: float
    ) -> Got:
        """Send a request and give what came back within `seconds`; a failure is told in `error`."""
        until = time.monotonic() + seconds
        kept = self._usable()
        try:
            try:
                return self._exchange(method, target, headers, body, until)
            except _Stale:
                self.close()
                if not kept or method not in {"GET", "HEAD"}:
                    return Got(0, error="the connection was closed before an answer")
                return self._exchange(method, target, headers, body, until)
        except _Stale:
            error = "the connection was closed before an answer"
        except _Late:
            error = f"no whole answer within {seconds:.0f} s"
        except (h11.RemoteProtocolError, h11.LocalProtocolError) as problem:
            error = f"not HTTP: {problem}"
        except OSError as problem:
            error = f"the connection broke: {problem}"
        self.close()
        return Got(0, error=error)

    def close(self) -> None:
        """End the connection, if there is one; the next call opens another."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = None

    def _usable(self) -> bool:
        """Whether the connection of the last call can be used again: nothing lies in it, and it was not closed."""
        if self._socket is None:
            return False
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            readable, _, _ = select([self._socket], [], [], 0)
            if not readable:
                self._http.start_next_cycle()
                return True
        self.close()
        return False

    def _exchange(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes, until: float) -> Got:
        if self._socket is None:
            self._open(until)
        # Odd requests are sent, too, which h11 would not write: of ours it only knows the method.
        self._http.send(h11.Request(method=method, target="/", headers=[("Host", "provider")]))
        self._http.send(h11.EndOfMessage())
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        sent = b"".join(_one_line(line) + b"\r\n" for line in [*lines, ""]) + body
        with suppress(BrokenPipeError, ConnectionResetError):
            # It may have answered before it read all.
            self._send(sent, until)
        return self._answer(until)

    def _open(self, until: float) -> None:
        opened = socket.create_connection((self._host, self._port), timeout=self._left(until))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = self._tls.wrap_socket(opened, server_hostname=self._host) if self._tls else opened
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=65_536)

    def _send(self, data: bytes, until: float) -> None:
        if self._socket is not None:
            self._socket.settimeout(self._left(until))
            try:
                self._socket.sendall(data)
            except TimeoutError:
                raise _Late from None

    def _answer(self, until: float) -> Got:
        response: h11.Response | None = None
        body = b""
        anything = False
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                data = self._receive(until)
                if not data and not anything:
                    raise _Stale
                anything = anything or bool(data)
                self._http.receive_data(data)
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > LARGEST:
                    self.close()
                    return self._got(response, body[:LARGEST], f"the answer is longer than {LARGEST:,} bytes")
            elif isinstance(event, h11.EndOfMessage):
                more, _ = self._http.trailing_data
                if self._http.their_state is not h11.DONE or more:
                    self.close()
                return self._got(response, body, f"{len(more)} bytes follow the end of the answer" if more else "")
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                raise h11.RemoteProtocolError("the connection was closed in the middle")

    @staticmethod
    def _got(response: h11.Response | None, body: bytes, error: str) -> Got:
        if response is None:
            return Got(0, error=error or "not HTTP: a body without an answer")
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw_items()
        )
        return Got(0 if error else response.status_code, headers, body, response.reason.decode("latin-1"), error)

    def _receive(self, until: float) -> bytes:
        if self._socket is None:
            return b""
        self._socket.settimeout(self._left(until))
        try:
            return self._socket.recv(65_536)
        except TimeoutError:
            raise _Late from None
        except ConnectionResetError:
            raise ConnectionResetError("reset by the other side") from None

    @staticmethod
    def _left(until: float) -> float:
        left = until - time.monotonic()
        if left <= 0:
            raise _Late
        return left


def _one_line(text: str) -> bytes:
    text = text.replace("\r", " ").replace("\n", " ")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")

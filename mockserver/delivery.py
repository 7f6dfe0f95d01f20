"""One attempt to deliver a callback: a POST over HTTP, and what came of it in words."""

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from mockserver.connect_failure import connect_failure
from mockserver.destinations import Destinations, Forbidden, NotCallable, Target, place, shortened
from mockserver.message import Headers
from mockserver.resolving import Resolver, Unresolved, look_up
from mockserver.retry_after import retry_after

ANSWER_BYTES: Final = 2_048
"""So much of an answer's body is kept."""
READ_BYTES: Final = 65_536
"""So much of an answer is read, with its head."""

_HEADER_NAME: Final = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_OURS: Final = frozenset((b"connection", b"content-length", b"host", b"transfer-encoding", b"upgrade"))
_KEPT: Final = frozenset((b"content-length", b"date", b"retry-after", b"transfer-encoding"))


class Delivery(NamedTuple):
    """A callback to send: `body` is POSTed to `url`.

    `headers` come without those that frame the request: host, content-length, transfer-encoding, connection and
    upgrade. `pause` is in real seconds, between the connection and the first byte of the request.
    """

    url: str
    headers: Headers
    body: bytes
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt.

    status: None if no complete answer came. body: the start of it, at most ANSWER_BYTES. retry_after: in seconds, at
    most 30 days; None without a Retry-After that makes sense. error: in words, None if a complete answer came.
    denied: the address may not be called.
    """

    status: int | None = None
    body: bytes = b""
    retry_after: float | None = None
    error: str | None = None
    denied: bool = False


class Carrier:
    """Makes attempts, in one event loop.

    Each has a connection of its own: a receiver may close a kept one at any time, without having said so, and then
    nobody could tell whether it got the call. So an attempt is one call. `timeout` is in real seconds, for everything
    from looking up the host to the answer's last byte. `lookup` gives the addresses of a name; it may block, and raises
    OSError for a name without any.
    """

    def __init__(
        self,
        destinations: Destinations,
        *,
        timeout: float = 10.0,
        lookup: Callable[[str], Sequence[str]] = look_up,
    ) -> None:
        self._destinations = destinations
        self._resolver = Resolver(lookup)
        self._timeout = timeout
        self._tls: ssl.SSLContext | None = None

    async def send(self, delivery: Delivery) -> Answer:
        """Make one attempt. Redirects are answers like others; whatever goes wrong is the answer's `error`."""
        connection: _Connection | None = None
        reached = "no connection"
        try:
            target = Target.of(delivery.url)
            request = _request(target, delivery)
            async with asyncio.timeout(self._timeout) as limit:
                reached = f"{target.host} can't be resolved"
                found = [target.host] if target.is_address else await self._resolver.addresses(target.host)
                addresses = self._destinations.choose(target.host, found)
                reached = "no connection"
                connection = await self._connect(target, addresses)
                if delivery.pause > 0:
                    limit.reschedule(cast("float", limit.when()) + delivery.pause)
                    await asyncio.sleep(delivery.pause)
                reached = "no answer"
                return await connection.post(request)
        except TimeoutError:
            if connection is not None and connection.is_answering:
                reached = "answer not complete"
            return Answer(error=f"{reached} within {self._timeout:g} s")
        except (Forbidden, NotCallable, Unresolved, _Failure) as reason:
            return Answer(error=str(reason), denied=isinstance(reason, Forbidden))
        finally:
            if connection is not None:
                connection.end()

    async def close(self) -> None:
        """Give up the lookups. Attempts under way go on."""
        self._resolver.close()

    async def _connect(self, target: Target, addresses: Sequence[str]) -> "_Connection":
        """A new connection to the first address that takes it: to the address itself, which was checked.

        Raises _Failure with the words for each.
        """
        loop = asyncio.get_running_loop()
        https = target.scheme == "https"
        if https and self._tls is None:
            # It reads the trusted certificates, which takes tens of milliseconds.
            self._tls = await loop.run_in_executor(None, ssl.create_default_context)
        failures = []
        for address in addresses:
            try:
                _, connection = await loop.create_connection(
                    partial(_Connection, place(address, target.port)),
                    address,
                    target.port,
                    ssl=self._tls if https else None,
                    server_hostname=target.host if https else None,
                )
            except OSError as error:
                failures.append(connect_failure(error, target, address))
            else:
                return connection
        raise _Failure("; ".join(failures))


class _Failure(Exception):  # noqa: N818 - it ends an attempt in a foreseen way
    """The attempt came to nothing. The text says why."""


class _Connection(asyncio.Protocol):
    """A connection to a receiver at `place`, for one request."""

    _transport: asyncio.Transport
    _quick_ack: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
    """The option that acknowledges at once, where the system has it."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._reading: _Reading | None = None
        """The answer, from when the request is sent."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._socket: socket.socket = transport.get_extra_info("socket")

    def data_received(self, data: bytes) -> None:
        if self._reading is None:
            # What comes unasked would be taken for the answer.
            self.end()
            return
        self._reading.feed(data)
        if self._quick_ack is not None and not self._reading.done.done():
            # A receiver that sends head and body apart waits for this with the body, for 40 ms.
            with suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, self._quick_ack, 1)

    def eof_received(self) -> None:
        if self._reading is not None:
            self._reading.end()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._reading is not None:
            self._reading.end(exc)

    @property
    def is_answering(self) -> bool:
        """Whether part of an answer came."""
        return self._reading is not None and self._reading.begun

    def end(self) -> None:
        """Close it at once."""
        self._transport.abort()

    async def post(self, request: bytes) -> Answer:
        """Send the request and read its answer. Raises _Failure when there is no complete one."""
        self._reading = reading = _Reading()
        if self._transport.is_closing():
            reading.end()
        else:
            self._transport.write(request)
        if fault := await reading.done:
            raise _Failure(f"{self._place} {fault}")
        return reading.answer()


class _Reading:
    """An answer as it comes in. The parser calls the methods on_...; interim answers (1xx) are skipped."""

    def __init__(self) -> None:
        self.done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """What went wrong, in words that follow the address; "" for a complete answer."""
        self.begun = False
        self._parser = HttpResponseParser(self)
        self._room = READ_BYTES
        self._status = 0
        self._fields: dict[bytes, bytes] = {}
        self._body = b""
        self._headed = False
        self._whole = False

    def answer(self) -> Answer:
        """The complete answer."""
        return Answer(self._status, self._body, retry_after(self._fields))

    def feed(self, data: bytes) -> None:
        """Take in bytes that came."""
        if self.done.done():
            return
        piece = data[: self._room]
        self._room -= len(piece)
        fault = ""
        try:
            self._parser.feed_data(piece)
        except HttpParserUpgrade:
            fault = "changed to another protocol without being asked"
        except HttpParserError as error:
            fault = f"did not answer in HTTP: {error.__context__ or error}"
        if self._whole:
            self._finish("")
        elif fault:
            self._finish(fault)
        elif not self._room:
            self._finish("" if self._headed else f"sent a head of more than {READ_BYTES:,} bytes")

    def end(self, error: Exception | None = None) -> None:
        """Nothing more will come. With `error` the connection failed rather than ended."""
        if self.done.done():
            return
        coding = self._fields.get(b"transfer-encoding", b"").lower()
        lasts_to_end = b"content-length" not in self._fields and b"chunked" not in coding
        if self._headed and lasts_to_end and error is None:
            self._finish("")
        elif self.begun:
            self._finish("closed the connection in the middle of its answer")
        else:
            self._finish("closed the connection without an answer")

    def _finish(self, fault: str) -> None:
        if not self.done.done():
            self.done.set_result(fault)

    def on_message_begin(self) -> None:
        self.begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._whole and (key := name.lower()) in _KEPT:
            self._fields.setdefault(key, value)

    def on_headers_complete(self) -> None:
        if self._whole:
            return
        self._status = self._parser.get_status_code()
        if self._status < 100:
            raise ValueError(f"there is no status {self._status}")
        self._headed = self._status >= 200

    def on_body(self, data: bytes) -> None:
        if not self._whole and len(self._body) < ANSWER_BYTES:
            self._body += data[: ANSWER_BYTES - len(self._body)]

    def on_message_complete(self) -> None:
        if self._headed:
            self._whole = True
        else:
            self.begun = False
            self._fields.clear()


def _request(target: Target, delivery: Delivery) -> bytes:
    """The bytes of a request. Raises _Failure for a header that can't be sent."""
    head = b"POST %b HTTP/1.1\r\nhost: %b\r\n" % (target.path, target.authority)
    for name, value in delivery.headers:
        if name in _OURS or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise _Failure(f"the header {shortened(name.decode('latin-1'))} can't be sent")
        head += b"%b: %b\r\n" % (name, value)
    return b"%bconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (head, len(delivery.body), delivery.body)

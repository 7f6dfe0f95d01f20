"""The way into a mock for httpx: transports for its clients."""

import os
from collections.abc import AsyncIterator, Iterator
from errno import ECONNRESET
from typing import NoReturn, cast

import h11
import httpcore
import httpx

from mockserver.interception.conversion import body, half, headers, is_too_slow, phrase, pieces, silence, suffers
from mockserver.interception.waiting import Sent, ask, ask_async
from mockserver.message import Response, Suffering
from mockserver.mock import Mock


class HttpxTransport(httpx.BaseTransport):
    """Has a mock answer what a Client sends, whatever the host."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The mock's answer. Raises what httpx raises when the wire fails."""
        writing = _Writing(request)
        for chunk in cast("httpx.SyncByteStream", request.stream):
            writing.add(chunk)
        return _answer(request, ask(self._mock, writing.sent()))


class AsyncHttpxTransport(httpx.AsyncBaseTransport):
    """The same for an AsyncClient, under asyncio or trio; an answer that comes late holds nobody else up."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The mock's answer. Raises what httpx raises when the wire fails."""
        writing = _Writing(request)
        async for chunk in cast("httpx.AsyncByteStream", request.stream):
            writing.add(chunk)
        return _answer(request, await ask_async(self._mock, writing.sent()))


class _Writing:
    """A request as httpx puts it on the wire; what it would refuse to send is refused."""

    def __init__(self, request: httpx.Request) -> None:
        self._request = request
        self._connection = h11.Connection(h11.CLIENT)
        self._parts: list[bytes] = []
        url, target, lines = request.url, request.url.raw_path, request.headers.raw
        if url.scheme not in ("http", "https") or not url.host:
            told = f"the URL must be one of http or https, with a host, got '{url}'"
            raise httpx.UnsupportedProtocol(told) from httpcore.UnsupportedProtocol(told)
        try:
            self._write(h11.Request(method=request.method, target=target, headers=lines))
        except h11.LocalProtocolError as error:
            _fail(httpx.LocalProtocolError, httpcore.LocalProtocolError, error)

    # A body that is not of the length declared is h11's own error, here as in httpx.

    def add(self, chunk: bytes) -> None:
        """Append to the body."""
        self._write(h11.Data(data=chunk))

    def sent(self) -> Sent:
        """All of it; the body has ended."""
        self._write(h11.EndOfMessage())
        return Sent(b"".join(self._parts), self._request.url.scheme, _patience(self._request))

    def _write(self, event: h11.Event) -> None:
        self._parts.append(self._connection.send(event) or b"")


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer, and how it ends."""

    def __init__(self, response: Response, whole: bytes, patience: float | None) -> None:
        self._response = response
        self._whole = whole
        self._patience = patience

    def __iter__(self) -> Iterator[bytes]:
        whole, suffering = self._whole, suffers(self._response)
        if is_too_slow(self._response, whole, self._patience):
            _fail(httpx.ReadTimeout, httpcore.ReadTimeout, silence(self._patience))
        if suffering is Suffering.DRIBBLED:
            yield from pieces(whole)
        elif suffering is not Suffering.TRUNCATED:
            yield whole
        elif whole:
            come = half(whole)
            yield come
            told = "peer closed connection without sending complete message body"
            counted = f"(received {len(come)} bytes, expected {len(whole)})"
            _fail(
                httpx.RemoteProtocolError,
                httpcore.RemoteProtocolError,
                h11.RemoteProtocolError(f"{told} {counted}"),
            )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part


def _answer(request: httpx.Request, response: Response) -> httpx.Response:
    patience = _patience(request)
    match suffers(response):
        case Suffering.UNANSWERED:
            _fail(httpx.ReadTimeout, httpcore.ReadTimeout, silence(patience))
        case Suffering.RESET:
            error = ConnectionResetError(ECONNRESET, os.strerror(ECONNRESET))
            _fail(httpx.ReadError, httpcore.ReadError, error)
        case Suffering.EMPTY:
            told = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(told) from httpcore.RemoteProtocolError(told)
    return httpx.Response(
        response.status,
        headers=list(headers(response)),
        stream=_Body(response, body(response, request.method), patience),
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": phrase(response).encode("latin-1")},
    )


def _patience(request: httpx.Request) -> float | None:
    """The seconds that the client waits for something to read; None for ever."""
    seconds: float | None = request.extensions.get("timeout", {}).get("read")
    return seconds


def _fail(kind: type[httpx.TransportError], core: type[Exception], error: Exception) -> NoReturn:
    """Raise an error of httpx over one of httpcore's over its cause, as a real connection does."""
    between = core(error)
    between.__cause__ = error
    raise kind(str(between)) from between

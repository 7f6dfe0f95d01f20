"""The ASGI adapter, for any ASGI server: pages come from Flask beneath, all else from the mock itself."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from mockserver.clock import stopwatch
from mockserver.message import Headers, Request, Response
from mockserver.service import Service
from mockserver.spec.body import MAX_BYTES
from mockserver.suffering import without_connection

if TYPE_CHECKING:
    from a2wsgi import WSGIMiddleware

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_PAGES: Final = frozenset({"/", "/faults", "/openapi.json", "/openapi.yaml"})
DRAINED_BYTES: Final = 64 * MAX_BYTES
"""Bytes that are read of a body before the connection is given up: a client hears the answer only when it has sent."""


class AsgiApp:
    """One mock as an ASGI application. `parsed`: its server lets no control characters through."""

    def __init__(self, service: Service, *, parsed: bool = False) -> None:
        self._service = service
        self._parsed = parsed
        self._flask: WSGIMiddleware | None = None
        self._building: asyncio.Future[WSGIMiddleware] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._lifespan(receive, send)
        if is_page(scope["method"], raw_path(scope)):
            return await self._page(scope, receive, send)
        body = b"" if scope["method"] == "GET" else await _body(receive)
        response = self._service.answer(to_request(scope, body, parsed=self._parsed))
        return await _send(send, response if isinstance(response, Response) else await response)

    def close(self) -> None:
        """Let go of the threads that Flask ran in."""
        if self._flask is not None:
            self._flask.executor.shutdown(wait=False, cancel_futures=True)

    async def _page(self, scope: Message, receive: Receive, send: Send) -> None:
        started = stopwatch()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._service.page(to_request(scope, b""), message["status"], started)
            await send(message)

        beneath = cast("Application", await self._beneath())
        await beneath(scope, receive, noting)

    async def _beneath(self) -> "WSGIMiddleware":
        if self._building is None:
            self._building = asyncio.ensure_future(asyncio.to_thread(self._build))
        self._flask = await self._building
        return self._flask

    def _build(self) -> "WSGIMiddleware":
        # Imported here: Flask costs a third of the time to the first answer, and most runs never need it.
        from a2wsgi import WSGIMiddleware

        from mockserver.web.app import create_app

        application: Any = create_app(api=self._service.mock.api)
        return WSGIMiddleware(application)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.close()
                return await send({"type": "lifespan.shutdown.complete"})
            await send({"type": "lifespan.startup.complete"})


def is_page(method: str, path: str) -> bool:
    """Whether Flask answers: pages are only read."""
    return method in ("GET", "HEAD") and (path in _PAGES or path.startswith("/viewer/"))


def raw_path(scope: Message) -> str:
    """The path as it was sent, percent-encoded; quoted anew for a server that does not tell it."""
    path: bytes | None = scope.get("raw_path")
    return quote(scope["path"], safe="/:@!$&'()*+,;=~") if path is None else path.decode("latin-1")


def to_request(scope: Message, body: bytes, *, parsed: bool = False) -> Request:
    """What was asked."""
    query: bytes = scope["query_string"]
    mount: str = scope.get("root_path", "")
    path = raw_path(scope)
    if mount and path.startswith(f"{mount}/"):
        path = path[len(mount) :]
    return Request(
        scope["method"], path, query.decode("latin-1"), scope["headers"], body, scope["scheme"], mount, parsed
    )


async def _body(receive: Receive) -> bytes:
    """The body; of one beyond the limit only enough to be seen as too long."""
    message = await receive()
    parts = bytearray(message.get("body", b""))
    size = len(parts)
    while message.get("more_body", False) and size < DRAINED_BYTES:
        message = await receive()
        more = message.get("body", b"")
        size += len(more)
        if len(parts) <= MAX_BYTES:
            parts += more
    return bytes(parts)


async def _send(send: Send, response: Response) -> None:
    response = without_connection(response)
    headers: Headers = response.headers
    if response.status not in (204, 304):
        headers = [*headers, (b"content-length", b"%d" % len(response.body))]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})

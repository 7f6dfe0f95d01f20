"""What httpx does otherwise while its calls to the API's host are intercepted."""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import httpcore
import httpx

from mockserver.interception.httpx_transport import AsyncHttpxTransport, HttpxTransport
from mockserver.interception.place import Place
from mockserver.mock import Mock


def overlays(mock: Mock, place: Place, *, refuse_others: bool) -> Iterator[tuple[type, str, Callable[..., Any]]]:
    """The classes and methods, and what is done in their place."""
    ours, ours_async = HttpxTransport(mock), AsyncHttpxTransport(mock)

    def handle(below: Callable[..., Any], transport: httpx.HTTPTransport, request: httpx.Request) -> Any:
        return ours.handle_request(request) if _is_there(place, request.url) else below(transport, request)

    def handle_async(below: Callable[..., Any], transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> Any:
        return ours_async.handle_async_request(request) if _is_there(place, request.url) else below(transport, request)

    yield httpx.HTTPTransport, "handle_request", handle
    yield httpx.AsyncHTTPTransport, "handle_async_request", handle_async
    if refuse_others:

        def connect(_: Any, __: Any, request: httpcore.Request) -> NoReturn:
            url = request.url
            call = f"{request.method.decode()} {url.scheme.decode()}://{url.host.decode()}{url.target.decode()}"
            raise httpcore.ConnectError(place.refusal(call))

        async def connect_async(_: Any, __: Any, request: httpcore.Request) -> NoReturn:
            connect(_, __, request)

        # The last step before a socket.
        yield httpcore.ConnectionPool, "handle_request", connect
        yield httpcore.AsyncConnectionPool, "handle_async_request", connect_async


def _is_there(place: Place, url: httpx.URL) -> bool:
    return place.takes(url.scheme, url.host, url.port)

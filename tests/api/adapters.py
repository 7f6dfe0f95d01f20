"""The ways into a mock, each as the same function, so that one suite runs through all of them."""

import asyncio
import http.client
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from api.mock import Send
from mockserver import create_app
from mockserver.api import Api
from mockserver.asgi import AsgiApp
from mockserver.message import Request
from mockserver.mock import Mock
from mockserver.server import running
from mockserver.service import Service

Adapter = Callable[[Api], AbstractContextManager[Send]]


@contextmanager
def seam(api: Api) -> Iterator[Send]:
    """Straight to the seam, with the one thing that every adapter adds: HEAD is answered without a body."""

    def send(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        response = api.answer(Request(method, path, query, pairs(headers), body))
        return response.status, shown(response.headers), b"" if method == "HEAD" else response.body

    yield send


@contextmanager
def flask(api: Api) -> Iterator[Send]:
    """Flask's test client, around real routes."""
    client = create_app(api=api).test_client()

    def send(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        target = f"{path}?{query}" if query else path
        response = client.open(
            path=path,
            query_string=query,
            method=method,
            headers=dict(headers),
            data=body,
            # As servers hand it over; the client would decode and quote it anew.
            environ_overrides={"RAW_URI": target, "REQUEST_URI": target},
        )
        return response.status_code, {name.lower(): value for name, value in response.headers}, response.data

    yield send


@contextmanager
def asgi(api: Api) -> Iterator[Send]:
    """The ASGI application, called as a server calls it."""
    app = AsgiApp(Service(Mock(api)))

    def send(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        scope: MutableMapping[str, Any] = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "raw_path": path.encode(),
            "path": path,
            "query_string": query.encode(),
            "headers": pairs(headers),
        }
        start, content = asyncio.run(_call(app, scope, body))
        return start["status"], shown(start["headers"]), b"" if method == "HEAD" else content

    yield send


async def _call(app: AsgiApp, scope: MutableMapping[str, Any], body: bytes) -> tuple[MutableMapping[str, Any], bytes]:
    half = len(body) // 2
    parts = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.request", "body": body[half:], "more_body": False},
    ]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return parts.pop(0)

    async def collect(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, collect)
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:])


@contextmanager
def live(api: Api) -> Iterator[Send]:
    """The live server, over a real socket."""
    with running(api) as url:
        host = url.removeprefix("http://")

        def send(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
            connection = http.client.HTTPConnection(host, timeout=10)
            try:
                # Not `request`: what goes over the wire is what the test says, and nothing else.
                names = {name.lower() for name in headers}
                target = f"{path}?{query}" if query else path
                connection.putrequest(method, target, skip_accept_encoding=True, skip_host="host" in names)
                for name, value in headers.items():
                    connection.putheader(name, value.encode("latin-1"))
                if body or method in ("POST", "PUT", "PATCH"):
                    connection.putheader("content-length", str(len(body)))
                connection.endheaders(body)
                response = connection.getresponse()
                return response.status, {n.lower(): v for n, v in response.headers.items()}, response.read()
            finally:
                connection.close()

        yield send


ADAPTERS: Final[dict[str, Adapter]] = {"seam": seam, "flask": flask, "asgi": asgi, "live": live}
"""By name, how a mock is reached."""


def pairs(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def shown(headers: Any) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in headers}

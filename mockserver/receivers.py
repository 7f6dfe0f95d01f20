"""Receivers of callbacks in this process: what goes to their hosts needs no socket."""

import asyncio
import inspect
import logging
import re
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.delivery import ANSWER_BYTES, Answer, Delivery
from mockserver.destinations import NotCallable, Target, ascii_name
from mockserver.message import Request, Response
from mockserver.retry_after import retry_after

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Receiver = Callable[[Request], Response]
"""What answers a callback; it may take its time, and raise."""

Prompt = Callable[[Request], "Response | Future[Response]"]
"""The same of one that never holds anybody up: an answer that has to be waited for comes later."""

_PORTS: Final = {"http": 80, "https": 443}
_PLACE: Final = re.compile(r"([^:]+)(?::([0-9]{1,5}))?")

log = logging.getLogger("mockserver")


class Receivers:
    """Who receives callbacks in this process, by host. Not for registering while callbacks are sent."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int | None], Prompt] = {}

    def register(self, place: str, receiver: Receiver) -> None:
        """What goes to a host ("app.test": at the port of its scheme; "app.test:8000") goes to this receiver.

        Raises ValueError for what is no host.
        """
        # On a thread of its own: it may well ask the mock for something that is done on the courier's.
        self._known[_place(place)] = lambda request: _apart(receiver, request)

    def register_prompt(self, place: str, receiver: Prompt) -> None:
        """The same for one that holds nobody up."""
        self._known[_place(place)] = receiver

    def find(self, url: str) -> "LocalReceiver | None":
        """Who receives what goes there."""
        try:
            target = Target.of(url)
        except NotCallable:
            return None
        usual = target.port == _PORTS[target.scheme]
        receiver = self._known.get((target.host, None if usual else target.port))
        return None if receiver is None else LocalReceiver(target.host, receiver)


def _place(place: str) -> tuple[str, int | None]:
    parts = _PLACE.fullmatch(place)
    number = int(parts[2]) if parts is not None and parts[2] else None
    if parts is not None and (number is None or 0 < number < 65_536):
        with suppress(ValueError):
            return ascii_name(parts[1]), number
    raise ValueError(f"a receiver has a host name, with or without a port, got {place!r}")


async def crossing() -> None:
    """Go on in the event loop: behind this there may be something to wait for.

    A coroutine that was begun by hand, on whatever thread, stops here, and a task goes on with it.
    """
    await asyncio.sleep(0)


class LocalReceiver(NamedTuple):
    """One that receives what goes to a host."""

    host: str
    answer: Prompt

    async def send(self, timeout: float, delivery: Delivery) -> Answer:
        """Make one attempt, of so many real seconds. One that raises has not answered."""
        if delivery.pause:
            await crossing()
            await asyncio.sleep(delivery.pause)
        limit: asyncio.Timeout | None = None
        try:
            response = self.answer(_request(Target.of(delivery.url), delivery))
            if isinstance(response, Future):
                await crossing()
                async with asyncio.timeout(timeout) as limit:
                    response = await asyncio.wrap_future(response)
        except Exception as error:
            if isinstance(error, TimeoutError) and limit is not None and limit.expired():
                return Answer(error=f"no answer within {timeout:g} s")
            log.warning("the receiver of callbacks at %s raised", self.host, exc_info=error)
            return Answer(error=f"the receiver raised {type(error).__name__}: {error}")
        fields = dict(reversed(response.headers))
        return Answer(response.status, response.body[:ANSWER_BYTES], retry_after(fields))


def _request(target: Target, delivery: Delivery) -> Request:
    path, _, query = target.path.decode("latin-1").partition("?")
    headers = [(b"host", target.authority), *delivery.headers, (b"content-length", b"%d" % len(delivery.body))]
    return Request("POST", path, query, headers, delivery.body, target.scheme, parsed=True)


def _apart(receiver: Receiver, request: Request) -> "Future[Response]":
    """What a receiver answers, on a thread of its own."""
    coming: Future[Response] = Future()

    def receive() -> None:
        if not coming.set_running_or_notify_cancel():
            return
        try:
            coming.set_result(receiver(request))
        except BaseException as error:
            # Those of pytest, or a StopIteration, which no coroutine may raise: they must neither be lost with this
            # thread nor end the one that waits.
            carried = isinstance(error, Exception) and not isinstance(error, StopIteration)
            coming.set_exception(error if carried else RuntimeError(f"{type(error).__name__}: {error}"))

    Thread(target=receive, name="receiver", daemon=True).start()
    return coming


def receiver_of(app: Any) -> Receiver:
    """The receiver that a WSGI or an ASGI application is, told by whether it is called or awaited.

    Raises TypeError for what is neither, ModuleNotFoundError for an ASGI application without httpx.
    """
    if not callable(app):
        raise TypeError(f"an app is a WSGI or an ASGI application, got {app!r}")
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__):
        return _asgi(app)
    return _wsgi(app)


def _wsgi(app: "WSGIApplication") -> Receiver:
    # Imported here: few mocks have such a receiver.
    from werkzeug.test import Client

    def receive(request: Request) -> Response:
        answer = Client(app, use_cookies=False).open(
            request.path,
            method=request.method,
            base_url=request.origin,
            query_string=request.query,
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers],
            data=request.body,
        )
        with answer:
            headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
            return Response(answer.status_code, headers, answer.get_data())

    return receive


def _asgi(app: Any) -> Receiver:
    import httpx

    async def post(request: Request) -> Response:
        transport = httpx.ASGITransport(app)
        url = f"{request.origin}{request.path}" + (f"?{request.query}" if request.query else "")
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            answer = await client.request(request.method, url, headers=list(request.headers), content=request.body)
        headers = [(name.lower(), value) for name, value in answer.headers.raw]
        return Response(answer.status_code, headers, answer.content)

    # An event loop of its own: the courier's must not wait for what an application does.
    return lambda request: asyncio.run(post(request))

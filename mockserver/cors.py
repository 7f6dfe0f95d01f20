"""Cross-origin requests: lets pages of other origins call the emulated API, while a front end is developed.

The control API never takes part: its guard refuses such pages.
"""

import re
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from mockserver.control import of_control
from mockserver.hosts import origin_of
from mockserver.journal import Coming, Exchange
from mockserver.message import Headers, Request, Response
from mockserver.problem import problem

_EXPOSED: Final = (b"access-control-expose-headers", b"Retry-After, X-Mock-Explain, Preference-Applied")
_METHODS: Final = (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE")
_MAX_AGE: Final = (b"access-control-max-age", b"600")
_VARIES: Final = (b"vary", b"Origin")
_NAMES: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*")
_LONGEST_NAMES: Final = 4_096

Answering = Callable[[Request], Coming]


class Cors:
    """What answers requests to the emulated API, for pages of certain origins, too; "*" stands for all."""

    def __init__(self, origins: tuple[str, ...], exchange: Answering) -> None:
        self._origins = frozenset(origins)
        self._exchange = exchange

    def exchange(self, request: Request) -> Coming:
        """The answer, with what a browser wants to know before it shows it to a page."""
        if of_control(request.path):
            return self._exchange(request)
        origin = request.header(b"origin")
        if request.method == "OPTIONS" and origin and request.header(b"access-control-request-method"):
            return self._preflight(request, origin)
        headers = self._headers(origin)
        if self._allows(origin):
            headers = (*headers, _EXPOSED)
        coming = self._exchange(request)
        if isinstance(coming, Exchange):
            return _with(coming, headers)
        following: Future[Exchange] = Future()
        # Who waits for it may be gone when it comes, but can't cancel it.
        following.set_running_or_notify_cancel()
        coming.add_done_callback(lambda done: _follow(following, done, headers))
        return following

    def _preflight(self, request: Request, origin: bytes) -> Exchange:
        """The answer to the question whether a page may make a request."""
        headers = self._headers(origin)
        if not self._allows(origin):
            why = f"the origin {origin.decode('latin-1')[:100]!a} is not one of --cors"
            return Exchange(request, problem(403, why, headers), "", why)
        names = request.header(b"access-control-request-headers")
        if names and len(names) <= _LONGEST_NAMES and _NAMES.fullmatch(names):
            headers = (*headers, (b"access-control-allow-headers", names))
        return Exchange(request, Response(204, (*headers, _METHODS, _MAX_AGE), b""), "", "preflight")

    def _allows(self, origin: bytes | None) -> bool:
        if "*" in self._origins:
            return True
        return origin is not None and origin_of(origin.decode("latin-1")) in self._origins

    def _headers(self, origin: bytes | None) -> Headers:
        if "*" in self._origins:
            return ((b"access-control-allow-origin", b"*"),)
        return ((b"access-control-allow-origin", origin), _VARIES) if origin and self._allows(origin) else (_VARIES,)


def _follow(following: Future[Exchange], done: Future[Exchange], headers: Headers) -> None:
    try:
        following.set_result(_with(done.result(), headers))
    except Exception as error:
        following.set_exception(error)


def _with(exchange: Exchange, headers: Headers) -> Exchange:
    """The exchange with further headers; the journal's own stays as it is."""
    response = exchange.response
    return replace(exchange, response=replace(response, headers=(*response.headers, *headers)))

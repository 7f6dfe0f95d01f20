"""The mock on an event loop: every answer is timed and leaves a line in the log."""

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from typing import Final

from mockserver.attempted import Attempted
from mockserver.clock import stopwatch, wall
from mockserver.journal import Exchange
from mockserver.message import Request, Response
from mockserver.mock import Mock
from mockserver.request_log import RequestLog

_FLUSH_SECONDS: Final = 0.05


class Service:
    """One mock on an event loop, which it never blocks."""

    def __init__(self, mock: Mock, log: RequestLog | None = None) -> None:
        self.mock = mock
        self._exchange = mock.exchange
        self._log = log
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to log callbacks; the loop runs."""
        if self._log is not None:
            self._loop = asyncio.get_running_loop()
            self.mock.api.observer = self._attempted

    def answer(self, request: Request) -> "Response | asyncio.Future[Response]":
        """The answer to any request but one for a page; some have to be waited for."""
        started = stopwatch()
        coming = self._exchange(request)
        if not isinstance(coming, Future):
            if self._log is not None:
                self._note(coming, started)
            return coming.response
        return asyncio.ensure_future(self._wait(coming, started))

    async def _wait(self, coming: "Future[Exchange]", started: float) -> Response:
        exchange = await asyncio.wrap_future(coming)
        self._note(exchange, started)
        return exchange.response

    def _attempted(self, attempted: Attempted) -> None:
        """Called from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._add, attempted, attempted.receipt.took)

    def malformed(self, request: Request, sentence: str) -> Response:
        """The answer to bytes that are no HTTP request."""
        started = stopwatch()
        exchange = self.mock.api.malformed(request, sentence)
        self._note(exchange, started)
        return exchange.response

    def page(self, request: Request, status: int, started: float) -> None:
        """Leave a line for a page, which Flask answered with `status`; it was asked for at `started`."""
        self._note(Exchange(request, Response(status, (), b""), "", "page"), started)

    def _note(self, exchange: Exchange, started: float) -> None:
        if self._log is not None:
            self._add(exchange, stopwatch() - started)

    def _add(self, what: Exchange | Attempted, took: float) -> None:
        log = self._log
        if log is not None and log.add(what, wall(), took):
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, log.flush)

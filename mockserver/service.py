"""The mock on an event loop: every answer is timed and leaves a line in the log."""

import asyncio
from typing import Final

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

    def answer(self, request: Request) -> Response:
        """The answer to any request but one for a page."""
        if self._log is None:
            return self._exchange(request).response
        started = stopwatch()
        exchange = self._exchange(request)
        self._note(exchange, started)
        return exchange.response

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
        log = self._log
        if log is not None and log.add(exchange, wall(), stopwatch() - started):
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, log.flush)

"""The live adapter: uvicorn's HTTP protocol with a straight way from the parsed bytes to the mock.

A request is answered as soon as its last byte is parsed: no task, no ASGI messages, and the connection itself at
hand. Only pages take uvicorn's own way, to the ASGI application.
"""

import asyncio
import logging
import re
import sys
from functools import cache
from http import HTTPStatus
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.asgi import DRAINED_BYTES, Message, is_page, raw_path, to_request
from mockserver.hygiene import fault_in
from mockserver.message import Request, Response
from mockserver.problem import bug
from mockserver.service import Service
from mockserver.spec.body import MAX_BYTES

_HEAD_BYTES: Final = 65_536
"""The longest head that is read."""
_UPGRADE: Final = re.compile(rb"(?i)\r\nupgrade:")

log = logging.getLogger("mockserver")


def protocol(service: Service) -> type[HttpToolsProtocol]:
    """The protocol class for the connections of one mock.

    Raises RuntimeError where uvicorn lacks the one step that is replaced.
    """
    if not hasattr(HttpToolsProtocol, "_start_asgi_task"):
        raise RuntimeError("this version of uvicorn is too old: 0.45 or newer is needed")
    answer = service.answer
    # Its warnings about what clients send stand in our own log, with more to them.
    errors = logging.getLogger("mockserver.wire")
    errors.setLevel(logging.ERROR)

    class Protocol(HttpToolsProtocol):
        received = b""
        """The bytes that came last, to say what was wrong with them."""
        waiting: RequestResponseCycle | None = None
        """The request that is ours and has not come whole."""
        size = 0
        """Bytes so far: of the head, then of the body."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.logger = errors

        def data_received(self, data: bytes) -> None:
            if b"pgrade" in data and self.waiting is None:
                data = _without_upgrade(data)
            self.received = data
            super().data_received(data)

        def on_message_begin(self) -> None:
            self.size = 0
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            self._count_head(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._count_head(len(name) + len(value))
            super().on_header(name, value)

        def _count_head(self, size: int) -> None:
            self.size += size
            if self.size > _HEAD_BYTES:
                raise ValueError(f"the head must be at most {_HEAD_BYTES} bytes long, got more")

        def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
            scope = cast("Message", cycle.scope)
            if is_page(scope["method"], raw_path(scope)) or self.flow.write_paused:
                super()._start_asgi_task(cycle, app)
            elif cycle.more_body:
                self.waiting, self.size = cycle, 0
                if cycle.waiting_for_100_continue:
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            else:
                # It waited its turn behind a page. Not at once: a hundred such would be a hundred calls deep.
                self.loop.call_soon(self._answer, cycle)

        def on_body(self, body: bytes) -> None:
            cycle = self.waiting
            if cycle is None:
                super().on_body(body)
                return
            self.size += len(body)
            if len(cycle.body) <= MAX_BYTES:
                cycle.body += body
            elif self.size > DRAINED_BYTES:
                # A client hears an answer only when it has sent all; this one never ends.
                cycle.keep_alive = False
                self._finish(cycle)

        def on_message_complete(self) -> None:
            cycle = self.waiting
            if cycle is None:
                super().on_message_complete()
            else:
                cycle.more_body = False
                self._finish(cycle)

        def _finish(self, cycle: RequestResponseCycle) -> None:
            self.waiting = None
            self._answer(cycle)

        def _answer(self, cycle: RequestResponseCycle) -> None:
            if self.transport.is_closing():
                return
            scope = cast("Message", cycle.scope)
            try:
                response = answer(to_request(scope, bytes(cycle.body), parsed=True))
            except Exception as error:
                log.exception("bug in the mock: %s %s", scope["method"], raw_path(scope))
                response = bug(error)
            if isinstance(response, Response):
                self._write(cycle, response)
            else:
                response.add_done_callback(lambda done: self._write_late(cycle, done))

        def _write_late(self, cycle: RequestResponseCycle, done: "asyncio.Future[Response]") -> None:
            if done.cancelled() or self.transport.is_closing():
                return
            error = done.exception()
            if error is not None:
                log.error("bug in the mock: an answer that was waited for", exc_info=error)
            self._write(cycle, bug(error) if isinstance(error, Exception) else done.result())

        def _write(self, cycle: RequestResponseCycle, response: Response) -> None:
            head, body = _bytes_of(response)
            for name, value in self.server_state.default_headers:
                head += b"%b: %b\r\n" % (name, value)
            if not cycle.keep_alive:
                head += b"connection: close\r\n"
            asked: str = cast("Message", cycle.scope)["method"]
            self.transport.write(b"%b\r\n%b" % (head, b"" if asked == "HEAD" else body))
            cycle.response_started = cycle.response_complete = True
            if not cycle.keep_alive:
                self.transport.close()
            self.on_response_complete()

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the base class's signature
            self.waiting = None
            request = Request("", "", body=b"", parsed=True)
            head, body = _bytes_of(service.malformed(request, _malformation(self.received, sys.exc_info()[1])))
            self.transport.write(b"%bconnection: close\r\n\r\n%b" % (head, body))
            self.transport.close()

    return Protocol


def _without_upgrade(data: bytes) -> bytes:
    """The same request without its wish for another protocol, at which the parser would drop the body.

    Java's client and `curl --http2` offer HTTP/2 with every request, and are content without.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"\r\nx-upgrade:", head) + end + rest


def _bytes_of(response: Response) -> tuple[bytes, bytes]:
    """The head, without the empty line that ends it, and the body."""
    head = _status_line(response.status, response.reason)
    for name, value in response.headers:
        head += b"%b: %b\r\n" % (name, value)
    if response.status not in (204, 304):
        head += b"content-length: %d\r\n" % len(response.body)
    return head, response.body


@cache
def _status_line(status: int, reason: str | None) -> bytes:
    if reason is None:
        reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return f"HTTP/1.1 {status} {reason}\r\n".encode("latin-1")


def _malformation(data: bytes, error: BaseException | None) -> str:
    """What is wrong with bytes that the parser refused with `error`."""
    cause = error.__context__ if error is not None else None
    if isinstance(cause, ValueError) and str(cause).startswith("the "):
        return str(cause)
    return fault_in(data) or f"the request must be well-formed HTTP/1.1: {error}"

"""The live adapter: uvicorn's HTTP protocol with a straight way from the parsed bytes to the mock.

A request is answered as soon as its last byte is parsed: no task, no ASGI messages, and the connection itself at
hand. Only pages take uvicorn's own way, to the ASGI application.
"""

import asyncio
import logging
import sys
from functools import cache
from http import HTTPStatus
from typing import Any, Final, cast

from httptools import HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.asgi import DRAINED_BYTES, Message, is_page, raw_path, to_request
from mockserver.hygiene import fault_in
from mockserver.message import Request, Response, Suffering, Wire
from mockserver.problem import bug
from mockserver.service import Service
from mockserver.spec.body import MAX_BYTES
from mockserver.suffering import cut, dribble

_HEAD_BYTES: Final = 65_536
"""The longest head that is read."""

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
        declined = b""
        """A request whose offer of another protocol was struck out, and what came behind its head."""
        ending = False
        """Whether nothing more is read: the connection closes once what is owed is answered."""
        unanswered = False
        """Whether the client waits for an answer that never comes; what it sends is dropped."""
        dribbling: asyncio.Task[None] | None = None
        """An answer that is written piece by piece."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.logger = errors

        def data_received(self, data: bytes) -> None:
            if self.unanswered:
                return
            self.received = data
            super().data_received(data)
            while self.declined:
                self.received, self.declined = self.declined, b""
                super().data_received(self.received)

        def _should_upgrade(self) -> bool:
            # Asked only about a head at whose end the parser stopped. CONNECT, at which it always does, is answered.
            method: str = cast("Message", self.scope)["method"]
            return method != "CONNECT"

        def handle_websocket_upgrade(self) -> None:
            # Java's client and `curl --http2` offer HTTP/2 with every request, and are content without. The parser
            # takes what follows for the other protocol: it gets the head once more, without the offer.
            scope, stopped = cast("Message", self.scope), cast("HttpParserUpgrade", sys.exc_info()[1])
            head = f"{scope['method']} ".encode() + self.url + f" HTTP/{scope['http_version']}\r\n".encode()
            kept = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
            self.declined = b"".join([head, *kept, b"\r\n", self.received[stopped.args[0] :]])
            # Behind `Connection: close`, this one would read no more.
            self.parser = HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.dribbling is not None:
                self.dribbling.cancel()
            super().connection_lost(exc)
            # Protocol, parser and cycle refer to each other, and stay until they are collected: without what is big.
            self.received = b""
            if self.cycle is not None:
                self.cycle.body = bytearray()

        def shutdown(self) -> None:
            # The server ends at once: what is not answered by now never is.
            self.transport.close()

        def eof_received(self) -> bool:  # type: ignore[override]
            if self.unanswered:
                return False
            # The client may have ended only its own sending, and wait for its answers.
            self._end()
            return not self.transport.is_closing()

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
            elif cycle.response_complete:
                # The end of the connection, which waited its turn.
                super()._start_asgi_task(cycle, app)
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
            if asked == "HEAD":
                body = b""
            if response.wire is not None:
                self._suffer(cycle, response.wire, head + b"\r\n", body)
                return
            self.transport.write(b"%b\r\n%b" % (head, body))
            self._written(cycle)

        def _suffer(self, cycle: RequestResponseCycle, wire: Wire, head: bytes, body: bytes) -> None:
            if wire.suffers is Suffering.UNANSWERED:
                self.unanswered = True
                # Once what came with the request is parsed.
                self.loop.call_soon(self._read_on)
            elif wire.suffers is Suffering.DRIBBLED:
                self.dribbling = self.loop.create_task(dribble(self.transport, head, body, wire.seconds))
                self.dribbling.add_done_callback(lambda _: self._dribbled(cycle))
            else:
                cut(self.transport, wire.suffers, head, body)

        def _read_on(self) -> None:
            """See to it that the client is seen to go, which would not be while requests wait their turn."""
            if self.ending:
                self.transport.close()
            elif not self.transport.is_closing():
                self.flow.resume_reading()

        def _dribbled(self, cycle: RequestResponseCycle) -> None:
            self.dribbling = None
            if not self.transport.is_closing():
                self._written(cycle)

        def _written(self, cycle: RequestResponseCycle) -> None:
            cycle.response_started = cycle.response_complete = True
            if not cycle.keep_alive:
                self.transport.close()
            self.on_response_complete()

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the base class's signature
            if self.ending:
                return  # a parser that has failed fails again with all that comes
            self.waiting = None
            request = Request("", "", body=b"", parsed=True)
            head, body = _bytes_of(service.malformed(request, _malformation(self.received, sys.exc_info()[1])))
            self._end(b"%bconnection: close\r\n\r\n%b" % (head, body))

        def _end(self, last: bytes = b"") -> None:
            """Write `last` and close, once every request that came whole is answered."""
            if self.ending:
                return
            self.ending = True
            cycle = cast("RequestResponseCycle | None", self.cycle)
            if cycle is None or cycle.response_complete or (cycle.more_body and not self.pipeline):
                self.transport.write(last)
                self.transport.close()
                return
            if cycle.more_body:
                # It waits its turn, and never comes whole: the end takes its place.
                self.pipeline.popleft()
                cycle.more_body, cycle.response_started, cycle.response_complete = False, True, True

            async def end(*_: Any) -> None:
                self.transport.write(last)
                self.transport.close()

            self.pipeline.appendleft((cycle, end))

    return Protocol


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

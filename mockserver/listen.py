"""`mockserver listen`: a receiver of callbacks for a second terminal, which prints each as it arrives."""

import json
import math
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mockserver.clock import stopwatch, wall
from mockserver.options import option
from mockserver.terminal import Printer, plain, shows_colours, words

if TYPE_CHECKING:
    from uvicorn import Server

    from mockserver.asgi import Message, Receive, Send

Headers = Iterable[tuple[bytes, bytes]]
"""As ASGI has them: the names in lower case."""

Record = dict[str, Any]
"""A callback under the keys of its NDJSON line, `time` left out. Its `error` is "" where there is none."""

_MAX_BYTES: Final = 1_048_576
_DRAINED_BYTES: Final = 64 * _MAX_BYTES
"""Bytes that are read of a body before the connection is given up: a sender hears the answer only when it has sent."""

_ABOUT: Final = b"This is `mockserver listen`: it prints the callbacks that are sent here. Give it as replyUrl.\n"
_LONGEST_SHOWN: Final = 200
_LONGEST_DELAY: Final = 3_600
_FORWARD_SECONDS: Final = 10.0
_COLOURS: Final = {"COMPLETED": "green", "MODERATED": "red", "FAILED": "red"}
_FIELDS: Final = {
    "video_id": ("video_id", str, "a string"),
    "status": ("video_status_name", str, "a string"),
    "final": ("video_status_final", bool, "true or false"),
    "replyRef": ("replyRef", str, "a string"),
}
"""Keys of a record: the name of each in a callback's body, its type, and words for that."""
_OF_ONE_CONNECTION: Final = {
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te"),
    *(b"trailer", b"transfer-encoding", b"upgrade", b"expect", b"host", b"content-length", b"accept-encoding"),
}
"""Headers that are not passed on: those of one hop, and those that the carrier makes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sender hears. `how` is for the text line, as "after 5 s"."""

    status: int
    body: bytes = b""
    retry_after: int | None = None
    error: str | None = None
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How callbacks are answered; the options of the command say what each is."""

    status: int = 200
    delay: float = 0
    fail_first: int = 0
    retry_after: int | None = None
    forward_to: str | None = None

    def answer(self, number: int) -> Answer | str:
        """The answer to the callback with this number, from 1 on, or the URL of the server that gives it."""
        return self._of(500) if number <= self.fail_first else self.forward_to or self._of(self.status)

    def _of(self, status: int) -> Answer:
        good = 200 <= status < 300
        body = b"" if status in (204, 205, 304) else b"ok\n" if good else b"%d, as asked for\n" % status
        return Answer(status=status, body=body, retry_after=None if good else self.retry_after)


def read(path: str, headers: Headers, body: bytes) -> Record:
    """What a callback says, and in `error` what is wrong with its body, in words of ours alone."""
    webhook_id = next((value.decode("latin-1") for name, value in headers if name == b"webhook-id"), None)
    parsed, faults = None, []
    try:
        # `int` refuses the constants that Python adds to JSON: NaN and the infinities.
        parsed = json.loads(body.decode(), parse_constant=int)
        if not isinstance(parsed, dict):
            faults.append(f"JSON, but no object: {len(body)} bytes")
    except (ValueError, RecursionError):
        faults.append(f"not JSON: {len(body)} bytes")
    record: Record = {"path": path}
    for key, (name, kind, form) in _FIELDS.items():
        value = parsed.get(name) if isinstance(parsed, dict) else None
        record[key] = value if isinstance(value, kind) else None
        if isinstance(parsed, dict) and record[key] is None and (value is not None or key != "replyRef"):
            faults.append(f"no {name}" if value is None else f"{name} is not {form}")
    error = "; ".join(faults)
    return {**record, "webhook_id": webhook_id, "bytes": len(body), "answered": None, "error": error, "body": parsed}


def json_line(record: Record, received: float, answer: Answer) -> str:
    """One object, in ASCII alone: no control character survives, whatever shows the line."""
    time = datetime.fromtimestamp(received).astimezone().isoformat(timespec="milliseconds")
    line = {"time": time, **record, "answered": answer.status, "error": _errors(record, answer)}
    if not line["error"]:
        del line["error"]
    try:
        return json.dumps(line, allow_nan=False)
    except (ValueError, RecursionError):
        # 1e999 is JSON and no number of ours; what could just be read may be nested too deeply to be written.
        shown = replace(answer, error="; ".join(filter(None, (answer.error, "the body can't be shown"))))
        return json_line({**record, "body": None}, received, shown)


def text_line(record: Record, received: float, answer: Answer, *, colour: bool = False) -> str:
    """One line for a person, with nothing of a sender's that a terminal takes for a command."""
    words = [datetime.fromtimestamp(received).strftime("%H:%M:%S")]  # noqa: DTZ006 - a terminal shows local time
    status, video_id = record["status"], record["video_id"]
    if status is None and video_id is None:
        words.append(_plain(record["path"]))
    else:
        padded = f"{_plain(status or '?'):10}"
        words.append(click.style(padded, fg=_COLOURS.get(status, "cyan")) if colour else padded)
        words.append(_plain(video_id or "?"))
    if record["replyRef"] is not None:
        words.append(f"replyRef={_plain(record['replyRef'])}")
    if error := _errors(record, answer):
        words.append(f"({_plain(error)})")
    return " ".join([*words, "->", str(answer.status), *([answer.how] if answer.how else [])])


def passed_on(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers that another server gets, too."""
    headers = list(headers)
    named = {
        word.strip().lower() for name, value in headers if name == b"connection" for word in value.split(b",")
    } | _OF_ONE_CONNECTION
    return [(name, value) for name, value in headers if name not in named]


def _errors(record: Record, answer: Answer) -> str:
    return "; ".join(filter(None, (record["error"], answer.error)))


def _plain(text: str) -> str:
    return plain(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


class Sink:
    """The receiver as an ASGI application. `show` is called with each callback once its answer is known."""

    def __init__(self, rules: Rules, show: Callable[[Record, float, Answer], None]) -> None:
        self._rules = rules
        self._show = show
        self.received = 0

    async def __call__(self, scope: "Message", receive: "Receive", send: "Send") -> None:
        # Imported here, and below: `mockserver --help` needs no event loop.
        import asyncio

        try:
            if scope["method"] in ("GET", "HEAD"):
                await _send(send, Answer(status=200, body=_ABOUT))
            else:
                await self._callback(scope, receive, send)
        except asyncio.CancelledError:
            # Only the end of the run cancels. Without an answer uvicorn would report an error of ours.
            await _send(send, Answer(status=503, body=b"`mockserver listen` has ended\n"))

    async def _callback(self, scope: "Message", receive: "Receive", send: "Send") -> None:
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        body, size, whole = await _body(receive)
        if not whole:
            return
        received = wall()
        self.received += 1
        delay = self._rules.delay
        record = read(f"{path}?{query}" if query else path, scope["headers"], body)
        if size > _MAX_BYTES:
            record |= {"bytes": size, "error": f"too long: {size} bytes, at most {_MAX_BYTES} are read"}
            answer = Answer(status=413, body=b"at most %d bytes\n" % _MAX_BYTES)
        else:
            rule = self._rules.answer(self.received)
            answer = await _forward(rule, scope["headers"], body) if isinstance(rule, str) else rule
        if delay:
            answer = replace(answer, how=f"{answer.how} after {delay:g} s".strip())
        self._show(record, received, answer)
        if not delay or await _still_there(receive, delay):
            await _send(send, answer)


async def _forward(url: str, headers: Headers, body: bytes) -> Answer:
    from mockserver.delivery import Carrier, Delivery
    from mockserver.destinations import Destinations

    carrier, started = Carrier(Destinations(["*"]), timeout=_FORWARD_SECONDS), stopwatch()
    try:
        there = await carrier.send(Delivery(url, passed_on(headers), body))
    finally:
        await carrier.close()
    took = f"forwarded in {stopwatch() - started:.2f} s"
    if there.status is None or there.status > 599:
        error = f"forwarding failed: {there.error or f'the answer was {there.status}'}"
        return Answer(status=502, body=f"{error}\n".encode(), error=error, how=took)
    retry_after = None if there.retry_after is None else math.ceil(there.retry_after)
    return Answer(status=there.status, body=there.body, retry_after=retry_after, how=took)


async def _body(receive: "Receive") -> tuple[bytes, int, bool]:
    """The body, or b"" for one that is too long; its size; and whether the sender stayed to its end."""
    body, size, more = bytearray(), 0, True
    while more and size <= _DRAINED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", size, False
        size += len(message.get("body", b""))
        body += message.get("body", b"") if size <= _MAX_BYTES else b""
        more = message.get("more_body", False)
    return bytes(body) if size <= _MAX_BYTES else b"", size, True


async def _still_there(receive: "Receive", seconds: float) -> bool:
    """Wait, no longer than the sender does."""
    import asyncio

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
        return False
    return True


async def _send(send: "Send", answer: Answer) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if answer.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if answer.retry_after is not None:
        headers.append((b"retry-after", b"%d" % answer.retry_after))
    if answer.status == 413:
        # The sender may still be sending.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _server(sink: Sink, printer: Printer, ready: Callable[[], None]) -> "Server":
    # Imported here: the rest of the command line needs no server.
    import asyncio

    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets=sockets)
            ready()

        async def on_tick(self, counter: int) -> bool:
            return printer.gone or await super().on_tick(counter)

        async def shutdown(self, sockets: Any = None) -> None:
            # Nobody waits for an answer that is held back, nor for a sender that keeps its connection.
            self.force_exit = True
            if tasks := [task for task in self.server_state.tasks if task.cancel()]:
                await asyncio.wait(tasks, timeout=0.5)
            for connection in self.server_state.connections:
                transport: Any = connection.transport
                transport.abort()
            await super().shutdown(sockets=sockets)

        def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ARG002 - the base class's signature
            # The base class would raise the signal again after a clean end, and end the process by it.
            self.should_exit = self.force_exit = True
            printer.stop()

    return Server(
        uvicorn.Config(sink, lifespan="off", ws="none", access_log=False, log_config=None, server_header=False)
    )


def _option(name: str, *names: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option with a variable of its own: MOCKSERVER_PORT is that of `serve`."""
    variable = f"MOCKSERVER_LISTEN_{name.removeprefix('--').upper().replace('-', '_')}"
    return option(name, *names, envvar=variable, **attributes)


def _url(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from mockserver.destinations import NotCallable, Target

    try:
        if value is not None:
            Target.of(value)
    except NotCallable as reason:
        raise click.BadParameter(str(reason)) from None
    return value


@click.command(short_help="Print callbacks as they arrive, until Ctrl-C.")
@_option("--host", default="127.0.0.1", help="Address to listen on.")
@_option("--port", type=click.IntRange(0, 65_535), default=9000, help="Port; 0 is any free one.")
@_option("--port-file", type=click.Path(path_type=Path), help="Gets the port, once connections are accepted.")
@_option("--status", type=click.IntRange(200, 599), default=200, help="The answer.")
@_option("--delay", type=click.FloatRange(0, _LONGEST_DELAY), default=0.0, help="Seconds before each answer.")
@_option("--fail-first", type=click.IntRange(0), default=0, help="So many are answered 500 first, and not passed on.")
@_option("--retry-after", type=click.IntRange(0), help="Seconds for Retry-After of answers that are not 2xx.")
@_option("--forward-to", metavar="URL", callback=_url, help="POST callbacks on to URL, and answer as it does.")
@_option("--format", type=click.Choice(["auto", "text", "json"]), default="auto", help="auto: text on a terminal.")
def listen(*, host: str, port: int, port_file: Path | None, format: str, **options: Any) -> None:
    """Receive callbacks, and print each as it arrives, until Ctrl-C.

    Give the printed address as replyUrl, with any path. Every option can be given as an environment variable, too:
    --port as MOCKSERVER_LISTEN_PORT.
    """
    rules = Rules(**options)
    if rules.forward_to is not None and rules.status != 200:
        raise click.UsageError("--status and --forward-to exclude each other: the other server answers")
    if math.isnan(rules.delay):  # it passes every range
        raise click.UsageError("--delay nan is no number of seconds")
    # Imported here, as the server is.
    from mockserver import server

    try:
        listener = server.bind(host, port)
    except (OSError, UnicodeError) as error:
        raise click.ClickException(
            f"can't listen on {host}:{port}: {words(error)} (--port 0 takes any free port)"
        ) from None
    url = server.address(listener)
    terminal = sys.stdout is not None and sys.stdout.isatty()
    text = format == "text" or (format == "auto" and terminal)
    printer = Printer(sys.stdout)
    line = partial(text_line, colour=shows_colours(sys.stdout)) if text else json_line

    def ready() -> None:
        on_port_file(port_file, partial(server.write_port, listener))
        printer.line(f"listening at {url} (give this as replyUrl; Ctrl-C ends)" if text else f'{{"listening":"{url}"}}')

    sink = Sink(rules, lambda *callback: printer.line(line(*callback)))
    on_port_file(port_file)
    with suppress(KeyboardInterrupt):
        _server(sink, printer, ready).run(sockets=[listener])
    on_port_file(port_file)
    if text:
        printer.line(f"{sink.received} callback{'' if sink.received == 1 else 's'}")


def on_port_file(file: Path | None, do: Callable[[Path], None] = lambda file: file.unlink(missing_ok=True)) -> None:
    """Do this with the file, if there is one: delete it. Raises ClickException where that can't be done."""
    try:
        if file is not None:
            do(file)
    except OSError as error:
        raise click.ClickException(f"--port-file {file} can't be written: {words(error)}") from None

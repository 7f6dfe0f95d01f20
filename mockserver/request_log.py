"""One line for each request and each callback: what was asked, the answer, why, and how long it took."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from queue import Full, Queue
from threading import Thread
from typing import Any, Final, Literal, NamedTuple, TextIO

import click
import orjson

from mockserver.attempted import Attempted
from mockserver.domain import Verdict
from mockserver.journal import Exchange
from mockserver.masking import mask_secrets, mask_tokens
from mockserver.terminal import shows_colours

Format = Literal["text", "json"]
_COLOURS: Final = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_WAITING_BATCHES: Final = 200


class Entry(NamedTuple):
    """An exchange, or a callback that was attempted, when that was (seconds since 1970), how long it took (seconds)."""

    what: Exchange | Attempted
    received: float
    took: float


class RequestLog:
    """Writes from a thread of its own, so that a request never waits for who reads the log.

    Where nobody reads, what no longer fits is dropped, and counted.
    """

    def __init__(self, stream: TextIO, form: Format) -> None:
        self._stream = stream
        self._line: Callable[[Entry], str] = _text if form == "text" else _json
        self._pending: list[Entry] = []
        self._batches: Queue[Sequence[Entry] | None] = Queue(_WAITING_BATCHES)
        self._dropped = 0
        self._thread = Thread(target=self._write, name="request-log", daemon=True)
        self._thread.start()

    def add(self, what: Exchange | Attempted, received: float, took: float) -> bool:
        """Note an exchange or an attempt. Returns whether it is the first since the last `flush`.

        Then the caller plans the next.
        """
        self._pending.append(Entry(what, received, took))
        return len(self._pending) == 1

    def flush(self) -> None:
        """Hand over what was noted."""
        pending, self._pending = self._pending, []
        try:
            self._batches.put_nowait(pending)
        except Full:
            self._dropped += len(pending)

    def close(self, seconds: float = 0.5) -> None:
        """Write what was noted, and end; give up after `seconds` where nobody reads."""
        self.flush()
        try:
            self._batches.put(None, timeout=seconds)
        except Full:
            return
        self._thread.join(seconds)

    def _write(self) -> None:
        colour = shows_colours(self._stream)
        encoding = self._stream.encoding or "utf-8"
        while (batch := self._batches.get()) is not None:
            lines = "".join(map(self._line, batch))
            if dropped := self._dropped:
                self._dropped -= dropped
                lines += f"({dropped} lines were dropped: nobody read them)\n"
            shown = lines if colour else click.unstyle(lines)
            try:
                self._stream.write(shown.encode(encoding, "backslashreplace").decode(encoding))
                self._stream.flush()
            except (OSError, ValueError):
                return  # whoever read it has gone


def _text(entry: Entry) -> str:
    what = entry.what
    asked, status, why = _of_exchange(what) if isinstance(what, Exchange) else _of_attempt(what)
    line = f"{_time(int(entry.received))} {asked} {status} {why} ({entry.took * 1_000:.1f} ms)\n"
    # A path or a reason may repeat what a client sent: nothing of it must reach a terminal as a command.
    return line if asked.isprintable() and why.isprintable() else f"{ascii(click.unstyle(line))[1:-3]}\n"


def _of_exchange(exchange: Exchange) -> tuple[str, str, str]:
    asked = f"{exchange.request.method} {mask_tokens(exchange.request.path)}"
    return asked, _status(exchange.response.status), mask_tokens(exchange.why)


def _of_attempt(attempted: Attempted) -> tuple[str, str, str]:
    callback, receipt = attempted.callback, attempted.receipt
    asked = f"callback {callback.video.number} {callback.status.name} to {mask_secrets(callback.url)}"
    if receipt.status is not None:
        return asked, _status(receipt.status), attempted.why
    word = "denied" if receipt.verdict is Verdict.DENIED else "failed"
    return asked, click.style(word, fg="red"), attempted.why


@lru_cache(maxsize=2)
def _time(second: int) -> str:
    return datetime.fromtimestamp(second).strftime("%H:%M:%S")  # noqa: DTZ006 - a terminal shows local time


@cache
def _status(status: int) -> str:
    return click.style(str(status), fg=_COLOURS.get(status // 100))


def _json(entry: Entry) -> str:
    what = entry.what
    shown: dict[str, Any] = {
        "time": datetime.fromtimestamp(entry.received).astimezone().isoformat(timespec="milliseconds")
    }
    if isinstance(what, Exchange):
        shown |= {
            "method": what.request.method,
            "path": mask_tokens(what.request.path),
            "operation": what.operation,
            "status": what.response.status,
        }
    else:
        callback = what.callback
        shown |= {
            "callback": callback.number,
            "video": callback.video.number,
            "video_status": callback.status.name,
            "url": mask_secrets(callback.url),
            "attempt": what.attempts,
            "status": what.receipt.status,
            "outcome": what.outcome.value if what.outcome is not None else None,
        }
    shown |= {"why": mask_tokens(what.why), "ms": round(entry.took * 1_000, 3)}
    return orjson.dumps(shown).decode() + "\n"

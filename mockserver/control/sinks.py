"""Receivers of callbacks, built in: what is sent to /__mock/sink/NAME can be looked at there."""

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from mockserver.clock import wall
from mockserver.control.call import ControlCall, Handler, Refused
from mockserver.message import Request
from mockserver.spec.body import MAX_BYTES

_MOST_SINKS: Final = 100
_MOST_EACH: Final = 1_000
_MOST_BYTES: Final = MAX_BYTES
"""Of the bodies and headers that one sink keeps."""


@dataclass(frozen=True, slots=True)
class Received:
    """Something that came: when (seconds since 1970, real), its headers, its body."""

    at: float
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def size(self) -> int:
        """Bytes of it all."""
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers)


class _Sink:
    def __init__(self) -> None:
        self.received: deque[Received] = deque()
        self.total = 0
        self._bytes = 0

    def add(self, received: Received) -> None:
        self.total += 1
        self.received.append(received)
        self._bytes += received.size
        while len(self.received) > _MOST_EACH or (self._bytes > _MOST_BYTES and len(self.received) > 1):
            self._bytes -= self.received.popleft().size


class Sinks:
    """The sinks of one mock, made when something is first sent to them; the one not used for longest goes first.

    A sink keeps the last 1,000 calls, and no more than fit into 1 MiB; the last one in any case. Not safe for use by
    several threads.
    """

    def __init__(self) -> None:
        self._sinks: OrderedDict[str, _Sink] = OrderedDict()

    def receive(self, name: str, request: Request) -> int:
        """Keep a request; returns how many there ever were."""
        sink = self._sinks.setdefault(name, _Sink())
        self._sinks.move_to_end(name)
        while len(self._sinks) > _MOST_SINKS:
            self._sinks.popitem(last=False)
        headers = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in request.headers)
        sink.add(Received(wall(), headers, request.body))
        return sink.total

    def received(self, name: str) -> list[Received]:
        """What came, oldest first."""
        sink = self._sinks.get(name)
        return list(sink.received) if sink is not None else []

    def clear(self, name: str) -> None:
        """Forget what came."""
        self._sinks.pop(name, None)


def _receive(call: ControlCall) -> Any:
    if len(call.request.body) > MAX_BYTES:
        raise Refused(413, f"a sink takes bodies of at most {MAX_BYTES} bytes, got more")
    with call.api.runtime.lock:
        return {"received": call.sinks.receive(call.parameters["name"], call.request)}


def _list(call: ControlCall) -> Any:
    with call.api.runtime.lock:
        received = call.sinks.received(call.parameters["name"])
    return {"data": [_shown(each) for each in received]}


def _clear(call: ControlCall) -> None:
    with call.api.runtime.lock:
        call.sinks.clear(call.parameters["name"])


def _shown(received: Received) -> dict[str, Any]:
    moment = datetime.fromtimestamp(received.at, UTC).isoformat(timespec="milliseconds")
    return {"at": moment.replace("+00:00", "Z"), "headers": dict(received.headers), "body": _value(received.body)}


def _value(body: bytes) -> Any:
    """A body as JSON, else as text; as text, too, where it is nested too deeply to be written into an answer."""
    try:
        value = orjson.loads(body)
        orjson.dumps([[[[value]]]])
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return body.decode("utf-8", "replace")
    return value


HANDLERS: Final[Mapping[str, Handler]] = {
    "sendToSink": _receive,
    "listSink": _list,
    "clearSink": _clear,
}

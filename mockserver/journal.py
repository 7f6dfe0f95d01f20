"""The journal: what was asked, what was answered, and why; bounded."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

from mockserver.message import Request, Response
from mockserver.spec.violation import Violation

KEPT_BYTES: Final = 65_536
"""Bytes of a request's body that the journal keeps."""

_MAX_BYTES: Final = 16 * 1_048_576


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that an exchange suffered.

    `name` is its name in the list of faults; `rule` its place in the fault plan, from 0, None if the request asked for
    it by itself; `provenance` says how it is known.
    """

    name: str
    rule: int | None
    provenance: str


@dataclass(slots=True)
class Exchange:
    """A request with its answer.

    `at` is the sandbox's instant (milliseconds since 1970), None where no sandbox was reached; `operation` the
    operationId, "" without one; `why` one sentence that explains the answer; `refusal` the name of the domain's "no";
    `accepted` the number of the video whose job it started; `number` its place in the journal, from 1. `faults` are
    those that it suffered; `latency` milliseconds of the sandbox's clock that passed before the answer; `received` the
    real instant (seconds since 1970).
    """

    request: Request
    response: Response
    operation: str
    why: str
    at: int | None = None
    violations: tuple[Violation, ...] = ()
    refusal: str | None = None
    accepted: int | None = None
    number: int = 0
    faults: tuple[Fault, ...] = ()
    latency: int = 0
    received: float = 0.0


Coming = Exchange | Future[Exchange]
"""An exchange, or one whose answer has to wait for something else: nobody is held up meanwhile."""


class Journal:
    """The last exchanges, oldest first: at most `bound`, and no more than fit into 16 MiB. `total` counts all."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._exchanges: deque[Exchange] = deque()
        self._bytes = 0
        self.total = 0

    def append(self, exchange: Exchange) -> None:
        """Keep an exchange; of long bodies only the start."""
        self.total += 1
        exchange.number = self.total
        request = exchange.request
        if len(request.body) > KEPT_BYTES:
            exchange.request = replace(request, body=request.body[:KEPT_BYTES])
        self._exchanges.append(exchange)
        self._bytes += len(exchange.request.body) + len(exchange.response.body)
        while len(self._exchanges) > self._bound or self._bytes > _MAX_BYTES:
            gone = self._exchanges.popleft()
            self._bytes -= len(gone.request.body) + len(gone.response.body)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(list(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

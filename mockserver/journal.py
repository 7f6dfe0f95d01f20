"""The journal: what was asked, what was answered, and why; bounded."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from mockserver.message import Request, Response
from mockserver.spec.violation import Violation

KEPT_BYTES: Final = 65_536
"""Bytes of a request's body that the journal keeps."""

_MIB: Final = 1_048_576
_USUAL: Final = 1_000
_WEIGHED: Final = 16
"""Of so many exchanges one head is weighed, for all of them: to weigh each would cost more than to keep it."""


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
    real instant (seconds since 1970), `answered` that at which the answer was given to the connection, None while it
    was not; `body_omitted` the bytes at the request's end that the journal does not keep.
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
    answered: float | None = None
    body_omitted: int = 0


Coming = Exchange | Future[Exchange]
"""An exchange, or one whose answer has to wait for something else: nobody is held up meanwhile."""


class Journal:
    """The last exchanges, oldest first: at most `bound`, and no more than fit into `most_bytes`. `total` counts all.

    For up to 1,000 exchanges these are 16 MiB, for more in proportion, but never beyond 256 MiB.

    `listeners` are called whenever there is something new, by whoever holds the lock of the journal: they must be
    quick, and take no lock. Not safe for use by several threads.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self.most_bytes = min(256, max(16, 16 * bound // _USUAL)) * _MIB
        self._exchanges: deque[Exchange] = deque()
        self._bytes = 0
        self.total = 0
        self.listeners: list[Callable[[], None]] = []
        self.answers: defaultdict[tuple[str, int], int] = defaultdict(int)
        """How many there ever were, by operationId and status."""
        self.faults: defaultdict[str, int] = defaultdict(int)
        """How many faults they suffered, by name."""

    def append(self, exchange: Exchange) -> None:
        """Keep an exchange; of long bodies only the start."""
        self.total += 1
        exchange.number = self.total
        self.answers[exchange.operation, exchange.response.status] += 1
        if exchange.faults:
            for fault in exchange.faults:
                self.faults[fault.name] += 1
        request = exchange.request
        if len(request.body) > KEPT_BYTES:
            exchange.body_omitted = len(request.body) - KEPT_BYTES
            exchange.request = replace(request, body=request.body[:KEPT_BYTES])
        self._exchanges.append(exchange)
        self._bytes += len(exchange.request.body) + len(exchange.response.body)
        if not exchange.number % _WEIGHED:
            self._bytes += _heads_bytes(request)
        while len(self._exchanges) > self._bound or self._bytes > self.most_bytes:
            gone = self._exchanges.popleft()
            self._bytes -= len(gone.request.body) + len(gone.response.body)
            if not gone.number % _WEIGHED:
                self._bytes -= _heads_bytes(gone.request)
        if self.listeners:
            self.tell()

    def since(self, number: int) -> list[Exchange]:
        """The exchanges behind the one with this number, as far as they are kept."""
        new = min(self.total - number, len(self._exchanges))
        # From the end: what is new is little, what is kept may be much.
        return list(islice(reversed(self._exchanges), max(0, new)))[::-1]

    def tell(self) -> None:
        """Call the listeners."""
        for listener in self.listeners:
            listener()

    def __iter__(self) -> Iterator[Exchange]:
        return iter(list(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)


def _heads_bytes(request: Request) -> int:
    """Bytes of all the heads for which this request's stands; a single monster does not sweep the journal empty."""
    size = len(request.path) + len(request.query)
    for name, value in request.headers:
        size += len(name) + len(value)
    return min(size * _WEIGHED, 4 * _MIB)

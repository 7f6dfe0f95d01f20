"""Expectations of what a client asked for, held against the exchanges as they come."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from mockserver.control.criteria import Criteria
from mockserver.journal import Exchange

_MOST_STEPS: Final = 100
"""Steps that a sequence may have."""

_MOST_NUMBERS: Final = 1_000
"""Numbers that are told of those that are as expected."""

How = Literal["exactly", "atLeast", "atMost"]
_WORDS: Final[dict[How, str]] = {"exactly": "exactly", "atLeast": "at least", "atMost": "at most"}


class Judge(Protocol):
    """Says whether what was expected came. Exchanges come oldest first, each once."""

    def hear(self, exchanges: Iterable[Exchange]) -> None:
        """Take further exchanges."""
        ...

    @property
    def numbers(self) -> Iterable[int]:
        """Those of the exchanges that are as expected; of many the last ones."""
        ...

    @property
    def count(self) -> int:
        """How many are as expected."""
        ...

    @property
    def is_met(self) -> bool:
        """Whether the expectation is met by now."""
        ...

    @property
    def is_lost(self) -> bool:
        """Whether it will never be met again."""
        ...

    @property
    def why(self) -> str:
        """What was expected, and what came."""
        ...

    @property
    def missing(self) -> Criteria | None:
        """What the exchange would have to be like that is missing; None if none is."""
        ...


@dataclass(slots=True)
class Counting:
    """So many exchanges are expected."""

    criteria: Criteria
    how: How
    wanted: int
    count: int = 0
    numbers: deque[int] = field(default_factory=lambda: deque(maxlen=_MOST_NUMBERS))

    def hear(self, exchanges: Iterable[Exchange]) -> None:
        for exchange in exchanges:
            if self.criteria.fits(exchange):
                self.count += 1
                self.numbers.append(exchange.number)

    @property
    def is_met(self) -> bool:
        if self.how == "atMost":
            return self.count <= self.wanted
        return self.count == self.wanted if self.how == "exactly" else self.count >= self.wanted

    @property
    def is_lost(self) -> bool:
        return self.how != "atLeast" and self.count > self.wanted

    @property
    def why(self) -> str:
        count = self.count
        came = "1 request is like this" if count == 1 else f"{count or 'no'} requests are like this"
        return f"{came}, {_WORDS[self.how]} {self.wanted} {'was' if self.wanted == 1 else 'were'} expected"

    @property
    def missing(self) -> Criteria | None:
        return self.criteria if self.how != "atMost" and self.count < self.wanted else None


@dataclass(slots=True)
class Following:
    """One exchange like each step is expected, in this order; of those like `criteria` others may stand between."""

    criteria: Criteria
    steps: Sequence[Criteria]
    numbers: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.numbers)

    def hear(self, exchanges: Iterable[Exchange]) -> None:
        for exchange in exchanges:
            if not self.is_met and self.criteria.fits(exchange) and self.steps[len(self.numbers)].fits(exchange):
                self.numbers.append(exchange.number)

    @property
    def is_met(self) -> bool:
        return len(self.numbers) == len(self.steps)

    @property
    def is_lost(self) -> bool:
        return False

    @property
    def why(self) -> str:
        return _met(self.numbers) if self.is_met else _stopped(self.numbers, self.steps)

    @property
    def missing(self) -> Criteria | None:
        return None if self.is_met else _both(self.criteria, self.steps[len(self.numbers)])


@dataclass(slots=True)
class InARow:
    """The same with nothing like `criteria` between."""

    criteria: Criteria
    steps: Sequence[Criteria]
    numbers: list[int] = field(default_factory=list)
    _last: deque[Exchange] = field(default_factory=lambda: deque(maxlen=_MOST_STEPS))
    _begun: list[int] = field(default_factory=list)
    """How far each row came of which the last exchange is a part."""

    @property
    def count(self) -> int:
        return len(self.numbers)

    def hear(self, exchanges: Iterable[Exchange]) -> None:
        for exchange in exchanges:
            if self.is_met:
                return
            if not self.criteria.fits(exchange):
                continue
            self._last.append(exchange)
            self._begun = [length + 1 for length in (*self._begun, 0) if self.steps[length].fits(exchange)]
            longest = max(self._begun, default=0)
            if longest > len(self.numbers):
                self.numbers = [each.number for each in list(self._last)[-longest:]]
            self._begun = [length for length in self._begun if length < len(self.steps)]

    @property
    def is_met(self) -> bool:
        return len(self.numbers) == len(self.steps)

    @property
    def is_lost(self) -> bool:
        return False

    @property
    def why(self) -> str:
        return f"{_met(self.numbers)}, in a row" if self.is_met else f"{_stopped(self.numbers, self.steps)} at once"

    @property
    def missing(self) -> Criteria | None:
        return None if self.is_met else _both(self.criteria, self.steps[len(self.numbers)])


def _met(numbers: Sequence[int]) -> str:
    return (
        f"requests {_listed(numbers)} came as expected"
        if len(numbers) > 1
        else f"request {numbers[0]} came as expected"
    )


def _stopped(numbers: Sequence[int], steps: Sequence[Criteria]) -> str:
    if not numbers:
        return f"no request is like step 1 of {len(steps)}"
    came = f"request{'s' if len(numbers) > 1 else ''} {_listed(numbers)}"
    return f"{came} came as expected, then no request like step {len(numbers) + 1} of {len(steps)}"


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return shown if len(numbers) <= 10 else f"{shown} ..."


def _both(one: Criteria, other: Criteria) -> Criteria:
    return Criteria(max(one.since, other.since), [*one.wishes, *other.wishes])

"""What is counted for as long as a mock runs, also of sandboxes that are gone."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from mockserver.domain import Outcome, Sandbox
from mockserver.journal import Journal

_Key = TypeVar("_Key")


@dataclass(slots=True)
class Tally:
    """Counts of any number of sandboxes.

    `answers` are exchanges by operationId ("" for none) and status, `faults` those that they suffered by name,
    `accepted` the jobs that were started, `callbacks` those that came to an end, by outcome.
    """

    answers: defaultdict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    faults: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    accepted: int = 0
    callbacks: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))

    def add(self, sandbox: Sandbox, journal: Journal) -> None:
        """Add what was counted of a sandbox; its lock is held."""
        self.note(journal)
        if sandbox.accepted:
            self.accepted += sandbox.accepted
            _add(self.callbacks, sandbox.outbox.totals)

    def note(self, journal: Journal) -> None:
        """Add what a journal counted."""
        _add(self.answers, journal.answers)
        if journal.faults:
            _add(self.faults, journal.faults)

    def merge(self, other: "Tally") -> None:
        """Add other counts."""
        _add(self.answers, other.answers)
        _add(self.faults, other.faults)
        self.accepted += other.accepted
        _add(self.callbacks, other.callbacks)


def _add(numbers: dict[_Key, int], more: Mapping[_Key, int]) -> None:
    for key, number in more.items():
        numbers[key] += number

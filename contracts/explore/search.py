"""The search: it proposes what to try, is told what came of it in whatever order, and knows what was found.

Which case is found does not depend on the order in which they end: it is the first in the order of proposals.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from contracts.explore.atoms import Atoms
from contracts.findings import Finding


@dataclass(frozen=True, slots=True)
class Case:
    """Something to try, the so-many-th of the search, from 1."""

    number: int
    atoms: Atoms


class Search:
    """One search for a case that breaks a rule.

    `cases` are what to try, `runs` at most; `wanted` says whether a finding is one that is looked for.
    """

    def __init__(self, cases: Iterable[Atoms], runs: int, wanted: Callable[[Finding], bool]) -> None:
        self._cases = iter(cases)
        self._runs = runs
        self._wanted = wanted
        self._proposed = 0
        self._open: set[int] = set()
        self._broken: dict[int, tuple[Case, Finding]] = {}

    @property
    def proposed(self) -> int:
        """How many cases were proposed."""
        return self._proposed

    def propose(self) -> Case | None:
        """The next case to try; None if there is none, or if one was found, before which it would not come."""
        if self._broken or self._proposed >= self._runs:
            return None
        atoms = next(self._cases, None)
        if atoms is None:
            return None
        self._proposed += 1
        self._open.add(self._proposed)
        return Case(self._proposed, atoms)

    def told(self, case: Case, findings: Sequence[Finding]) -> None:
        """What came of a case. Raises ValueError for one that was not proposed, or was told already."""
        if case.number not in self._open:
            raise ValueError(f"case {case.number} is not open")
        self._open.remove(case.number)
        finding = next(filter(self._wanted, findings), None)
        if finding is not None:
            self._broken[case.number] = case, finding

    @property
    def found(self) -> tuple[Case, Finding] | None:
        """The first case that breaks a rule, with the finding; None while one before it may still turn out to."""
        if not self._broken:
            return None
        first = min(self._broken)
        return None if any(number < first for number in self._open) else self._broken[first]

    def drop(self, case: Case) -> None:
        """Go on without a case that was found: it does not happen again."""
        del self._broken[case.number]

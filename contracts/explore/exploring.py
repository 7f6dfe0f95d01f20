"""All of it: the search, whether what it found happens again, and the least of it that still breaks the rule."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from contracts.explore.atoms import Atoms, compose
from contracts.explore.search import Case, Search
from contracts.explore.shrink import shrink
from contracts.explore.trials import Attempt, Trials
from contracts.findings import Finding, Rule

_MOST_SHRINKING: Final = 80
"""Cases that are tried to make one smaller."""

_MORE: Final = 2
"""How often it is looked whether something happens again, until it does."""

_BASE: Final[Atoms] = ()
"""Nothing happens but what has to."""


class Watch(Protocol):
    """Told what goes on, by the thread that explores."""

    def phase(self, name: str) -> None:
        """A part of it begins."""

    def tried(self, atoms: Atoms) -> None:
        """The client is run where this happens."""

    def finding(self, finding: Finding) -> None:
        """A rule was broken."""


class Unwatched:
    """Tells nobody."""

    def phase(self, name: str) -> None:
        """Nothing."""

    def tried(self, atoms: Atoms) -> None:
        """Nothing."""

    def finding(self, finding: Finding) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """What makes a client break a rule: the things that happen, and the finding when they happened last.

    `first` is what happened when it was seen first. Not `steady`: it did not happen when it was tried last.
    """

    finding: Finding
    atoms: Atoms
    first: Atoms
    steady: bool = True

    @property
    def rule(self) -> Rule:
        return self.finding.rule

    @property
    def scenario(self) -> dict[str, Any]:
        """The data of the scenario in which it happens."""
        return compose(self.atoms)


@dataclass(frozen=True, slots=True)
class Explored:
    """What came of it: what was found, None for nothing; how many cases were tried, and how often the client ran.

    `always` are findings of the base, in which nothing goes wrong: what breaks there says nothing about orders, and
    those rules were not looked at further. `passing` was seen once, and did not happen again.
    """

    found: Found | None
    cases: int
    runs: int
    always: Sequence[Finding] = ()
    passing: Sequence[Found] = ()


def explore(
    attempt: Attempt,
    cases: Callable[[], Iterable[Atoms]],
    *,
    runs: int,
    jobs: int = 1,
    wanted: Callable[[Rule], bool] = lambda _: True,
    watch: Watch | None = None,
    stop: Callable[[], None] = lambda: None,
) -> Explored:
    """Search among cases for one that makes a client break a rule, and make it small.

    `cases` is called after the first run, that of the base, and gives what to try; at most `runs` of it are. What it
    finds is the same for the same cases and the same client, whatever the number of `jobs`. `stop` is called when all
    is over, to end attempts that nobody waits for any more. Raises what an attempt raises.
    """
    watch = watch or Unwatched()
    with Trials.of(attempt, jobs, watch.tried, stop) as trials:
        watch.phase("nothing goes wrong")
        always = [finding for finding in trials.again(_BASE) if wanted(finding.rule)]
        for finding in always:
            watch.finding(finding)
        known = {finding.rule.id for finding in always}
        search = Search(cases(), runs, lambda finding: finding.rule.id not in known and wanted(finding.rule))
        return _Exploring(trials, search, watch).run(always)


class _Exploring:
    def __init__(self, trials: Trials, search: Search, watch: Watch) -> None:
        self._trials = trials
        self._search = search
        self._watch = watch

    def run(self, always: Sequence[Finding]) -> Explored:
        """Search until something is found that happens again."""
        trials, search, watch = self._trials, self._search, self._watch
        passing: list[Found] = []
        found: Found | None = None
        while found is None:
            watch.phase("searching")
            trials.search(search)
            if search.found is None:
                break
            case, finding = search.found
            watch.finding(finding)
            watch.phase("does it happen again")
            if any(self._breaks(finding.rule, trials.again(case.atoms)) for _ in range(_MORE)):
                found = self._least(case, finding)
            else:
                passing.append(Found(finding, case.atoms, case.atoms, steady=False))
                search.drop(case)
        return Explored(found, search.proposed, trials.runs, always, passing)

    def _least(self, case: Case, finding: Finding) -> Found:
        self._watch.phase("making it smaller")
        tried: set[Atoms] = set()

        def first(cases: Sequence[Atoms]) -> int | None:
            left = _MOST_SHRINKING - len(tried)
            # The same wherever it ends, whatever ran side by side.
            index = self._trials.first(cases[: max(0, left)], lambda found: self._breaks(finding.rule, found))
            tried.update(cases[: left if index is None else index + 1])
            return index

        least = shrink(case.atoms, first)
        self._watch.phase("once more")
        last = next(filter(lambda each: each.rule.id == finding.rule.id, self._trials.again(least)), None)
        return Found(last or finding, least, case.atoms, steady=last is not None)

    @staticmethod
    def _breaks(rule: Rule, findings: Sequence[Finding]) -> bool:
        return any(finding.rule.id == rule.id for finding in findings)

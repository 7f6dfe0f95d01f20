"""Runs a client in scenarios, several side by side, each scenario once."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Self

from contracts.explore.atoms import Atoms, compose
from contracts.explore.search import Case, Search
from contracts.findings import Finding

Attempt = Callable[[Mapping[str, Any]], Sequence[Finding]]
"""Runs a client in the scenario of these data, and gives the findings that count. May be called from any thread."""


class Trials:
    """What a client does in one scenario after another. To be used by one thread.

    With `jobs` 1 it runs on that thread, with more on threads of their own. `tried` is told of each run, before it
    begins. What an attempt raises is raised here.
    """

    def __init__(self, attempt: Attempt, jobs: int, tried: Callable[[Atoms], None]) -> None:
        self._attempt = attempt
        self._jobs = jobs
        self._tried = tried
        self._known: dict[str, Sequence[Finding]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._running: dict[Future[Sequence[Finding]], Case] = {}
        self.runs = 0
        """How often the client was run."""

    @classmethod
    @contextmanager
    def of(
        cls, attempt: Attempt, jobs: int, tried: Callable[[Atoms], None], stop: Callable[[], None]
    ) -> Iterator[Self]:
        """Trials whose threads end with the block; `stop` is called then, to end what still runs."""
        trials = cls(attempt, jobs, tried)
        if jobs == 1:
            yield trials
            return
        trials._pool = ThreadPoolExecutor(jobs, "explore")
        try:
            yield trials
        finally:
            stop()
            trials._pool.shutdown(cancel_futures=True)

    def again(self, atoms: Atoms) -> Sequence[Finding]:
        """What the client does where this happens, whatever it did there before."""
        self._known.pop(_key(atoms), None)
        return self._side_by_side([atoms])[0]

    def search(self, search: Search) -> None:
        """Go on with a search, the one there is, until it has found something or has nothing left to propose.

        What runs then besides goes on, and counts if the search goes on, too.
        """
        running = self._running
        while search.found is None:
            while len(running) < self._jobs and (case := search.propose()) is not None:
                running[self._start(case.atoms)] = case
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                case = running.pop(future)
                search.told(case, self._note(case.atoms, future))

    def first(self, cases: Sequence[Atoms], holds: Callable[[Sequence[Finding]], bool]) -> int | None:
        """The index of the first case of which that holds; no more are tried than have to be, or fit side by side."""
        for start in range(0, len(cases), self._jobs):
            window = cases[start : start + self._jobs]
            for index, findings in enumerate(self._side_by_side(window), start):
                if holds(findings):
                    return index
        return None

    def _side_by_side(self, cases: Sequence[Atoms]) -> list[Sequence[Finding]]:
        return [self._note(atoms, future) for atoms, future in [(atoms, self._start(atoms)) for atoms in cases]]

    def _start(self, atoms: Atoms) -> "Future[Sequence[Finding]]":
        known: Future[Sequence[Finding]] = Future()
        if (findings := self._known.get(_key(atoms))) is not None:
            known.set_result(findings)
            return known
        self.runs += 1
        self._tried(atoms)
        scenario = compose(atoms)
        if self._pool is not None:
            return self._pool.submit(self._attempt, scenario)
        known.set_result(self._attempt(scenario))
        return known

    def _note(self, atoms: Atoms, future: "Future[Sequence[Finding]]") -> Sequence[Finding]:
        findings = self._known[_key(atoms)] = future.result()
        return findings


def _key(atoms: Atoms) -> str:
    """The scenario in one text: different atoms may say the same."""
    return json.dumps(compose(atoms), sort_keys=True)

"""All of it on clients whose fault is planted: what is found, made small, and the same however it runs."""

from collections.abc import Iterable, Sequence
from random import Random
from threading import Barrier, Event, Lock
from typing import Any

import pytest

from contracts.explore.atoms import Atom, Atoms
from contracts.explore.exploring import Explored, Unwatched, explore
from contracts.explore.proposals import proposals
from contracts.findings import Finding, Rule
from explore import toys
from explore.toys import ORDER, TWICE, Attempt, Scenario, broken

LOST, RESET = Atom("submit", ("lost-reply", 0, 1)), Atom("read", ("getVideo", "connection-reset", 2, 1))


def explored(attempt: Attempt, runs: int = 400, seed: int = 0, jobs: int = 1, **options: Any) -> Explored:
    """What comes of it."""
    return explore(attempt, lambda: proposals(Random(seed)), runs=runs, jobs=jobs, **options)


def deep(scenario: Scenario) -> list[Finding]:
    """Breaks a rule where three things meet, which no pair shows."""
    swapped = toys.is_swapped(scenario)
    lost = toys.suffers(scenario, "upscaleVideo", "lost-reply")
    failed = "FAILED" in scenario["jobs"].get("endings", ())
    return broken(ORDER) if swapped and lost and failed else []


@pytest.mark.parametrize("jobs", [1, 3])
def test_double_submit_is_found_and_exactly_its_cause(jobs: int) -> None:
    """The lost answer and the second look that is reset."""
    outcome = explored(toys.double_submit, jobs=jobs)
    assert outcome.found is not None
    assert outcome.found.atoms == (LOST, RESET)
    assert outcome.found.rule is TWICE
    assert outcome.found.steady


def test_lost_final_state_is_found_at_once() -> None:
    """Who ignores the order of callbacks is found with the second case."""
    outcome = explored(toys.planted(toys.is_swapped, ORDER))
    assert outcome.found is not None
    assert outcome.found.atoms == (Atom("swapped"),)
    assert outcome.cases == 2
    assert outcome.runs < 10


def test_what_only_three_things_show_is_found_by_chance() -> None:
    """And made as small as it gets."""
    outcome = explored(deep, runs=4_000)
    assert outcome.found is not None
    assert len(outcome.found.first) >= 3
    assert outcome.found.atoms == (LOST, Atom("ends", ("FAILED", 1)), Atom("swapped"))


def test_faultless_client_is_tried_as_often_as_allowed() -> None:
    """And the base besides."""
    outcome = explored(toys.faultless, runs=50)
    assert (outcome.found, outcome.cases, outcome.runs) == (None, 50, 51)


@pytest.mark.parametrize("seed", range(3))
def test_result_is_the_same_whatever_runs_side_by_side_and_ends_first(seed: int) -> None:
    """Runs that take their time in another order each time change nothing."""
    ended = Event()

    def dawdling(scenario: Scenario) -> Sequence[Finding]:
        ended.wait(Random(f"{seed}{scenario}").random() / 500)
        return deep(scenario)

    one, many = explored(deep, 3_000, seed), explored(dawdling, 3_000, seed, jobs=4)
    assert one.found == many.found
    assert one.found is not None


def test_so_many_run_side_by_side() -> None:
    """Three wait for each other."""
    barrier = Barrier(3, timeout=5)

    def meeting(scenario: Scenario) -> Sequence[Finding]:
        if "faults" in scenario:
            barrier.wait()
        return []

    lost = [(Atom("submit", ("lost-reply", call, 1)),) for call in (0, 1, 2)]
    assert explore(meeting, lambda: lost, runs=3, jobs=3).cases == 3


def test_client_runs_once_in_each_scenario() -> None:
    """But where it is looked whether something happens again."""
    lock, met = Lock(), []

    def noting(scenario: Scenario) -> Sequence[Finding]:
        with lock:
            met.append(str(scenario))
        return toys.double_submit(scenario)

    outcome = explored(noting, jobs=2)
    twice = {scenario for scenario in met if met.count(scenario) > 1}
    assert len(met) == outcome.runs
    assert len(twice) == 1


def test_what_is_broken_on_a_good_day_is_not_looked_for() -> None:
    """It is told, and another rule is found."""

    def clumsy(scenario: Scenario) -> Sequence[Finding]:
        return broken(TWICE, ORDER) if toys.is_swapped(scenario) else broken(TWICE)

    outcome = explored(clumsy)
    assert [finding.rule for finding in outcome.always] == [TWICE]
    assert outcome.found is not None
    assert outcome.found.rule is ORDER


def test_only_wanted_rules_are_looked_for() -> None:
    """The first thing that breaks another one is passed over."""

    def both(scenario: Scenario) -> Sequence[Finding]:
        swapped = broken(ORDER) if toys.is_swapped(scenario) else []
        return [*toys.double_submit(scenario), *swapped]

    outcome = explored(both, wanted=lambda rule: rule is TWICE)
    assert outcome.found is not None
    assert outcome.found.atoms == (LOST, RESET)


def test_same_rule_stays_broken_while_it_gets_smaller() -> None:
    """A smaller case that breaks another rule is none."""

    def treacherous(scenario: Scenario) -> Sequence[Finding]:
        lost = toys.suffers(scenario, "upscaleVideo", "lost-reply")
        swapped = toys.is_swapped(scenario)
        if lost and swapped:
            return broken(TWICE)
        return broken(ORDER) if lost or swapped else []

    both = (LOST, Atom("swapped"))
    outcome = explore(treacherous, lambda: [both], runs=1)
    assert outcome.found is not None
    assert outcome.found.atoms == both


class Moody:
    """Breaks a rule only so many times."""

    def __init__(self, times: int) -> None:
        self._left = times

    def __call__(self, scenario: Scenario) -> Sequence[Finding]:
        if not toys.is_swapped(scenario) or not self._left:
            return []
        self._left -= 1
        return broken(ORDER)


def test_what_does_not_happen_again_is_not_found_and_told_as_such() -> None:
    """The search goes on to its end."""
    outcome = explored(Moody(1), runs=20)
    assert outcome.found is None
    assert [(each.rule, each.atoms, each.steady) for each in outcome.passing] == [(ORDER, (Atom("swapped"),), False)]
    assert outcome.cases == 20
    assert outcome.runs == 23


class Rare(Moody):
    """Does not so each other time."""

    def __call__(self, scenario: Scenario) -> Sequence[Finding]:
        if toys.is_swapped(scenario):
            self._left -= 1
        return broken(ORDER) if toys.is_swapped(scenario) and self._left % 2 else []


def test_what_happens_the_next_time_but_one_is_found() -> None:
    """With a reserve, unless it happens the last time."""
    outcome = explored(Rare(4), runs=20)
    assert outcome.found is not None
    assert outcome.found.atoms == (Atom("swapped"),)
    assert not outcome.found.steady


def test_search_goes_on_behind_what_does_not_happen_again() -> None:
    """Another case is found, and both are told."""
    moody = Moody(1)

    def both(scenario: Scenario) -> Sequence[Finding]:
        return [*moody(scenario), *toys.double_submit(scenario)]

    outcome = explored(both, jobs=2)
    assert outcome.found is not None
    assert outcome.found.rule is TWICE
    assert outcome.found.steady
    assert [each.rule for each in outcome.passing] == [ORDER]


def test_what_stops_happening_while_it_gets_smaller_is_not_called_steady() -> None:
    """It was seen, and is told with a reserve."""
    outcome = explored(Moody(2), runs=20)
    assert outcome.found is not None
    assert not outcome.found.steady


@pytest.mark.parametrize("jobs", [1, 3])
def test_run_that_is_impossible_ends_all(jobs: int) -> None:
    """What an attempt raises is raised, and no thread is left."""

    def refusing(scenario: Scenario) -> Sequence[Finding]:
        if "faults" in scenario:
            raise OSError("the mock is gone")
        return []

    with pytest.raises(OSError, match="the mock is gone"):
        explored(refusing, jobs=jobs)


def test_without_cases_only_the_base_is_run() -> None:
    """There may be nothing to disturb."""
    nothing: Iterable[Atoms] = ()
    outcome = explore(toys.double_submit, lambda: nothing, runs=10)
    assert (outcome.found, outcome.cases, outcome.runs) == (None, 0, 1)


class Noting(Unwatched):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def phase(self, name: str) -> None:
        self.told.append(name)

    def finding(self, finding: Finding) -> None:
        self.told.append(finding.rule.id)


def test_watch_is_told_what_goes_on() -> None:
    """The parts in their order, and what was met."""
    watch = Noting()
    explored(toys.planted(toys.is_swapped, ORDER), watch=watch)
    assert watch.told == [
        "nothing goes wrong",
        "searching",
        "callbacks/late-progress",
        "does it happen again",
        "making it smaller",
        "once more",
    ]


def test_rule_that_is_not_wanted_is_not_told_of_a_good_day() -> None:
    """`--only` holds there, too."""

    def wanted(rule: Rule) -> bool:
        return rule is ORDER

    assert explored(toys.planted(lambda _: True, TWICE, ORDER), runs=5, wanted=wanted).always[0].rule is ORDER

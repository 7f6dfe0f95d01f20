"""The search by itself: proposing, being told, finding the same whatever ends first."""

from itertools import permutations

import pytest

from contracts.explore.atoms import Atom, Atoms
from contracts.explore.search import Case, Search
from explore.toys import ORDER, TWICE, broken

CASES: list[Atoms] = [(Atom("takes", (seconds,)),) for seconds in (120, 60, 180, 300, 10)]


def search(runs: int = 5) -> Search:
    """A search among the cases for whatever breaks."""
    return Search(CASES, runs, lambda _: True)


def proposed(of: Search, count: int) -> list[Case]:
    """So many cases, all of them still open."""
    found = [of.propose() for _ in range(count)]
    assert None not in found
    return [case for case in found if case is not None]


def test_cases_are_proposed_in_their_order() -> None:
    """Each once, and none when there are no more."""
    tried = search()
    assert [case.atoms for case in proposed(tried, 5)] == CASES
    assert tried.propose() is None


def test_no_more_are_proposed_than_runs_are_allowed() -> None:
    """Though there are more."""
    tried = search(runs=2)
    proposed(tried, 2)
    assert tried.propose() is None
    assert tried.proposed == 2


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_first_of_the_proposals_is_found_whatever_ends_first(order: tuple[int, ...]) -> None:
    """Not before all that came before it have ended, and nothing is proposed behind it."""
    tried = search()
    cases = proposed(tried, 4)
    ended: set[int] = set()
    for index in order:
        tried.told(cases[index], broken(TWICE) if index in (1, 3) else [])
        ended.add(index)
        if ended & {1, 3}:
            assert tried.propose() is None
        if {0, 1} <= ended:
            assert tried.found is not None
            assert tried.found[0] is cases[1]
        else:
            assert tried.found is None or (tried.found[0] is cases[3] and {0, 1, 2} <= ended)


def test_finding_that_nobody_wants_is_none() -> None:
    """Of several, the first that is wanted counts."""
    tried = Search(CASES, 5, lambda finding: finding.rule is ORDER)
    first, second = proposed(tried, 2)
    tried.told(first, broken(TWICE))
    assert tried.found is None
    tried.told(second, broken(TWICE, ORDER))
    assert tried.found is not None
    assert tried.found[1].rule is ORDER


def test_search_goes_on_without_what_was_dropped() -> None:
    """The next case is proposed, and may be found."""
    tried = search()
    first = proposed(tried, 1)[0]
    tried.told(first, broken(TWICE))
    assert tried.propose() is None
    tried.drop(first)
    assert tried.found is None
    second = proposed(tried, 1)[0]
    tried.told(second, broken(TWICE))
    assert tried.found is not None
    assert tried.found[0] is second


def test_case_is_told_once() -> None:
    """Who tells twice, or what nobody proposed, is mistaken."""
    tried = search()
    case = proposed(tried, 1)[0]
    tried.told(case, [])
    with pytest.raises(ValueError, match="case 1 is not open"):
        tried.told(case, [])
    with pytest.raises(ValueError, match="case 9 is not open"):
        tried.told(Case(9, ()), [])

"""The least of what was found, by clients whose cause is known."""

from collections.abc import Callable, Sequence
from itertools import islice
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.explore.atoms import Atom, Atoms, exclude_each_other, ordered
from contracts.explore.proposals import proposals
from contracts.explore.shrink import shrink

POOL: list[Atoms] = [atoms for atoms in islice(proposals(Random(3)), 1_500) if len(atoms) > 2]
LOST, RESET = Atom("submit", ("lost-reply", 0, 1)), Atom("read", ("getVideo", "connection-reset", 2, 1))


def first_of(
    breaks: Callable[[Atoms], bool], tried: list[Atoms] | None = None
) -> Callable[[Sequence[Atoms]], int | None]:
    """Tells which case breaks first; notes what was asked for."""

    def first(cases: Sequence[Atoms]) -> int | None:
        for index, case in enumerate(cases):
            if tried is not None:
                tried.append(case)
            if breaks(case):
                return index
        return None

    return first


def together(*atoms: Atom) -> Atoms:
    """Things that happen together."""
    return ordered(atoms)


def test_everything_that_does_nothing_goes() -> None:
    """Two of five are left."""
    atoms = together(LOST, RESET, Atom("swapped"), Atom("busy", (3,)), Atom("early_url"))
    assert shrink(atoms, first_of(lambda case: {LOST, RESET} <= set(case))) == together(LOST, RESET)


def test_numbers_become_the_simplest_that_do() -> None:
    """The call and the number of times, and how it fails."""
    atoms = together(Atom("read", ("listVideos", "malformed-json", 5, 3)))

    def breaks(case: Atoms) -> bool:
        operation, _, call, times = case[0].values
        return operation == "listVideos" and isinstance(call, int) and isinstance(times, int) and call + times > 4

    assert shrink(atoms, first_of(breaks)) == (Atom("read", ("listVideos", "connection-reset", 2, 3)),)


def test_what_breaks_alone_stays_alone() -> None:
    """And is not taken away: nothing at all is never tried."""
    tried: list[Atoms] = []
    assert shrink((Atom("swapped"),), first_of(lambda _: True, tried)) == (Atom("swapped"),)
    assert tried == []


def test_something_simpler_may_make_another_thing_needless() -> None:
    """When values have changed, what is left is gone through again."""
    busy, taking = Atom("busy", (2,)), Atom("takes", (300,))

    def breaks(case: Atoms) -> bool:
        return (busy in case and taking in case) or Atom("busy", (3,)) in case

    assert shrink(together(busy, taking), first_of(breaks)) == (Atom("busy", (3,)),)


def test_nothing_is_left_when_no_more_may_be_tried() -> None:
    """What was found stays as it is."""
    atoms = together(LOST, RESET, Atom("swapped"))
    assert shrink(atoms, lambda _: None) == atoms


@given(st.sampled_from(POOL), st.data())
def test_planted_cause_is_what_is_left(atoms: Atoms, data: st.DataObject) -> None:
    """Whichever of the things it is, of one kind or more: exactly that, unless something simpler does it."""
    cause = set(data.draw(st.lists(st.sampled_from(atoms), min_size=1, unique=True)))
    tried: list[Atoms] = []
    assert shrink(atoms, first_of(lambda case: cause <= set(case), tried)) == ordered(cause)
    assert len(set(tried)) < 80
    assert () not in tried


@given(st.sampled_from(POOL), st.integers(0, 2**32))
def test_what_is_left_breaks_and_can_not_lose_anything(atoms: Atoms, salt: int) -> None:
    """However a client behaves, as long as it behaves the same each time."""

    def breaks(case: Atoms) -> bool:
        return case == atoms or Random(f"{salt}{case}").random() < 0.3

    assume(breaks(atoms))
    left = shrink(atoms, first_of(breaks))
    assert breaks(left)
    assert not exclude_each_other(left)
    if len(left) > 1:
        assert not any(breaks(left[:index] + left[index + 1 :]) for index in range(len(left)))
    simpler = [
        ordered((*left[:number], each, *left[number + 1 :]))
        for number, atom in enumerate(left)
        for index in range(len(atom.values))
        for each in atom.simpler(index)
    ]
    assert not any(breaks(case) for case in simpler if not exclude_each_other(case))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_few_cases_are_tried(size: int) -> None:
    """Each is a run of the client."""
    atoms = next(each for each in POOL if len(each) == size) if size > 2 else together(LOST, RESET)
    tried: list[Atoms] = []
    shrink(atoms, first_of(lambda case: case == atoms, tried))
    assert len(set(tried)) < 50

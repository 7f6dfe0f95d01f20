"""What is tried, and in which order."""

from itertools import islice, takewhile
from random import Random

from contracts.explore.atoms import Atom, Atoms, exclude_each_other
from contracts.explore.kinds import Family
from contracts.explore.proposals import Habits, proposals

LOST = Atom("submit", ("lost-reply", 0, 1))
POLLS = Habits(frozenset({"getVideo"}), callbacks=False)


def some(count: int, seed: int = 0, habits: Habits | None = None) -> list[Atoms]:
    """The first so many proposals."""
    return list(islice(proposals(Random(seed), habits), count))


def test_single_things_come_first_and_a_lost_answer_before_all() -> None:
    """Then pairs, then more at a time."""
    sizes = [len(atoms) for atoms in some(800)]
    assert some(1) == [(LOST,)]
    singles = sizes.index(2)
    assert set(sizes[:singles]) == {1}
    assert 20 < singles < 60
    assert set(sizes[singles:200]) == {2}
    assert {3, 4, 5} <= set(sizes)


def test_the_most_telling_come_early() -> None:
    """In few runs of a client much is seen."""
    early = {atom.name for atoms in some(10) for atom in atoms}
    assert {"submit", "swapped", "duplicated", "read", "busy", "ends"} <= early


def test_nothing_is_proposed_twice_and_nothing_that_excludes_itself() -> None:
    """Each is worth a run."""
    found = some(3_000)
    assert len(set(found)) == len(found) == 3_000
    assert not any(exclude_each_other(atoms) for atoms in found)


def test_seed_decides_what_is_drawn_and_nothing_else_does() -> None:
    """The single things and pairs are the same for all."""
    assert some(900, 7) == some(900, 7)
    assert some(900, 7)[:300] == some(900, 8)[:300]
    assert some(900, 7) != some(900, 8)


def test_client_without_callbacks_gets_none_disturbed() -> None:
    """It would not notice."""
    families = {atom.kind.family for atoms in some(1_500, habits=POLLS) for atom in atoms}
    assert families == set(Family) - {Family.CALLBACK}


def test_operations_that_a_client_does_not_use_are_not_disturbed_by_themselves() -> None:
    """But who has lost an answer may use another one."""
    chosen = list(takewhile(lambda atoms: len(atoms) <= 2, some(1_500, habits=POLLS)))
    listed = [atoms for atoms in chosen if any("listVideos" in atom.values for atom in atoms)]
    assert (LOST, Atom("read", ("listVideos", "connection-reset", 1, 1))) in listed
    assert all(any(atom.kind.family is Family.SUBMIT for atom in atoms) for atoms in listed)


def test_client_that_reads_nothing_gets_no_read_disturbed_by_itself() -> None:
    """It waits for callbacks; those come in another order soon."""
    chosen = list(takewhile(lambda atoms: len(atoms) == 1, some(100, habits=Habits(frozenset()))))
    assert all(atom.name != "read" for atoms in chosen for atom in atoms)
    assert (Atom("swapped"),) in chosen[:2]


def test_proposals_end_when_nothing_new_is_drawn() -> None:
    """A random that always draws the same has nothing left soon."""

    class Stuck(Random):
        def random(self) -> float:
            return 0.0

        def getrandbits(self, k: int) -> int:  # noqa: ARG002 - the base class's signature
            return 0

    assert len(list(proposals(Stuck(0)))) < 500

"""What a scenario is made of: each atom, and whatever of them is put together, is one that the mock takes."""

from collections.abc import Iterator
from itertools import islice, product
from random import Random

import pytest

from contracts.explore.atoms import Atom, compose, exclude_each_other, ordered
from contracts.explore.kinds import KINDS
from contracts.explore.proposals import proposals
from mockserver.compiled import shared
from mockserver.handle.live import PixverseServer
from mockserver.scenario import Scenario

_LONGEST = 300
"""Seconds that a job may take."""


def every_atom() -> Iterator[Atom]:
    """All that there can be."""
    for name, kind in KINDS.items():
        for values in product(*kind.choices):
            yield Atom(name, values)


def test_each_alone_is_a_scenario_of_the_mock() -> None:
    """Form and fault plan are read without a complaint."""
    found = list(every_atom())
    assert len(found) > 400
    for atom in found:
        Scenario.load(compose([atom]), catalogue=shared().catalogue)


def test_mock_takes_whatever_is_proposed(pixverse_server: PixverseServer) -> None:
    """Over HTTP, as a run of a client puts it: single ones, pairs and what is drawn."""
    sandbox = pixverse_server.sandbox()
    tried = list(islice(proposals(Random(5)), 900))
    assert max(map(len, tried)) == 5
    for atoms in tried:
        scenario = compose(atoms)
        assert sandbox.scenario.put(scenario) == scenario


def test_each_keeps_a_run_short() -> None:
    """No job takes longer than 5 minutes, and no answer longer than a job."""
    for atom in every_atom():
        scenario = compose([atom])
        assert scenario["jobs"]["shortest"] <= scenario["jobs"]["longest"] <= _LONGEST
        assert all(fault.get("seconds", 0) <= _LONGEST / 2 for fault in scenario.get("faults", ()))


def test_each_says_something_of_its_own() -> None:
    """No two atoms are the same scenario, but for what happens anyhow, and each has its own words."""
    base = compose([])
    scenarios = [scenario for atom in every_atom() if (scenario := compose([atom])) != base]
    same = [scenario for index, scenario in enumerate(scenarios) if scenario in scenarios[:index]]
    assert same == []
    words = [atom.words for atom in every_atom()]
    assert len(set(words)) == len(words)


def test_order_of_atoms_makes_no_difference() -> None:
    """The scenario is made of a set."""
    atoms = [
        Atom("ends", ("FAILED", 2)),
        Atom("submit", ("lost-reply", 0, 1)),
        Atom("read", ("getVideo", "bad-gateway", 1, 3)),
    ]
    assert compose(atoms) == compose(reversed(atoms))
    assert ordered(atoms) == ordered(reversed(atoms))


def test_all_of_it_stands_in_the_scenario() -> None:
    """What happens to calls, jobs, slots and callbacks, each at its place."""
    scenario = compose(
        [
            Atom("submit", ("connection-reset handled", 2, 2)),
            Atom("read", ("listVideos", "truncated-body", 3, 1)),
            Atom("busy", (2,)),
            Atom("ends", ("MODERATED", 2)),
            Atom("duplicated", ("final",)),
            Atom("late", (20,)),
            Atom("takes", (60,)),
            Atom("order"),
        ]
    )
    assert scenario == {
        "accounts": [{"email": "demo@example.com", "maxJobs": 3, "running": 2}],
        "jobs": {"shortest": 60, "longest": 60, "endings": ["COMPLETED", "MODERATED"]},
        "callbacks": {"disturbances": [{"kind": "duplicate"}, {"kind": "late", "seconds": 20}]},
        "answers": {"order": "oldest"},
        "faults": [
            {"operation": "upscaleVideo", "call": [2, 3], "fault": "connection-reset", "handled": True},
            {"operation": "listVideos", "call": 3, "fault": "truncated-body"},
        ],
    }


def test_two_ends_of_the_same_job_exclude_each_other() -> None:
    """What can't be said in one scenario is refused, and told in words."""
    both = [Atom("ends", ("FAILED", 1)), Atom("ends", ("MODERATED", 1))]
    assert exclude_each_other(both)
    assert not exclude_each_other([both[0], Atom("ends", ("MODERATED", 2))])
    with pytest.raises(ValueError, match="the first job ends FAILED; the first job ends MODERATED"):
        compose(both)


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("thunder", (), "there is no 'thunder'"),
        ("swapped", (1,), "there is no 'swapped' with 1 values"),
        ("ends", ("COMPLETED", 1), "one of"),
        ("takes", (10_000,), "got 10000"),
    ],
)
def test_what_there_is_not_is_refused(name: str, values: tuple[int | str, ...], reason: str) -> None:
    """An atom is one that its kind has."""
    with pytest.raises(ValueError, match=reason):
        Atom(name, values)


def test_simpler_ones_come_simplest_first() -> None:
    """In the order of the choices, and none that is as complicated."""
    atom = Atom("read", ("getVideo", "connection-reset", 3, 2))
    assert [each.values[2] for each in atom.simpler(2)] == [1, 2]
    assert [each.values[3] for each in atom.simpler(3)] == [1]
    assert atom.simpler(0) == []

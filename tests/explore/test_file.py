"""What was found as a file: a person can read it, and the mock does."""

from itertools import islice
from pathlib import Path
from random import Random

import pytest

from contracts.explore.atoms import Atom, compose
from contracts.explore.file import text
from contracts.explore.proposals import proposals
from mockserver.compiled import shared
from mockserver.scenario import Scenario

SENTENCE = "After a lost answer nothing is submitted again without a look."
AGAIN = "contracts grade --scenario lost.yaml -- python 'my client.py'"


def test_file_reads_as_a_person_would_write_it() -> None:
    """Why, what plays it again, one thing a line with its reason, and nothing else."""
    atoms = (Atom("submit", ("lost-reply", 0, 1)), Atom("read", ("getVideo", "connection-reset", 2, 1)))
    assert text("submit/once", SENTENCE, atoms, AGAIN) == (
        "description: |-\n"
        f"  The client breaks submit/once: {SENTENCE}\n"
        "  Play it again: contracts grade --scenario lost.yaml -- python 'my client.py'\n"
        "jobs: {shortest: 120, longest: 120}\n"
        "faults:\n"
        "  - {operation: upscaleVideo, fault: lost-reply}  # the first upscale: it is accepted and its answer lost\n"
        "  - {operation: getVideo, call: 2, fault: connection-reset}  # the second call of getVideo: the connection is"
        " reset\n"
    )


def test_each_thing_stands_with_its_reason() -> None:
    """Whatever it is part of; what is too long for a line has it above."""
    atoms = [
        Atom("busy", (3,)),
        Atom("ends", ("FAILED", 1)),
        Atom("ends", ("MODERATED", 3)),
        Atom("takes", (60,)),
        Atom("swapped"),
        Atom("progress", (15,)),
        Atom("early_url"),
        Atom("submit", ("connection-reset handled", 2, 2)),
    ]
    written = text("callbacks/late-progress", "It holds.", tuple(atoms), AGAIN)
    assert written == (
        "description: |-\n"
        "  The client breaks callbacks/late-progress: It holds.\n"
        f"  Play it again: {AGAIN}\n"
        "accounts:\n"
        "  - email: demo@example.com\n"
        "    maxJobs: 3\n"
        "    running: 3  # all slots are taken at the start, until the jobs of before end\n"
        "jobs:\n"
        "  shortest: 60\n"
        "  longest: 60  # a job takes 60 s\n"
        "  endings: [FAILED, COMPLETED, MODERATED]  # the first job ends FAILED; the third job ends MODERATED\n"
        "callbacks:\n"
        "  disturbances:\n"
        "    - {kind: swapped}  # the final callback overtakes the one before it\n"
        "  progress: 15  # a callback every 15 s\n"
        "answers:\n"
        "  early_url: true  # a url is there before the end\n"
        "faults:\n"
        "  # calls 2 to 3 of an upscale: it is carried out, then the connection is reset\n"
        "  - {operation: upscaleVideo, call: [2, 3], fault: connection-reset, handled: true}\n"
    )


def test_mock_reads_each_file_as_the_scenario_that_was_run(tmp_path: Path) -> None:
    """The data are the same, but for the description; each thing that happens is told."""
    for number, atoms in enumerate(islice(proposals(Random(2)), 700)):
        if number % 3:
            continue
        file = tmp_path / f"{number}.yaml"
        file.write_text(text("a/rule", SENTENCE, atoms, AGAIN), encoding="utf-8")
        data = dict(Scenario.load(file, catalogue=shared().catalogue).data)
        assert "Play it again: contracts grade" in data.pop("description")
        assert data == compose(atoms)
        written = file.read_text(encoding="utf-8")
        assert all(f"# {atom.words}" in written or f"; {atom.words}" in written for atom in atoms)
        assert max(map(len, written.splitlines())) <= 160


@pytest.mark.parametrize(
    "argument",
    [
        "#",
        "x: y",
        "a\nb",
        "\x1b[31m",
        "\u202e",
        "\udcff",
        "\x7f",
        "\x85",
        "-" * 5_000,
        "*x",
        "é 漢 😀",
        "'\"\\",
        "{",
        "\ufeff",
        "",
    ],
)
def test_file_is_whole_whatever_the_command_is(argument: str, tmp_path: Path) -> None:
    """What a shell was given may be anything; a description is only told."""
    file = tmp_path / "found.yaml"
    file.write_text(text("a/rule", argument, (Atom("swapped"),), f"contracts {argument} --"), encoding="utf-8")
    data = Scenario.load(file).data
    assert {key: data[key] for key in data if key != "description"} == compose([Atom("swapped")])
    assert "Play it again: contracts" in data["description"]

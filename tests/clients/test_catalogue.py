"""The catalogue of clients is whole, and `contracts grade` says of each what it must."""

import re

import pytest

from clients.catalogue import CATALOGUE, FOLDER, SCENARIOS, Program
from clients.matrix import DOCUMENT
from clients.verdicts import verdicts
from contracts.grade.judging import rules
from mockserver.scenario_file import FOLDER as READY_MADE

GOOD = [program for program in CATALOGUE.values() if program.good]
BAD = [program for program in CATALOGUE.values() if not program.good]


def test_there_are_enough() -> None:
    """At least 9 good ones and 25 bad ones, each with a sentence of its own."""
    assert len(GOOD) >= 9
    assert len(BAD) >= 25
    assert len({program.sentence for program in CATALOGUE.values()}) == len(CATALOGUE)


def test_every_program_is_in_the_catalogue() -> None:
    """No file in the folders of programs is without a line there, and no line without a file."""
    files = [path for kind in ("good", "bad") for path in (FOLDER / kind).iterdir() if path.suffix]
    assert {str(path.relative_to(FOLDER)) for path in files} == {program.file for program in CATALOGUE.values()}


def test_every_rule_is_tripped() -> None:
    """Each rule of the rubric has a client that breaks it, and no client is said to break another one."""
    assert {rule for program in BAD for rule in program.trips} == {rule.id for rule in rules()}
    assert {rule for program in BAD for rule in program.besides} <= {rule.id for rule in rules()}


@pytest.mark.parametrize("program", CATALOGUE.values(), ids=lambda program: program.name)
def test_the_scenarios_of_a_program_are_there(program: Program) -> None:
    """Each is ready-made or ours, and those that show a fault are among those that it is judged in."""
    assert set(program.shown_by) <= set(program.scenarios)
    assert program.shown_by or program.good
    for name in program.scenarios:
        assert any((folder / f"{name}.yaml").exists() for folder in (SCENARIOS, READY_MADE)), name


def test_the_docs_have_every_client() -> None:
    """The generated page has a row for each client and for each rule."""
    rows = re.findall(r"^\| `?([a-z0-9/-]+)`? \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    names = [program.name for program in (*BAD, *GOOD)]
    assert rows == [*names, "rule", *(rule.id for rule in rules())]


@pytest.mark.slow
def test_every_bad_client_is_caught() -> None:
    """Each is found to break the rules that its fault breaks, and no others."""
    told = verdicts([program.name for program in BAD], 20, quick=True)
    wrong = [f"{name}: {verdict.wrong(CATALOGUE[name])}" for name, verdict in told if verdict.wrong(CATALOGUE[name])]
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_every_good_client_is_without_a_finding() -> None:
    """Not even a note is found, and each rule is kept by one of them."""
    told = dict(verdicts([program.name for program in GOOD], 20))
    wrong = [f"{name}: {each.wrong(CATALOGUE[name])}" for name, each in told.items() if each.wrong(CATALOGUE[name])]
    assert not wrong, "\n".join(wrong)
    assert {rule.id for rule in rules()} == {rule for verdict in told.values() for rule in verdict.passed}

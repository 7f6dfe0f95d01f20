"""The verifier is only trusted when it catches what is known to be bad, and lets pass what is known to be good."""

import os
import re
from collections.abc import Mapping

import pytest

from providers.catalogue import CATALOGUE
from providers.flaw import Flaw
from providers.matrix import DOCUMENT, good, wrong
from providers.verdicts import PRISTINE, verdicts


def chosen() -> list[str]:
    """The flaws to try: all with CATALOGUES=all, else so few that each kind of finding is still called for."""
    if os.environ.get("CATALOGUES") == "all":
        return list(CATALOGUE)
    return cover(CATALOGUE)


def cover(flaws: Mapping[str, Flaw]) -> list[str]:
    """Flaws whose expected rules are together those of all, those that expect most first."""
    found: list[str] = []
    missing = {rule for flaw in flaws.values() for rule in flaw.expected}
    while missing:
        name = max(flaws, key=lambda each: len(missing & set(flaws[each].expected)))
        found.append(name)
        missing -= set(flaws[name].expected)
    return found


def test_the_short_catalogue_calls_for_every_rule_of_the_long_one() -> None:
    """And is shorter by half."""
    short = cover(CATALOGUE)
    assert {rule for name in short for rule in CATALOGUE[name].expected} == {
        rule for flaw in CATALOGUE.values() for rule in flaw.expected
    }
    assert len(short) < len(CATALOGUE) / 2


@pytest.mark.slow
def test_every_flaw_is_caught() -> None:
    """Each provider that is tried gets a finding of a rule that its flaw breaks, within a minute.

    `make proof` tries all, and `make matrix` has them judged by all rules, which takes longer.
    """
    told = dict(verdicts(chosen(), "--fail-fast", focused=True))
    missed = [f"{name}: {wrong(name, verdict)}" for name, verdict in told.items() if not good(name, verdict)]
    slow = [f"{name}: {verdict.seconds:.0f} s" for name, verdict in told.items() if verdict.seconds >= 60]
    assert not missed, "\n".join(missed)
    assert not slow, "\n".join(slow)


@pytest.mark.slow
def test_the_mock_as_it_is_is_clean() -> None:
    """The mock itself gets no finding, within a minute."""
    [(_, verdict)] = verdicts([PRISTINE])
    assert (verdict.status, verdict.found) == (0, ()), verdict.last_words
    assert verdict.seconds < 60


def test_the_docs_have_every_flaw() -> None:
    """The generated matrix in the docs has a row for each flaw, and one for the mock as it is."""
    rows = re.findall(r"^\| ([a-z0-9-]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == ["flaw", PRISTINE, *CATALOGUE]

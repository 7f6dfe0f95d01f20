"""The verifier is only trusted when it catches what is known to be bad, and lets pass what is known to be good."""

import re

import pytest

from providers.catalogue import CATALOGUE
from providers.matrix import DOCUMENT, good, wrong
from providers.verdicts import PRISTINE, verdicts


@pytest.mark.slow
def test_every_flaw_is_caught() -> None:
    """Each provider of the catalogue gets a finding of a rule that its flaw breaks, within a minute.

    `make matrix` has them judged by all rules, which takes longer.
    """
    told = dict(verdicts(CATALOGUE, "--fail-fast", focused=True))
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

"""Each flaw is there, and the mock as it is has none of them."""

import pytest

from providers.catalogue import CATALOGUE
from providers.provider import FlawedApi
from providers.trial import trying


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_flaw_is_there(name: str) -> None:
    """A direct request shows the flaw of the flawed provider."""
    flaw = CATALOGUE[name]
    with trying(FlawedApi(flaw, clock="manual")) as trial:
        assert flaw.shows(trial)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_mock_does_not_have_it(name: str) -> None:
    """The same request shows nothing of the mock as it is."""
    with trying(FlawedApi(clock="manual")) as trial:
        assert not CATALOGUE[name].shows(trial)


def test_flaws_are_many_and_differ() -> None:
    """At least 45 flaws, none with the name or the sentence of another."""
    assert len(CATALOGUE) >= 45
    assert len({flaw.sentence for flaw in CATALOGUE.values()}) == len(CATALOGUE)

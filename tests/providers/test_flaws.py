"""Each flaw is there, and the mock as it is has none of them."""

from contextlib import suppress

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


_AND_WITH_IT = {
    "busy-is-conflict": set(),
    "trailing-bytes": set(),
    "created-now": set(),
    "astral-ref": set(),
    "deletion-reaches-others": set(),
    "slot-leaks": {"slot-leaks-on-failure"},
    "refunded-twice": set(),
    "deleted-is-listed": {"deletes-nothing"},
    "offset-too-far": {"offset-of-pages"},
    "pending-stays": set(),
    "end-is-told-twice": set(),
    "told-without-ref": set(),
}
"""Some flaws of each kind, and the others that show with them because they are the same seen from another side."""


@pytest.mark.slow
@pytest.mark.parametrize("name", _AND_WITH_IT)
def test_a_flaw_is_the_only_one(name: str) -> None:
    """Of all other flaws none shows, but for those that are the same seen from another side."""
    shown = set()
    for other in CATALOGUE.values():
        with (
            trying(FlawedApi(CATALOGUE[name], clock="manual")) as trial,
            suppress(AssertionError, LookupError, ValueError),
        ):
            # Where what it asks about can't even be had, nothing is shown.
            if other.shows(trial):
                shown.add(other.name)
    assert shown == {name, *_AND_WITH_IT[name]}

"""The table of steps is the contract's x-lifecycle."""

from typing import Any, Final

import pytest

from document import document
from mockserver.domain.lifecycle import FINAL, INITIAL, STEPS, Status

LIFECYCLE: Final[dict[str, Any]] = document()["x-lifecycle"]
STATUSES: Final[dict[int, Any]] = {int(number): node for number, node in LIFECYCLE["statuses"].items()}


def test_statuses_are_the_contracts_by_number_and_name() -> None:
    """No status is missing on either side."""
    assert {int(status): status.name for status in Status} == {
        number: node["name"] for number, node in STATUSES.items()
    }


def test_initial_status_is_the_contracts() -> None:
    """A job starts where the contract says."""
    assert LIFECYCLE["initial"] == INITIAL


@pytest.mark.parametrize("number", STATUSES)
def test_steps_from_a_status_are_the_contracts(number: int) -> None:
    """The same steps lead away from each status."""
    assert sorted(STEPS[Status(number)]) == sorted(STATUSES[number]["next"])


@pytest.mark.parametrize("number", STATUSES)
def test_final_statuses_are_the_contracts(number: int) -> None:
    """A status ends a job where the contract says so."""
    assert (Status(number) in FINAL) is STATUSES[number]["final"]


def test_every_status_can_be_reached() -> None:
    """The steps lead from the initial status to each other one."""
    reached = {INITIAL}
    while more := {following for status in reached for following in STEPS[status]} - reached:
        reached |= more
    assert reached == set(Status)

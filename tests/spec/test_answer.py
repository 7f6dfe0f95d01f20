"""Answers: examples of the contract with their places filled."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.spec import Answer, ContractError, Document
from mockserver.spec.validation import Validator
from spec.documents import contract


def answer(value: Any, validator: Validator | None = None) -> Answer:
    return Answer(status=429, name="busy", value=value, reason=None, validator=validator)


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("Account <email> is busy executing <maxJobs> tasks.", "Account a@b is busy executing 3 tasks."),
        ({"error": "<email>", "code": 429}, {"error": "a@b", "code": 429}),
        ([{"deep": ["<maxJobs>"]}], [{"deep": ["3"]}]),
        ("<Error message>", "broken"),
        ("<email><email>", "a@ba@b"),
        ("no places", "no places"),
        ("a < b > c, <>, <1>, <$x>", "a < b > c, <>, <1>, <$x>"),
        ({"<email>": 5}, {"<email>": 5}),
        (None, None),
    ],
)
def test_places_are_filled_by_name(value: Any, filled: Any) -> None:
    """In every string of the value; keys and other text stay."""
    assert answer(value).fill({"email": "a@b", "maxJobs": 3, "Error message": "broken"}) == filled


def test_place_without_a_value_stays() -> None:
    """As the page prints it."""
    assert answer({"error": "<Error message>"}).fill({"email": "a@b"}) == {"error": "<Error message>"}


@given(st.text())
def test_filled_text_is_not_filled_again(text: str) -> None:
    """A value may look like a place."""
    assert answer("<a> <b>").fill({"a": f"<b>{text}", "b": "B"}) == f"<b>{text} B"


def test_filling_leaves_the_example_alone() -> None:
    """The next answer starts from the same text."""
    example = answer({"error": ["<email>"]})
    example.fill({"email": "a@b"})
    assert example.fill({"email": "c@d"}) == {"error": ["c@d"]}


def test_example_must_fit_its_schema() -> None:
    """An example that does not is an error of the contract, told with its name."""
    validator = Validator(Document(contract(), ""), {"required": ["error"]}, "body")
    assert answer({"error": "x"}, validator).status == 429
    with pytest.raises(ContractError, match="example 'busy' of 429 does not fit its schema: error is required"):
        answer({"wrong": "x"}, validator)

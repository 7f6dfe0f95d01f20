"""Violations in words: the field, the rule, the value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.spec import Document
from mockserver.spec.validation import Validator, pointer, show
from spec.documents import contract

NAMED: dict[str, Any] = {
    "Short": {"type": "string", "maxLength": 3},
    "Name": {"$ref": "#/components/schemas/Short"},
    "Login": {
        "type": "object",
        "properties": {"a": {"format": "password"}, "more": {"$ref": "#/components/schemas/Login"}},
    },
}


def validator(schema: dict[str, Any], where: str = "body") -> Validator:
    return Validator(Document(contract(components={"schemas": NAMED}), ""), schema, where)


def of_a(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}}


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"type": "object"}, [1], "the body must be an object, got [1]"),
        ({"type": "object"}, None, "the body must be an object, got null"),
        ({"type": "object", "required": ["a"]}, {}, "a is required, got none"),
        (of_a({"type": "object", "required": ["b"]}), {"a": {"c": 1}}, "a.b is required, got none"),
        (of_a({"type": "string"}), {"a": 5}, "a must be a string, got 5"),
        (of_a({"type": "string"}), {"a": None}, "a must be a string, got null"),
        (of_a({"type": "integer"}), {"a": "three"}, 'a must be an integer, got "three"'),
        (of_a({"type": "integer"}), {"a": True}, "a must be an integer, got true"),
        (of_a({"type": "integer"}), {"a": 3.5}, "a must be an integer, got 3.5"),
        (of_a({"type": "number"}), {"a": []}, "a must be a number, got []"),
        (of_a({"type": "boolean"}), {"a": 1}, "a must be a boolean, got 1"),
        (of_a({"type": "array"}), {"a": {"b": 1}}, 'a must be an array, got {"b":1}'),
        (of_a({"type": ["object", "null"]}), {"a": 1}, "a must be an object or null, got 1"),
        (of_a({"minimum": 1, "maximum": 8}), {"a": 0}, "a must be from 1 to 8, got 0"),
        (of_a({"minimum": 1, "maximum": 8}), {"a": 9}, "a must be from 1 to 8, got 9"),
        (of_a({"minimum": 1}), {"a": -1}, "a must be at least 1, got -1"),
        (of_a({"maximum": 8}), {"a": 1e30}, "a must be at most 8, got 1e+30"),
        (of_a({"minimum": 1}), {"a": -(10**40)}, f"a must be at least 1, got -1{'0' * 40}"),
        (of_a({"maxLength": 3}), {"a": "four"}, 'a must be at most 3 characters long, got 4: "four"'),
        (of_a({"minLength": 1}), {"a": ""}, 'a must be at least 1 characters long, got ""'),
        (
            of_a({"minLength": 2, "maxLength": 3}),
            {"a": "four"},
            'a must be from 2 to 3 characters long, got 4: "four"',
        ),
        (of_a({"pattern": "^x$"}), {"a": "y"}, 'a must match ^x$, got "y"'),
        (of_a({"pattern": "^x$"}), {"a": "x\n"}, 'a must match ^x$, got "x\\n"'),
        (of_a({"pattern": "^x$", "x-form": "an x"}), {"a": "y"}, 'a must be an x, got "y"'),
        (of_a({"format": "date-time", "x-form": "a date"}), {"a": "soon"}, 'a must be a date, got "soon"'),
        (of_a({"anyOf": [{"const": 0}, {"const": 1}], "x-form": "a bit"}), {"a": 2}, "a must be a bit, got 2"),
        (of_a({"minItems": 2}), {"a": []}, "a must hold at least 2 items, got []"),
        (of_a({"minItems": 1, "maxItems": 2}), {"a": [1, 2, 3]}, "a must hold from 1 to 2 items, got [1,2,3]"),
        (of_a({"enum": ["x", 5]}), {"a": "y"}, 'a must be one of "x", 5, got "y"'),
        (of_a({"const": "x"}), {"a": "y"}, 'a must be "x", got "y"'),
        (
            of_a({"$ref": "#/components/schemas/Name"}),
            {"a": "four"},
            'a must be at most 3 characters long, got 4: "four"',
        ),
        (of_a({"type": "array", "items": {"type": "string"}}), {"a": ["x", 1]}, "a[1] must be a string, got 1"),
        (
            of_a({"items": {"$ref": "#/components/schemas/Name"}}),
            {"a": ["x", "four"]},
            'a[1] must be at most 3 characters long, got 4: "four"',
        ),
    ],
)
def test_sentence_names_field_rule_and_value(schema: dict[str, Any], value: Any, sentence: str) -> None:
    """One violation gives one sentence, in a person's words."""
    assert [violation.sentence for violation in validator(schema).violations(value)] == [sentence]


@pytest.mark.parametrize(
    ("schema", "value", "start"),
    [
        ({"properties": {"a": False}}, {"a": 1}, "a must fit the contract ("),
        ({"additionalProperties": False}, {"b": 1}, "the body must fit the contract ("),
        (of_a({"multipleOf": 2}), {"a": 3}, "a must fit the contract ("),
        (of_a({"not": {"const": 1}}), {"a": 1}, "a must fit the contract ("),
        (of_a({"anyOf": [{"const": 0}]}), {"a": 2}, "a must fit the contract ("),
    ],
)
def test_rule_without_words_of_its_own_is_told_all_the_same(schema: dict[str, Any], value: Any, start: str) -> None:
    """The validator's own words stand in brackets."""
    (violation,) = validator(schema).violations(value)
    assert violation.sentence.startswith(start)
    assert "), got " in violation.sentence


PASSWORD = {"type": "string", "minLength": 2, "maxLength": 9, "format": "password"}


@pytest.mark.parametrize(
    ("schema", "value", "sentence", "got"),
    [
        (
            of_a(PASSWORD),
            {"a": "hunter2222"},
            "a must be from 2 to 9 characters long, got 10 characters",
            "10 characters",
        ),
        (of_a(PASSWORD), {"a": "s"}, "a must be from 2 to 9 characters long, got 1 characters", "1 characters"),
        (of_a(PASSWORD), {"a": 12345}, "a must be a string, got a number", "a number"),
        (of_a(PASSWORD), {"a": True}, "a must be a string, got a boolean", "a boolean"),
        (of_a(PASSWORD), {"a": None}, "a must be a string, got null", "null"),
        (of_a(PASSWORD), {"a": ["hunter2"]}, "a must be a string, got an array", "an array"),
        (of_a(PASSWORD), {"a": {"b": "hunter2"}}, "a must be a string, got an object", "an object"),
        (of_a({**PASSWORD, "pattern": "^x"}), {"a": "hunter2"}, "a must match ^x, got 7 characters", "7 characters"),
        (of_a({"allOf": [PASSWORD]}), {"a": 12345}, "a must be a string, got a number", "a number"),
        (
            of_a({"format": "password", "anyOf": [{"type": "string"}]}),
            {"a": 12345},
            "a must fit the contract (anyOf), got a number",
            "a number",
        ),
        (
            of_a({"format": "password", "items": {"type": "string"}}),
            {"a": [12345]},
            "a[0] must be a string, got a number",
            "a number",
        ),
        ({**of_a(PASSWORD), "type": "object"}, ["hunter2"], "the body must be an object, got an array", "an array"),
        ({**of_a(PASSWORD), "type": "object"}, "hunter2", "the body must be an object, got a string", "a string"),
        (
            {**of_a(PASSWORD), "additionalProperties": False},
            {"a": "hunter2", "b": 1},
            "the body must fit the contract (additionalProperties), got an object",
            "an object",
        ),
        ({"$ref": "#/components/schemas/Login"}, ["hunter2"], "the body must be an object, got an array", "an array"),
    ],
)
def test_secret_is_never_repeated(schema: dict[str, Any], value: Any, sentence: str, got: str) -> None:
    """Nor is a value that may hold one: only its kind or length is said."""
    (violation,) = validator(schema).violations(value)
    assert (violation.sentence, violation.value) == (sentence, got)


def test_neighbour_of_a_secret_is_shown() -> None:
    """It is none itself."""
    schema = {"properties": {"a": PASSWORD, "b": {"type": "string"}}}
    assert [violation.sentence for violation in validator(schema).violations({"b": 5})] == ["b must be a string, got 5"]


def test_violation_says_where_and_which_rule() -> None:
    """Part of the message, JSON pointer, keyword, value."""
    schema = {"properties": {"a/b~": {"items": {"maxLength": 1}}}}
    (violation,) = validator(schema, "query").violations({"a/b~": ["ok"]})
    assert (violation.where, violation.pointer, violation.rule, violation.value) == (
        "query",
        "/a~1b~0/0",
        "maxLength",
        '"ok"',
    )


def test_missing_field_is_pointed_at() -> None:
    """Not the object it is missing from."""
    (violation,) = validator({"required": ["a"]}).violations({})
    assert (violation.pointer, violation.rule, violation.value) == ("/a", "required", "")


def test_every_violation_is_found() -> None:
    """Not only the first."""
    schema = {"required": ["c"], "properties": {"a": {"type": "string"}, "b": {"maximum": 1}}}
    found = validator(schema).violations({"a": 1, "b": 2})
    assert {violation.pointer for violation in found} == {"/a", "/b", "/c"}


def test_long_value_is_shortened() -> None:
    """A message stays readable, and says how long the value was."""
    (violation,) = validator(of_a({"maxLength": 3})).violations({"a": "x" * 5_000})
    assert violation.sentence == f'a must be at most 3 characters long, got 5000: "{"x" * 79}…'


def test_length_counts_characters() -> None:
    """Neither bytes nor UTF-16 units."""
    assert validator({"maxLength": 3}).fits("👩‍🚀")
    assert not validator({"maxLength": 2}).fits("👩‍🚀")


def test_integral_number_is_an_integer() -> None:
    """As JSON Schema says."""
    assert validator({"type": "integer"}).fits(3.0)


def test_format_is_checked() -> None:
    """A format that the contract states is not decoration."""
    assert not validator({"format": "date-time"}).fits("yesterday")


def test_pointer_escapes() -> None:
    """RFC 6901."""
    assert pointer(["a/b", "c~d", 0, "~1"]) == "/a~1b/c~0d/0/~01"


@given(st.text() | st.integers() | st.floats() | st.lists(st.text()) | st.dictionaries(st.text(), st.text()))
def test_shown_value_is_one_short_line(value: Any) -> None:
    """Whatever is sent, a sentence stays one line of printable length without control characters."""
    shown = show(value)
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= 81
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), st.data())
def test_value_fits_or_is_explained(value: Any, data: st.DataObject) -> None:
    """`fits` and `violations` never disagree."""
    kind = data.draw(st.sampled_from(["array", "boolean", "integer", "null", "string"]))
    check = validator({"type": kind, "maxLength": 2, "maximum": 5})
    assert check.fits(value) is not bool(check.violations(value))

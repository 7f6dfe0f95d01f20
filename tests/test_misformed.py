"""What is said about a document that breaks its form: which of several errors, in which words, in which line."""

import json
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mockserver.misformed import Form, Misformed, line_of, unknown

FORM: Final = Form(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "maxLength": 9},
            "tags": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True, "items": {"enum": ["red", 5]}},
            "size": {"anyOf": [{"type": "number", "exclusiveMaximum": 3}, {"$ref": "#/$defs/range"}]},
            "wait": {"oneOf": [{"const": 0}, {"const": 1}]},
            "few": {"type": "object", "maxProperties": 1},
            "keys": {"type": "object", "format": "password", "additionalProperties": {"type": "integer"}},
        },
        "$defs": {"range": {"type": "object", "required": ["from"], "properties": {"from": {"minimum": 1}}}},
    }
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": 5}, "/name: must be a string, got 5"),
        ({"nome": "x"}, "/nome: there is no key nome (did you mean name?), only name, tags, size, wait, few, keys"),
        ({"name": "x", "a~b/c": 1}, "/a~0b~1c: there is no key a~b/c, only name, tags, size, wait, few, keys"),
        ({}, "/name: is required, got none"),
        ({"name": "0123456789"}, '/name: must be at most 9 characters long, got "0123456789"'),
        ({"name": "x", "tags": []}, "/tags: must hold from 1 to 2 items, got 0"),
        ({"name": "x", "tags": [5, 5]}, "/tags: must hold no item twice, got [5,5]"),
        ({"name": "x", "tags": ["rad"]}, '/tags/0: must be one of "red", 5, got "rad" (did you mean red?)'),
        ({"name": "x", "size": 3}, "/size: must be below 3, got 3"),
        ({"name": "x", "size": {"from": 0}}, "/size/from: must be at least 1, got 0"),
        ({"name": "x", "size": {}}, "/size/from: is required, got none"),
        ({"name": "x", "few": {"a": 1, "b": 2}}, "/few: must have at most 1 keys, got 2"),
        ({"name": "x", "keys": {"a": "swordfish"}}, "/keys/a: must be an integer, got a string"),
    ],
)
def test_sentence_names_the_place_the_rule_and_the_value(data: Any, said: str) -> None:
    """One sentence, of the first thing that is wrong."""
    with pytest.raises(Misformed) as caught:
        FORM.check(data)
    assert str(caught.value) == said


def test_value_that_none_of_several_forms_has_is_shown() -> None:
    """With the validator's own words, where the schema has no better ones."""
    with pytest.raises(Misformed, match=r'^/wait: must keep the form \(.*\), got "long"$'):
        FORM.check({"name": "x", "wait": "long"})


def test_good_document_passes() -> None:
    """Nothing is said."""
    FORM.check({"name": "x", "tags": ["red", 5], "size": {"from": 2}, "wait": 1})


def test_sentence_is_one_line_of_bounded_length() -> None:
    """Whatever the document holds."""
    error = Misformed(("a\nb", 3, "x" * 500), "y" * 5_000)
    assert str(error).startswith("/a\\nb/3/xxx")
    assert len(str(error)) < 800
    assert len(str(error).splitlines()) == 1


def test_unknown_name_without_any_known_one() -> None:
    """There is nothing to list."""
    assert unknown("x", [], "fault") == "there is no fault x, nor any other"


@pytest.mark.parametrize("name", ["maxjobs", "max_jobs", "MAX-JOBS", "maxJob"])
def test_nearest_name_is_found_whatever_its_spelling(name: str) -> None:
    """Case, underscores and hyphens are no difference."""
    assert "(did you mean maxJobs?)" in unknown(name, ["credits", "maxJobs"], "key")


def test_told_without_lines() -> None:
    """A text of one line needs no number."""
    error = Misformed(("a",), "must be 1, got 2")
    assert error.told("scenario", "{a: 2}\n") == error.told("scenario") == "scenario: /a: must be 1, got 2"


# Lines


def _places(node: yaml.Node, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """The line of every place of a text, as the library's own composer marks it."""
    found: dict[tuple[str, ...], int] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, key.value)
            found |= _places(value, here) | {here: key.start_mark.line + 1}
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*place, str(index))
            found |= _places(value, here) | {here: value.start_mark.line + 1}
    return found


_DOCUMENTS = st.recursive(
    st.none() | st.integers() | st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Z"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4),
    max_leaves=20,
)


@given(
    document=st.dictionaries(st.sampled_from("abc"), _DOCUMENTS, min_size=1), form=st.sampled_from([None, False, "j"])
)
def test_line_of_each_place_is_where_it_begins(document: Any, form: Any) -> None:
    """In block style, in mixed style, and in JSON."""
    text = (
        json.dumps(document, indent=1) if form == "j" else yaml.safe_dump(document, default_flow_style=form, width=20)
    )
    if "\n" not in text.strip():
        assert line_of(text, ("a",)) is None
        return
    for place, line in _places(yaml.compose(text)).items():
        assert line_of(text, place) == line
        # What is missing is missing in there.
        assert line_of(text, (*place, "nowhere")) == line


@pytest.mark.parametrize("text", ["a: [\n", "a: 1\n\0", b"\xff\n\xfe\n"])
def test_text_that_is_not_yaml_has_no_lines(text: str | bytes) -> None:
    """Somebody else says so."""
    assert line_of(text, ("b",)) is None


def test_line_is_found_behind_keys_that_are_no_words() -> None:
    """A key may be a list, and a place an alias."""
    text = "? [a, b]\n: 1\nx: &y\n  - 1\nz: *y\nlast: 1\n"
    assert line_of(text, ("last",)) == 6
    assert line_of(text, ("z",)) == 5

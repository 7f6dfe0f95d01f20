"""Bodies: bytes and a content type in, a value or a violation out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.spec import Violation
from mockserver.spec.body import MAX_BYTES, Fields, number, parse

FIELDS = Fields({"text": "string", "count": "integer"})
ACCEPTED = {"application/json": FIELDS, "multipart/form-data": FIELDS}
FORM = b"multipart/form-data; boundary=line"


def part(name: str, value: bytes | str, more: str = "") -> bytes:
    content = value if isinstance(value, bytes) else value.encode()
    return f'--line\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"


def form(*parts: bytes) -> Any:
    return parse(b"".join(parts) + b"--line--\r\n", FORM, ACCEPTED)


def sentence(body: bytes, content_type: bytes | None = b"application/json") -> str:
    found = parse(body, content_type, ACCEPTED)
    assert isinstance(found, Violation)
    return found.sentence


# JSON


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "é"]}, [], "x", 0, None])
@pytest.mark.parametrize(
    "content_type",
    [b"application/json", b"application/json; charset=utf-8", b"Application/JSON", b" application/json "],
)
def test_json_is_read(value: Any, content_type: bytes) -> None:
    """Whatever else the content type says."""
    assert parse(json.dumps(value).encode(), content_type, ACCEPTED) == value


def test_last_of_duplicate_keys_wins() -> None:
    """As in JavaScript."""
    assert parse(b'{"a": 1, "a": 2}', b"application/json", ACCEPTED) == {"a": 2}


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (b"", "an empty body"),
        (b"hello", '"hello"'),
        (b"{'a': 1}", "\"{'a': 1}\""),
        (b'{"a": NaN}', '"{\\"a\\": NaN}"'),
        (b"Infinity", '"Infinity"'),
        (b'"\xff"', '"\\"�\\""'),
        (b'"\\ud800"', '"\\"\\\\ud800\\""'),
        (b'"\x01"', '"\\"\\u0001\\""'),
        (b'"\n"', '"\\"\\n\\""'),
        (b"[" * 100_000, f'"{"[" * 40}"'),
        (b"{} {}", '"{} {}"'),
    ],
)
def test_what_is_not_json_is_shown(body: bytes, got: str) -> None:
    """The sentence has the start of the body, on one line."""
    said = sentence(body)
    assert said.startswith(f"the body must be JSON, got {got}")
    assert len(said.splitlines()) == 1


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_violation(body: bytes) -> None:
    """Nothing that is sent as JSON can break the reading; every text of ours is one line."""
    found = parse(body, b"application/json", ACCEPTED)
    if isinstance(found, Violation):
        assert len(found.sentence.splitlines()) == 1
    else:
        assert json.loads(body.decode()) == found


def nested(levels: int, *, keys: bool = False) -> bytes:
    opening, closing = (b'{"a":', b"}") if keys else (b"[", b"]")
    return opening * levels + b"0" + closing * levels


@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("levels", [1, 254, 255])
def test_json_may_be_nested(*, levels: int, keys: bool) -> None:
    """As deep as the validator can look."""
    body = nested(levels, keys=keys)
    assert parse(body, b"application/json", ACCEPTED) == json.loads(body)


def test_brackets_side_by_side_are_not_deep() -> None:
    """Nor are those inside a text."""
    body = b'[["' + b"[{" * 500 + b'"]' + b", {}" * 500 + b"]"
    assert parse(body, b"application/json", ACCEPTED) == json.loads(body)


@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("levels", [256, 257, 1_000, 1_020])
def test_json_that_is_nested_too_deep_is_refused(*, levels: int, keys: bool) -> None:
    """One level more is too much."""
    found = parse(nested(levels, keys=keys), b"application/json", ACCEPTED)
    assert isinstance(found, Violation)
    assert (found.rule, found.sentence) == ("depth", "the body must be nested at most 255 levels deep, got more")


def test_json_that_can_not_be_parsed_for_depth_is_refused() -> None:
    """The parser has a limit, too."""
    assert "depth limit exceeded" in sentence(nested(1_030))


# Content types and sizes


@pytest.mark.parametrize(
    ("content_type", "got"),
    [
        (None, "none"),
        (b"", "none"),
        (b";", "none"),
        (b"text/plain", "'text/plain'"),
        (b"application/x-www-form-urlencoded", "'application/x-www-form-urlencoded'"),
        (b"application/jsonx; a=b", "'application/jsonx'"),
        (b"\xff/\x00", "'ÿ/\\x00'"),
        (b"x" * 500, f"'{'x' * 80}'"),
    ],
)
def test_other_content_types_are_refused(content_type: bytes | None, got: str) -> None:
    """The sentence says which there are."""
    assert sentence(b"{}", content_type) == (f"Content-Type must be application/json or multipart/form-data, got {got}")


def test_largest_body_is_read() -> None:
    """The limit itself is allowed."""
    body = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    assert parse(body, b"application/json", ACCEPTED) == "x" * (MAX_BYTES - 2)


@pytest.mark.parametrize("content_type", [b"application/json", FORM])
def test_larger_body_is_not_read(content_type: bytes) -> None:
    """One byte more is too much."""
    assert sentence(b"x" * (MAX_BYTES + 1), content_type) == "the body must be at most 1048576 bytes long, got more"


# Forms


def test_form_is_read_as_its_schema_wants() -> None:
    """Text stays text, an integer becomes one, other fields are ignored."""
    assert form(part("text", "3"), part("count", "3"), part("other", "x")) == {"text": "3", "count": 3}


def test_last_of_duplicate_fields_wins() -> None:
    """As with keys."""
    assert form(part("text", "a"), part("text", "b")) == {"text": "b"}


def test_form_may_be_empty() -> None:
    """The schema says whether something is missing."""
    assert form() == {}


@pytest.mark.parametrize("text", ["", "é👩‍🚀", "\x00\x01\x7f", "a\r\nb", "--lin", " "])
def test_form_carries_every_text(text: str) -> None:
    """Control characters and ends of lines, too."""
    assert form(part("text", text)) == {"text": text}


@given(st.text(max_size=50).filter(lambda text: "--line" not in text))
def test_form_gives_back_what_was_sent(text: str) -> None:
    """Every Unicode scalar value goes through."""
    assert form(part("text", text)) == {"text": text}


@pytest.mark.parametrize("name", ["text", "count"])
def test_file_where_text_belongs_is_refused(name: str) -> None:
    """Its name is shown."""
    found = form(part(name, "x", '; filename="a.mp4"'))
    assert isinstance(found, Violation)
    assert (found.sentence, found.pointer, found.rule) == (
        f'{name} must be text, got the file "a.mp4"',
        f"/{name}",
        "type",
    )


def test_file_in_another_field_is_ignored() -> None:
    """Unknown fields are."""
    assert form(part("other", b"\xff", '; filename="a.mp4"'), part("text", "x")) == {"text": "x"}


def test_field_that_is_not_utf8_is_refused() -> None:
    """The sentence names the field."""
    found = form(part("text", b"\xff"))
    assert isinstance(found, Violation)
    assert found.sentence.startswith("text must be UTF-8 text, got other bytes")


@pytest.mark.parametrize(
    "content_type", [b"multipart/form-data", b"multipart/form-data; boundary=", b"multipart/form-data; x=y"]
)
def test_form_without_boundary_is_refused(content_type: bytes) -> None:
    """Nothing says where its fields begin."""
    assert sentence(b"--line--\r\n", content_type) == "Content-Type must name a boundary, got none"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text=x",
        part("text", "x"),
        b"--line\r\n\r\nx\r\n--line--\r\n",
        b"--line\r\nContent-Type: a\r\n\r\nx\r\n--line--\r\n",
        b"--line\r\n\xff: x\r\n\r\nx\r\n--line--\r\n",
        b"--other--\r\n",
    ],
)
def test_broken_form_is_refused(body: bytes) -> None:
    """The sentence has the start of the body."""
    assert sentence(body, FORM).startswith("the body must be multipart/form-data, got ")


def test_form_of_too_many_parts_is_refused() -> None:
    """A form has a few fields, not thousands."""
    found = form(*[part("x", "1")] * 1_001)
    assert isinstance(found, Violation)
    assert found.sentence == "the body must have at most 1000 parts, got more"


@given(
    st.lists(
        st.sampled_from(
            [
                b"--line",
                b"--line--",
                b"\r\n",
                b"\n",
                b'Content-Disposition: form-data; name="text"',
                b"Content-Disposition:",
                b";",
                b'"',
                b"=",
                b"name*=utf-8''%ff",
                b"x",
                b"\xff",
                b"\x00",
                b": ",
                b"filename=",
            ]
        ),
        max_size=14,
    )
)
def test_any_form_is_a_value_or_a_violation(pieces: list[bytes]) -> None:
    """However broken, it ends in a value or in one line."""
    found = parse(b"".join(pieces), FORM, ACCEPTED)
    assert isinstance(found, dict) or len(found.sentence.splitlines()) == 1


@given(st.binary(max_size=40))
def test_any_boundary_is_a_value_or_a_violation(boundary: bytes) -> None:
    """What stands after `boundary=` may be anything."""
    found = parse(b"--" + boundary + b"--\r\n", b"multipart/form-data; boundary=" + boundary, ACCEPTED)
    assert isinstance(found, dict | Violation)


# Secrets

SECRETS = Fields({"text": "string", "password": "string"}, ["password"])
CONFIDENTIAL = {"application/json": SECRETS, "multipart/form-data": SECRETS}


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (b'{"password": hunter2}', b"application/json", "the body must be JSON, got 21 bytes: unexpected character"),
        (b"hunter2", b"application/json", "the body must be JSON, got 7 bytes: "),
        (b"hunter2", FORM, "the body must be multipart/form-data, got 7 bytes: "),
        (b"--line\r\nhunter2: \xff\r\n\r\nx\r\n--line--\r\n", FORM, "the body must be multipart/form-data, got "),
        (
            part("password", "x", '; filename="hunter2"') + b"--line--\r\n",
            FORM,
            "password must be text, got a file",
        ),
        (
            part("password", b"hunter2\xff") + b"--line--\r\n",
            FORM,
            "password must be UTF-8 text, got other bytes: invalid start byte",
        ),
    ],
)
def test_body_that_may_hold_a_secret_is_not_repeated(body: bytes, content_type: bytes, said: str) -> None:
    """Only its length is said, and what the parser has to say."""
    found = parse(body, content_type, CONFIDENTIAL)
    assert isinstance(found, Violation)
    assert found.sentence.startswith(said)
    assert not any(secret in found.sentence + found.value for secret in ("hunter2", "0xff"))


# Numbers in text


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("-1", -1), ("007", 7), ("-0", 0), ("9" * 100, 10**100 - 1)])
def test_plain_decimal_is_a_number(text: str, value: int) -> None:
    """Of any size that the schema may want to judge."""
    assert number(text) == value


@pytest.mark.parametrize(
    "text", ["", "-", "+3", "3.0", "1e3", " 3", "3 ", "0x3", "1_000", "٣", "²", "--3", "three", "9" * 5_000]
)
def test_anything_else_stays_text(text: str) -> None:
    """For the schema to refuse."""
    assert number(text) == text

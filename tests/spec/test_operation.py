"""Operations: what they take, as it was sent; which answer they give."""

from typing import Any

import pytest

from mockserver.spec import ContractError, Operation, Violation
from spec.documents import ERROR, compiled, operation

INTEGER = {"type": "integer", "minimum": 1, "maximum": 9}


def parameter(name: str, where: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "schema": schema or {"type": "string", "pattern": "^[a-z:@]+$"}, **more}


def taking(*parameters: dict[str, Any]) -> dict[str, Any]:
    return operation(parameters=list(parameters))


def parameters(read: Any) -> dict[str, Any]:
    assert isinstance(read, tuple), read
    found: dict[str, Any] = read[0]
    return found


def sentences(read: Any) -> list[str]:
    assert isinstance(read, list), read
    return [violation.sentence for violation in read]


# Paths

RAW = compiled(taking(parameter("id", "path", **{"x-raw": True, "required": True})))
COOKED = compiled(taking(parameter("email", "path", required=True)))


def test_raw_id_is_taken_as_it_is() -> None:
    """Colons and at signs need no encoding in a path."""
    assert parameters(RAW.read({"id": "a:b@c"}, "", None, b"")) == {"id": "a:b@c"}


@pytest.mark.parametrize("sent", ["a%3Ab", "a%3ab", "%61", "%", "a%zz"])
def test_encoded_id_is_refused_where_it_must_be_raw(sent: str) -> None:
    """Also where the encoding says nothing special."""
    found = RAW.read({"id": sent}, "", None, b"")
    assert isinstance(found, list)
    (violation,) = found
    assert (violation.pointer, violation.rule, violation.value) == ("/id", "raw", sent)
    assert violation.sentence == f'id must be sent raw in the path, got "{sent}"'


@pytest.mark.parametrize(
    ("sent", "value"), [("%61" + "a" * 77, "%61" + "a" * 77), ("%61" + "a" * 78, "%61" + "a" * 77 + "…")]
)
def test_encoded_id_is_shortened(sent: str, value: str) -> None:
    """To 80 characters."""
    found = RAW.read({"id": sent}, "", None, b"")
    assert isinstance(found, list)
    assert found[0].value == value


def test_encoded_id_is_taken_where_the_switch_allows_it() -> None:
    """Decoded, and then judged as ever."""
    assert parameters(RAW.read({"id": "a%3Ab"}, "", None, b"", encoded_ids=True)) == {"id": "a:b"}
    assert sentences(RAW.read({"id": "a%21"}, "", None, b"", encoded_ids=True)) == [
        'id must match ^[a-z:@]+$, got "a!"'
    ]


@pytest.mark.parametrize("sent", ["a@b", "a%40b", "%61%40b"])
def test_other_parameters_come_either_way(sent: str) -> None:
    """Raw or encoded is the same."""
    assert parameters(COOKED.read({"email": sent}, "", None, b"")) == {"email": "a@b"}


def test_plus_in_a_path_is_a_plus() -> None:
    """Only queries use it for a space."""
    assert sentences(COOKED.read({"email": "a+b"}, "", None, b"")) == ['email must match ^[a-z:@]+$, got "a+b"']


@pytest.mark.parametrize(("act", "name"), [(RAW, "id"), (COOKED, "email")])
def test_path_must_be_utf8(act: Operation, name: str) -> None:
    """Bytes that are no text are refused by name."""
    assert sentences(act.read({name: "%ff"}, "", None, b"")) == [f'{name} must be percent-encoded UTF-8, got "%ff"']


# Queries

LIST = compiled(
    taking(
        parameter("limit", "query", {**INTEGER, "default": 4}), parameter("email", "query"), parameter("page", "query")
    )
)
NEEDY = compiled(taking(parameter("email", "query", required=True)))
PLAIN = compiled(operation())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"limit": 4}),
        ("limit=7", {"limit": 7}),
        ("limit=7&limit=8", {"limit": 8}),
        ("email=a%40b", {"limit": 4, "email": "a@b"}),
        ("email=a@b&limit=1", {"limit": 1, "email": "a@b"}),
        ("unknown=1&LIMIT=99", {"limit": 4}),
        ("&&", {"limit": 4}),
    ],
)
def test_query_is_read(query: str, found: dict[str, Any]) -> None:
    """Defaults fill in, the last one wins, unknown names are ignored."""
    assert parameters(LIST.read({}, query, None, b"")) == found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "limit must be from 1 to 9, got 0"),
        ("limit=-1", "limit must be from 1 to 9, got -1"),
        ("limit=" + "9" * 30, f"limit must be from 1 to 9, got {'9' * 30}"),
        ("limit=", 'limit must be an integer, got ""'),
        ("limit=five", 'limit must be an integer, got "five"'),
        ("limit=5.0", 'limit must be an integer, got "5.0"'),
        ("limit=+5", 'limit must be an integer, got " 5"'),
        ("limit", 'limit must be an integer, got ""'),
        ("email=", 'email must match ^[a-z:@]+$, got ""'),
        ("email=a%00b", 'email must match ^[a-z:@]+$, got "a\\u0000b"'),
    ],
)
def test_query_that_does_not_fit_is_explained(query: str, said: str) -> None:
    """Name, rule, value."""
    assert sentences(LIST.read({}, query, None, b"")) == [said]


def test_every_violation_of_a_query_is_found() -> None:
    """Not only the first."""
    assert len(sentences(LIST.read({}, "limit=0&email=", None, b""))) == 2


@pytest.mark.parametrize(
    ("count", "said"), [(1_000, None), (1_001, "the query must have at most 1000 fields, got more")]
)
def test_query_of_too_many_fields_is_refused(count: int, said: str | None) -> None:
    """More than anybody sends."""
    found = LIST.read({}, "&".join(["a=b"] * count), None, b"")
    assert (sentences(found) if said else parameters(found)) == ([said] if said else {"limit": 4})


@pytest.mark.parametrize("query", ["limit=%ff", "other=%ff"])
def test_query_that_can_not_be_read_is_refused(query: str) -> None:
    """Bytes that are no text."""
    (said,) = sentences(LIST.read({}, query, None, b""))
    assert said.startswith("the query must be percent-encoded UTF-8, got ")


def test_required_parameter_is_missed_without_any_query() -> None:
    """An empty query is judged, too."""
    assert sentences(NEEDY.read({}, "", None, b"")) == ["email is required, got none"]


@pytest.mark.parametrize("query", ["a=b", "%ff", "=&="])
def test_operation_without_parameters_ignores_the_query(query: str) -> None:
    """Whatever is in it: an unknown name is ignored, so its value can't be wrong."""
    assert PLAIN.read({}, query, None, b"") == ({}, None)


# Bodies

POST = compiled(
    operation(
        requestBody={
            "required": True,
            "content": {
                media: {"schema": {"$ref": "#/components/schemas/Order"}}
                for media in ("application/json", "multipart/form-data")
            },
        }
    ),
    method="post",
    schemas={
        "Count": INTEGER,
        "Order": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "count": {"$ref": "#/components/schemas/Count"}},
        },
    },
)


def test_body_is_read_and_judged() -> None:
    """A value that fits comes with the parameters."""
    assert POST.read({}, "", b"application/json", b'{"name": "x", "y": 1}') == ({}, {"name": "x", "y": 1})
    assert set(sentences(POST.read({}, "", b"application/json", b'{"count": 0}'))) == {
        "count must be from 1 to 9, got 0",
        "name is required, got none",
    }


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        (b"application/json", b"", "the body must be JSON, got an empty body"),
        (None, b"{}", "Content-Type must be application/json or multipart/form-data, got none"),
        (b"application/json", b"[]", "the body must be an object, got []"),
    ],
)
def test_body_that_can_not_be_read_is_a_violation(content_type: bytes | None, body: bytes, said: str) -> None:
    """Beside those of the parameters."""
    assert sentences(POST.read({}, "", content_type, body)) == [said]


@pytest.mark.parametrize("levels", [254, 255, 256, 1_000, 1_030])
@pytest.mark.parametrize("body", ["%s", '{"name": %s}', '{"name": "x", "other": %s}', '{"other": %s}'])
def test_nested_body_is_a_value_or_a_violation(body: str, levels: int) -> None:
    """However deep, wherever."""
    text = body.replace("%s", "[" * levels + "]" * levels)
    depth = levels + (body != "%s")
    found = POST.read({}, "", b"application/json", text.encode())
    if isinstance(found, list):
        assert (found[0].rule == "depth") is (255 < depth < 1_025)
        assert (found[0].rule == "json") is (depth >= 1_025)
    else:
        assert depth <= 255


LOGIN = compiled(
    operation(
        requestBody={
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Login"}}},
        }
    ),
    method="post",
    schemas={"Login": {"type": "object", "properties": {"password": {"type": "string", "format": "password"}}}},
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"hunter2", "the body must be JSON, got 7 bytes: "),
        (b'["hunter2"]', "the body must be an object, got an array"),
        (b'{"password": ["hunter2"]}', "password must be a string, got an array"),
    ],
)
def test_secret_of_a_body_is_not_repeated(body: bytes, said: str) -> None:
    """Neither where it can't be read nor where it does not fit."""
    (sentence,) = sentences(LOGIN.read({}, "", b"application/json", body))
    assert sentence.startswith(said)
    assert "hunter2" not in sentence


def test_type_of_a_forms_field_is_found_behind_a_reference() -> None:
    """A text becomes a number where the schema, however far away, wants one."""
    body = b'--x\r\nContent-Disposition: form-data; name="count"\r\n\r\n5\r\n--x--\r\n'
    assert sentences(POST.read({}, "", b"multipart/form-data; boundary=x", body)) == ["name is required, got none"]


def test_operation_without_body_ignores_one() -> None:
    """A GET may carry anything."""
    assert PLAIN.read({}, "", b"text/plain", b"\xff") == ({}, None)


# Answers


def test_own_answer_that_does_not_fit_is_seen() -> None:
    """Status and body, with what is wrong."""
    assert PLAIN.misfit(400, {"error": "x"}) == []
    assert [v.sentence for v in PLAIN.misfit(400, {})] == ["error is required, got none"]
    assert [v.sentence for v in PLAIN.misfit(418, {})] == ["act has no response 418"]


def test_good_answer_is_the_lowest_status_of_success() -> None:
    """200, 201 and so on."""
    ok = {"description": "", "content": {"application/json": {"schema": {}}}}
    assert compiled(operation(responses={"201": ok, "400": ERROR, "301": ok})).success == 201


def test_violation_gets_the_answer_made_for_it() -> None:
    """`x-violation` names pointer and rule; everything else is a bad request."""
    media = ERROR["content"]["application/json"]
    long = {"value": {"error": "too long"}, "x-violation": {"pointer": "/name", "rule": "maxLength"}}
    bad = {**ERROR, "content": {"application/json": {**media, "examples": {**media["examples"], "long": long}}}}
    act = compiled(operation(responses={**operation()["responses"], "400": bad}))
    assert act.refusing(Violation("body", "/name", "maxLength", "")).name == "long"
    assert act.refusing(Violation("body", "/name", "type", "")).name == "bad-request"
    assert act.refusing(Violation("body", "/other", "maxLength", "")).name == "bad-request"


def test_example_is_found_by_name_and_status() -> None:
    """The wanted status if it has the example, else the lowest that has; None if none has."""
    other = {**ERROR, "content": {"application/json": {"schema": {}, "examples": {"bad-request": {"value": 1}}}}}
    act = compiled(operation(responses={**operation()["responses"], "409": other}))
    found = [act.answer("bad-request", status=status) for status in (None, 400, 409, 500)]
    assert [answer and answer.status for answer in found] == [400, 400, 409, 400]
    assert act.answer("nothing") is None


def test_example_that_does_not_fit_is_an_error_of_the_contract() -> None:
    """The operation is named."""
    media = {**ERROR["content"]["application/json"], "examples": {"bad": {"value": {}}}}
    with pytest.raises(ContractError, match="act: example 'bad' of 400 does not fit"):
        compiled(operation(responses={"200": ERROR, "400": {**ERROR, "content": {"application/json": media}}}))

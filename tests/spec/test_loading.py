"""Loading a contract: files, references, what it lacks; what it may hold."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.spec import Contract, ContractError, Document, Trigger
from mockserver.spec.document import _FORMATS
from mockserver.spec.document import Document as Loaded
from spec.documents import MEDIA, Change, contract, get, load, media, refusal, schema


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            schema({"$ref": "#/components/schemas/Nowhere"}),
            f"{MEDIA}/schema: reference '#/components/schemas/Nowhere' points nowhere",
        ),
        (schema({"$ref": "other.yaml#/A"}), f"{MEDIA}/schema: reference 'other.yaml#/A' leaves the document"),
        (
            lambda d: d.update(components={"schemas": {"A": {"$ref": "#/components/schemas/A"}}}),
            "/components/schemas/A: reference '#/components/schemas/A' leads back to itself",
        ),
        (
            lambda d: get(d)["responses"].update({"404": {"$ref": "#/components/responses/Gone"}}),
            "reference '#/components/responses/Gone' points nowhere",
        ),
        (
            lambda d: get(d).update(parameters=[{"$ref": "#/components/parameters/Gone"}]),
            "reference '#/components/parameters/Gone' points nowhere",
        ),
        (
            lambda d: media(d).update(examples={"a": {"$ref": "#/components/examples/Gone"}}),
            "reference '#/components/examples/Gone' points nowhere",
        ),
    ],
)
def test_dangling_reference_stops_the_start(change: Change, sentence: str, tmp_path: Path) -> None:
    """A reference must lead somewhere in the same document."""
    data = contract()
    change(data)
    assert refusal(tmp_path, data) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "not YAML: while parsing a flow node"),
        ("\t", "not YAML: while scanning for the next token"),
        ("", "not an OpenAPI 3.1 document"),
        ("[]", "not an OpenAPI 3.1 document"),
        ("openapi: 3.0.3", "not an OpenAPI 3.1 document"),
        ("swagger: '2.0'", "not an OpenAPI 3.1 document"),
    ],
)
def test_text_that_is_no_openapi_document_stops_the_start(text: str, sentence: str, tmp_path: Path) -> None:
    """Broken YAML and other documents are told apart."""
    assert refusal(tmp_path, text).startswith(sentence)


def test_missing_file_stops_the_start(tmp_path: Path) -> None:
    """The line names the file."""
    with pytest.raises(ContractError, match=r"gone\.yaml: can't be read: .*No such file"):
        Contract.load(tmp_path / "gone.yaml")


def test_text_that_is_not_utf8_stops_the_start(tmp_path: Path) -> None:
    """A file in another encoding can't be read."""
    path = tmp_path / "contract.yaml"
    path.write_bytes(b"openapi: \xff")
    with pytest.raises(ContractError, match=r"contract\.yaml: can't be read: .*utf-8"):
        Contract.load(path)


@pytest.mark.parametrize(
    ("change", "misused"),
    [
        (lambda d: d.pop("paths"), "paths"),
        (lambda d: get(d).pop("operationId"), "operationId"),
        (lambda d: get(d).pop("responses"), "responses"),
        (lambda d: get(d)["responses"].update({"4XX": get(d)["responses"]["400"]}), "4XX"),
        (lambda d: media(d).update(examples={"a": {"externalValue": "b"}}), "value"),
        (
            lambda d: get(d)["responses"]["200"]["content"].update({"application/problem+json": {"schema": {}}}),
            "act: response 200 must have one JSON content",
        ),
        (lambda d: d.update(paths=[]), ""),
        (lambda d: media(d).update(examples={"a": {"value": {}}}, schema={"required": ["x"]}), "x is required"),
        (lambda d: media(d).update(schema={"type": "thing"}), 'can\'t be compiled: "thing"'),
        (lambda d: media(d).update(schema={"pattern": "("}), 'can\'t be compiled: "("'),
    ],
)
def test_document_without_what_it_needs_stops_the_start(change: Change, misused: str, tmp_path: Path) -> None:
    """Whatever is missing or misused, it is one line with the file's name, never a traceback."""
    data = contract()
    change(data)
    assert misused in refusal(tmp_path, data)


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ({"content": {"application/json": {"schema": {}}}}, "act: a request body that may be left out is not honoured"),
        (
            {
                "required": True,
                "content": {"application/json": {"schema": {}}, "multipart/form-data": {"schema": {"type": "object"}}},
            },
            "act: a request body with different schemas is not honoured here",
        ),
    ],
)
def test_body_of_another_kind_stops_the_start(node: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    """What would be read otherwise than it is written is refused."""
    data = contract()
    get(data)["requestBody"] = node
    assert sentence in refusal(tmp_path, data)


@pytest.mark.parametrize("trigger", [{"response": "402", "example": "a"}, {"response": "400", "example": "gone"}])
def test_trigger_must_name_an_example(trigger: dict[str, str], tmp_path: Path) -> None:
    """A number that would give no answer stops the start."""
    data = contract()
    get(data)["x-triggers"] = {"numbers": {"402": trigger}}
    assert "act: trigger 402 names no response and example" in refusal(tmp_path, data)


def test_trigger_leads_to_its_answer_or_its_ending(tmp_path: Path) -> None:
    """By number."""
    data = contract()
    get(data)["x-triggers"] = {"numbers": {"7": {"ends": "LOST"}, "400": {"response": "400", "example": "bad-request"}}}
    loaded = load(tmp_path, data)
    answer = loaded.operations["act"].answers[400, "bad-request"]
    assert loaded.triggers == {"act": {7: Trigger(ends="LOST"), 400: Trigger(answer=answer)}}


def test_answers_to_what_matches_nothing_are_loaded(tmp_path: Path) -> None:
    """With their status."""
    data = contract() | {"x-unmatched": {"examples": {"not-found": {"status": 404, "value": {"error": "No"}}}}}
    (answer,) = load(tmp_path, data).unmatched.values()
    assert (answer.status, answer.name, answer.fill({})) == (404, "not-found", {"error": "No"})


def test_response_may_have_no_body(tmp_path: Path) -> None:
    """Then nothing is checked but the status."""
    data = contract()
    get(data)["responses"]["204"] = {"description": "Gone"}
    made = load(tmp_path, data).operations["act"]
    assert made.misfit(204, None) == []
    assert [violation.sentence for violation in made.misfit(205, None)] == ["act has no response 205"]


def test_servers_and_tokens_are_honoured(tmp_path: Path) -> None:
    """A server is scheme, host and port; a token is that of a bearer; an operation may want none."""
    servers = [{"url": "https://a.example:8443"}, {"url": "http://a.example/", "description": "Here"}, {"url": "/"}]
    token = {"type": "http", "scheme": "Bearer", "bearerFormat": "JWT", "description": "Whole", "x-a": 1}
    data = contract(servers=servers, security=[{"token": []}], components={"securitySchemes": {"token": token}})
    assert load(tmp_path, data).operations["act"].secured
    get(data)["security"] = []
    assert not load(tmp_path, data).operations["act"].secured


@pytest.mark.parametrize("name", sorted(_FORMATS - {"password"}))
def test_allowed_format_is_checked(name: str, tmp_path: Path) -> None:
    """Some text does not fit it."""
    data = contract()
    schema({"format": name})(data)
    act = load(tmp_path, data).operations["act"]
    assert any(act.misfit(200, text) for text in ("\x00 {{<", "((("))


def test_extensions_may_stand_anywhere(tmp_path: Path) -> None:
    """`x-` is everybody's own."""
    data = contract() | {"x-a": 1}
    for node in (data["paths"]["/things/{id}"], get(data), media(data), get(data)["responses"]["200"]):
        node["x-b"] = {"anything": "goes"}
    schema({"x-c": 1, "properties": {"a": {"x-d": 2}}})(data)
    assert set(load(tmp_path, data).operations) == {"act"}


def test_schema_may_be_true_or_false(tmp_path: Path) -> None:
    """As JSON Schema says."""
    data = contract()
    schema({"properties": {"a": True, "b": False}, "additionalProperties": False})(data)
    assert load(tmp_path, data).operations["act"].misfit(200, {"b": 1})


def test_reference_follows_references_and_escapes() -> None:
    """A chain leads to its end; `~1` is a slash, `~0` a tilde."""
    data = contract() | {"x-a": {"b/c~d": {"$ref": "#/x-e"}}, "x-e": {"found": True}}
    assert Document(data, "").resolve({"$ref": "#/x-a/b~1c~0d"}) == {"found": True}


def test_package_gives_its_document() -> None:
    """The name that the package exports is the module's."""
    assert Document is Loaded

"""Our own contract: it loads, says how it knows each thing, and its examples fit."""

import re
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import pytest

from document import document
from mockserver.domain.refusals import Refusal
from mockserver.refusing import EXAMPLES
from mockserver.spec import Contract

CONTRACT: Final = Contract.load()
DATA: Final[dict[str, Any]] = document()
PROVENANCES: Final = {"documented", "vendor-code", "third-party", "inferred"}
METHODS: Final = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}

Found = Iterator[tuple[str, Any]]


def at(reference: str) -> Any:
    node: Any = DATA
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        node = at(node["$ref"])
    return node


def operations() -> Found:
    """Every operation, those of callbacks included."""
    for path, item in DATA["paths"].items():
        yield from _operations(path, item)


def _operations(path: str, item: Any) -> Found:
    for method in sorted(METHODS & set(item)):
        operation = item[method]
        yield f"{method.upper()} {path}", operation
        for name, callback in operation.get("callbacks", {}).items():
            for inner in callback.values():
                yield from _operations(f"{path} callback {name}", inner)


def responses() -> Found:
    for place, operation in operations():
        for status, response in operation["responses"].items():
            yield f"{place} {status}", resolved(response)
    for name, response in DATA["components"]["responses"].items():
        yield f"components {name}", response


def media() -> Found:
    """Every schema with examples beside it."""
    for place, response in responses():
        yield from ((f"{place} {kind}", node) for kind, node in response.get("content", {}).items())
    for place, operation in operations():
        content = operation.get("requestBody", {}).get("content", {})
        yield from ((f"{place} body {kind}", node) for kind, node in content.items())


def examples() -> Found:
    for place, node in media():
        for name, example in node.get("examples", {}).items():
            yield f"{place} {name}", resolved(example)
    for name, example in DATA["components"]["examples"].items():
        yield f"components {name}", example
    for name, example in DATA["x-unmatched"]["examples"].items():
        yield f"unmatched {name}", example


def facts() -> Found:
    """Everything that must say how it is known."""
    yield from operations()
    yield from responses()
    yield from examples()
    for place, operation in operations():
        for name, callback in operation.get("callbacks", {}).items():
            yield from ((f"{place} callback {name} {expression}", node) for expression, node in callback.items())
        if "x-triggers" in operation:
            yield f"{place} triggers", operation["x-triggers"]
        if "x-credits" in operation:
            yield f"{place} credits", operation["x-credits"]
    for place, response in responses():
        yield from ((f"{place} link {name}", link) for name, link in response.get("links", {}).items())
    yield "x-lifecycle", DATA["x-lifecycle"]
    yield from ((f"status {number}", node) for number, node in DATA["x-lifecycle"]["statuses"].items())
    yield "x-unmatched", DATA["x-unmatched"]
    yield from ((f"scheme {name}", node) for name, node in DATA["components"]["securitySchemes"].items())


def unique(found: Found) -> list[Any]:
    return [pytest.param(node, id=place) for place, node in dict(found).items()]


def check(schema: Any, value: Any) -> list[str]:
    """What the schema finds wrong, judged without our own code."""
    validator = jsonschema_rs.validator_for({**schema, "components": DATA["components"]}, validate_formats=True)
    return [error.message for error in validator.iter_errors(value)]


@pytest.mark.parametrize("node", unique(facts()))
def test_every_fact_says_how_it_is_known(node: dict[str, Any]) -> None:
    """`x-provenance` is one of four words."""
    assert node.get("x-provenance") in PROVENANCES


@pytest.mark.parametrize("operation", unique(operations()))
def test_every_operation_declares_401(operation: dict[str, Any]) -> None:
    """Apart from callbacks, which carry no token."""
    assert "401" in operation["responses"] or operation.get("security") == []


@pytest.mark.parametrize("node", [pytest.param(node, id=place) for place, node in media() if node.get("examples")])
def test_every_example_fits_its_schema(node: dict[str, Any]) -> None:
    """Of answers and of requests."""
    for example in node["examples"].values():
        assert check(node["schema"], resolved(example)["value"]) == []


@pytest.mark.parametrize("name", [name for name, node in DATA["components"]["schemas"].items() if "examples" in node])
def test_every_example_of_a_schema_fits_it(name: str) -> None:
    """Those inside schemas, too."""
    schema = DATA["components"]["schemas"][name]
    assert [check(schema, value) for value in schema["examples"]] == [[] for _ in schema["examples"]]


def test_every_operation_is_loaded() -> None:
    """None is lost between the document and the mock."""
    expected = {node["operationId"] for place, node in operations() if "callback" not in place}
    assert set(CONTRACT.operations) == expected


@pytest.mark.parametrize("name", sorted(CONTRACT.operations))
def test_every_operation_can_say_no(name: str) -> None:
    """Each can be unauthorized, and each that takes something can be a bad request."""
    operation = CONTRACT.operations[name]
    takes = "requestBody" in operation.node or "parameters" in operation.node or "{" in operation.path
    assert (401, "unauthorized") in operation.answers
    assert ((400, "bad-request") in operation.answers) is takes


@pytest.mark.parametrize("refusal", EXAMPLES)
def test_every_refusal_has_an_example(refusal: type[Refusal]) -> None:
    """The table of refusals names examples that some operation has."""
    assert any(operation.answer(EXAMPLES[refusal]) for operation in CONTRACT.operations.values())


def test_every_refusal_is_in_the_table() -> None:
    """The domain can't say a "no" that has no answer."""

    def leaves(kind: type[Refusal]) -> Iterator[type[Refusal]]:
        yield from (
            (leaf for below in kind.__subclasses__() for leaf in leaves(below)) if kind.__subclasses__() else [kind]
        )

    assert set(EXAMPLES) == set(leaves(Refusal))


def test_links_lead_to_operations_and_their_parameters() -> None:
    """A link names an operation and parameters that it has."""
    for place, response in responses():
        for link in response.get("links", {}).values():
            target = CONTRACT.operations[link["operationId"]]
            item = DATA["paths"][target.path]
            known = {resolved(p)["name"] for p in [*item.get("parameters", []), *target.node.get("parameters", [])]}
            assert set(link.get("parameters", {})) <= known, place


def test_example_of_a_path_is_under_the_one_server() -> None:
    """The contract names the paid API; paths are whole and end without a slash."""
    assert [server["url"] for server in DATA["servers"]] == ["https://api.useapi.net"]
    assert all(path.startswith("/v2/") and not path.endswith("/") for path in DATA["paths"])


def test_token_pattern_is_the_designs() -> None:
    """Its first group is the user's number."""
    assert CONTRACT.token_pattern == "^user:([0-9]+)-[A-Za-z0-9]{1,64}$"


SPACES: Final = "\t\n\v\f\r \x1c\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\ufeff"
CONTROLS: Final = "\x00\x01\x1f\x7f\x80\x9f"


def fits_reply_url(url: str) -> bool:
    """Whether both schemas take it, by Rust's engine and by Python's."""
    schemas = DATA["components"]["schemas"]
    found = {
        not check(schemas["ReplyUrl"], url),
        not check(schemas["UserRequest"], {"replyUrl": url}),
        re.fullmatch(schemas["ReplyUrl"]["pattern"], url) is not None,
    }
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    "url",
    [
        *("http://host", "http://[::1]:9000/x", "http://user:pw@h/", "http://@h", "http://h:/x", "http://h?a#b"),
        *("HTTPS://H/?a={b}", 'http://h/<>"{}|\\^`', "http://é.example/ü?ß", "http://日本", "http://a_b.c-d"),
        *(f"http://h:{port}/" for port in (0, 1, 80, 9_999, 10_000, 59_999, 64_999, 65_499, 65_529, 65_535)),
    ],
)
def test_reply_url_may_be(url: str) -> None:
    """Any address that can be called."""
    assert fits_reply_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://",
            "http:///x",
            "http://@",
            "http://:80",
            "ftp://h",
            "//h",
            "h",
            "http://a@b@c",
            "http://[::1",
            "http://[]",
        ),
        *(
            f"http://h:{port}/"
            for port in ("65536", "65540", "65600", "66000", "70000", "99999", "100000", "080", "00", "-1", "x")
        ),
        *(f"http://a{character}b/" for character in SPACES + CONTROLS + '<>"{}|\\^`'),
        *(f"http://a{character}b@c/" for character in SPACES + CONTROLS + '<>"{}|\\^`[]'),
        *(f"http://a/{character}x" for character in SPACES + CONTROLS),
        *(f"http://a?{character}x" for character in SPACES + CONTROLS),
        'http://a<b>\u2028"/x',
    ],
)
def test_reply_url_may_not_be(url: str) -> None:
    """What is no http URL."""
    assert not fits_reply_url(url)


def test_reply_url_may_be_empty_for_the_user() -> None:
    """That removes the default."""
    assert check(DATA["components"]["schemas"]["UserRequest"], {"replyUrl": ""}) == []


@pytest.mark.parametrize("name", ["password", "token"])
def test_secret_of_an_account_is_marked_as_one(name: str) -> None:
    """So that no sentence repeats it."""
    assert DATA["components"]["schemas"]["AccountRequest"]["properties"][name]["format"] == "password"


def test_upscale_has_a_price() -> None:
    """In whole credits."""
    assert CONTRACT.cost == 20

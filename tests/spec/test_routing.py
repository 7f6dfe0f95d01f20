"""Method and raw path to an operation."""

import pytest

from mockserver.spec import Contract, Document, Match, Miss
from spec.documents import contract, operation


@pytest.fixture(name="table")
def _table() -> Contract:
    return Contract(
        Document(
            contract(
                {
                    "/things": {"get": operation(operationId="list"), "post": operation(operationId="make")},
                    "/things/new": {"post": operation(operationId="special")},
                    "/things/{id}": {"get": operation(operationId="one"), "delete": operation(operationId="drop")},
                    "/things/{id}/parts/{part}": {"get": operation(operationId="part")},
                    "/a.b": {"get": operation(operationId="dot")},
                }
            ),
            "",
        )
    )


@pytest.mark.parametrize(
    ("method", "path", "found", "parameters"),
    [
        ("GET", "/things", "list", {}),
        ("POST", "/things", "make", {}),
        ("POST", "/things/new", "special", {}),
        ("GET", "/things/1", "one", {"id": "1"}),
        ("DELETE", "/things/1", "drop", {"id": "1"}),
        ("GET", "/things/a:b@c", "one", {"id": "a:b@c"}),
        ("GET", "/things/a%3Ab%2Fc", "one", {"id": "a%3Ab%2Fc"}),
        ("GET", "/things/newer", "one", {"id": "newer"}),
        ("GET", "/things/1/parts/2", "part", {"id": "1", "part": "2"}),
    ],
)
@pytest.mark.parametrize("end", ["", "/"])
def test_path_leads_to_its_operation(
    table: Contract, method: str, path: str, found: str, parameters: dict[str, str], end: str
) -> None:
    """With or without a slash at the end; parameters stay as they were sent."""
    match = table.match(method, path + end)
    assert isinstance(match, Match)
    assert (match.operation.id, match.parameters) == (found, parameters)


def test_head_is_answered_as_get(table: Contract) -> None:
    """As HTTP demands."""
    match = table.match("HEAD", "/things/1")
    assert isinstance(match, Match)
    assert match.operation.id == "one"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/things", ("GET", "POST")),
        ("PUT", "/things/1", ("DELETE", "GET")),
        ("GET", "/things/new", ("POST",)),
        ("HEAD", "/things/new", ("POST",)),
        ("get", "/things", ("GET", "POST")),
    ],
)
def test_known_path_says_what_it_takes(table: Contract, method: str, path: str, allowed: tuple[str, ...]) -> None:
    """A path without a template wins even where it lacks the method."""
    assert table.match(method, path) == Miss(allowed)


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/thing", "/things//", "/things/1/parts", "/things/1/2", "/axb", "/THINGS"]
)
def test_unknown_path_takes_nothing(table: Contract, path: str) -> None:
    """No path is guessed at: a dot is a dot, case counts."""
    assert table.match("GET", path) == Miss(())


def test_newline_is_part_of_a_parameter_not_of_the_end(table: Contract) -> None:
    """A pattern's end must not swallow it."""
    match = table.match("GET", "/things/1\n")
    assert isinstance(match, Match)
    assert match.parameters == {"id": "1\n"}

"""`Prefer: code=, example=` and `__code`, `__example`: every documented answer of every operation, on demand."""

import re
from itertools import repeat
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.mock import EMAIL, UPSCALE, USER, VIDEOS, Answer, MakeMock, Mock
from document import document

DATA: Final[dict[str, Any]] = document()
BODIES: Final = {
    "upscaleVideo": {"video_id": "{video_id}"},
    "saveAccount": {"email": EMAIL, "password": "secret", "maxJobs": 3},
    "updateUser": {"replyUrl": "https://example.com/hook"},
}
"""A good body of each operation that takes one."""

PLACE: Final = re.compile(r"<[A-Za-z_][A-Za-z_ ]*>")


class Documented(NamedTuple):
    """A named example of a response."""

    operation: str
    method: str
    path: str
    status: int
    name: str
    value: Any


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = DATA
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return resolved(found)


def documented() -> list[Documented]:
    """Every operation x response x example of the contract, as it stands there."""
    return [
        Documented(operation["operationId"], method.upper(), path, int(status), name, resolved(example)["value"])
        for path, item in DATA["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
        for status, response in operation["responses"].items()
        for media in resolved(response).get("content", {}).values()
        for name, example in media["examples"].items()
    ]


ANSWERS: Final = documented()
EACH: Final = pytest.mark.parametrize(
    "wanted", [pytest.param(each, id=f"{each.operation} {each.status} {each.name}") for each in ANSWERS]
)
OPERATIONS: Final = {each.operation: each for each in ANSWERS}
OF_OPERATION: Final = pytest.mark.parametrize("any_of", OPERATIONS.values(), ids=OPERATIONS)


def ask(mock: Mock, like: Documented, prefer: str = "", query: str = "", **more: str) -> Answer:
    """A good call of the operation; it prefers what is said."""
    named = {"video_id": mock.video_id(), "email": EMAIL, "id": mock.video_id()}
    body = BODIES.get(like.operation)
    filled = {key: str(value).format(**named) if "{" in str(value) else value for key, value in (body or {}).items()}
    headers = {**more, **({"Prefer": prefer} if prefer else {})}
    return mock.call(like.method, like.path.format(**named), filled or None, query=query, headers=headers)


def fits(example: Any, value: Any) -> bool:
    """Whether a value is the example, with something in each of its places."""
    if isinstance(example, dict):
        return (
            isinstance(value, dict)
            and example.keys() == value.keys()
            and all(fits(example[k], value[k]) for k in example)
        )
    if isinstance(example, list):
        return isinstance(value, list) and len(example) == len(value) and all(map(fits, example, value))
    if isinstance(example, str):
        shape = ".+".join(map(re.escape, PLACE.split(example)))
        return isinstance(value, str) and re.fullmatch(shape, value) is not None and PLACE.search(value) is None
    return bool(example == value)


def names(operation: str) -> dict[int, list[str]]:
    """The names of an operation's examples, by status."""
    found: dict[int, list[str]] = {}
    for each in ANSWERS:
        if each.operation == operation:
            found.setdefault(each.status, []).append(each.name)
    return found


# Every answer


@EACH
def test_every_answer_is_given_on_demand(wanted: Documented, mock: Mock) -> None:
    """That status, that text with its places filled; said in the header or in the query, it is the same."""
    before = mock.kept()
    answer = ask(mock, wanted, f"code={wanted.status}, example={wanted.name}")
    assert answer.status == wanted.status
    assert fits(wanted.value, answer.body), answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["preference-applied"] == f"code={wanted.status}, example={wanted.name}"
    asked = ask(mock, wanted, query=f"__code={wanted.status}&__example={wanted.name}")
    assert (asked.status, asked.content) == (answer.status, answer.content)
    assert asked.headers["preference-applied"] == answer.headers["preference-applied"]
    assert mock.sandbox == before


@OF_OPERATION
def test_code_alone_gives_the_first_answer_with_it(any_of: Documented, mock: Mock) -> None:
    """In the order of the contract."""
    firsts = {each.status: each for each in reversed(ANSWERS) if each.operation == any_of.operation}
    for status, first in firsts.items():
        answer = ask(mock, first, f"code={status}")
        assert (answer.status, answer.headers["preference-applied"]) == (status, f"code={status}")
        assert fits(first.value, answer.body)


@OF_OPERATION
def test_name_alone_gives_the_answer_of_that_name(any_of: Documented, mock: Mock) -> None:
    """Of several, that with the lowest status."""
    ours = [each for each in ANSWERS if each.operation == any_of.operation]
    lowest = {each.name: each for each in sorted(ours, key=lambda each: each.status, reverse=True)}
    for name, wanted in lowest.items():
        answer = ask(mock, wanted, f"example={name}")
        assert (answer.status, answer.headers["preference-applied"]) == (wanted.status, f"example={name}")
        assert fits(wanted.value, answer.body)


def test_request_that_breaks_its_form_gets_it_too(mock: Mock) -> None:
    """With what it does not name from the sandbox: somebody who only looks need not know what a good call is."""
    for each in ANSWERS:
        if each.operation == "upscaleVideo":
            answer = mock.call("POST", UPSCALE, {}, headers={"Prefer": f"code={each.status}, example={each.name}"})
            assert answer.status == each.status
            assert fits(each.value, answer.body), answer.body


def test_reason_phrase_comes_with_its_status(make_mock: MakeMock) -> None:
    """596 has one of its own in the contract."""
    mock = make_mock()
    mock.upscale(mock.number(5))
    ask(mock, OPERATIONS["upscaleVideo"], "code=596")
    assert list(mock.guarded.journal)[-1].response.reason == "Pending mod message"


# What there is not


@pytest.mark.parametrize(
    "prefer",
    ["code=418", "code=", "code", "code=four", "example=nothing", "example=", "code=200, example=unauthorized"],
)
def test_answer_that_there_is_not_is_a_problem_that_lists_those_there_are(prefer: str, mock: Mock) -> None:
    """In the mock's own form: a client must not take it for the vendor's."""
    before = mock.kept()
    for operation, any_of in OPERATIONS.items():
        answer = ask(mock, any_of, prefer)
        assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
        assert "preference-applied" not in answer.headers
        assert "error" not in answer.body
        listed = ", ".join(f"{status} ({', '.join(of)})" for status, of in sorted(names(operation).items()))
        assert answer.body["detail"].startswith(f"{operation} has no answer with ")
        assert answer.body["detail"].endswith(f"; it has {listed}")
    assert mock.sandbox == before


def test_problem_names_what_was_wanted(mock: Mock) -> None:
    """As it was written."""
    answer = ask(mock, OPERATIONS["getUser"], 'code="4 29", example=Busy')
    assert answer.body["detail"].startswith('getUser has no answer with code="4 29", example="Busy"; it has 200 (user)')
    answer = ask(mock, OPERATIONS["getUser"], query="__code=%E2%9C%93")
    assert 'code="✓"' in answer.body["detail"]


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense"])
def test_no_token_gets_none(authorization: str, mock: Mock) -> None:
    """The 401 comes first, as it would from the vendor."""
    for any_of in OPERATIONS.values():
        answer = ask(mock, any_of, "code=200", Authorization=authorization)
        assert answer.status == 401
        assert "preference-applied" not in answer.headers


def test_paths_without_operation_have_none(mock: Mock) -> None:
    """Nothing stands in the contract for them."""
    assert mock.call("GET", "/nowhere", headers={"Prefer": "code=200"}).status == 404
    assert mock.call("PUT", USER, headers={"Prefer": "code=200"}).status == 405


@pytest.mark.parametrize(
    ("prefer", "query"), [("code=429", ""), ("", "__code=429"), ("code=418, explain", "__example=x")]
)
def test_mock_that_does_not_obey_answers_as_ever(prefer: str, query: str, make_mock: MakeMock) -> None:
    """--no-prefer."""
    answer = ask(make_mock(prefer=False), OPERATIONS["upscaleVideo"], prefer, query)
    assert answer.status == 200
    assert not {"preference-applied", "x-mock-explain"} & answer.headers.keys()


# Why


def test_explanation_may_be_all_that_is_wanted(mock: Mock) -> None:
    """The answer is the regular one."""
    answer = ask(mock, OPERATIONS["upscaleVideo"], "explain")
    assert (answer.status, answer.headers["preference-applied"]) == (200, "explain")
    assert answer.headers["x-mock-explain"] == f"accepted: 1 running on {EMAIL}, 9980 credits left"
    assert mock.sandbox.accepted == 1


def test_preferred_answer_is_explained(mock: Mock) -> None:
    """On demand, like any other."""
    answer = ask(mock, OPERATIONS["getUser"], "code=401, explain")
    assert (answer.status, answer.headers["preference-applied"]) == (401, "code=401, explain")
    assert answer.headers["x-mock-explain"] == "the request prefers this answer"
    assert "x-mock-explain" not in ask(mock, OPERATIONS["getUser"], "code=401").headers


def test_missing_answer_is_explained(mock: Mock) -> None:
    """With the sentence of the problem."""
    answer = ask(mock, OPERATIONS["getUser"], query="__code=418&__explain=")
    assert answer.headers["x-mock-explain"] == answer.body["detail"]


@pytest.mark.parametrize(
    ("method", "path", "authorization", "said"),
    [
        ("GET", "/nowhere", None, "no operation has this path"),
        ("PUT", USER, None, "the path takes GET, POST; did you mean"),
        ("GET", USER, "", "no Authorization header"),
        ("GET", USER, "Bearer test", "token 'test' is not of the form"),
    ],
)
def test_answer_without_operation_or_sandbox_is_explained(
    method: str, path: str, authorization: str | None, said: str, make_mock: MakeMock
) -> None:
    """Nobody needs the reason more; on demand, and where every answer is explained."""
    headers = {} if authorization is None else {"Authorization": authorization}
    plain = make_mock()
    assert "x-mock-explain" not in plain.call(method, path, headers=headers).headers
    asked = plain.call(method, path, headers={**headers, "Prefer": "explain"})
    always = make_mock(explain=True).call(method, path, headers=headers)
    for answer in (asked, always):
        assert answer.status in (401, 404, 405)
        assert answer.headers["x-mock-explain"].startswith(said)
    deaf = make_mock(prefer=False).call(method, path, headers={**headers, "Prefer": "explain"})
    assert "x-mock-explain" not in deaf.headers


# How it may be written

ALSO: Final = [
    "respond-async",
    "wait=10",
    'note="a, code=400, b"',
    'note="\\", code=400"',
    'note=x; more="y, code=400, z"',
    "handling=lenient; code=400",
    "codec=400",
    "x-code=400",
]
"""Preferences that are none of ours, though they may look so."""


@pytest.mark.parametrize("code", ["code=401", 'CODE = "401" ; q=1'])
def test_preference_stands_among_others(code: str, mock: Mock) -> None:
    """Which are ignored."""
    for before, after in [*zip(ALSO, repeat("wait=1")), *zip(repeat("wait=1"), ALSO), ("", "")]:
        prefer = ", ".join(filter(None, [before, code, after]))
        answer = ask(mock, OPERATIONS["getUser"], prefer)
        assert (answer.status, answer.headers.get("preference-applied")) == (401, "code=401"), prefer


def test_other_preferences_alone_change_nothing(mock: Mock) -> None:
    """And are not said to be applied."""
    for prefer in ALSO:
        answer = ask(mock, OPERATIONS["getUser"], prefer)
        assert answer.status == 200, prefer
        assert "preference-applied" not in answer.headers


def test_first_of_two_counts(mock: Mock) -> None:
    """As the standard has it."""
    assert ask(mock, OPERATIONS["upscaleVideo"], "code=429, code=412, example=upstream-limit").status == 429


def test_header_goes_before_the_query(mock: Mock) -> None:
    """What the header does not say, the query may."""
    answer = ask(mock, OPERATIONS["upscaleVideo"], "code=429", "__code=412&__example=upstream-limit")
    assert answer.headers["preference-applied"] == "code=429, example=upstream-limit"


def test_query_keeps_its_other_fields(mock: Mock) -> None:
    """Preferences in it are no parameters of the operation."""
    answer = mock.call("GET", VIDEOS, query="limit=1&__explain=1")
    assert (answer.status, len(answer.body["data"])) == (200, 1)


@pytest.mark.parametrize(
    "prefer",
    ["code=401" + ", wait=1" * 1_500, "wait=1, " * 1_500 + "code=401", "code=401; note=" + "x" * 10_000],
    ids=["first", "last", "with parameters"],
)
def test_long_header_is_read_to_its_end(prefer: str, mock: Mock) -> None:
    """Ten kilobytes and more."""
    assert ask(mock, OPERATIONS["getUser"], prefer).status == 401


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
    | st.text(st.sampled_from('code=example,; "\\42199'), max_size=60),
    st.text(st.sampled_from("__code=&_example%2+4é"), max_size=40),
)
def test_nothing_in_a_header_or_query_is_a_bug(mock: Mock, prefer: str, query: str) -> None:
    """It is understood, or ignored, or there is no such answer."""
    raw = "".join(c if ord(c) < 0x80 else f"%{ord(c):02x}" for c in query)
    answer = ask(mock, OPERATIONS["getUser"], prefer.strip(), raw)
    assert answer.status in (*names("getUser"), 400)
    assert ("preference-applied" in answer.headers) <= (answer.status != 400)

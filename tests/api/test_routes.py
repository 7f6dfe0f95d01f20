"""What holds on every path: slashes, methods, what no operation has."""

from typing import Any

import pytest

from api.mock import ACCOUNTS, EMAIL, FEATURES, OTHER, SCHEDULER, UPSCALE, USER, VIDEOS, Mock
from mockserver.spec import Contract

CALLS = {
    "upscaleVideo": ("POST", UPSCALE),
    "listVideos": ("GET", VIDEOS),
    "getVideo": ("GET", f"{VIDEOS}/<source>"),
    "deleteVideo": ("DELETE", f"{VIDEOS}/<source>"),
    "listAccounts": ("GET", ACCOUNTS),
    "getAccount": ("GET", f"{ACCOUNTS}/{EMAIL}"),
    "saveAccount": ("POST", f"{ACCOUNTS}/{OTHER}"),
    "deleteAccount": ("DELETE", f"{ACCOUNTS}/{EMAIL}"),
    "listRunning": ("GET", SCHEDULER),
    "listAvailable": ("GET", f"{SCHEDULER}/available"),
    "cancelJob": ("DELETE", f"{SCHEDULER}/<job>"),
    "getFeatures": ("GET", FEATURES),
    "getUser": ("GET", USER),
    "updateUser": ("POST", USER),
}
"""A good call of each operation."""

BODIES: dict[str, dict[str, Any]] = {
    "upscaleVideo": {"video_id": "<source>"},
    "saveAccount": {"email": OTHER, "password": "x", "maxJobs": 3},
    "updateUser": {"name": "Ada"},
}

GETS = [name for name, (method, _) in CALLS.items() if method == "GET"]


def test_every_operation_is_called_here() -> None:
    """A new one wants its place in the table above."""
    assert set(CALLS) == set(Contract.load().operations)


def call(mock: Mock, name: str, end: str = "", query: str = "") -> tuple[int, str]:
    """Status and shape of a good call."""
    method, path = CALLS[name]
    job, source = mock.accepted(), mock.video_id()
    given = BODIES.get(name)
    if given is not None:
        given = {
            key: value.replace("<source>", source) if isinstance(value, str) else value for key, value in given.items()
        }
    path = path.replace("<source>", source).replace("<job>", job) + end
    answer = mock.call(method, path, given, query=query)
    return answer.status, str(sorted(answer.body) if isinstance(answer.body, dict) else len(answer.body))


@pytest.mark.parametrize("name", CALLS)
def test_every_path_may_end_in_a_slash(name: str, mock: Mock) -> None:
    """It makes no difference."""
    plain = call(mock, name)
    assert plain[0] in (200, 201)
    assert call(mock.of_fresh_token(), name, "/") == plain


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("query", ["unknown=1", "a=b&a=c&&=", "%ff", "x=%00"])
def test_unknown_query_is_ignored(name: str, query: str, mock: Mock) -> None:
    """Bytes that are no text are only an error where a query is read at all."""
    reads = name in ("listVideos", "getFeatures")
    if reads and "%ff" in query:
        assert call(mock, name, query=query)[0] == 400
    else:
        assert call(mock, name, query=query) == call(mock.of_fresh_token(), name)


@pytest.mark.parametrize("name", GETS)
def test_head_is_a_get_without_body(name: str, mock: Mock) -> None:
    """The same status and headers."""
    path = CALLS[name][1].replace("<source>", mock.video_id())
    get, head = mock.call("GET", path), mock.call("HEAD", path)
    assert (head.status, head.headers["content-type"], head.content) == (200, get.headers["content-type"], b"")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", UPSCALE, "POST"),
        ("HEAD", UPSCALE, "POST"),
        ("PUT", UPSCALE, "POST"),
        ("POST", VIDEOS, "GET"),
        ("PATCH", f"{VIDEOS}/x", "DELETE, GET"),
        ("POST", f"{VIDEOS}/", "GET"),
        ("DELETE", ACCOUNTS, "GET"),
        ("PUT", f"{ACCOUNTS}/x", "DELETE, GET, POST"),
        ("POST", SCHEDULER, "GET"),
        ("DELETE", f"{SCHEDULER}/available", "GET"),
        ("GET", f"{SCHEDULER}/x", "DELETE"),
        ("POST", FEATURES, "GET"),
        ("DELETE", USER, "GET, POST"),
        ("OPTIONS", USER, "GET, POST"),
    ],
)
def test_other_method_is_not_allowed(method: str, path: str, allowed: str, mock: Mock) -> None:
    """The answer says which are; it needs no token."""
    answer = mock.call(method, path, headers={"Authorization": ""})
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        assert answer.body == {"error": "Method Not Allowed"}


@pytest.mark.parametrize(
    "path",
    [
        *("/v2", "/v2/", "/v2/pixverse", "/v2/pixverse/video", "/v1/account", "/V2/account", "//v2/account"),
        *(f"{UPSCALE}/x", f"{UPSCALE}//", f"{VIDEOS}//x"),
    ],
)
def test_unknown_path_is_not_found(path: str, mock: Mock) -> None:
    """Whatever the method; it needs no token."""
    for method in ("GET", "POST", "DELETE"):
        answer = mock.call(method, path, headers={"Authorization": ""})
        assert (answer.status, answer.body) == (404, {"error": "Not Found"})


def test_answers_are_json(mock: Mock) -> None:
    """Good ones and bad ones."""
    for path in (VIDEOS, UPSCALE, "/nowhere", f"{VIDEOS}/x"):
        assert mock.call("GET", path).headers["content-type"] == "application/json"

"""Faults behind servers that keep the connection to themselves: Flask under any WSGI server, any ASGI server."""

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import pytest

from api.adapters import ADAPTERS
from api.mock import EMAIL, VIDEOS, Mock
from mockserver import Api, Settings


@pytest.fixture(name="shared", scope="module", params=["flask", "asgi"])
def _shared(request: pytest.FixtureRequest) -> Iterator[Iterator[Mock]]:
    """A mock reached in a way that has no connection at hand; each time with a token not seen before."""
    api = Api(Settings(strict=True, clock="manual"))
    with ADAPTERS[request.param](api) as send:
        yield (Mock(api, send, token=f"user:12345-test{number}") for number in count())


def suffer(mock: Mock, *rules: dict[str, Any]) -> None:
    answer = mock.call("PUT", "/__mock/faults", {"faults": rules})
    assert answer.status == 200, answer.content


ON_THE_CONNECTION: Final = [
    ({"fault": "connection-reset"}, "reset", 0),
    ({"fault": "connection-reset", "handled": True}, "reset", 1),
    ({"fault": "empty-answer"}, "empty", 0),
    ({"fault": "empty-answer", "handled": True}, "empty", 1),
    ({"fault": "no-answer"}, "unanswered", 0),
    ({"fault": "no-answer", "handled": True}, "unanswered", 1),
    ({"fault": "lost-reply"}, "reset", 1),
    ({"fault": "truncated-body"}, "truncated", 1),
    ({"fault": "slow-body", "seconds": 60}, "dribbled", 1),
]
"""The rule, what its answer would be, and how many jobs are accepted."""


@pytest.mark.parametrize(
    ("rule", "wanted", "jobs"), ON_THE_CONNECTION, ids=[str(each[0]) for each in ON_THE_CONNECTION]
)
def test_fault_that_needs_the_connection_says_so(rule: dict[str, Any], wanted: str, jobs: int, mock: Mock) -> None:
    """Nobody shall take the test of a client for done that met no such fault; and a paid job must not be overlooked."""
    suffer(mock, rule)
    answer = mock.upscale()
    assert (answer.status, answer.headers["content-type"]) == (501, "application/problem+json")
    assert answer.body["detail"].startswith(f"the fault plan wants this answer to be {wanted}; for that ")
    assert "`mockserver serve`" in answer.body["detail"]
    done = "The request was carried out" if jobs else "The request was not carried out"
    assert answer.body["detail"].endswith(done)
    assert mock.sandbox.accepted == jobs
    assert mock.upscale().status == 200


def test_request_that_was_refused_was_not_carried_out(mock: Mock) -> None:
    """Though it was looked at."""
    suffer(mock, {"fault": "connection-reset", "handled": True})
    mock.sandbox.accounts.adjust(EMAIL, credits=5)
    answer = mock.upscale()
    assert answer.status == 501
    assert answer.body["detail"].endswith("The request was not carried out")


def test_head_of_what_needs_the_connection_is_501(mock: Mock) -> None:
    """Without a body, as any HEAD."""
    suffer(mock, {"fault": "empty-answer"})
    answer = mock.call("HEAD", VIDEOS)
    assert (answer.status, answer.content) == (501, b"")


def test_malformed_json_needs_no_connection(mock: Mock) -> None:
    """It is an answer like any other."""
    suffer(mock, {"fault": "malformed-json"})
    answer = mock.upscale()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == b'{"video_id":"user:12345-pixverse:'
    assert answer.headers["content-length"] == str(len(answer.content))


def test_wrong_content_type_needs_no_connection(mock: Mock) -> None:
    """Likewise; no framework mends it."""
    suffer(mock, {"fault": "wrong-content-type"})
    answer = mock.upscale()
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html")
    assert list(answer.body) == ["video_id"]


@pytest.mark.parametrize(
    ("name", "status", "content_type"),
    [
        ("internal-error", 500, "application/json"),
        ("bad-gateway", 502, "text/html"),
        ("service-unavailable", 503, "text/html"),
        ("gateway-timeout", 504, "text/html"),
        ("subscription-required", 402, "application/json"),
        ("moderated-prompt", 422, "application/json"),
    ],
)
def test_undocumented_answer_needs_no_connection(name: str, status: int, content_type: str, mock: Mock) -> None:
    """With the Content-Type that it has, not that of an answer of the contract."""
    suffer(mock, {"fault": name})
    answer = mock.upscale()
    assert (answer.status, answer.headers["content-type"]) == (status, content_type)
    assert mock.sandbox.accepted == 0


@pytest.mark.parametrize("status", [204, 304])
def test_answer_of_ones_own_without_content(status: int, mock: Mock) -> None:
    """It has neither a body nor a length."""
    suffer(mock, {"status": status, "body": "", "operation": "upscaleVideo"})
    answer = mock.upscale()
    assert (answer.status, answer.content) == (status, b"")
    assert "content-length" not in answer.headers


def test_answer_of_ones_own_needs_no_connection(mock: Mock) -> None:
    """Its headers arrive, its body as it was given."""
    suffer(mock, {"status": 503, "body": "<b>später</b>", "headers": {"Retry-After": "30", "X-Note": "mine"}})
    answer = mock.upscale()
    assert (answer.status, answer.content.decode()) == (503, "<b>später</b>")
    assert (answer.headers["retry-after"], answer.headers["x-note"]) == ("30", "mine")


def test_latency_needs_no_connection(mock: Mock) -> None:
    """It is a matter of the clock."""
    suffer(mock, {"fault": "latency", "seconds": 600})
    answer = mock.upscale()
    assert answer.status == 200
    assert mock.call("GET", "/__mock/clock").body["now"] == "2025-01-01T00:10:00.000Z"

"""The control API: health, reset, accounts, its own document; through every adapter that carries it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.adapters import ADAPTERS
from api.mock import EMAIL, UPSCALE, Send
from mockserver import Api, Settings, __version__
from mockserver.control import Control
from mockserver.spec import Contract

TOKEN = {"Authorization": "Bearer user:12345-demo"}
JSON = {"Content-Type": "application/json"}
VIDEO = "user:12345-pixverse:demo@example.com-video:11223344"


@pytest.fixture(params=["flask", "live"])
def send(request: pytest.FixtureRequest) -> Iterator[Send]:
    """Sends a request to a mock."""
    with ADAPTERS[request.param](Api(Settings(strict=True, clock="manual"))) as send:
        yield send


def call(send: Send, method: str, path: str, body: Any = None, headers: dict[str, str] = TOKEN) -> tuple[int, Any]:
    content = b"" if body is None else json.dumps(body).encode()
    status, _, answer = send(method, path, "", {**headers, **(JSON if body is not None else {})}, content)
    return status, json.loads(answer) if answer else None


def adjust(send: Send, **values: Any) -> tuple[int, Any]:
    return call(send, "PATCH", f"/__mock/accounts/{EMAIL}", values)


def upscale(send: Send) -> tuple[int, Any]:
    return call(send, "POST", UPSCALE, {"video_id": VIDEO})


def test_health_needs_no_token(send: Send) -> None:
    """Status, version, how many sandboxes."""
    assert call(send, "GET", "/__mock/health", headers={}) == (
        200,
        {"status": "ok", "version": __version__, "sandboxes": 0},
    )


def test_health_is_readable_by_head(send: Send) -> None:
    """As monitors ask."""
    status, headers, body = send("HEAD", "/__mock/health", "", {}, b"")
    assert (status, headers["content-type"], body) == (200, "application/json", b"")


def test_document_names_the_mock_as_its_server(send: Send) -> None:
    """And is an OpenAPI document."""
    status, document = call(send, "GET", "/__mock/openapi.json", headers={"Host": "mock.test:1234"})
    assert (status, document["openapi"], document["servers"][0]["url"]) == (200, "3.1.0", "http://mock.test:1234")


def test_accounts_show_what_the_api_hides(send: Send) -> None:
    """Credits free and reserved, slots held, jobs upstream."""
    upscale(send)
    status, answer = call(send, "GET", "/__mock/accounts")
    assert status == 200
    assert answer["data"] == [
        {
            "email": EMAIL,
            "maxJobs": 3,
            "concurrency": 5,
            "credits": 9980,
            "reserved": 20,
            "spent": 0,
            "running": 1,
            "upstream": 1,
            "pendingError": False,
            "videos": 6,
        }
    ]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"credits": 19}, 412),
        ({"concurrency": 0}, 429),
        ({"pendingError": True}, 596),
        ({"credits": 20.0}, 200),
        ({}, 200),
    ],
)
def test_adjusting_decides_what_an_upscale_is_answered(send: Send, values: dict[str, Any], status: int) -> None:
    """Each value at work."""
    assert adjust(send, **values)[0] == 200
    assert upscale(send)[0] == status


def test_adjusting_lets_the_rest_be(send: Send) -> None:
    """Only what is named changes."""
    before = call(send, "GET", "/__mock/accounts")[1]["data"][0]
    assert adjust(send, maxJobs=8) == (200, {**before, "maxJobs": 8})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"credits": -1}, "credits must be from 0 to 1000000000000, got -1"),
        ({"maxJobs": 9}, "maxJobs must be from 1 to 8, got 9"),
        ({"pendingError": "yes"}, 'pendingError must be a boolean, got "yes"'),
        ({"money": 1}, "'money' was unexpected"),
    ],
)
def test_bad_values_are_a_problem_and_change_nothing(send: Send, values: dict[str, Any], said: str) -> None:
    """RFC 9457, with field, rule and value."""
    before = call(send, "GET", "/__mock/accounts")
    status, problem = adjust(send, **values)
    assert (status, problem["status"], problem["title"]) == (400, 400, "Bad Request")
    assert said in problem["detail"]
    assert call(send, "GET", "/__mock/accounts") == before


def test_unknown_account_is_a_404_problem(send: Send) -> None:
    """It names the account."""
    status, problem = call(send, "PATCH", "/__mock/accounts/nobody@example.com", {"credits": 1})
    assert (status, problem["detail"]) == (404, "no account nobody@example.com is linked")


def test_encoded_email_is_the_same_account(send: Send) -> None:
    """An email may come either way."""
    assert call(send, "PATCH", "/__mock/accounts/demo%40example.com", {"credits": 1})[0] == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_sandbox_calls_need_a_well_formed_token(send: Send, headers: dict[str, str]) -> None:
    """401 as a problem."""
    status, problem = call(send, "POST", "/__mock/reset", headers=headers)
    assert (status, problem["title"]) == (401, "Unauthorized")


def test_reset_puts_a_fresh_sandbox_in_place(send: Send) -> None:
    """As if the token had never been seen; others are left alone."""
    other = {"Authorization": "Bearer user:777-other"}
    fresh = call(send, "GET", "/__mock/accounts")
    call(send, "PATCH", f"/__mock/accounts/{EMAIL}", {"credits": 1}, other)
    upscale(send)
    assert call(send, "POST", "/__mock/reset") == (204, None)
    assert call(send, "GET", "/__mock/accounts") == fresh
    assert call(send, "GET", "/__mock/accounts", headers=other)[1]["data"][0]["credits"] == 1


def test_unknown_control_call_names_those_there_are(send: Send) -> None:
    """404 as a problem."""
    status, problem = call(send, "GET", "/__mock/nothing")
    assert status == 404
    assert "/__mock/health" in problem["detail"]


def test_wrong_method_names_the_right_ones(send: Send) -> None:
    """405 with Allow."""
    status, headers, _ = send("DELETE", "/__mock/reset", "", TOKEN, b"")
    assert (status, headers["allow"], headers["content-type"]) == (405, "POST", "application/problem+json")


def test_every_operation_of_the_document_has_a_handler() -> None:
    """And the reverse."""
    assert isinstance(Control(Api()).contract, Contract)

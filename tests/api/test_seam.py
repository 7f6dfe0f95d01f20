"""What the seam itself promises: the journal, explanations, our own bugs, a contract that is data."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from api.adapters import ADAPTERS
from api.changed import Change, contract, upscale
from api.mock import EMAIL, UPSCALE, USER, VIDEOS, MakeMock, Mock
from mockserver.api import Api, Bug
from mockserver.clock import START
from mockserver.journal import KEPT_BYTES, Exchange
from mockserver.message import Request
from mockserver.settings import Settings


@pytest.fixture(name="adapter", scope="session")
def _adapter() -> str:
    """These behaviours are of the seam alone."""
    return "seam"


@pytest.fixture(name="shared", scope="module")
def _shared(adapter: str) -> Iterator[Iterator[Mock]]:
    """The mock that fixtures of other modules share may be one behind another adapter."""
    api = Api(Settings(strict=True, clock="manual"))
    with ADAPTERS[adapter](api) as send:
        yield (Mock(api, send, token=f"user:12345-test{number}") for number in count())


def last(mock: Mock) -> Exchange:
    return list(mock.guarded.journal)[-1]


# The journal


def test_exchange_is_kept_with_its_instant_and_its_reason(mock: Mock) -> None:
    """What was asked, what was answered, why."""
    mock.advance(5)
    mock.upscale()
    exchange = last(mock)
    assert (exchange.operation, exchange.request.path, exchange.response.status) == ("upscaleVideo", UPSCALE, 200)
    assert exchange.at == START + 5_000
    assert exchange.why == f"accepted: 1 running on {EMAIL}, 9980 credits left"
    assert (exchange.violations, exchange.refusal) == ((), None)


def test_reason_tells_linking_from_updating(mock: Mock) -> None:
    """The answer is the same."""
    reasons = []
    for _ in range(2):
        mock.link("new@example.com")
        reasons.append(last(mock).why)
    assert reasons == ["account new@example.com linked", "account new@example.com updated, its pending error cleared"]


def test_refusal_is_kept_by_its_name(mock: Mock) -> None:
    """With the numbers that explain it."""
    mock.sandbox.accounts.adjust(EMAIL, credits=5)
    mock.upscale()
    exchange = last(mock)
    assert (exchange.refusal, exchange.why) == (
        "insufficient-credits",
        f"account {EMAIL} has 5 credits, an upscale costs 20",
    )


def test_every_violation_is_kept(mock: Mock) -> None:
    """Though the answer tells only the first."""
    mock.upscale(maxJobs=9, replyRef=5)
    exchange = last(mock)
    assert {violation.pointer for violation in exchange.violations} == {"/maxJobs", "/replyRef"}
    assert exchange.why == exchange.violations[0].sentence


def test_trigger_is_explained(mock: Mock) -> None:
    """A reader must see that no state led to the answer."""
    mock.upscale(mock.number(429))
    assert last(mock).why == "video number 429 asks for this answer"


@pytest.mark.parametrize(
    ("authorization", "why"),
    [
        ("", "no Authorization header"),
        ("Basic abc", "the Authorization header is not of the form 'Bearer user:123-abc'"),
        ("Bearer test", "token 'test' is not of the form user:123-abc; --any-token accepts it"),
        ("Bearer a-long-secret", "token 'a-lo'... is not of the form user:123-abc; --any-token accepts it"),
    ],
)
def test_denied_request_is_kept_outside_every_sandbox(authorization: str, why: str, make_mock: MakeMock) -> None:
    """It says what would help, and masks the token."""
    mock = make_mock()
    mock.call("GET", VIDEOS, headers={"Authorization": authorization})
    (exchange,) = mock.api.runtime.outside
    assert (exchange.operation, exchange.at, exchange.response.status) == ("listVideos", None, 401)
    assert exchange.why == why


def test_token_that_is_not_listed_is_explained(make_mock: MakeMock) -> None:
    """Another reason than its form."""
    mock = make_mock(tokens=frozenset({"x"}))
    mock.call("GET", VIDEOS)
    (exchange,) = mock.api.runtime.outside
    assert "is not one of --token" in exchange.why


def test_request_without_operation_stands_in_the_journal(make_mock: MakeMock) -> None:
    """With what the path takes, if it is one."""
    mock = make_mock()
    mock.call("GET", "/nowhere")
    mock.call("PUT", USER)
    assert [(e.response.status, e.why) for e in mock.guarded.journal] == [
        (404, "no operation has this path"),
        (405, "the path takes GET, POST; did you mean GET /v2/account: you sent PUT"),
    ]


def test_journal_is_bounded(make_mock: MakeMock) -> None:
    """The oldest exchanges are dropped, the count goes on."""
    mock = make_mock(journal=3)
    for limit in range(1, 6):
        mock.get(VIDEOS, f"limit={limit}")
    journal = mock.guarded.journal
    assert [exchange.request.query for exchange in journal] == ["limit=3", "limit=4", "limit=5"]
    assert (len(journal), journal.total) == (3, 5)


def test_long_body_is_cut_in_the_journal(mock: Mock) -> None:
    """Only there: the answer was made from all of it."""
    mock.upscale(note="x" * 100_000)
    assert (last(mock).response.status, len(last(mock).request.body)) == (200, KEPT_BYTES)


def test_answer_carries_the_contracts_phrase(mock: Mock) -> None:
    """For a status that HTTP does not know."""
    mock.upscale(mock.number(596))
    assert last(mock).response.reason == "Pending mod message"
    mock.upscale(mock.number(429))
    assert last(mock).response.reason is None


# Malformed requests


def test_malformed_request_gets_the_vendors_shape() -> None:
    """What no adapter could read is told in its own words, and kept outside."""
    api = Api(Settings(strict=True, clock="manual"))
    exchange = api.malformed(Request("GET", VIDEOS), "the path must be short")
    assert (exchange.response.status, exchange.response.body) == (400, b'{"error":"the path must be short"}')
    assert list(api.runtime.outside) == [exchange]


# A contract that is data


def test_text_of_the_contract_is_served_as_it_stands(make_mock: MakeMock, tmp_path: Path) -> None:
    """Another text needs no other code."""

    def change(data: Any) -> None:
        media = upscale(data)["responses"]["412"]["content"]["application/json"]
        media["examples"]["insufficient-credits"]["value"]["error"] = "Pay <cost>, have <credits>"

    mock = make_mock(contract=contract(tmp_path, change))
    mock.sandbox.accounts.adjust(EMAIL, credits=5)
    assert mock.upscale().body == {"error": "Pay 20, have 5"}


def test_new_answer_and_number_need_no_code(make_mock: MakeMock, tmp_path: Path) -> None:
    """A response with an example and a trigger is served at once."""

    def change(data: Any) -> None:
        upscale(data)["responses"]["402"] = {
            "description": "No subscription",
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Refused"},
                    "examples": {"expired": {"value": {"error": "Account has no subscription"}}},
                }
            },
        }
        upscale(data)["x-triggers"]["numbers"]["402"] = {"response": "402", "example": "expired"}

    mock = make_mock(contract=contract(tmp_path, change))
    answer = mock.upscale(mock.number(402))
    assert (answer.status, answer.body) == (402, {"error": "Account has no subscription"})


def wanting(field: str) -> Change:
    def change(data: Any) -> None:
        data["components"]["schemas"]["UpscaleResult"]["required"] = [field]
        upscale(data)["responses"]["200"]["content"]["application/json"]["examples"] = {}

    return change


def test_own_answer_outside_the_contract_is_raised_when_strict(make_mock: MakeMock, tmp_path: Path) -> None:
    """A bug is loud."""
    mock = make_mock(contract=contract(tmp_path, wanting("cost_credits")))
    with pytest.raises(Bug, match="upscaleVideo 200: cost_credits is required, got none"):
        mock.upscale()


def test_own_answer_outside_the_contract_is_a_problem(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not strict, it is a 500 that says what is wrong, and stands in the log."""
    api = Api(Settings(contract=contract(tmp_path, wanting("cost_credits")), clock="manual"))
    header = (b"authorization", b"Bearer user:12345-demo")
    body = f'{{"video_id": "{api.example_id("user:12345-demo")}"}}'.encode()
    response = api.answer(Request("POST", UPSCALE, "", [header, (b"content-type", b"application/json")], body))
    assert response.status == 500
    assert (b"content-type", b"application/problem+json") in response.headers
    assert b"cost_credits is required, got none" in response.body
    assert "bug in the mock: upscaleVideo" in caplog.text


# Isolation


def test_two_mocks_never_see_each_other(make_mock: MakeMock) -> None:
    """In one process, with the same token."""
    one, other = make_mock(), make_mock()
    one.accepted()
    assert len(one.get(VIDEOS)["data"]) == 6
    assert len(other.get(VIDEOS)["data"]) == 5


def test_example_id_can_be_upscaled(make_mock: MakeMock) -> None:
    """What a message shows to a person works, and makes no sandbox."""
    mock = make_mock()
    example = mock.api.example_id(mock.token)
    assert len(mock.api.runtime) == 0
    assert mock.upscale(example).status == 200


def test_example_id_is_one_even_without_accounts(make_mock: MakeMock) -> None:
    """A message to a person shows the form of an id whatever the scenario says."""
    mock = make_mock(changes={"accounts": "[]"})
    assert mock.api.example_id("user:9-x") == "user:9-pixverse:demo@example.com-video:7"

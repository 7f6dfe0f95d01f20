"""Every status and every text of the upscale page: reached by state, reached by number, and none missing."""

import os
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from api.mock import EMAIL, OTHER, UPSCALE, VIDEOS, Answer, MakeMock, Mock
from document import document
from sources import ROOT

PAGE: Final = ROOT.parent / "shared" / "upscale-endpoint.txt"
DATA: Final[dict[str, Any]] = document()
OPERATION: Final[dict[str, Any]] = DATA["paths"][UPSCALE]["post"]
TRIGGERS: Final[dict[str, Any]] = OPERATION["x-triggers"]["numbers"]


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = DATA
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _resolved(found)


def _examples() -> dict[tuple[int, str], dict[str, Any]]:
    """The examples of every answer, by status and name, as the contract has them."""
    return {
        (int(status), name): _resolved(example)
        for status, response in OPERATION["responses"].items()
        for name, example in _resolved(response)["content"]["application/json"]["examples"].items()
    }


EXAMPLES: Final = _examples()
NAMES: Final = [pytest.param(*key, id=f"{key[0]} {key[1]}") for key in EXAMPLES]


def shape(example: Any) -> re.Pattern[str]:
    """What the text of an example may be, with something in each of its places."""
    pieces = re.split(r"<[A-Za-z_][A-Za-z_ ]*>", example["value"]["error"])
    return re.compile(".+".join(re.escape(piece) for piece in pieces), re.DOTALL)


# By state


def fill(mock: Mock, email: str = EMAIL) -> None:
    """Take the three slots of an account."""
    for _ in range(3):
        mock.accepted(mock.video_id(email))


def accepted(mock: Mock) -> Answer:
    return mock.upscale()


def malformed(mock: Mock) -> Answer:
    return mock.upscale(maxJobs=0)


def foreign(mock: Mock) -> Answer:
    return mock.upscale(mock.video_id().replace("user:12345", "user:9"))


def unlinked(mock: Mock) -> Answer:
    return mock.upscale(mock.video_id().replace(EMAIL, OTHER))


def unknown(mock: Mock) -> Answer:
    return mock.upscale(mock.number(5))


def unfinished(mock: Mock) -> Answer:
    return mock.upscale(mock.accepted())


def deleted(mock: Mock) -> Answer:
    video_id = mock.video_id()
    mock.call("DELETE", f"{VIDEOS}/{video_id}")
    return mock.upscale(video_id)


def without_token(mock: Mock) -> Answer:
    return mock.call("POST", UPSCALE, {"video_id": mock.video_id()}, headers={"Authorization": ""})


def without_credits(mock: Mock) -> Answer:
    mock.sandbox.accounts.adjust(EMAIL, credits=20)
    mock.accepted()
    return mock.upscale()


def account_busy(mock: Mock) -> Answer:
    fill(mock)
    return mock.upscale()


def all_busy(mock: Mock) -> Answer:
    mock.link(OTHER)
    fill(mock)
    fill(mock, OTHER)
    return mock.upscale()


def upstream_full(mock: Mock) -> Answer:
    for _ in range(5):
        mock.accepted(maxJobs=8)
    return mock.upscale(maxJobs=8)


def in_trouble(mock: Mock) -> Answer:
    mock.sandbox.accounts.adjust(EMAIL, pending_error=True)
    return mock.upscale()


STATES: Final[dict[tuple[int, str], Callable[[Mock], Answer]]] = {
    (200, "accepted"): accepted,
    (400, "bad-request"): malformed,
    (400, "foreign-video"): foreign,
    (400, "unknown-account"): unlinked,
    (400, "unknown-video"): unknown,
    (400, "unfinished-video"): unfinished,
    (400, "deleted-video"): deleted,
    (401, "unauthorized"): without_token,
    (404, "unknown-video"): unknown,
    (412, "insufficient-credits"): without_credits,
    (429, "account-busy"): account_busy,
    (429, "all-accounts-busy"): all_busy,
    (429, "upstream-limit"): upstream_full,
    (596, "pending-error"): in_trouble,
}
"""How each answer comes about by itself."""

SWITCHES: Final = {(404, "unknown-video"): {"answers.unknown_video": "404"}}
"""Answers that a scenario must choose."""


@pytest.mark.parametrize(("status", "name"), NAMES)
def test_every_answer_is_reached_by_state(status: int, name: str, make_mock: MakeMock) -> None:
    """The status and the text, its places filled, come of what was done before."""
    answer = STATES[status, name](make_mock(changes=SWITCHES.get((status, name), {})))
    assert answer.status == status
    example = EXAMPLES[status, name]
    assert set(answer.body) == set(example["value"])
    if "error" in example["value"]:
        assert shape(example).fullmatch(answer.body["error"])
        assert name == "bad-request" or "<" not in answer.body["error"]


def test_every_way_leads_to_an_answer_of_the_contract() -> None:
    """No way above is left over."""
    assert set(STATES) == set(EXAMPLES)


def test_busy_account_is_named_with_its_limit(mock: Mock) -> None:
    """The account's own limit, or the request's."""
    fill(mock)
    assert mock.upscale().body == {"error": f"Account {EMAIL} is busy executing 3 tasks."}
    assert mock.upscale(maxJobs=2).body == {"error": f"Account {EMAIL} is busy executing 2 tasks."}


def test_pending_error_has_the_pages_words(mock: Mock) -> None:
    """The two sentences of the page, joined by a space; the phrase beside 596 is the contract's."""
    assert in_trouble(mock).body["error"].startswith("Your PixVerse account has pending error. Please address")
    assert OPERATION["responses"]["596"]["x-reason"] == "Pending mod message"


# By number


@pytest.mark.parametrize("number", TRIGGERS)
def test_every_number_gives_its_answer(number: str, mock: Mock) -> None:
    """`response` triggers answer at once and change nothing; `ends` triggers start a job that ends as named."""
    trigger = TRIGGERS[number]
    before = mock.kept()
    answer = mock.upscale(mock.number(int(number)))
    if "ends" in trigger:
        assert answer.status == 200
        mock.finish()
        assert mock.get(VIDEOS)["data"][0]["video_status_name"] == trigger["ends"]
        assert mock.get(VIDEOS)["data"][0]["video_id"] == answer.body["video_id"]
    else:
        example = EXAMPLES[int(trigger["response"]), trigger["example"]]
        assert answer.status == int(trigger["response"])
        assert shape(example).fullmatch(answer.body["error"])
        assert mock.sandbox == before


def test_every_text_of_the_page_has_a_number() -> None:
    """A client that can't set headers or state still gets any answer that the vendor documents."""
    by_number = {(int(node["response"]), node["example"]) for node in TRIGGERS.values() if "response" in node}
    by_number.add((200, "accepted"))
    documented = {key for key, example in EXAMPLES.items() if example["x-provenance"] == "documented"}
    assert {(429, "account-busy"), (412, "insufficient-credits"), (596, "pending-error")} <= documented
    assert documented <= by_number


def test_number_names_account_and_limit(mock: Mock) -> None:
    """A number's text is filled as that of the state it stands for."""
    busy = mock.number(429)
    assert mock.upscale(busy).body == {"error": f"Account {EMAIL} is busy executing 3 tasks."}
    assert mock.upscale(busy, maxJobs=5).body == {"error": f"Account {EMAIL} is busy executing 5 tasks."}


@pytest.mark.parametrize(
    ("video_id", "text"),
    [
        ("user:9-pixverse:demo@example.com-video:596", "belongs to another user"),
        ("user:12345-pixverse:nobody@example.com-video:596", "is not configured"),
    ],
)
def test_rest_of_a_request_is_checked_before_its_number(video_id: str, text: str, mock: Mock) -> None:
    """User and account must be right all the same."""
    answer = mock.upscale(video_id)
    assert answer.status == 400
    assert text in answer.body["error"]


def test_form_of_a_request_is_checked_before_its_number(mock: Mock) -> None:
    """As is every field."""
    assert mock.upscale(mock.number(596), maxJobs=9).body == {"error": "maxJobs must be from 1 to 8, got 9"}


def test_numbers_that_end_badly_need_a_slot(mock: Mock) -> None:
    """They start a job like any other, which is paid and refunded."""
    fill(mock)
    assert mock.upscale(mock.number(7)).status == 429


def test_numbers_mean_nothing_to_other_operations(mock: Mock) -> None:
    """To them, no such video exists."""
    assert mock.call("GET", f"{VIDEOS}/{mock.number(429)}").status == 404


# The page


def page_errors() -> list[list[str]]:
    """The strings that the page prints under each `"error":`, white space taken out."""
    if not PAGE.exists():
        reason = f"the user's page is not here ({PAGE.relative_to(ROOT.parent)})"
        if os.environ.get("CI_REQUIRES_SHARED"):
            pytest.fail(reason)
        pytest.skip(reason)
    groups = re.findall(r'"error"\s*:\s*((?:"[^"]*"\s*)+)', PAGE.read_text(encoding="utf-8"))
    return [[bare(text) for text in re.findall(r'"([^"]*)"', group)] for group in groups]


def bare(text: str) -> str:
    return "".join(text.split())


def test_every_text_of_the_page_is_in_the_contract() -> None:
    """Strings side by side are alternatives, or one sentence."""
    known = {bare(str(example["value"]["error"])) for example in EXAMPLES.values() if "error" in example["value"]}
    groups = page_errors()
    assert len(groups) == 6
    assert [group for group in groups if not (set(group) <= known or "".join(group) in known)] == []


def test_every_documented_text_is_on_the_page() -> None:
    """The contract claims nothing for the vendor that the page does not have."""
    printed = {text for group in page_errors() for text in (*group, "".join(group))}
    claimed = [
        example["value"]["error"]
        for example in EXAMPLES.values()
        if example["x-provenance"] == "documented" and "error" in example["value"]
    ]
    assert [text for text in claimed if bare(text) not in printed] == []


def test_success_of_the_page_is_the_contracts() -> None:
    """One field, an id of the form that the page prints."""
    page_errors()
    text = bare(PAGE.read_text(encoding="utf-8"))
    assert '{"video_id":"user:<userid>-pixverse:<email>-video:<number>"}' in text
    assert list(EXAMPLES[200, "accepted"]["value"]) == ["video_id"]

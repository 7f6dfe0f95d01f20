"""Good input that looks bad: it is accepted, and comes back as it was sent."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.mock import JSON, UPSCALE, VIDEOS, Answer, Mock, form, part
from document import document

LONGEST_URL = "http://example.com/" + "x" * 1_005


EXAMPLES: dict[str, Any] = document()["paths"][UPSCALE]["post"]["requestBody"]["content"][JSON]["examples"]


def accepted(answer: Answer) -> bool:
    return answer.status == 200


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_of_the_contract_is_accepted_as_it_stands(name: str, mock: Mock) -> None:
    """Whoever pastes it, with a token of user 12345, starts a job."""
    assert accepted(mock.call("POST", UPSCALE, EXAMPLES[name]["value"]))


@pytest.mark.parametrize(
    "reply_ref", ["", "\x00\x1f\x7f\x85\u2028", "🎬" * 1_024, "\ufffe\uffff\U0010ffff", "é", "<b>"]
)
def test_reply_ref_takes_every_character(reply_ref: str, mock: Mock) -> None:
    """Escaped control characters, too; 1,024 counts characters."""
    made = mock.accepted(replyRef=reply_ref)
    assert mock.get(VIDEOS)["data"][0] | {"video_id": made, "replyRef": reply_ref} == mock.get(VIDEOS)["data"][0]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=20))
def test_reply_ref_comes_back_as_it_was_sent(mock: Mock, reply_ref: str) -> None:
    """Every Unicode scalar value, through JSON both ways."""
    fresh = mock.of_fresh_token()
    fresh.accepted(replyRef=reply_ref)
    assert fresh.get(VIDEOS)["data"][0]["replyRef"] == reply_ref


@pytest.mark.parametrize(
    "url", ["http://a", "HTTPS://a.b:8443/c?d=e#f", "http://u:p@[::1]:80/", "http://é.example/ü", LONGEST_URL]
)
def test_reply_url_takes_every_http_url(url: str, mock: Mock) -> None:
    """Up to 1,024 characters."""
    assert accepted(mock.upscale(replyUrl=url))


@pytest.mark.parametrize("max_jobs", [1, 8, 3.0])
def test_max_jobs_takes_every_integer_in_range(max_jobs: float, mock: Mock) -> None:
    """3.0 is an integer in JSON."""
    assert accepted(mock.upscale(maxJobs=max_jobs))


def test_number_in_a_form_is_a_number(mock: Mock) -> None:
    """The text 3 is 3 there: three jobs are accepted, the fourth finds them running."""
    request = form(part("video_id", mock.video_id()), part("maxJobs", "3"))
    answers = [mock.call("POST", UPSCALE, **request) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]


def test_form_is_as_good_as_json(mock: Mock) -> None:
    """Its texts come back as they were sent."""
    text = "é\x01\r\n🎬"
    assert accepted(mock.call("POST", UPSCALE, **form(part("video_id", mock.video_id()), part("replyRef", text))))
    assert mock.get(VIDEOS)["data"][0]["replyRef"] == text


def test_last_of_duplicate_keys_wins(mock: Mock) -> None:
    """As in JavaScript."""
    content = f'{{"video_id": 5, "maxJobs": 9, "video_id": "{mock.video_id()}", "maxJobs": 1}}'
    assert accepted(mock.call("POST", UPSCALE, content=content.encode()))


@pytest.mark.parametrize("field", ["email", "Video_id", "replyurl", "", "💥", "__proto__"])
def test_unknown_field_is_ignored(field: str, mock: Mock) -> None:
    """Whatever it holds."""
    assert accepted(mock.call("POST", UPSCALE, {"video_id": mock.video_id(), field: {"any": ["thing"]}}))


def test_content_type_may_say_more(mock: Mock) -> None:
    """Parameters and case do not matter."""
    body = json.dumps({"video_id": mock.video_id()}).encode()
    assert accepted(
        mock.call("POST", UPSCALE, content=body, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    )

"""The linked accounts: list, one, linking, updating, unlinking; features and the user's own account."""

import json
from typing import Any

import pytest

from api.mock import ACCOUNTS, EMAIL, FEATURES, OTHER, USER, VIDEOS, MakeMock, Mock, form, part

PENDING = (
    "Your PixVerse account has pending error. Please address this issue at "
    "https://useapi.net/docs/api-pixverse-v2/post-pixverse-accounts-email before making any new API calls."
)


def body(**changes: Any) -> dict[str, Any]:
    return {"email": OTHER, "password": "top-secret", "maxJobs": 2, **changes}


def test_accounts_are_listed_by_email(mock: Mock) -> None:
    """Each as it is by itself."""
    mock.link(OTHER)
    listed = mock.get(ACCOUNTS)
    assert list(listed) == [EMAIL, OTHER]
    assert listed[OTHER] == mock.get(f"{ACCOUNTS}/{OTHER}")


def test_account_masks_its_secrets(mock: Mock) -> None:
    """Neither password nor token comes back."""
    secrets = body(password="top-secret", token="eyJ-very-secret")
    linked = mock.call("POST", f"{ACCOUNTS}/{OTHER}", secrets)
    assert linked.status == 201
    assert linked.body["password"] == "…secured…"
    assert "…secured…" in linked.body["jwt"]["token"]
    for answer in (linked, mock.call("GET", f"{ACCOUNTS}/{OTHER}"), mock.call("GET", ACCOUNTS)):
        assert b"secret" not in answer.content


def test_dates_of_an_account_agree(mock: Mock) -> None:
    """The same instant twice, the second time with milliseconds."""
    jwt = mock.get(f"{ACCOUNTS}/{EMAIL}")["jwt"]
    assert jwt["Username"] == "demo"
    assert (jwt["ExpireTime"], jwt["ExpireTimeUTC"]) == (1738281600, "2025-01-31T00:00:00.000Z")


def test_linked_account_can_be_used_at_once(mock: Mock) -> None:
    """It has finished videos of its own, and its own maxJobs."""
    answer = mock.call("POST", f"{ACCOUNTS}/{OTHER}", body())
    assert (answer.status, answer.body["email"], answer.body["maxJobs"]) == (201, OTHER, 2)
    for _ in range(2):
        mock.accepted(mock.video_id(OTHER))
    assert mock.upscale(mock.video_id(OTHER)).status == 429


def test_form_links_an_account(mock: Mock) -> None:
    """As JSON does."""
    fields = form(*(part(name, str(value)) for name, value in body().items()))
    answer = mock.call("POST", f"{ACCOUNTS}/{OTHER}", **fields)
    assert (answer.status, answer.body["maxJobs"]) == (201, 2)


def test_updated_account_keeps_its_videos_and_credits(mock: Mock) -> None:
    """Only maxJobs changes."""
    mock.accepted()
    before = mock.get(VIDEOS), mock.get(FEATURES)
    answer = mock.call("POST", f"{ACCOUNTS}/{EMAIL}", body(email=EMAIL, maxJobs=1))
    assert (answer.status, answer.body["maxJobs"]) == (201, 1)
    assert (mock.get(VIDEOS), mock.get(FEATURES)) == before
    assert mock.upscale().status == 429


def test_account_in_trouble_says_so_until_it_is_updated(mock: Mock) -> None:
    """`error` is there, and upscales are refused; updating clears both."""
    mock.sandbox.accounts.adjust(EMAIL, pending_error=True)
    assert mock.get(f"{ACCOUNTS}/{EMAIL}")["error"] == PENDING
    assert mock.upscale().body == {"error": PENDING}
    updated = mock.call("POST", f"{ACCOUNTS}/{EMAIL}", body(email=EMAIL))
    assert "error" not in updated.body
    assert mock.upscale().status == 200


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"email": EMAIL}, f"email must equal the email in the path, got {EMAIL}"),
        ({"email": "nobody"}, 'email must be an email address, got "nobody"'),
        ({"password": ""}, "password must be from 1 to 1024 characters long, got 0 characters"),
        ({"password": 5}, "password must be a string, got a number"),
        ({"maxJobs": 0}, "maxJobs must be from 1 to 8, got 0"),
        ({"maxJobs": 9}, "maxJobs must be from 1 to 8, got 9"),
        ({"token": ""}, "token must be from 1 to 4096 characters long, got 0 characters"),
    ],
)
def test_account_that_does_not_fit_is_refused(changes: dict[str, Any], message: str, mock: Mock) -> None:
    """Nothing is linked."""
    before = mock.kept()
    answer = mock.call("POST", f"{ACCOUNTS}/{OTHER}", body(**changes))
    assert (answer.status, answer.body) == (400, {"error": message, "code": 400})
    assert mock.sandbox == before


@pytest.mark.parametrize("missing", ["email", "password", "maxJobs"])
def test_account_needs_all_its_fields(missing: str, mock: Mock) -> None:
    """maxJobs, too."""
    given = {name: value for name, value in body().items() if name != missing}
    answer = mock.call("POST", f"{ACCOUNTS}/{OTHER}", given)
    assert (answer.status, answer.body) == (400, {"error": f"{missing} is required, got none", "code": 400})


def test_unlinked_account_is_gone_with_its_videos(mock: Mock) -> None:
    """The answer says how many remain."""
    mock.link(OTHER)
    answer = mock.call("DELETE", f"{ACCOUNTS}/{OTHER}")
    assert (answer.status, answer.body) == (200, {"account": OTHER, "deleted": True, "remaining": 1})
    assert list(mock.get(ACCOUNTS)) == [EMAIL]
    assert all(OTHER not in video["video_id"] for video in mock.get(VIDEOS)["data"])


def test_last_account_may_be_unlinked(mock: Mock) -> None:
    """Then none is configured, and upscales find no account."""
    source = mock.video_id()
    assert mock.call("DELETE", f"{ACCOUNTS}/{EMAIL}").body["remaining"] == 0
    answer = mock.call("GET", ACCOUNTS)
    assert (answer.status, answer.body) == (404, {"error": "No accounts are configured", "code": 404})
    assert mock.upscale(source).status == 400


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unknown_account_is_not_found(method: str, mock: Mock) -> None:
    """It is named in the answer."""
    answer = mock.call(method, f"{ACCOUNTS}/{OTHER}")
    assert (answer.status, answer.body) == (404, {"error": f"Account {OTHER} is not configured", "code": 404})


@pytest.mark.parametrize("sent", ["demo@example.com", "demo%40example.com", "%64emo%40example%2Ecom"])
def test_email_in_a_path_comes_raw_or_encoded(sent: str, mock: Mock) -> None:
    """Unlike an id."""
    assert mock.get(f"{ACCOUNTS}/{sent}")["email"] == EMAIL


@pytest.mark.parametrize("email", ["a+b@example.com", "o'neil@example.com", "x@localhost", "video@pixverse-video.net"])
def test_every_email_can_be_linked_and_used(email: str, mock: Mock) -> None:
    """Ids hold it as it is."""
    mock.link(email)
    made = mock.accepted(mock.video_id(email))
    assert f"-pixverse:{email}-video:" in made
    mock.finish()
    assert mock.get(f"{VIDEOS}/{made}")["video_status_name"] == "COMPLETED"


# Features


def test_balance_is_the_accounts_credits(mock: Mock) -> None:
    """It falls with each upscale, and rises again when one fails."""
    assert mock.get(FEATURES)["credit_package"] == 10_000
    mock.accepted()
    mock.accepted(mock.number(8))
    assert mock.get(FEATURES)["credit_package"] == 9_960
    mock.finish()
    assert mock.get(FEATURES)["credit_package"] == 9_980


def test_features_tell_the_plans_concurrency(mock: Mock) -> None:
    """As many as run upstream at most."""
    assert mock.get(FEATURES)["gen_simultaneously"] == 5


def test_features_need_an_email_with_several_accounts(mock: Mock) -> None:
    """With one it is optional; a wrong one is refused."""
    mock.link(OTHER)
    assert mock.call("GET", FEATURES).status == 400
    assert mock.get(FEATURES, f"email={OTHER}") == mock.get(FEATURES, f"email={EMAIL.replace('@', '%40')}")
    answer = mock.call("GET", FEATURES, query="email=nobody%40example.com")
    text = "email must name one of your accounts, got nobody@example.com: it is not configured"
    assert (answer.status, answer.body) == (400, {"error": text, "code": 400})


def test_unlimited_charges_nothing(make_mock: MakeMock) -> None:
    """And runs any number of jobs at the same time."""
    mock = make_mock(scenario="unlimited")
    for _ in range(50):
        mock.accepted(maxJobs=1)
    assert mock.get(FEATURES)["credit_package"] == 10_000
    mock.advance(2)
    assert {video["video_status_name"] for video in mock.get(VIDEOS, "limit=50")["data"]} == {"COMPLETED"}


# The user


def test_user_lists_the_linked_accounts(mock: Mock) -> None:
    """By service."""
    mock.link(OTHER)
    assert mock.get(USER) == {
        "subscriptionIsActive": True,
        "maxAccountsPerAPI": 3,
        "accounts": {"pixverse": [EMAIL, OTHER]},
    }


def test_user_has_a_name_and_a_default_reply_url(mock: Mock) -> None:
    """Each is set by itself; an empty replyUrl removes it."""
    url = "http://127.0.0.1:9000/callback"
    assert mock.call("POST", USER, {"name": "Ada"}).body["name"] == "Ada"
    answer = mock.call("POST", USER, {"replyUrl": url})
    assert (answer.status, answer.body["name"], answer.body["replyUrl"]) == (200, "Ada", url)
    assert mock.get(USER)["replyUrl"] == url
    assert "replyUrl" not in mock.call("POST", USER, {"replyUrl": ""}).body
    assert mock.call("POST", USER, {}).body["name"] == "Ada"


def test_default_reply_url_is_not_a_requests_own(mock: Mock) -> None:
    """Only what a request named comes back with its video."""
    mock.call("POST", USER, {"replyUrl": "http://127.0.0.1:9000/callback"})
    mock.accepted()
    assert "replyUrl" not in mock.get(VIDEOS)["data"][0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"replyUrl": "http://a/" + "x" * 1_016}, "replyUrl is too long"),
        ({"replyUrl": "x" * 1_025}, "replyUrl is too long"),
        ({"replyUrl": "callback"}, 'replyUrl must be an http or https URL, or empty, got "callback"'),
        ({"replyUrl": 5}, "replyUrl must be a string, got 5"),
        ({"name": "x" * 257}, f'name must be at most 256 characters long, got 257: "{"x" * 79}…'),
        ([], "the body must be an object, got []"),
    ],
)
def test_user_that_does_not_fit_is_refused(given: Any, message: str, mock: Mock) -> None:
    """Nothing is set; the vendor's own text where there is one."""
    before = mock.kept()
    answer = mock.call("POST", USER, content=json.dumps(given).encode())
    assert (answer.status, answer.body) == (400, {"error": message, "code": 400})
    assert mock.sandbox == before

"""Who gets in, and to which sandbox."""

from typing import Any

import pytest

from api.mock import ACCOUNTS, EMAIL, UPSCALE, USER, VIDEOS, Answer, MakeMock, Mock


def asked(mock: Mock, authorization: str, path: str = VIDEOS) -> Answer:
    return mock.call("GET", path, headers={"Authorization": authorization})


GOOD = [
    "Bearer user:12345-abc",
    "bearer user:1-A",
    "BEARER user:0-0",
    "Bearer   user:12345-abc  ",
    f"Bearer user:1-{'x' * 64}",
]
BAD = [
    *("", "Bearer", "Bearer ", "user:12345-abc", "Basic user:12345-abc", "Token user:12345-abc", "Beareruser:1-a"),
    *(
        "Bearer abc",
        "Bearer user:-abc",
        "Bearer user:1-",
        "Bearer user:x-abc",
        "Bearer user:1-a b",
        "Bearer user:1-a,b",
    ),
    *("Bearer user:1-a_b", f"Bearer user:1-{'x' * 65}", "Bearer user%3A1-a", "Bearer User:1-a", "Bearer user:1-é"),
    *("Bearer user:1-a, Bearer user:1-a", "Bearer 'user:1-a'", "Bearer user:1", "Bearer \xff"),
]


@pytest.mark.parametrize("authorization", GOOD)
def test_well_formed_token_gets_a_sandbox(authorization: str, mock: Mock) -> None:
    """At once, without being known."""
    assert asked(mock, authorization).status == 200


@pytest.mark.parametrize("authorization", BAD)
def test_any_other_token_is_unauthorized(authorization: str, mock: Mock) -> None:
    """Missing, malformed, of another scheme: the same answer, and no sandbox is made."""
    before = len(mock.api.runtime)
    answer = asked(mock, authorization)
    assert (answer.status, answer.body) == (401, {"error": "Unauthorized", "code": 401})
    assert len(mock.api.runtime) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", UPSCALE, {"error": "Unauthorized"}),
        ("GET", ACCOUNTS, {"error": "Unauthorized", "code": 401}),
        ("POST", USER, {"error": "Unauthorized", "code": 401}),
        ("DELETE", "/v2/pixverse/scheduler/x", {"error": "Unauthorized", "code": 401}),
    ],
)
def test_token_is_checked_first(method: str, path: str, body: Any, mock: Mock) -> None:
    """Before anything of the request; calls that generate carry no code."""
    answer = mock.call(method, path, content=b"not JSON", headers={"Authorization": ""})
    assert (answer.status, answer.body) == (401, body)


def test_number_of_the_token_is_the_user_of_the_ids(mock: Mock) -> None:
    """Of every id in its sandbox."""
    for user in ("7", "0042", "9" * 20):
        videos = asked(mock, f"Bearer user:{user}-abc").body["data"]
        assert videos
        assert all(video["video_id"].startswith(f"user:{user}-pixverse:{EMAIL}-video:") for video in videos)


def test_every_well_formed_token_gets_good_answers(mock: Mock) -> None:
    """However long its number is."""
    assert asked(mock, f"Bearer user:{'9' * 2_000}-abc").status == 200


def test_tokens_have_sandboxes_of_their_own(mock: Mock) -> None:
    """What one does, no other sees, not even with the same user's number."""
    mock.accepted()
    assert len(mock.get(VIDEOS)["data"]) == 6
    assert len(asked(mock, "Bearer user:12345-other").body["data"]) == 5


def test_token_is_the_same_in_every_spelling_of_the_header(mock: Mock) -> None:
    """Spaces and the scheme's case do not make another sandbox."""
    mock.accepted()
    assert len(asked(mock, f"bearer  {mock.token} ").body["data"]) == 6


def test_tokens_given_keep_others_out(make_mock: MakeMock) -> None:
    """`--token`: only those get in, whatever their form."""
    mock = make_mock(tokens=frozenset({"user:1-a", "simple"}))
    assert asked(mock, "Bearer user:1-a").status == 200
    assert asked(mock, "Bearer simple").status == 200
    assert asked(mock, "Bearer user:2-b").status == 401
    assert asked(mock, "Bearer user:1-A").status == 401


def test_any_token_lets_malformed_ones_in(make_mock: MakeMock) -> None:
    """`--any-token`: with a made-up user that stays the same; none at all is still unauthorized."""
    one, other = make_mock(any_token=True), make_mock(any_token=True)
    first = asked(one, "Bearer whatever").body
    assert first == asked(other, "Bearer whatever").body
    assert first["data"][0]["video_id"] != asked(one, "Bearer something").body["data"][0]["video_id"]
    assert asked(one, "Bearer user:7-a").body["data"][0]["video_id"].startswith("user:7-")
    for authorization in ("", "Bearer", "Basic whatever"):
        assert asked(one, authorization).status == 401


def test_tokens_given_hold_with_any_token(make_mock: MakeMock) -> None:
    """Any form, but only those."""
    mock = make_mock(any_token=True, tokens=frozenset({"simple"}))
    assert [asked(mock, f"Bearer {token}").status for token in ("simple", "other", "user:1-a")] == [200, 401, 401]


def test_tokens_of_strange_bytes_do_not_meet(make_mock: MakeMock) -> None:
    """A token whose bytes are another's in UTF-8 has a sandbox of its own."""
    mock = make_mock(any_token=True)
    one, other = "Bearer é", "Bearer é".encode().decode("latin-1")
    source = asked(mock, one).body["data"][0]["video_id"]
    mock.call("POST", UPSCALE, {"video_id": source}, headers={"Authorization": one})
    assert len(asked(mock, one).body["data"]) == 6
    assert len(asked(mock, other).body["data"]) == 5


def history(mock: Mock) -> list[bytes]:
    """Everything that a client sees of a day."""
    seen = [mock.call("GET", VIDEOS).content, mock.call("GET", ACCOUNTS).content]
    seen += [mock.upscale().content for _ in range(3)]
    for _ in range(10):
        mock.advance(30)
        seen.append(mock.call("GET", VIDEOS).content)
    return seen


def test_same_seed_gives_the_same_bytes(make_mock: MakeMock) -> None:
    """Content, numbers and durations."""
    assert history(make_mock(seed=3)) == history(make_mock(seed=3))


def test_other_seed_gives_other_content(make_mock: MakeMock) -> None:
    """A seed is not ignored."""
    assert history(make_mock(seed=3)) != history(make_mock(seed=4))


def test_reset_gives_a_fresh_sandbox(mock: Mock) -> None:
    """Of that token alone."""
    other = mock.of_fresh_token()
    fresh = mock.get(VIDEOS)
    mock.accepted()
    other.accepted()
    mock.api.runtime.reset(f"Bearer {mock.token}".encode())
    assert mock.get(VIDEOS) == fresh
    assert len(other.get(VIDEOS)["data"]) == 6

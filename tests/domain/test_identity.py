"""Ids of videos: put together and taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain import VideoId

EMAILS = st.from_regex(r"[A-Za-z0-9._+~!$&'*=-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", fullmatch=True)
USERS = st.from_regex(r"[0-9]+", fullmatch=True)
NUMBERS = st.integers(0, 10**18 - 1)


def test_id_is_written_as_the_vendor_writes_it() -> None:
    """User, account and number stand in the order of the page."""
    assert str(VideoId("12345", "demo@example.com", 7)) == "user:12345-pixverse:demo@example.com-video:7"


@given(USERS, EMAILS, NUMBERS)
def test_every_id_comes_back_from_its_text(user: str, email: str, number: int) -> None:
    """Nothing is lost on the way, whatever dashes an email has."""
    wanted = VideoId(user, email, number)
    assert VideoId.parse(str(wanted)) == wanted


def test_email_may_look_like_a_separator() -> None:
    """The separators have a colon, which no email has."""
    assert VideoId.parse("user:1-pixverse:a-video@b-pixverse-video:5") == VideoId("1", "a-video@b-pixverse", 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345",
        "user:1",
        "user:1-pixverse:a@b",
        "user:1-video:5",
        "1-pixverse:a@b-video:5",
        "user:1-pixverse:a@b-video:",
        "user:1-pixverse:a@b-video:x",
    ],
)
def test_text_without_the_three_parts_is_no_id(text: str) -> None:
    """What is not an id is a ValueError, never another id."""
    with pytest.raises(ValueError, match=r"not a video id|invalid literal"):
        VideoId.parse(text)

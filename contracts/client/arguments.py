"""What the contract permits in a request. Whatever it does not is refused here, before anything is sent."""

import re
from typing import Final

from contracts.client.errors import InvalidArgument
from contracts.client.shapes import show

BASE_URL: Final = "https://api.useapi.net"
"""The paid API."""

_EMAIL: Final = r"[A-Za-z0-9._+~!$&'*=-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_VIDEO_ID: Final = re.compile(rf"user:[0-9]+-pixverse:({_EMAIL})-video:(0|[1-9][0-9]{{0,17}})")
_BLANK: Final = r"\s\x00-\x1f\x7f-\x9f\ufeff"
_ODD: Final = r'<>"{}|\\^`'
_REPLY_URL: Final = re.compile(
    rf"https?://(?:[^{_BLANK}{_ODD}/?#@\[\]]*@)?"  # user and password
    rf"(?:\[[0-9A-Fa-f:.]+\]|[^{_BLANK}{_ODD}/?#@:\[\]]+)"  # host
    rf"(?::([0-9]{{1,5}})?)?(?:[/?#][^{_BLANK}]*)?",  # port, and the rest
    re.IGNORECASE,
)
_BASE_URL: Final = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?/?", re.IGNORECASE)
_LONGEST_TEXT: Final = 1_024
_LAST_PORT: Final = 65_535


def base_url(value: str) -> str:
    """Scheme, host and port, without the slash at the end."""
    found = _BASE_URL.fullmatch(value)
    if not found or int(found[1] or 0) > _LAST_PORT:
        raise InvalidArgument(
            f"base_url takes scheme, host and port only, as https://api.useapi.net, got {show(value)}"
        )
    return value.removesuffix("/")


def token(value: str) -> str:
    """One that fits into a header. What is wrong with it is said without showing it."""
    if not (value and value.isascii() and value.isprintable() and value == value.strip()):
        raise InvalidArgument("token must be printable ASCII, and neither empty nor with blanks at its ends")
    return value


def video_id(value: str, name: str = "video_id") -> str:
    """The id of a video or a job."""
    if not is_video_id(value):
        form = "user:<userid>-pixverse:<email>-video:<number>"
        raise InvalidArgument(f"{name} must be an id of the form {form}, got {show(value)}")
    return value


def is_video_id(value: str) -> bool:
    """Whether it has the form of the id of a video or a job."""
    return _VIDEO_ID.fullmatch(value) is not None


def account_of(value: str) -> str:
    """The email in the id of a video."""
    return _parts(value)[1]


def number_of(value: str) -> str:
    """The number in the id of a video, in digits."""
    return _parts(value)[2]


def email(value: str) -> str:
    """The email of an account."""
    if not re.fullmatch(_EMAIL, value) or len(value) > 254:
        raise InvalidArgument(f"email must be an email address of at most 254 characters, got {show(value)}")
    return value


def reply_url(value: str) -> str:
    """An address for callbacks."""
    found = _REPLY_URL.fullmatch(value)
    if not found or int(found[1] or 0) > _LAST_PORT or len(value) > _LONGEST_TEXT:
        raise InvalidArgument(
            f"reply_url must be an http or https URL of at most {_LONGEST_TEXT} characters, got {show(value)}"
        )
    return text("reply_url", value)


def text(name: str, value: str, longest: int = _LONGEST_TEXT, shortest: int = 0, *, secret: bool = False) -> str:
    """Any text of such a length that can be sent at all. A secret is not shown."""
    if not shortest <= len(value) <= longest or not _encodable(value):
        got = "another" if secret else show(value)
        raise InvalidArgument(f"{name} must be a text of {shortest} to {longest} characters, got {got}")
    return value


def whole(name: str, value: int, low: int, high: int) -> int:
    """A number between two others."""
    if type(value) is not int or not low <= value <= high:
        raise InvalidArgument(f"{name} must be a whole number from {low} to {high}, got {show(value)}")
    return value


def _parts(value: str) -> re.Match[str]:
    found = _VIDEO_ID.fullmatch(value)
    if found is None:
        raise ValueError(f"no id of a video: {show(value)}")
    return found


def _encodable(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)

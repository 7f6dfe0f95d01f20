"""Puts what exists into generated requests: ids and emails that the provider knows, in the form that it takes them.

A value is only replaced by another one that keeps the same rules of the contract, so a request that breaks the
contract goes on breaking it, and is refused for that and not for an unknown id.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_to_bytes
from zlib import crc32

import jsonschema_rs

from contracts.sandboxes import Sandbox

_UNTOUCHED: Final = 4
"""One in this many good requests keeps its made-up id, so that unknown ones are met, too."""

_PCHAR: Final = ":@!$&'()*+,;=~"
"""What may stand raw in a segment of a path, besides letters, digits and "-._" (RFC 3986, section 3.3)."""

_LISTING: Final = ("listVideos", "getFeatures")
_SAVING: Final = ("saveAccount",)
_DESTROYING: Final = {"deleteVideo": "video_id", "deleteAccount": "email", "saveAccount": "email", "cancelJob": "id"}
"""The operations that take something away or overwrite it, and the parameter that names it."""

_NOBODY: Final = "nobody@example.invalid"
_NOTHING: Final = f"user:0-pixverse:{_NOBODY}-video:0"


@dataclass(slots=True)
class Parts:
    """The parts of a request that may name something, by the contract's words; changed in place."""

    operation: str
    path: dict[str, Any]
    query: dict[str, Any]
    body: dict[str, Any]


class Forms:
    """The contract's rules for ids and emails."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.is_id = _rule(document, "VideoId")
        """Whether a value has the form of a video's or job's id."""
        self.is_email = _rule(document, "Email")
        """Whether a value has the form of an account's email."""

    def names(self, value: Any) -> Iterator[str]:
        """Every id and email in a JSON-like value, keys too."""
        if isinstance(value, str):
            if self.is_id(value) or self.is_email(value):
                yield value
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from self.names(key)
                yield from self.names(item)
        elif isinstance(value, list):
            for item in value:
                yield from self.names(item)

    def names_in(self, parts: Parts) -> set[str]:
        """Every id and email that a request names."""
        path = [unquote(value) for value in parts.path.values() if isinstance(value, str)]
        return {name for value in (path, parts.query, parts.body) for name in self.names(value)}


def raw_segment(value: str) -> str:
    """A percent-encoded segment of a path with all raw that may be: `%3A` and `%40`, but never `%2F`."""
    if set(unquote(value)) <= {"."}:
        # "." and ".." would be taken for steps in the path.
        return value
    return quote(unquote_to_bytes(value), safe=_PCHAR)


def fill(parts: Parts, forms: Forms, sandbox: Sandbox, *, good: bool) -> bool:
    """Replace made-up ids and emails by those of `sandbox`, but for names that it has shown.

    `good` tells that the request keeps the contract; of those a share keeps what was made up. Returns whether the
    sandbox had what was needed.
    """
    dice = crc32(repr(parts).encode("utf-8", "backslashreplace"))
    if not sandbox.disposable:
        _spare(parts, forms, sandbox)
    if parts.operation in _LISTING:
        return _name_account(parts.query, forms, sandbox, dice)
    if parts.operation in _SAVING:
        _agree(parts, forms)
    elif not (good and dice % _UNTOUCHED == 0):
        return _name_existing(parts, forms, sandbox, dice)
    return True


def _name_existing(parts: Parts, forms: Forms, sandbox: Sandbox, dice: int) -> bool:
    place, name, fits = parts.path, "video_id", forms.is_id
    match parts.operation:
        case "getVideo" | "deleteVideo":
            pass
        case "upscaleVideo":
            place = parts.body
        case "cancelJob":
            name = "id"
        case "getAccount" | "deleteAccount":
            name, fits = "email", forms.is_email
        case _:
            return True
    old = place.get(name)
    old = unquote(old) if isinstance(old, str) else old
    if not fits(old) or old in sandbox.seen:
        return True
    if parts.operation.startswith("delete") and not sandbox.disposable:
        return True
    if name == "id":
        new = sandbox.start_job()
    else:
        new = _one_of(sandbox.emails() if name == "email" else sandbox.finished_videos(), dice)
    if new is not None:
        place[name] = new
    return new is not None


def _spare(parts: Parts, forms: Forms, sandbox: Sandbox) -> None:
    """Name nothing that was there before the tests where it would be destroyed for good."""
    name = _DESTROYING.get(parts.operation)
    value = parts.path.get(name) if name else None
    value = unquote(value) if isinstance(value, str) else value
    if name is None or value in sandbox.made or not (forms.is_id(value) or forms.is_email(value)):
        return
    if parts.operation not in _SAVING:
        parts.path[name] = _NOBODY if name == "email" else _NOTHING
    elif value in sandbox.emails():
        parts.path[name] = _NOBODY


def _name_account(query: dict[str, Any], forms: Forms, sandbox: Sandbox, dice: int) -> bool:
    """Name a linked account, and one at all where several are linked: both are demanded, neither by the schema."""
    named = "email" in query
    if named and not forms.is_email(query["email"]):
        return True
    emails = sandbox.emails()
    if not emails:
        return False
    if (query["email"] not in emails) if named else len(emails) > 1:
        query["email"] = _one_of(emails, dice)
    return True


def _agree(parts: Parts, forms: Forms) -> None:
    """Let the body name the account that the path names; no schema can demand it."""
    email = parts.path.get("email")
    email = unquote(email) if isinstance(email, str) else None
    if forms.is_email(email) and forms.is_email(parts.body.get("email")):
        parts.body["email"] = email


def _one_of(names: list[str], dice: int) -> str | None:
    return names[dice % len(names)] if names else None


def _rule(document: Mapping[str, Any], name: str) -> Callable[[object], bool]:
    components = document["components"]
    rule = jsonschema_rs.validator_for({**components["schemas"][name], "components": components})

    def fits(value: object) -> bool:
        try:
            # Schemathesis has kinds of strings of its own, which the validator does not take.
            return isinstance(value, str) and rule.is_valid(str(value))
        except UnicodeEncodeError:
            return False

    return fits

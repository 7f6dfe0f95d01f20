"""Request bodies: bytes and a content type in, a JSON-like value out, or the violation that prevents it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import orjson

from mockserver.spec.validation import show
from mockserver.spec.violation import Violation

MAX_BYTES: Final = 1_048_576
"""The largest body that is read; the vendor documents no limit (inferred)."""

_MAX_PARTS: Final = 1_000
_MAX_DEPTH: Final = 255
"""Levels of arrays and objects; the validator can't look at a value that is nested deeper."""

_MAX_DIGITS: Final = 1_000


def parse(body: bytes, content_type: bytes | None, accepted: Mapping[str, "Fields"]) -> Any | Violation:
    """The body as a value.

    `accepted` are the media types of the operation; their `Fields` say how the text of a form's field becomes a
    value. Duplicate names: the last one wins, as in JavaScript.
    """
    kind, _, rest = (content_type or b"").decode("latin-1").partition(";")
    kind = kind.strip().lower()
    fields = accepted.get(kind)
    if fields is None:
        got = repr(kind[:80]) if kind else "none"
        return _wrong("header", "content-type", f"Content-Type must be {' or '.join(accepted)}, got {got}")
    if len(body) > MAX_BYTES:
        return _wrong("body", "maxBytes", f"the body must be at most {MAX_BYTES} bytes long, got more")
    if kind == "application/json":
        return _json(body, fields)
    return _form(body, rest, fields)


class Fields:
    """The declared fields of a form; their schema's `type` says how a text becomes a value.

    `secrets` are those whose values no sentence may repeat.
    """

    def __init__(self, types: Mapping[str, str], secrets: Collection[str] = ()) -> None:
        self._types = types
        self.secrets = secrets

    def __contains__(self, name: str) -> bool:
        return name in self._types

    def value(self, name: str, text: str) -> str | int:
        """An integer where the schema wants one and the text is one; else the text, for the schema to judge."""
        return number(text) if self._types.get(name) == "integer" else text


def number(text: str) -> str | int:
    """The integer that a text says in plain decimal digits, else the text."""
    digits = text[1:] if text[:1] == "-" else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS else text


def _json(body: bytes, fields: Fields) -> Any | Violation:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if not body:
            return _wrong("body", "json", "the body must be JSON, got an empty body")
        return _wrong("body", "json", f"the body must be JSON, got {_start(body, fields)}: {error}")
    if body.count(b"[") + body.count(b"{") > _MAX_DEPTH and _is_deep(value):
        return _wrong("body", "depth", f"the body must be nested at most {_MAX_DEPTH} levels deep, got more")
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MAX_DEPTH + 1):
        nodes = [node for node in level if isinstance(node, dict | list)]
        if not nodes:
            return False
        level = [inner for node in nodes for inner in (node.values() if isinstance(node, dict) else node)]
    return True


def _form(body: bytes, parameters: str, fields: Fields) -> Any | Violation:
    # Imported here: forms are rare, and the import would cost every start.
    from werkzeug.exceptions import RequestEntityTooLarge
    from werkzeug.http import parse_options_header

    boundary = parse_options_header(f"multipart/form-data;{parameters}")[1].get("boundary", "")
    if not boundary:
        return _wrong("header", "boundary", "Content-Type must name a boundary, got none")
    values: dict[str, str | int] = {}
    try:
        for name, filename, content in _parts(body, boundary):
            if name not in fields:
                continue
            if filename is not None:
                got = "a file" if name in fields.secrets else f"the file {show(filename)}"
                return _wrong("body", "type", f"{name} must be text, got {got}", name)
            try:
                values[name] = fields.value(name, content.decode())
            except UnicodeDecodeError as error:
                what = error.reason if name in fields.secrets else error
                return _wrong("body", "utf-8", f"{name} must be UTF-8 text, got other bytes: {what}", name)
    except RequestEntityTooLarge:
        return _wrong("body", "maxParts", f"the body must have at most {_MAX_PARTS} parts, got more")
    except ValueError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else error
        got = _start(body, fields)
        return _wrong("body", "multipart", f"the body must be multipart/form-data, got {got}: {reason}")
    return values


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, str | None, bytes]]:
    """Name, file name (None for a field) and content of each part."""
    from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

    decoder = MultipartDecoder(boundary.encode("latin-1"), max_parts=_MAX_PARTS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    name, filename, content = "", None, bytearray()
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, Field | File):
            name, filename = event.name or "", getattr(event, "filename", None)
            content.clear()
        elif isinstance(event, Data):
            content += event.data
            if not event.more_data:
                yield name, filename, bytes(content)


def _start(body: bytes, fields: Fields) -> str:
    """Enough of a body to recognise it; only its length where it may hold a secret."""
    if fields.secrets:
        return f"{len(body)} bytes"
    return show(body[:40].decode("utf-8", "replace"))


def _wrong(where: str, rule: str, sentence: str, name: str = "") -> Violation:
    return Violation(where, f"/{name}" if name else "", rule, sentence)

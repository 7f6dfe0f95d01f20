r"""Texts and bodies as a reader can see them, whatever a provider sent: printable, in bounds, JSON indented.

What is invisible is written out ("\x1b", "\u202e", "\ud800"), so nothing commands a terminal, breaks a file's form
or reads otherwise than it is.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

LONGEST_LINE: Final = 2_000
"""Characters of a text that is shown in one line."""

_LONGEST_JSON: Final = 262_144
"""Bytes of a body that is read as JSON."""

_DEEPEST: Final = 40
"""Levels of a body of JSON that is indented."""

_OPENS, _CLOSES = frozenset("[{"), frozenset("]}")
_PIECES: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


@dataclass(frozen=True, slots=True)
class Body:
    """A body to read: its text, and in `note` what the text does not show, empty if it shows all."""

    text: str
    note: str = ""


def line(text: str, most: int = LONGEST_LINE) -> str:
    """A text in one line."""
    return _cut(_visible(text[: most + 1], ""), len(text), most)


def block(text: str, most: int) -> str:
    """A text that keeps its lines and tabs."""
    return _cut(_visible(text[: most + 1], "\n\t"), len(text), most)


def body(data: bytes, most: int) -> Body:
    """A body of at most about so many characters. JSON is indented, but otherwise as it was sent."""
    notes = []
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data[: most * 4].decode("utf-8", "backslashreplace")
        notes.append("not UTF-8; other bytes are written as \\x…")
    if (pretty := _indented(text) if len(data) <= _LONGEST_JSON else None) is not None:
        text = pretty
    if len(text) > most or len(data) > most * 4:
        notes.append(f"only the start is shown, of {len(data):,} bytes")
    return Body(_visible(text[:most].replace("\r\n", "\n"), "\n\t"), "; ".join(notes))


def header(headers: Iterable[tuple[str, str]], name: str) -> str:
    """The value of a header, empty if there is none."""
    return next((value for each, value in headers if each.lower() == name), "")


def _visible(text: str, kept: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in kept else _written_out(each) for each in text)


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _cut(shown: str, length: int, most: int) -> str:
    return shown if length <= most else f"{shown[:most]}… ({length - most:,} more characters)"


def _indented(text: str) -> str | None:
    """JSON with each member on a line, its numbers, escapes and doubled keys as they are; None for what is no JSON."""
    if text[:1] not in "[{" or not text:
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    pieces = list(_pieces(text))
    return None if pieces[-1] is None else "".join(filter(None, pieces))


def _pieces(text: str) -> Iterator[str | None]:
    """The parts of the indented text; ends with None where it is nested too deeply."""
    depth, last = 0, ""
    for found in _PIECES.finditer(text):
        piece = found[0]
        if piece in _CLOSES:
            depth -= 1
            if last not in _OPENS:
                yield f"\n{'  ' * depth}"
        elif last in _OPENS or last == ",":
            yield f"\n{'  ' * depth}"
        yield ": " if piece == ":" else piece
        depth += piece in _OPENS
        if depth > _DEEPEST:
            yield None
            return
        last = piece

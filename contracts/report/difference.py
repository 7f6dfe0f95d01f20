"""What differs between two texts, word by word, for the eye."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

Piece = tuple[str, bool]
"""A part of a text, and whether the other text has it not."""

_WORD: Final = re.compile(r"\w+|\s+|[^\w\s]")
_LONGEST: Final = 3_000
_ALIKE: Final = 0.35
"""Below this share of common words two texts are simply different, and marks would only disturb."""


def differences(expected: str, got: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces. Nothing is marked in texts that have little in common, or are very long."""
    if len(expected) + len(got) > _LONGEST:
        return [(expected, False)], [(got, False)]
    ours, theirs = _WORD.findall(expected), _WORD.findall(got)
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return [(expected, False)], [(got, False)]
    codes = matcher.get_opcodes()
    left = [("".join(ours[start:end]), tag != "equal") for tag, start, end, _, _ in codes]
    right = [("".join(theirs[start:end]), tag != "equal") for tag, _, _, start, end in codes]
    return list(_joined(left)), list(_joined(right))


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Without the empty ones; a space between two that differ differs, too, so that marks are few."""
    merged: list[Piece] = []
    for text, differs in pieces:
        if not text:
            continue
        if len(merged) > 1 and differs and merged[-1][0].isspace() and merged[-2][1]:
            space, before = merged.pop()[0], merged.pop()[0]
            merged.append((before + space + text, True))
        else:
            merged.append((text, differs))
    yield from merged

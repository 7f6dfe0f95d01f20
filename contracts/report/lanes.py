"""The marks of one lane of a drawing to scale, and the names above them: pure numbers, in the units of an SVG.

Marks that are too close to be told apart are one mark with a count; names that would overlap are one name, or stand in
a second row, or are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

LETTER: Final = 6.7
_CAPITAL: Final = 8.6
"""Width of a letter of a name, at most about."""

DOT: Final = 10.0
"""Width of a mark."""

ROWS: Final = 2
"""Rows of names above a lane."""

_CLOSE: Final = 9.0
_TOLERABLE: Final = 6.0
"""Distance at which two marks can still be told apart, where there are no more."""

_WIDEST: Final = 30.0
_LEAST: Final = 4.0
_MOST_KINDS: Final = 2
"""Kinds of answers in one box that are named above it."""

_SMALLEST: Final = 0.15
"""The share of a box that a tone gets at least, so that one among hundreds is seen."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A request or a callback: where it began and ended, how it was answered, in a word and in a sentence.

    `tone` is "good", "refused", "broken" or "told". `focus` says that it is to stand by itself.
    """

    x: float
    until: float
    tone: str
    name: str
    title: str
    focus: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark around `x`: a dot in its tone, or a box of `width` for `count` of them, with about the share of each tone.

    `wait` is how far it took to be answered.
    """

    x: float
    width: float
    wait: float
    tone: str
    name: str
    title: str
    count: int = 1
    shares: tuple[tuple[str, float], ...] = ()
    focus: bool = False

    @property
    def left(self) -> float:
        """Where it begins."""
        return round(self.x - self.width / 2, 1)

    @property
    def right(self) -> float:
        """Where it ends."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Name:
    """A name above marks, in a row counted upwards from 0."""

    x: float
    row: int
    text: str
    tone: str


def marks(happened: Sequence[Happened]) -> list[Mark]:
    """What happened in a lane, in time order, as marks from left to right."""
    found: list[Mark] = []
    group: list[Happened] = []
    for each in happened:
        apart = group and (each.x - group[-1].x >= _CLOSE or each.x - group[0].x > _WIDEST)
        if group and (apart or each.focus or group[-1].focus):
            found += _marks(group)
            group = []
        group.append(each)
    return _trimmed([*found, *_marks(group)])


def _marks(group: Sequence[Happened]) -> list[Mark]:
    far = len(group) == 2 and group[1].x - group[0].x >= _TOLERABLE
    if len(group) > 1 and not far:
        return [_cluster(group)]
    return [
        Mark(each.x, DOT, round(max(0.0, each.until - each.x), 1), each.tone, each.name, each.title, focus=each.focus)
        for each in group
    ]


def _cluster(group: Sequence[Happened]) -> Mark:
    tones = [each.tone for each in group]
    parts = {tone: max(_SMALLEST, tones.count(tone) / len(tones)) for tone in dict.fromkeys(tones)}
    shares = tuple((tone, round(part / sum(parts.values()), 3)) for tone, part in parts.items())
    counts = {name: sum(each.name == name for each in group) for name in dict.fromkeys(each.name for each in group)}
    names = ", ".join(f"{name} {count:,} times" if count > 1 else name for name, count in counts.items())
    title = f"{len(group):,} at once: {names}. The first: {group[0].title}"
    first, last = group[0].x - DOT / 2, max(each.x for each in group) + DOT / 2
    width = max(last - first, DOT + LETTER * len(_short(len(group))))
    wait = max(each.until for each in group) - first - width / 2
    most = max(shares, key=lambda share: share[1])[0]
    name = "/".join(counts) if len(counts) <= _MOST_KINDS else ""
    return Mark(
        round(first + width / 2, 1), round(width, 1), round(max(0.0, wait), 1), most, name, title, len(group), shares
    )


def _short(count: int) -> str:
    """A count in few characters."""
    return str(count) if count < 10_000 else f"{count // 1_000}k"


def _trimmed(found: list[Mark]) -> list[Mark]:
    """Boxes end where the next mark begins."""
    for place in range(len(found) - 1):
        mark, following = found[place], found[place + 1]
        over = mark.right - following.left + 1
        if mark.count > 1 and over > 0:
            width = max(_LEAST, mark.width - over)
            found[place] = replace(mark, x=round(mark.left + width / 2, 1), width=round(width, 1))
    return found


def count(mark: Mark) -> str:
    """The count inside a box, empty where it has no room."""
    text = _short(mark.count)
    return text if mark.count > 1 and mark.width >= LETTER * len(text) + 4 else ""


def names(found: Sequence[Mark]) -> list[Name]:
    """Names above marks. Those of the same kind in a row share one where each would be in the other's way."""
    runs: list[list[Mark]] = []
    for mark in found:
        last = runs[-1][-1] if runs else None
        if last and last.name == mark.name and mark.x - last.x < _width(last):
            runs[-1].append(mark)
        else:
            runs.append([mark])
    free = [float("-inf")] * ROWS
    placed: list[Name] = []
    for run in runs:
        times = sum(mark.count for mark in run)
        text = _counted(run[0].name, times)
        x, half = (run[0].x + run[-1].x) / 2, width(text) / 2
        row = next((row for row in range(ROWS) if free[row] <= x - half), None)
        if row is not None and text:
            free[row] = x + half + LETTER
            placed.append(Name(round(x, 1), row, text, run[0].tone))
    return placed


def _counted(name: str, times: int) -> str:
    return name if times == 1 or not name else f"{name} ×{times:,}"


def _width(mark: Mark) -> float:
    """How wide the name of a mark is, with some room behind it."""
    return width(_counted(mark.name, mark.count)) + LETTER


def width(text: str) -> float:
    """How wide a name is, at most about."""
    return sum(_CAPITAL if letter.isupper() else LETTER for letter in text)

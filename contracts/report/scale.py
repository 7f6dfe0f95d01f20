"""Where instants stand on a drawing that is to scale: pure numbers, from milliseconds to the units of an SVG.

Long stretches in which nothing happens are cut out where a course is much longer than it is busy; the cut is seen.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from contracts.report.words import duration

_CUT: Final = 62.0
"""Width of a stretch that is cut out."""

_IDLE: Final = 45_000.0
"""Milliseconds from which a stretch may be cut out, if it is also this share of the whole:"""

_SHARE: Final = 0.2
_BUSY: Final = 2_000.0
"""Milliseconds that have to be left, so that what is left has a scale worth reading."""

_MUCH_LONGER: Final = 2.5
_OUTSTANDING: Final = 3
"""What is cut out is so many times as long as all that stays, and each such stretch as any of those that stay."""

_MARGIN: Final = 0.04
_APART: Final = 76.0
_STEPS: Final = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    1_200,
    1_800,
    3_600,
)
"""Seconds between ticks."""

_MINUTES: Final = 120
_MOST_TICKS: Final = 60


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time from `start` to `end`, in milliseconds, as it is drawn from `x` on; to scale unless it is `cut`."""

    start: float
    end: float
    x: float
    width: float
    cut: bool = False

    @property
    def length(self) -> str:
        """How much time it is, in words."""
        return duration(round((self.end - self.start) / 1_000))


@dataclass(frozen=True, slots=True)
class Tick:
    """An instant that is named on the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Stretches one behind the other, and the ticks along them."""

    stretches: tuple[Stretch, ...]
    ticks: tuple[Tick, ...]

    @property
    def start(self) -> float:
        """The first instant that is drawn."""
        return self.stretches[0].start

    @property
    def end(self) -> float:
        """The last instant that is drawn."""
        return self.stretches[-1].end

    @property
    def cuts(self) -> list[Stretch]:
        """What is left out."""
        return [each for each in self.stretches if each.cut]

    def x(self, at: float) -> float:
        """Where an instant stands; one before the first or behind the last stands there."""
        place = bisect_right(self.stretches, at, key=lambda each: each.start)
        stretch = self.stretches[max(0, place - 1)]
        share = (at - stretch.start) / (stretch.end - stretch.start)
        return round(stretch.x + stretch.width * min(1.0, max(0.0, share)), 1)


def scale(instants: Iterable[float], start: float, end: float, left: float, width: float) -> Scale:
    """A scale from `start` to a later `end`, whose drawing is so wide; `instants` are what happens on it."""
    inside = sorted({start, end, *(each for each in instants if start <= each <= end)})
    cut = _cut(list(pairwise(inside)))
    live = end - start - sum(last - first for first, last in cut)
    unit = (width - _CUT * len(cut)) / live
    found: list[Stretch] = []
    at, x = start, left
    for first, last in cut:
        found.append(Stretch(at, first, x, (first - at) * unit))
        x += found[-1].width
        found.append(Stretch(first, last, x, _CUT, cut=True))
        at, x = last, x + _CUT
    found.append(Stretch(at, end, x, (end - at) * unit))
    return Scale(tuple(found), tuple(_ticks(found, unit * 1_000)))


def _cut(stretches: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches to cut out, less a margin at both ends."""
    whole = stretches[-1][1] - stretches[0][0]
    lengths = [last - first for first, last in stretches]
    idle = [length >= max(_IDLE, whole * _SHARE) for length in lengths]
    out = [length for length, cut in zip(lengths, idle, strict=True) if cut]
    rest = [length for length, cut in zip(lengths, idle, strict=True) if not cut]
    busy = sum(rest)
    if not out or busy < _BUSY or sum(out) < _MUCH_LONGER * busy or min(out) < _OUTSTANDING * max(rest):
        return []
    margin = busy * _MARGIN
    return [(first + margin, last - margin) for (first, last), cut in zip(stretches, idle, strict=True) if cut]


def _ticks(stretches: Sequence[Stretch], second: float) -> Iterable[Tick]:
    """Ticks at round instants; `second` is how wide a second is."""
    whole = [each * 86_400 for each in (1, 2, 5, 10, 50, 1_000)]
    step = next((each for each in (*_STEPS, *whole) if each * second >= _APART), math.inf)
    last = -math.inf
    for stretch in stretches:
        if stretch.cut or not math.isfinite(step):
            continue
        first = math.ceil(stretch.start / 1_000 / step - 1e-9)
        for place in range(first, min(first + _MOST_TICKS, math.floor(stretch.end / 1_000 / step + 1e-9) + 1)):
            x = stretch.x + (place * step * 1_000 - stretch.start) / 1_000 * second
            if x - last >= _APART * 0.8:
                yield Tick(round(x, 1), _named(place * step, step))
                last = x


def _named(seconds: float, step: float) -> str:
    if step >= _MINUTES / 2 or seconds >= _MINUTES * 5:
        return duration(seconds)
    return f"{round(seconds, 3):g} s"

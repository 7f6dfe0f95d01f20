"""Where the steps of a story stand on a drawing: pure numbers, in the units of an SVG.

Time runs to the right. Between two marks as much room is left as their names need; time that was let pass is a gap
that grows with its length.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.findings import Call, Passed, Told
from contracts.report.curl import credential
from contracts.report.shown import line
from contracts.report.story import Step, path, status_name
from contracts.report.words import duration

LEFT: Final = 118
"""Where time begins; the names of the lanes stand before."""

_ROOM: Final = 96
_TOP: Final = 52
_LANE: Final = 66
_AXIS: Final = 34
_MARK, _WIDE_MARK = 46, 88
_NARROWEST_GAP, _WIDEST_GAP = 74, 170
_LONGEST_NAME: Final = 15
_LONGEST_CALLOUT: Final = 64
_LETTER: Final = 7.6
"""Width of a letter of a callout, at most about."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A line along the drawing, and whose it is."""

    name: str
    y: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A call or a callback: a box around `x`, `y` with a text in it, a name below and its number above.

    `tone` is "good", "refused", "broken" or "told"; `more` says how often it happened, empty for once.
    """

    number: int
    x: float
    y: float
    width: float
    text: str
    name: str
    tone: str
    more: str
    offends: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Time that was let pass, from `x` on; `since` is all that had passed at its end."""

    x: float
    width: float
    length: str
    since: str


@dataclass(frozen=True, slots=True)
class Callout:
    """Words above the offending mark: from `x` on, with a line down to the mark at `to`, `bottom`."""

    text: str
    x: float
    to: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """A drawing of a story."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    gaps: tuple[Gap, ...]
    callout: Callout | None
    axis: float


def timeline(steps: Sequence[Step], got: str) -> Timeline:
    """Draw steps; `got` names what is wrong at the offending one."""
    lanes = _lanes(steps)
    marks: list[Mark] = []
    gaps: list[Gap] = []
    x, since = float(LEFT), 0.0
    for step in steps:
        if isinstance(step.event, Passed):
            since += step.event.seconds
            gap = Gap(x, _width(step.event.seconds), duration(step.event.seconds), duration(since))
            gaps.append(gap)
            x += gap.width
        else:
            since += step.every * (step.times - 1)
            marks.append(_mark(step, step.event, x + _ROOM / 2, lanes[_lane(step.event)].y))
            x += _ROOM
    width = x + 18
    axis = _TOP + _LANE * len(lanes) + 8
    callout = next((_callout(mark, got, width) for mark in marks if mark.offends), None)
    if callout:
        width = max(width, callout.x + len(callout.text) * _LETTER + 8)
    return Timeline(width, axis + _AXIS, tuple(lanes.values()), tuple(marks), tuple(gaps), callout, axis)


def _lanes(steps: Sequence[Step]) -> dict[str, Lane]:
    """A lane for each token, by its first request, and the callbacks' at the bottom."""
    keys = list(dict.fromkeys(_lane(step.event) for step in steps if not isinstance(step.event, Passed)))
    keys.sort(key="callbacks".__eq__)
    requests = [key for key in keys if key != "callbacks"]
    names = {key: key if len(requests) > 1 else "requests" for key in requests} | {"callbacks": "callbacks"}
    return {key: Lane(line(names[key], 17), _TOP + _LANE * row + _LANE / 2 - 8) for row, key in enumerate(keys)}


def _lane(event: Call | Told) -> str:
    return "callbacks" if isinstance(event, Told) else credential(event.sent) or "no token"


def _mark(step: Step, event: Call | Told, x: float, y: float) -> Mark:
    more = f"×{step.times}" if step.times > 1 else ""
    if isinstance(event, Told):
        name = f"answered {event.answered}" if event.answered else "no answer"
        return Mark(step.number, x, y, _WIDE_MARK, status_name(event) or "callback", name, "told", more, step.offends)
    status = event.got.status
    name = event.operation or path(event.sent.url).partition("?")[0].rpartition("/")[2] or "/"
    tone = "good" if 200 <= status < 400 else "refused" if 400 <= status < 500 else "broken"
    return Mark(step.number, x, y, _MARK, str(status or "none"), _short(name), tone, more, step.offends)


def _short(name: str) -> str:
    name = line(name)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _width(seconds: float) -> float:
    return min(_WIDEST_GAP, _NARROWEST_GAP + 12 * math.log10(1 + max(0.0, seconds)))


def _callout(mark: Mark, got: str, width: float) -> Callout:
    text = line(got)
    text = f"Here: {text if len(text) <= _LONGEST_CALLOUT else text[: _LONGEST_CALLOUT - 1] + '…'}"
    x = max(8.0, min(mark.x - mark.width / 2, width - 8 - len(text) * _LETTER))
    return Callout(text, x, mark.x, mark.y - 24)

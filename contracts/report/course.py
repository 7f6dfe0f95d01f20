"""A run of a client as a drawing to scale: pure numbers, in the units of an SVG.

Time runs to the right, in seconds of the client's own time. Jobs are bars on top; below them each kind of call has a
lane, and the callbacks the last. A gap that is wrong is a bracket below its lane, with its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.findings import Bar, Call, Course, Event, Gap, Passed, Told
from contracts.report import lanes, moments
from contracts.report.bars import Row, rows
from contracts.report.lanes import LETTER, Happened, Mark, Name, marks, names
from contracts.report.scale import Scale, scale
from contracts.report.shown import line
from contracts.report.story import Step, path, status_name
from contracts.report.words import clock

LEFT: Final = 104.0
"""Where the lanes begin; their names stand before."""

WIDTH: Final = 950.0
"""Of the whole drawing: as much as there is room for on a page of full width."""

JOB: Final = 26.0
"""Height of the row of a job."""

_SHORTEST: Final = 1_000.0
_SHORTEST_PART: Final = 10.0
"""Milliseconds that are drawn at least, of a run and of a part of it."""

_INDENT: Final = 10.0
_RIGHT: Final = 84.0
_TOP: Final = 26.0
_ABOVE, _LINE, _BELOW = 13.0, 15.0, 14.0
_NOTE, _BRACKET = 15.0, 11.0
_MOST_ROWS: Final = 3
_LONGEST_NOTE: Final = 70
_NOTE_LETTER: Final = 6.9
_AXIS: Final = 30.0

_LANES: Final = {
    "upscaleVideo": "submit",
    "getVideo": "get video",
    "listVideos": "list",
    "listRunning": "scheduler",
    "listAvailable": "scheduler",
    "cancelJob": "scheduler",
}
_ORDER: Final = ("submit", "get video", "list", "scheduler", "other calls", "downloads", "callbacks")
_OTHERS: Final = "other calls"
_DOWNLOADS: Final = "downloads"
_MEDIA: Final = "/media/"
"""Where a mock has its files."""

_CALLBACKS: Final = "callbacks"


@dataclass(frozen=True, slots=True)
class Note:
    """What is wrong: a gap, or else the event at an instant; with its words."""

    text: str
    gap: Gap | None = None
    event: Call | Told | None = None


@dataclass(frozen=True, slots=True)
class Bracket:
    """A note as it is drawn below a lane: from `x` to `right`, at `y`; its words around `text_x`, `text_y`."""

    x: float
    right: float
    y: float
    text: str
    title: str
    text_x: float
    text_y: float

    @property
    def point(self) -> bool:
        """Whether it is about an instant, not about a stretch."""
        return self.right == self.x


@dataclass(frozen=True, slots=True)
class Lane:
    """A line along the drawing at `y` with what stands on, above and below it."""

    name: str
    y: float
    marks: tuple[Mark, ...]
    names: tuple[Name, ...]
    brackets: tuple[Bracket, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A run, or a part of it. `ended` is where the client ended, None outside of what is drawn.

    `left_out` are jobs that are not drawn, as there are too many.
    """

    width: float
    height: float
    scale: Scale
    jobs: tuple[Row, ...]
    lanes: tuple[Lane, ...]
    axis: float
    ended: float | None
    left_out: int

    @property
    def marks(self) -> int:
        """How many things are drawn."""
        return len(self.jobs) + sum(len(lane.marks) for lane in self.lanes)

    @property
    def tones(self) -> list[str]:
        """The kinds of marks that are there."""
        found = {mark.tone for lane in self.lanes for mark in lane.marks}
        found |= {tone for lane in self.lanes for mark in lane.marks for tone, _ in mark.shares}
        return [tone for tone in ("good", "refused", "broken", "told") if tone in found]


def drawing(course: Course, notes: Sequence[Note] = (), window: tuple[float, float] | None = None) -> Drawing:
    """Draw a run, or of it the time from one instant to another, in milliseconds since it began."""
    ended = course.seconds * 1_000
    events = [event for event in course.events if not isinstance(event, Passed)]
    own = _instants([job for job in course.jobs if job.ours])
    start, end = window or (0.0, max([_SHORTEST, ended, *map(moments.end_of, events), *own]))
    end = max(end, start + _SHORTEST_PART)
    events = [event for event in events if moments.end_of(event) >= start and event.at <= end]
    instants = [each for event in events for each in (event.at, moments.end_of(event))]
    to = scale([*instants, *_instants(course.jobs), ended], start, end, LEFT + _INDENT, WIDTH - LEFT - _INDENT - _RIGHT)
    jobs, left_out = rows(course.jobs, to, WIDTH)
    drawn, bottom = _lanes(events, notes, to, _TOP + JOB * len(jobs))
    end_at = to.x(ended) if to.start <= ended <= to.end else None
    return Drawing(WIDTH, bottom + _AXIS, to, tuple(jobs), drawn, bottom, end_at, left_out)


def lane_of(event: Call | Told) -> str:
    """The name of the lane of a call or a callback."""
    if isinstance(event, Told):
        return _CALLBACKS
    if not event.operation and path(event.sent.url).startswith(_MEDIA):
        return _DOWNLOADS
    return _LANES.get(event.operation, _OTHERS)


def tone(event: Call | Told) -> str:
    """How an event went: "good", "refused", "broken"; "told" for a callback that was taken."""
    if isinstance(event, Told):
        return "told" if 200 <= event.answered < 300 else "broken"
    return "good" if 200 <= event.got.status < 400 else "refused" if 400 <= event.got.status < 500 else "broken"


def _instants(jobs: Sequence[Bar]) -> list[float]:
    return [at for job in jobs for at in (*(at for at, _ in job.reached), job.end) if at is not None]


def _lanes(
    events: Sequence[Call | Told], notes: Sequence[Note], to: Scale, top: float
) -> tuple[tuple[Lane, ...], float]:
    """The lanes from `top` on, and where they end."""
    focus: set[int] = set()
    noted: dict[str, list[Note]] = {}
    for note in notes:
        if note.gap is not None and (note.gap.end < to.start or note.gap.start > to.end):
            continue
        around = _around(events, note)
        focus |= {id(event) for event in around}
        if around or note.gap is not None:
            noted.setdefault(lane_of(around[-1]) if around else _first(events), []).append(note)
    found: list[Lane] = []
    for name in _ORDER:
        inside = [_happened(event, to, focus=id(event) in focus) for event in events if lane_of(event) == name]
        if not inside and name not in noted:
            continue
        on = marks(inside)
        above = names(on)
        y = top + _LINE + _ABOVE * (1 + max((each.row for each in above), default=0))
        brackets = _brackets(noted.get(name, ()), to, y)
        # What is wrong is drawn above all else.
        on.sort(key=lambda mark: mark.focus)
        found.append(Lane(name, y, tuple(on), tuple(above), tuple(brackets)))
        top = max([y, *(each.text_y for each in brackets)]) + _BELOW
    return tuple(found), top


def _around(events: Sequence[Call | Told], note: Note) -> list[Call | Told]:
    """The events that a note is about, the one that is wrong last."""
    if note.gap is not None:
        return [events[place] for place in moments.edges(events, note.gap) if place is not None]
    return [event for event in events if note.event is not None and _is(event, note.event)]


def _is(event: Event, other: Event) -> bool:
    return event is other or (event.at == other.at and event == other)


def _first(events: Sequence[Call | Told]) -> str:
    return lane_of(events[0]) if events else _OTHERS


def _happened(event: Call | Told, to: Scale, *, focus: bool) -> Happened:
    title = f"{clock(event.at)}: {line(moments.words(Step(0, event)), 200)}"
    return Happened(to.x(event.at), to.x(moments.end_of(event)), tone(event), _name(event), title, focus)


def _name(event: Call | Told) -> str:
    if isinstance(event, Told):
        return status_name(event) or "callback"
    return str(event.got.status or "no answer")


def _brackets(notes: Sequence[Note], to: Scale, y: float) -> list[Bracket]:
    """Notes below a lane. Words that would overlap stand in rows; where there are too many, the bracket has none."""
    free = [float("-inf")] * _MOST_ROWS
    found = []
    spans = [(_span(note, to), note) for note in notes]
    for (x, right), note in sorted(spans, key=lambda each: each[0]):
        text = line(note.text).replace("`", "")
        text = text if len(text) <= _LONGEST_NOTE else f"{text[: _LONGEST_NOTE - 1]}…"
        half = len(text) * _NOTE_LETTER / 2
        middle = min(max((x + right) / 2, half + 4), WIDTH - half - 4)
        row = next((row for row in range(_MOST_ROWS) if free[row] <= middle - half), None)
        if row is None:
            text, row = "", 0
        else:
            free[row] = middle + half + LETTER
        at = y + lanes.DOT
        found.append(
            Bracket(x, right, at, text, line(note.text, 300), round(middle, 1), at + _BRACKET + _NOTE * (row + 0.6))
        )
    return found


def _span(note: Note, to: Scale) -> tuple[float, float]:
    if note.gap is not None:
        return to.x(note.gap.start), to.x(note.gap.end)
    at = to.x(note.event.at if note.event is not None else to.start)
    return at, at

"""The jobs of a run as bars on a drawing to scale: pure numbers, in the units of an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.findings import Bar
from contracts.report.lanes import width
from contracts.report.scale import Scale
from contracts.report.shown import line
from contracts.report.words import clock

MOST: Final = 8
"""Jobs that are drawn; the words below the drawing name all."""

_TONES: Final = {"COMPLETED": "good", "FAILED": "broken", "MODERATED": "refused"}
_FIRST: Final = "QUEUED"


@dataclass(frozen=True, slots=True)
class Piece:
    """The time that a job spends in a status. `text` is the status where there is room for it."""

    x: float
    width: float
    waits: bool
    text: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a job: its status, in its tone. The text ends at `x`, or begins there."""

    x: float
    text: str
    tone: str
    text_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Row:
    """A job: a bar from `x` on. `open` says that it goes on behind what is drawn."""

    name: str
    title: str
    x: float
    width: float
    pieces: tuple[Piece, ...]
    ending: Ending | None
    open: bool
    ours: bool


def rows(jobs: Sequence[Bar], scale: Scale, edge: float) -> tuple[list[Row], int]:
    """The first jobs of those that run in the time that is drawn, and how many more there are.

    Nothing stands right of `edge`.
    """
    seen = [
        (name, job)
        for name, job in named(jobs)
        if job.start <= scale.end and (job.end is None or job.end >= scale.start)
    ]
    return [_row(name, job, scale, edge) for name, job in seen[:MOST]], max(0, len(seen) - MOST)


def named(jobs: Sequence[Bar]) -> list[tuple[str, Bar]]:
    """What jobs are called on drawings and in words; those that ran before are counted apart."""
    counts = {True: 0, False: 0}
    found = []
    for job in jobs:
        counts[job.ours] += 1
        found.append((f"{'job' if job.ours else 'other job'} {counts[job.ours]}", job))
    return found


def told(name: str, job: Bar) -> str:
    """A job in words."""
    statuses = ", ".join(f"{line(status, 40)} at {clock(at)}" for at, status in job.reached) or f"at {clock(job.start)}"
    left = "" if job.end is not None else "; it had not ended"
    whose = "" if job.ours else "; it ran before"
    return f"{name}: {line(job.video_id, 200)}: {statuses}{left}; {job.cost:,} credits{whose}"


def end_status(job: Bar) -> str:
    """The status with which a job ended, empty if it did not."""
    return job.reached[-1][1] if job.end is not None and job.reached else ""


def _row(name: str, job: Bar, scale: Scale, edge: float) -> Row:
    end = scale.end if job.end is None else job.end
    reached = list(job.reached)
    if job.end is not None and reached:
        reached.pop()
    if not reached or reached[0][0] > job.start:
        reached.insert(0, (job.start, _FIRST))
    limits = [*(at for at, _ in reached[1:]), end]
    pieces = [
        _piece(scale.x(at), scale.x(limit), status)
        for (at, status), limit in zip(reached, limits, strict=True)
        if limit > scale.start and at < scale.end
    ]
    x, right = scale.x(job.start), scale.x(end)
    ended = job.end is not None and scale.start <= end <= scale.end
    ending = _ending(right, end_status(job), x, edge) if ended else None
    if ending and ending.anchor == "end" and pieces:
        pieces[-1] = Piece(pieces[-1].x, pieces[-1].width, pieces[-1].waits, "")
    return Row(
        name,
        told(name, job),
        x,
        round(max(2.0, right - x), 1),
        tuple(pieces),
        ending,
        open=ending is None,
        ours=job.ours,
    )


def _piece(x: float, right: float, status: str) -> Piece:
    length, text = round(max(0.0, right - x), 1), line(status, 12)
    return Piece(x, length, status == _FIRST, text if width(text) + 4 <= length else "")


def _ending(x: float, status: str, start: float, edge: float) -> Ending:
    text = line(status, 12) or "ended"
    room = width(text) + 14
    inside = x + room > edge and x - start > room
    return Ending(x, text, _TONES.get(status, "none"), x - 10 if inside else x + 10, "end" if inside else "start")

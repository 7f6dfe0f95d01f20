"""The runs of a client as the HTML report shows them: a drawing to scale, and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from contracts.findings import Call, Course, Finding, Gap, Passed, Told, Verdict
from contracts.report import bars, moments, shown, words
from contracts.report.course import Drawing, Note, drawing, tone
from contracts.report.story import Step

MOST: Final = 40
"""Runs that are drawn."""

_MOST_MARKS: Final = 8_000
"""Marks on all drawings of a page; past that, findings have none of their own."""

_MOST_LINES: Final = 120
_MOST_JOBS: Final = 40
_MOST_NOTES: Final = 8
_LONGEST_OUTPUT: Final = 8_000
_AROUND: Final = 2.5
"""So many times as long as a gap is what is drawn before and behind it, if so much happened."""

_LEAST: Final = 5_000.0
"""Milliseconds that are drawn at least, if the run is so long, and not more happened in them than:"""

_MOST_EVENTS: Final = 60

_PADDING: Final = 0.12


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a run in words; `kind` is "call", "callback", "gap", or "left" for what is no event."""

    kind: str
    time: str
    text: str
    tone: str = ""
    status: str = ""
    aside: str = ""


@dataclass(frozen=True, slots=True)
class CourseView:
    """A run to read. `found` are the numbers of its findings, also of those that another run tells and draws."""

    number: int
    course: Course
    calls: int
    callbacks: int
    drawing: Drawing | None
    lines: list[Line]
    jobs: list[str]
    output: str
    found: list[int]

    @property
    def spent(self) -> int:
        """Credits that its own jobs cost."""
        return sum(job.cost for job in self.course.jobs if job.ours)

    @property
    def own(self) -> int:
        """Jobs that it started."""
        return sum(job.ours for job in self.course.jobs)

    @property
    def figures(self) -> str:
        """What happened, in numbers."""
        parts = [words.amount(self.calls, "call")]
        if self.callbacks:
            parts.append(words.amount(self.callbacks, "callback"))
        if self.own:
            parts.append(f"{words.amount(self.own, 'job')} for {words.amount(self.spent, 'credit')}")
        return ", ".join(parts)


class Courses:
    """The runs of a client, and the drawings of its findings."""

    def __init__(self, verdict: Verdict) -> None:
        courses = verdict.courses
        self._verdict = verdict
        self._findings = words.ordered(verdict)
        self._by_name = {course.scenario: course for course in reversed(courses)}
        self._numbers = {id(course): number for number, course in enumerate(courses, start=1)}
        self.views = [self._view(number, course) for number, course in enumerate(courses, start=1)]
        self._room = _MOST_MARKS - sum(view.drawing.marks for view in self.views if view.drawing)

    def number_of(self, finding: Finding) -> int | None:
        """The number of the run in which something was found, if it is drawn."""
        course = self._by_name.get(finding.scenario)
        number = self._numbers[id(course)] if course is not None else MOST + 1
        return number if number <= MOST else None

    def around(self, finding: Finding) -> Drawing | None:
        """The part of a run that shows a finding; None where there is nothing to draw, or too much already."""
        course = self._by_name.get(finding.scenario)
        if course is None or self._room <= 0 or not (finding.story or finding.gap):
            return None
        # What reached no sandbox may stand in a story only.
        known = {event.at for event in course.events}
        more = [event for event in finding.story if event.at not in known]
        if more:
            course = replace(course, events=tuple(sorted([*course.events, *more], key=lambda event: event.at)))
        note = _note(finding, shown.line(finding.gap.label if finding.gap else finding.got))
        found = drawing(course, [note], _window(finding, course))
        self._room -= found.marks
        return found if found.lanes else None

    def _view(self, number: int, course: Course) -> CourseView:
        found = words.found_in(self._verdict, course)
        told_here = [place for place in found if self._findings[place - 1].scenario == course.scenario]
        notes = [self._named(place) for place in told_here[:_MOST_NOTES]]
        gaps = [gap for place in told_here if (gap := self._findings[place - 1].gap)]
        told = course.events or course.jobs
        return CourseView(
            number=number,
            course=course,
            calls=words.calls(course),
            callbacks=sum(isinstance(event, Told) for event in course.events),
            drawing=drawing(course, notes) if told and number <= MOST else None,
            lines=_lines(course, gaps),
            jobs=[bars.told(name, job) for name, job in bars.named(course.jobs[:_MOST_JOBS])],
            output=shown.block(course.output[-_LONGEST_OUTPUT:], _LONGEST_OUTPUT),
            found=found,
        )

    def _named(self, number: int) -> Note:
        """What is wrong, by its number and, of a gap, with how long it was."""
        finding = self._findings[number - 1]
        return _note(finding, f"{number}: {finding.gap.label}" if finding.gap else str(number))


def _note(finding: Finding, text: str) -> Note:
    event = finding.story[finding.at] if finding.at is not None and finding.at < len(finding.story) else None
    return Note(text, finding.gap, None if isinstance(event, Passed) else event)


def _window(finding: Finding, course: Course) -> tuple[float, float]:
    """The part of a run that is drawn with a finding: its story, as far as that is near to its gap."""
    story = [event for event in finding.story if not isinstance(event, Passed)]
    start = min((event.at for event in story), default=0.0)
    end = max((moments.end_of(event) for event in story), default=start)
    if (gap := finding.gap) is not None:
        length = (gap.end - gap.start) * _AROUND
        start = min(gap.start, max(start, gap.start - length))
        end = max(gap.end, min(end, gap.end + length))
    last = max([course.seconds * 1_000, end, *map(moments.end_of, course.events)])
    wide = _padded(start, end, max((end - start) * _PADDING, (_LEAST - (end - start)) / 2), last)
    if sum(wide[0] <= event.at <= wide[1] for event in course.events) <= _MOST_EVENTS:
        return wide
    return _padded(start, end, (end - start) * _PADDING, last)


def _padded(start: float, end: float, padding: float, last: float) -> tuple[float, float]:
    """A window with padding on both sides, which is moved where it would leave the run."""
    length = end - start + 2 * padding
    first = max(min(0.0, start), min(start - padding, last - length))
    return first, min(last, max(end + padding, first + length))


def _lines(course: Course, gaps: Sequence[Gap]) -> list[Line]:
    """A run in words; of a long one the start and the end."""
    told = moments.folded(course.events, gaps)
    if len(told) <= _MOST_LINES:
        return [_line(step) for step in told]
    half = _MOST_LINES // 2
    left = Line("left", "", f"{words.amount(len(told) - 2 * half, 'more step')}: the HAR file has all calls.")
    return [*map(_line, told[:half]), left, *map(_line, told[-half:])]


def _line(step: Step | Gap) -> Line:
    if isinstance(step, Gap):
        return Line("gap", "", shown.line(step.label, 300))
    event = step.event
    if isinstance(event, Passed):
        return Line("left", words.clock(event.at), moments.words(step))
    kind = "call" if isinstance(event, Call) else "callback"
    aside, status = moments.aside(step), moments.answer(event)
    if isinstance(event, Call) and not event.got.status:
        aside, status = [*aside, shown.line(event.got.error, 120)], "no answer"
    text = moments.asked(event)
    return Line(kind, words.clock(event.at), text, tone(event), status, ", ".join(filter(None, aside)))

"""A finding as the HTML report shows it: its steps with all that was sent, and the drawing beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.findings import Call, Finding, Gap, Got, Passed, Sent, Severity, Told
from contracts.report import course, moments, shown, story, words
from contracts.report.curl import script
from contracts.report.difference import Piece, differences
from contracts.report.excerpt import Excerpt
from contracts.report.timeline import Timeline, timeline

_MOST_STEPS: Final = 40
BEFORE: Final = 8
_AFTER: Final = 4
"""Of a longer story: the steps at its start and behind the offending one that are kept."""

ROOM: Final = 4_000_000
"""Characters that all bodies of a page may have together; past that they are cut short."""

_LONGEST_BODY, _SHORT_BODY = 6_000, 200
_LONGEST_VALUE: Final = 1_000
_MOST_HEADERS: Final = 40
_MOST_LINES: Final = 200
_LONGEST_SCRIPT: Final = 60_000


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer in full: its first line, its headers, its body."""

    first: str
    headers: str
    body: shown.Body


@dataclass(frozen=True, slots=True)
class StepView:
    """A step to read.

    `kind` is "call", "callback", "passed" or "gap". `label` is its number, or its time in the run of a client. `now` is
    the provider's own instant; `asked` and `answered` are None for time that passes.
    """

    kind: str
    label: str
    text: str
    tone: str
    status: str
    aside: str
    offends: bool
    now: str = ""
    asked: Message | None = None
    answered: Message | None = None


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding to read. `drawing` is of its story, and to no scale; that of a client's has the one of its run."""

    number: int
    finding: Finding
    expected: list[Piece]
    got: list[Piece]
    steps: list[StepView]
    left_out: int
    drawing: Timeline | None
    script: str
    excerpt: Excerpt | None

    @property
    def serious(self) -> bool:
        """Whether it counts."""
        return self.finding.rule.severity is Severity.ERROR


class Viewer:
    """Makes views of findings, whose bodies have one room together."""

    def __init__(self) -> None:
        self._room = ROOM

    def view(self, number: int, finding: Finding, excerpt: Excerpt | None) -> FindingView:
        """The view of a finding, which is the `number`th on the page."""
        expected, got = differences(shown.line(finding.expected), shown.line(finding.got))
        timed = bool(finding.scenario)
        if timed and not _alike(expected, got):
            expected, got = [(shown.line(finding.expected), False)], [(shown.line(finding.got), False)]
        steps: Sequence[story.Step | Gap] = moments.steps(finding) if timed else story.steps(finding)
        kept = _kept(steps)
        drawn = [step for step in kept if isinstance(step, story.Step)]
        return FindingView(
            number=number,
            finding=finding,
            expected=expected,
            got=got,
            steps=[self._step(step, timed=timed) for step in kept],
            left_out=len(steps) - len(kept),
            drawing=timeline(drawn, finding.got) if len(drawn) > 1 and not timed else None,
            script=_script(finding),
            excerpt=excerpt,
        )

    def _step(self, step: story.Step | Gap, *, timed: bool) -> StepView:
        if isinstance(step, Gap):
            return StepView("gap", "", shown.line(step.label, 300), "", "", "", offends=True)
        event = step.event
        label = words.clock(event.at) if timed else str(step.number)
        if isinstance(event, Passed):
            how = "the provider's clock was moved" if event.moved else "waited for"
            return StepView("passed", label, f"{words.duration(event.seconds)} pass", "", "", how, step.offends)
        aside = "; ".join(moments.aside(step)) if timed else _aside(step, event)
        now, asked = shown.line(event.now, 40), self._asked(event.sent)
        if isinstance(event, Told):
            status = f"answered {event.answered}" if event.answered else "not answered"
            text = f"callback {story.status_name(event)}".strip()
            tone = course.tone(event) if timed else "told"
            return StepView("callback", label, text, tone, status, aside, step.offends, now, asked)
        status = moments.answer(event) if timed else story.answer(event)
        return StepView(
            kind="call",
            label=label,
            text=story.subject(event),
            tone=course.tone(event),
            status=status if event.got.status else "no answer",
            aside=aside,
            offends=step.offends,
            now=now,
            asked=asked,
            answered=self._answered(event.got),
        )

    def _asked(self, sent: Sent) -> Message:
        first = f"{shown.line(sent.method, 40)} {shown.line(sent.url, _LONGEST_VALUE)}"
        return Message(first, _headers(sent.headers), self._body(sent.body))

    def _answered(self, got: Got) -> Message:
        if not got.status:
            return Message(f"no answer: {shown.line(got.error or 'none came', 600)}", "", shown.Body(""))
        first = f"{got.status} {shown.line(got.reason, 200)}".strip()
        return Message(first, _headers(got.headers), self._body(got.body))

    def _body(self, data: bytes) -> shown.Body:
        found = shown.body(data, _LONGEST_BODY if self._room > 0 else _SHORT_BODY)
        self._room -= len(found.text)
        return found


def _alike(*texts: list[Piece]) -> bool:
    """Whether at least half of two texts is the same: in sentences that are not, marks would only disturb."""
    return all(
        sum(len(text) for text, differs in each if not differs) * 2 >= len("".join(text for text, _ in each))
        for each in texts
    )


def _kept(steps: Sequence[story.Step | Gap]) -> list[story.Step | Gap]:
    """Of a long story its start and what is around the offending step, or its end."""
    if len(steps) <= _MOST_STEPS:
        return list(steps)
    wrong = (index for index, step in enumerate(steps) if isinstance(step, Gap) or step.offends)
    end = min(len(steps), next(wrong, len(steps) - 1) + _AFTER + 1)
    start = max(BEFORE, end - (_MOST_STEPS - BEFORE))
    return [*steps[:BEFORE], *steps[start:end]]


def _script(finding: Finding) -> str:
    """The lines that repeat the story, where a finding on a provider has none of its own."""
    again = finding.curl or ("" if finding.scenario else script(finding.story[:_MOST_LINES]))
    return shown.block(again, _LONGEST_SCRIPT)


def _aside(step: story.Step, event: Call | Told) -> str:
    """Small words on a step: how often, how long."""
    parts = []
    if step.times > 1:
        parts.append(f"{step.times} times" + (f", every {words.duration(step.every)}" if step.every else ""))
    if isinstance(event, Call):
        parts.append(f"took {words.duration(event.took / 1_000)}")
    return "; ".join(parts)


def _headers(headers: Sequence[tuple[str, str]]) -> str:
    lines = [f"{shown.line(name, 200)}: {shown.line(value, _LONGEST_VALUE)}" for name, value in headers[:_MOST_HEADERS]]
    if len(headers) > _MOST_HEADERS:
        lines.append(f"… and {len(headers) - _MOST_HEADERS:,} more")
    return "\n".join(lines)

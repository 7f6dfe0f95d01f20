"""A verdict as one HTML file that needs nothing else: no other file, no network, and no script to be read."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from contracts.findings import Call, Finding, Got, Judged, Outcome, Passed, Sent, Severity, Told, Verdict
from contracts.report import shown, story, words
from contracts.report.curl import script
from contracts.report.difference import Piece, differences
from contracts.report.excerpt import Excerpt, excerpts
from contracts.report.masking import Masked
from contracts.report.timeline import Timeline, timeline

_MOST_FINDINGS: Final = 100
"""Findings that are told in full; of more, the table of rules says how many there are."""

_MOST_STEPS: Final = 40
_BEFORE, _AFTER = 8, 4
"""Of a longer story: the steps at its start and behind the offending one that are kept."""

_ROOM: Final = 4_000_000
"""Characters that all bodies of the page may have together; past that they are cut short."""

_LONGEST_BODY, _SHORT_BODY = 6_000, 200
_LONGEST_VALUE: Final = 1_000
_CODE: Final = re.compile("`([^`]+)`")
_MOST_HEADERS: Final = 40
_MOST_LINES: Final = 200
_LONGEST_SCRIPT: Final = 60_000
_PROJECT: Final = "PixVerse upscale API that useapi.net sells"


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer in full: its first line, its headers, its body."""

    first: str
    headers: str
    body: shown.Body


@dataclass(frozen=True, slots=True)
class StepView:
    """A step to read. `now` is the provider's own instant; `asked` and `answered` are empty for time that passes."""

    step: story.Step
    kind: str
    text: str
    tone: str
    status: str
    aside: str
    now: str
    asked: Message | None = None
    answered: Message | None = None


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding to read."""

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


def page(verdict: Masked, contract: str = "") -> str:
    """The document. `contract` is the text of openapi.yaml, to quote the places that rules point at."""
    environment = _environment()
    loader = environment.loader
    code = loader.get_source(environment, "report.js")[0].strip() if loader else ""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    template = environment.get_template("report.html")
    return template.render(view=_Page(verdict, contract), code=Markup(code), digest=digest, before=_BEFORE)  # noqa: S704 - our own file


@cache
def _environment() -> Environment:
    """The templates; compiling them takes a third of a second."""
    environment = Environment(
        loader=PackageLoader("contracts.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_printable,
    )
    environment.filters |= {"amount": words.amount, "duration": words.duration, "prose": _prose}
    return environment


def _printable(value: Any) -> Any:
    """What the template puts into the page: nothing invisible, but for the lines and tabs of bodies."""
    return shown.block(value, _ROOM) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """A sentence, with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(shown.line(text)))))  # noqa: S704 - it is escaped


class _Page:
    """What the template shows."""

    def __init__(self, verdict: Verdict, contract: str) -> None:
        self.verdict = verdict
        self.good = words.is_good(verdict)
        self.is_provider = verdict.subject.startswith(("http://", "https://"))
        self.sentence = shown.line(words.sentence(verdict), 600)
        self.predicate = self.sentence.removeprefix(shown.line(verdict.subject, 600)).strip()
        self.subject = shown.line(verdict.subject, 600)
        self.caveats = words.caveats(verdict)
        self.groups = words.tallies(verdict)
        self.all = words.tally("", verdict.judged)
        self.version = words.our_version()
        self.project = _PROJECT
        self.known = words.KNOWN
        self.about = words.GROUPS
        self._room = _ROOM
        self._excerpts = excerpts(contract, [each.rule.pointer for each in verdict.judged])

    @property
    def began(self) -> str:
        """When the run began, empty if that is not known."""
        return f"{words.instant(self.verdict.started):%Y-%m-%d %H:%M:%S} UTC" if self.verdict.started else ""

    @cached_property
    def findings(self) -> list[FindingView]:
        """The first findings, those that count before those that are notes."""
        first = words.ordered(self.verdict)[:_MOST_FINDINGS]
        return [self._finding(number, each) for number, each in enumerate(first, start=1)]

    @property
    def findings_left_out(self) -> int:
        """Findings that are not told in full."""
        return len(self.verdict.findings) - len(self.findings)

    def rules(self, group: str) -> list[tuple[Judged, str]]:
        """The rules of a group and what became of them; "noted" for findings that don't count."""
        judged = [each for each in self.verdict.judged if each.rule.group == group]
        return [(each, _outcome(each)) for each in judged]

    def number_of(self, judged: Judged) -> int | None:
        """The number of the first finding of a rule on this page."""
        return next((each.number for each in self.findings if each.finding.rule is judged.rule), None)

    def reason(self, judged: Judged) -> str:
        """Why a rule was not exercised."""
        return words.reason(judged)

    def link(self, judged: Judged) -> str:
        """The vendor's page on what a rule points at, empty for none."""
        found = self._excerpts.get(judged.rule.pointer)
        return found.link if found else ""

    def _finding(self, number: int, finding: Finding) -> FindingView:
        expected, got = differences(shown.line(finding.expected), shown.line(finding.got))
        steps = story.steps(finding)
        kept = _kept(steps)
        return FindingView(
            number=number,
            finding=finding,
            expected=expected,
            got=got,
            steps=[self._step(step) for step in kept],
            left_out=len(steps) - len(kept),
            drawing=timeline(kept, finding.got) if len(kept) > 1 else None,
            script=_script(finding),
            excerpt=self._excerpts.get(finding.rule.pointer),
        )

    def _step(self, step: story.Step) -> StepView:
        event = step.event
        if isinstance(event, Passed):
            how = "the provider's clock was moved" if event.moved else "waited for"
            return StepView(step, "passed", f"{words.duration(event.seconds)} pass", "", "", how, "")
        aside, now = _aside(step, event), shown.line(event.now, 40)
        if isinstance(event, Told):
            status = f"answered {event.answered}" if event.answered else "not answered"
            text = f"callback {story.status_name(event)}".strip()
            return StepView(step, "callback", text, "told", status, aside, now, self._asked(event.sent))
        got = event.got
        tone = "good" if 200 <= got.status < 400 else "refused" if 400 <= got.status < 500 else "broken"
        status = story.answer(event) if got.status else "no answer"
        return StepView(
            step, "call", story.subject(event), tone, status, aside, now, self._asked(event.sent), self._answered(got)
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


def _kept(steps: Sequence[story.Step]) -> list[story.Step]:
    """Of a long story its start and what is around the offending step, or its end."""
    if len(steps) <= _MOST_STEPS:
        return list(steps)
    place = next((index for index, step in enumerate(steps) if step.offends), len(steps) - 1)
    end = min(len(steps), place + _AFTER + 1)
    start = max(_BEFORE, end - (_MOST_STEPS - _BEFORE))
    return [*steps[:_BEFORE], *steps[start:end]]


def _outcome(judged: Judged) -> str:
    outcome = words.outcome(judged)
    return "noted" if judged.findings and outcome is not Outcome.FAILED else outcome.value


def _script(finding: Finding) -> str:
    """The lines that repeat the story, where the finding has none of its own."""
    return shown.block(finding.curl or script(finding.story[:_MOST_LINES]), _LONGEST_SCRIPT)


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

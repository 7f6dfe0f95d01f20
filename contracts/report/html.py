"""A verdict as one HTML file that needs nothing else: no other file, no network, and no script to be read."""

import base64
import hashlib
import re
from functools import cache, cached_property
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from contracts.findings import Judged, Outcome, Verdict
from contracts.report import course, lanes, shown, words
from contracts.report.course import Drawing
from contracts.report.course_view import MOST, Courses, CourseView
from contracts.report.excerpt import excerpts
from contracts.report.finding_view import BEFORE, ROOM, FindingView, Viewer
from contracts.report.masking import Masked

_MOST_FINDINGS: Final = 100
"""Findings that are told in full; of more, the table of rules says how many there are."""

_CODE: Final = re.compile("`([^`]+)`")
_PROJECT: Final = "PixVerse upscale API that useapi.net sells"


def page(verdict: Masked, contract: str = "") -> str:
    """The document. `contract` is the text of openapi.yaml, to quote the places that rules point at."""
    environment = _environment()
    loader = environment.loader
    code = loader.get_source(environment, "report.js")[0].strip() if loader else ""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    template = environment.get_template("report.html")
    return template.render(view=_Page(verdict, contract), code=Markup(code), digest=digest, before=BEFORE)  # noqa: S704 - our own file


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
    environment.filters |= {"amount": words.amount, "duration": words.duration, "prose": _prose, "count": lanes.count}
    environment.globals |= {"job": course.JOB, "left": course.LEFT}
    return environment


def _printable(value: Any) -> Any:
    """What the template puts into the page: nothing invisible, but for the lines and tabs of bodies."""
    return shown.block(value, ROOM) if isinstance(value, str) and not isinstance(value, Markup) else value


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
        judgement = shown.line(words.judgement(verdict), 600)
        self.predicate = judgement.removeprefix(shown.line(verdict.subject, 600)).strip()
        self.subject = shown.line(verdict.subject, 600)
        self.caveats = words.caveats(verdict)
        self.groups = words.tallies(verdict)
        self.all = words.tally("", verdict.judged)
        self.version = words.our_version()
        self.project = _PROJECT
        self.known = words.KNOWN
        self.about = words.groups(verdict)
        self.is_client = words.of_client(verdict)
        self.grade = verdict.grade
        self.mark = shown.line(words.mark(verdict.grade), 100) if verdict.grade else ""
        self.letter = shown.line(verdict.grade.letter[:2]) if verdict.grade else ""
        self._excerpts = excerpts(contract, [each.rule.pointer for each in verdict.judged])

    @property
    def began(self) -> str:
        """When the run began, empty if that is not known."""
        return f"{words.instant(self.verdict.started):%Y-%m-%d %H:%M:%S} UTC" if self.verdict.started else ""

    @cached_property
    def findings(self) -> list[FindingView]:
        """The first findings, those that count before those that are notes."""
        first = words.ordered(self.verdict)[:_MOST_FINDINGS]
        viewer = Viewer()
        return [
            viewer.view(number, each, self._excerpts.get(each.rule.pointer))
            for number, each in enumerate(first, start=1)
        ]

    @cached_property
    def courses(self) -> Courses:
        """The runs of a client."""
        return Courses(self.verdict)

    def around(self, view: FindingView) -> Drawing | None:
        """The part of a run that shows a finding, None for one on a provider."""
        return self.courses.around(view.finding) if self.is_client else None

    @property
    def drawn(self) -> list[CourseView]:
        """The runs that are told in full."""
        return self.courses.views[:MOST]

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


def _outcome(judged: Judged) -> str:
    outcome = words.outcome(judged)
    return "noted" if judged.findings and outcome is not Outcome.FAILED else outcome.value

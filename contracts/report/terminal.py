"""A verdict on a terminal: a table of what was found, the stories, a summary. Plain lines for a file or a pipe."""

import io
import sys
from collections.abc import Iterator
from typing import Any, Final, TextIO

from contracts.findings import Finding, Outcome, Severity
from contracts.report import github, moments, words
from contracts.report.masking import Masked
from contracts.report.progress import no_colour
from contracts.report.shown import line

_MOST_TOLD: Final = 20
"""Findings whose stories are told; of the others there is a line each."""

_MOST_LINES: Final = 30
_MOST_PRINTED: Final = 8
_IN_TABLE: Final = 200
_STYLES: Final = {
    "failed": "bold red",
    "note": "yellow",
    "expected": "green",
    "got": "red",
    ">": "bold red",
    "heading": "bold",
    "bad": "bold red",
    "good": "bold green",
}
"""How a line looks on a terminal, by its first word."""


def show(verdict: Masked, stream: TextIO | None = None) -> None:
    """Print a verdict to standard output, or another stream."""
    if stream is None:
        with github.quiet():
            show(verdict, sys.stdout)
        return
    if isinstance(stream, io.TextIOWrapper):
        # A terminal that knows no such character shows its number, rather than nothing at all.
        stream.reconfigure(errors="backslashreplace")
    if not stream.isatty():
        for _, text in _lines(verdict):
            stream.write(f"{text}\n")
        stream.flush()
        return
    # Imported here: who pipes the output needs none of it.
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, no_color=no_colour() or None, highlight=False)
    if verdict.findings:
        console.print(_table(verdict))
    for style, text in _lines(verdict):
        console.print(Text(text, style=_STYLES.get(style, "")), soft_wrap=True)


def _table(verdict: Masked) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    of_client = words.of_client(verdict)
    for name in ("", "rule", "scenario" if of_client else "operation", "expected", "got"):
        table.add_column(name, overflow="fold")
    for finding in words.ordered(verdict):
        kind = _kind(finding)
        where = finding.scenario if of_client else finding.operation
        texts = (finding.rule.id, where, finding.expected, finding.got)
        table.add_row(Text(kind, style=_STYLES[kind]), *(Text(line(text, _IN_TABLE)) for text in texts))
    return table


def _lines(verdict: Masked) -> Iterator[tuple[str, str]]:
    """All lines, each with the name of its style."""
    for number, finding in enumerate(words.ordered(verdict)):
        yield from _told(finding) if number < _MOST_TOLD else _named(finding)
    yield from _summary(verdict)


def _named(finding: Finding) -> Iterator[tuple[str, str]]:
    kind = _kind(finding)
    yield kind, f"{kind:<8}{line(words.title(finding), 300)}: {line(finding.got, 300)}"


def _told(finding: Finding) -> Iterator[tuple[str, str]]:
    kind = _kind(finding)
    yield kind, f"{kind:<8}{line(words.title(finding), 300)}"
    yield "", f"        {line(finding.rule.sentence)}"
    yield "expected", f"        expected: {line(finding.expected)}"
    yield "got", f"        got:      {line(finding.got)}"
    if finding.scenario and finding.rule.why:
        yield "", f"        why:      {line(finding.rule.why)}"
    if finding.scenario and finding.rule.instead:
        yield "expected", f"        instead:  {line(finding.rule.instead)}"
    yield from _story(finding)
    for number, text in enumerate(finding.curl.splitlines()[:_MOST_LINES]):
        yield "", f"        {'         ' if number else 'again:   '} {line(text, 8_000)}"
    yield "", ""


def _story(finding: Finding) -> Iterator[tuple[str, str]]:
    told = moments.lines(finding)
    first, last = len(told[:_MOST_LINES]), len(told)
    if finding.scenario and last > _MOST_LINES:
        # Of a long run the start, and what is around the last thing that is wrong.
        place = max((place for place, text in enumerate(told) if text[0] == ">"), default=last)
        first, last = _MOST_LINES // 3, min(last, max(_MOST_LINES, place + _MOST_LINES // 3))
    for text in told[:first]:
        yield text[0], f"        {text}"
    if len(told) > _MOST_LINES:
        rest = told[last - (_MOST_LINES - first) : last]
        yield "", f"              ({words.amount(len(told) - first - len(rest), 'more step')})"
        for text in rest:
            yield text[0], f"        {text}"


def _courses(verdict: Masked) -> Iterator[tuple[str, str]]:
    """The runs of a client as a table of plain text."""
    rows = [("scenario", "calls", "findings", "how it ended")]
    for course in verdict.courses:
        found = len(words.found_in(verdict, course))
        rows.append((line(course.scenario, 60), f"{words.calls(course):,}", str(found or "-"), line(course.ended, 200)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for number, (name, calls, findings, ended) in enumerate(rows):
        text = f"  {name:<{widths[0]}}  {calls:>{widths[1]}}  {findings:>{widths[2]}}  {ended}"
        yield "" if number else "heading", text
    yield from _printed(verdict)


def _printed(verdict: Masked) -> Iterator[tuple[str, str]]:
    """The last words of a client that called nobody: they may say why."""
    silent = next((each for each in verdict.courses if each.output.strip() and not words.calls(each)), None)
    if silent is not None:
        yield "", f"what it printed in {line(silent.scenario, 60)}:"
        for text in silent.output.strip().splitlines()[-_MOST_PRINTED:]:
            yield "", f"  {line(text, 300)}"


def _summary(verdict: Masked) -> Iterator[tuple[str, str]]:
    if verdict.courses:
        yield from _courses(verdict)
    skipped = [each for each in verdict.judged if words.outcome(each) is Outcome.NOT_EXERCISED]
    if verdict.courses:
        # Of a client it is the same reason nearly always: it is not that kind of client.
        never = [line(each.rule.id, 100) for each in skipped if not each.reason]
        skipped = [each for each in skipped if each.reason]
        if never:
            yield "", f"never came up: {', '.join(never)}"
    if skipped:
        yield "", "not exercised:"
    for each in skipped:
        yield "", f"  {line(each.rule.id, 100)}: {line(words.reason(each), 300)}"
    for note in verdict.notes:
        yield "note", f"note: {line(note)}"
    tally = words.tally("", verdict.judged)
    took = words.duration(verdict.seconds)
    yield "", f"rules: {tally.failed} failed, {tally.passed} passed, {tally.not_exercised} not exercised"
    yield "", f"calls: {verdict.calls:,} in {took}, seed {verdict.seed}"
    if verdict.cut_short:
        yield "note", f"cut short: {line(verdict.cut_short)}"
    style = "good" if words.is_good(verdict) else "bad"
    if verdict.grade is None:
        yield style, line(words.sentence(verdict))
        return
    if verdict.grade.why:
        yield "", line(verdict.grade.why)
    yield style, line(f"{words.mark(verdict.grade)}: {words.judgement(verdict)}")


def _kind(finding: Finding) -> str:
    return "note" if finding.rule.severity is Severity.NOTE else "failed"

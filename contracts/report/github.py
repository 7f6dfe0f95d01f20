"""What a job on GitHub shows of a verdict: annotations, by workflow commands, and a summary of the job, in Markdown."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Final

import click

from contracts.findings import Finding, Judged, Outcome, Severity
from contracts.report import moments, words
from contracts.report.files import ReportError
from contracts.report.masking import Masked
from contracts.report.shown import block, line

_MOST: Final = 10
"""Annotations of a kind that GitHub shows of a step."""

_LONGEST_STORY: Final = 12_000
_MOST_FINDINGS: Final = 50
_LONGEST_SUMMARY: Final = 900_000
"""Bytes; GitHub takes a mebibyte of a step."""


def is_there() -> bool:
    """Whether this process runs in a job on GitHub."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def quiet(*, err: bool = False) -> Iterator[None]:
    """Let GitHub take nothing for a command that is printed meanwhile: a provider's words might be one.

    Said where the words go, too: on standard output, or with `err` on standard error.
    """
    if not is_there():
        yield
        return
    word = secrets.token_hex(16)
    click.echo(f"::stop-commands::{word}", err=err)
    try:
        yield
    finally:
        click.echo(f"::{word}::", err=err)


def annotate(verdict: Masked) -> None:
    """Print the annotations, and add to the summary of the job where there is one. Raises ReportError."""
    for command in commands(verdict):
        click.echo(command)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(summary(verdict))
        except OSError as error:
            raise ReportError(f"the summary of the job can't be written to {path!r}: {error.strerror}") from None


def commands(verdict: Masked) -> list[str]:
    """A line for each of the first findings, and one for a grade; an early end is a warning."""
    found = [finding for finding in verdict.findings if finding.rule.severity is Severity.NOTE]
    lines = [_command("error", finding) for finding in verdict.errors[:_MOST]]
    notices = [_command("notice", finding) for finding in found]
    if verdict.grade is not None:
        title = _property(line(f"grade {words.mark(verdict.grade)}"))
        said = f"{words.judgement(verdict)} {verdict.grade.why}".strip()
        notices.insert(0, f"::notice title={title}::{_data(line(said))}")
    lines += notices[:_MOST]
    if verdict.cut_short:
        lines.append(f"::warning title=cut short::{_data(line(verdict.cut_short))}")
    return lines


def summary(verdict: Masked) -> str:
    """Markdown: the verdict, its figures by group, and its findings with their stories."""
    mark = "✅" if words.is_good(verdict) else "❌"
    parts = [f"### {mark} {_text(words.sentence(verdict))}", *map(_text, _caveats(verdict)), _groups(verdict)]
    if verdict.courses:
        parts.append(_courses(verdict))
    findings = words.ordered(verdict)
    parts += [_finding(finding) for finding in findings[:_MOST_FINDINGS]]
    if len(findings) > _MOST_FINDINGS:
        parts.append(f"And {words.amount(len(findings) - _MOST_FINDINGS, 'more finding')}.")
    if skipped := [each for each in verdict.judged if words.outcome(each) is Outcome.NOT_EXERCISED]:
        parts.append(_not_exercised(skipped))
    figures = [words.amount(verdict.calls, "call"), words.duration(verdict.seconds), f"seed {verdict.seed}"]
    text = "\n\n".join([*parts, *map(_text, verdict.notes), f"<sub>{', '.join(figures)}</sub>"]) + "\n\n"
    if len(text.encode()) > _LONGEST_SUMMARY:
        return f"{parts[0]}\n\n{_groups(verdict)}\n\nThe findings are too long for this summary.\n\n"
    return text


def _caveats(verdict: Masked) -> list[str]:
    why = [verdict.grade.why] if verdict.grade is not None and verdict.grade.why else []
    return [*why, *words.caveats(verdict)]


def _courses(verdict: Masked) -> str:
    """The runs of a client, a row each."""
    rows = []
    for each in verdict.courses[:_MOST_FINDINGS]:
        found = len(words.found_in(verdict, each))
        rows.append(f"| {_text(each.scenario)} | {words.calls(each):,} | {_text(each.ended)} | {found} |")
    return "\n".join(["| Scenario | calls | how it ended | findings |", "| --- | ---: | --- | ---: |", *rows])


def _command(kind: str, finding: Finding) -> str:
    text = f"{finding.rule.sentence} Expected: {finding.expected}. Got: {finding.got}."
    return f"::{kind} title={_property(line(words.title(finding)))}::{_data(line(text))}"


def _data(text: str) -> str:
    """The message of a command: a percent sign or a line break would end or change it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _groups(verdict: Masked) -> str:
    rows = [
        f"| {_text(each.name)} | {each.failed} | {each.passed} | {each.not_exercised} |"
        for each in words.tallies(verdict)
    ]
    return "\n".join(["| Rules | failed | passed | not exercised |", "| --- | ---: | ---: | ---: |", *rows])


def _finding(finding: Finding) -> str:
    lines = [
        f"<details><summary><b>{_html(finding.rule.sentence)}</b> {_html(words.title(finding))}</summary>",
        "",
        f"Expected: {_text(finding.expected)}\n\nGot: {_text(finding.got)}",
        "",
        *_advice(finding),
        _fenced(block("\n".join([*map(line, moments.lines(finding)), "", finding.curl]).strip("\n"), _LONGEST_STORY)),
        "",
        "</details>",
    ]
    return "\n".join(lines)


def _advice(finding: Finding) -> Iterator[str]:
    """Of a client, why it matters and what to do."""
    if finding.scenario and finding.rule.why:
        yield from (f"Why it matters: {_text(finding.rule.why)}", "")
    if finding.scenario and finding.rule.instead:
        yield from (f"Instead: {_text(finding.rule.instead)}", "")


def _not_exercised(judged: list[Judged]) -> str:
    rows = [f"- {_text(each.rule.sentence)} ({_text(words.reason(each))})" for each in judged]
    title = words.amount(len(judged), "rule")
    return "\n".join([f"<details><summary>{title} not exercised</summary>", "", *rows, "", "</details>"])


def _fenced(text: str) -> str:
    """A block of code, whose fence is longer than any in the text."""
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _html(text: str) -> str:
    return escape(line(text)).replace("@", "&#64;").replace("://", "&#58;//")


def _text(text: str) -> str:
    """A text in Markdown that is nothing but text: neither markup nor a link nor a mention."""
    escaped = re.sub(r"([\\`*_\[\]()#+!|~>-])", r"\\\1", line(text)).replace("&", "&amp;").replace("<", "&lt;")
    return escaped.replace("@", "&#64;").replace("://", "&#58;//")

"""A verdict as JUnit XML, which CI services read: a suite for each group of rules, a case for each rule."""

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contracts.findings import Finding, Judged, Outcome, Verdict
from contracts.report import moments, words
from contracts.report.masking import Masked
from contracts.report.shown import block, line

_LONGEST: Final = 100_000
"""Characters of the text of a case."""


def xml(verdict: Masked) -> str:
    """The document. A rule that was not exercised is skipped; one with nothing but notes passes and prints them."""
    whole = {"name": line(verdict.subject), **_counts(verdict.judged), "time": f"{verdict.seconds:.3f}"}
    root = Element("testsuites", whole)
    for number, group in enumerate(words.tallies(verdict)):
        judged = [each for each in verdict.judged if each.rule.group == group.name]
        about = {
            "name": line(group.name),
            **_counts(judged),
            "time": "0",
            "timestamp": f"{words.instant(verdict.started):%Y-%m-%dT%H:%M:%S}",
            "hostname": "localhost",
            "id": str(number),
        }
        suite = SubElement(root, "testsuite", about)
        if not number:
            _properties(suite, verdict)
        for each in judged:
            _case(suite, each)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(judged: Sequence[Judged]) -> dict[str, str]:
    tally = words.tally("", judged)
    numbers = {"tests": len(judged), "failures": tally.failed, "errors": 0, "skipped": tally.not_exercised}
    return {name: str(number) for name, number in numbers.items()}


def _properties(suite: Element, verdict: Verdict) -> None:
    properties = SubElement(suite, "properties")
    known = {"seed": verdict.seed, "calls": verdict.calls, "cut short": verdict.cut_short}
    if verdict.grade is not None:
        known |= {"grade": words.mark(verdict.grade), "why": verdict.grade.why}
    runs = [("scenario", f"{course.scenario}: {course.ended}") for course in verdict.courses]
    for name, value in [*known.items(), *runs, *(("note", note) for note in verdict.notes)]:
        if value != "":
            SubElement(properties, "property", name=name, value=line(str(value)))


def _case(suite: Element, judged: Judged) -> None:
    # How long a rule took is not known: its checks are spread over the run.
    case = SubElement(suite, "testcase", name=line(judged.rule.id), classname=line(judged.rule.group), time="0")
    told = block("\n\n".join(_told(finding) for finding in judged.findings), _LONGEST)
    outcome = words.outcome(judged)
    if outcome is Outcome.NOT_EXERCISED:
        SubElement(case, "skipped", message=line(words.reason(judged)))
    elif outcome is Outcome.FAILED:
        first = judged.findings[0]
        more = f" (and {len(judged.findings) - 1} more)" if len(judged.findings) > 1 else ""
        where = f" (in {first.scenario})" if first.scenario else ""
        message = f"{judged.rule.sentence} Expected: {first.expected}. Got: {first.got}.{where}{more}"
        SubElement(case, "failure", message=line(message), type="finding").text = told
    elif told:
        SubElement(case, "system-out").text = told


def _told(finding: Finding) -> str:
    lines = [words.title(finding), finding.rule.sentence, f"expected: {finding.expected}", f"got: {finding.got}"]
    lines += [text for text in (finding.rule.why, finding.rule.instead) if text]
    lines.append(f"contract: openapi.yaml#{finding.rule.pointer} ({finding.rule.provenance})")
    if finding.story:
        lines += ["story:", *moments.lines(finding)]
    if finding.curl:
        lines.append(f"again: {finding.curl}")
    return "\n".join(lines)

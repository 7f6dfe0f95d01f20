"""A verdict as JSON, for programs. verdict.schema.json, beside this file, describes it; its fields stay as they are."""

import json
from typing import Any, Final

from contracts.findings import Bar, Call, Course, Event, Finding, Gap, Judged, Passed, Told
from contracts.report import words
from contracts.report.masking import Masked
from contracts.report.shown import block, body, line

FORM: Final = 1
"""The number of the form; another one where a field goes or changes its meaning, not where one is added."""

_LONGEST_BODY: Final = 65_536
_LONGEST_OUTPUT: Final = 65_536
_MOST_EVENTS: Final = 400
"""Events of a run; of more, half of them are its first, and half its last."""

_SHORT_BODY: Final = 2_000
"""Characters of a body of these; the bodies in the stories of findings are longer."""


def text(verdict: Masked) -> str:
    """The document, the same for the same verdict. Stories are complete, and bodies that are too long are cut.

    Of the events of a client's runs there are the first and the last: an archive has them all.
    """
    tally = words.tally("", verdict.judged)
    document = {
        "form": FORM,
        "version": words.our_version(),
        "subject": line(verdict.subject),
        "good": words.is_good(verdict),
        "sentence": line(words.sentence(verdict)),
        "started": f"{words.instant(verdict.started):%Y-%m-%dT%H:%M:%SZ}" if verdict.started else None,
        "seconds": round(verdict.seconds, 3),
        "seed": verdict.seed,
        "calls": verdict.calls,
        "cut_short": line(verdict.cut_short) or None,
        "notes": [line(note) for note in verdict.notes],
        "counts": {"failed": tally.failed, "passed": tally.passed, "not_exercised": tally.not_exercised},
        "grade": _grade(verdict),
        "courses": [_course(each) for each in verdict.courses],
        "rules": [_judged(each) for each in verdict.judged],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _grade(verdict: Masked) -> dict[str, Any] | None:
    if verdict.grade is None:
        return None
    grade = verdict.grade
    return {"letter": line(grade.letter), "score": grade.score, "why": line(grade.why) or None}


def _course(course: Course) -> dict[str, Any]:
    left_out = max(0, len(course.events) - _MOST_EVENTS)
    events = (
        [*course.events[: _MOST_EVENTS // 2], *course.events[-(_MOST_EVENTS // 2) :]] if left_out else course.events
    )
    return {
        "scenario": line(course.scenario),
        "about": line(course.about) or None,
        "ended": line(course.ended),
        "broken": [line(each) for each in course.broken],
        "seconds": course.seconds,
        "calls": words.calls(course),
        "callbacks": sum(isinstance(event, Told) for event in course.events),
        "jobs": [_bar(job) for job in course.jobs],
        "events": [_event(event, _SHORT_BODY) for event in events],
        "events_left_out": left_out,
        "output": block(course.output, _LONGEST_OUTPUT) or None,
    }


def _bar(job: Bar) -> dict[str, Any]:
    return {
        "video_id": line(job.video_id),
        "ours": job.ours,
        "start": job.start,
        "end": job.end,
        "ended": line(job.reached[-1][1]) if job.end is not None and job.reached else None,
        "reached": [{"at": at, "status": line(status)} for at, status in job.reached],
        "cost": job.cost,
    }


def _judged(judged: Judged) -> dict[str, Any]:
    rule, outcome = judged.rule, words.outcome(judged)
    return {
        "id": line(rule.id),
        "group": line(rule.group),
        "sentence": line(rule.sentence),
        "severity": rule.severity.value,
        "provenance": rule.provenance.value,
        "pointer": line(rule.pointer),
        "why": line(rule.why) or None,
        "instead": line(rule.instead) or None,
        "outcome": outcome.value,
        "checks": judged.checks,
        "reason": line(words.reason(judged)) if outcome == "not exercised" else None,
        "findings": [_finding(finding) for finding in judged.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "key": line(finding.key),
        "scenario": line(finding.scenario) or None,
        "operation": line(finding.operation) or None,
        "expected": line(finding.expected),
        "got": line(finding.got),
        "curl": block(finding.curl, _LONGEST_BODY) or None,
        "at": finding.at,
        "gap": _gap(finding.gap),
        "story": [_event(event) for event in finding.story],
    }


def _gap(gap: Gap | None) -> dict[str, Any] | None:
    return None if gap is None else {"start": gap.start, "end": gap.end, "label": line(gap.label)}


def _event(event: Event, most: int = _LONGEST_BODY) -> dict[str, Any]:
    if isinstance(event, Passed):
        return {"event": "passed", "at": event.at, "seconds": event.seconds, "moved": event.moved}
    now = {"now": line(event.now) or None}
    sent = event.sent
    request = {
        "method": line(sent.method),
        "url": line(sent.url),
        "headers": _headers(sent.headers),
        "body": _body(sent.body, most),
    }
    if isinstance(event, Told):
        return {"event": "callback", "at": event.at, **now, "request": request, "answered": event.answered}
    return {
        "event": "call",
        "at": event.at,
        **now,
        "number": event.number,
        "operation": line(event.operation) or None,
        "took": event.took,
        "request": request,
        "answer": _answer(event, most),
    }


def _answer(call: Call, most: int) -> dict[str, Any]:
    got = call.got
    return {
        "status": got.status,
        "reason": line(got.reason) or None,
        "headers": _headers(got.headers),
        "body": _body(got.body, most),
        "error": line(got.error) or None,
    }


def _headers(headers: tuple[tuple[str, str], ...]) -> list[list[str]]:
    return [[line(name), line(value)] for name, value in headers]


def _body(data: bytes, most: int) -> dict[str, Any] | None:
    if not data:
        return None
    shown = body(data, most)
    return {"text": shown.text, "bytes": len(data), "note": shown.note or None}

"""A verdict as JSON, for programs. verdict.schema.json, beside this file, describes it; its fields stay as they are."""

import json
from typing import Any, Final

from contracts.findings import Call, Event, Finding, Judged, Passed, Told
from contracts.report import words
from contracts.report.masking import Masked
from contracts.report.shown import block, body, line

FORM: Final = 1
"""The number of the form; another one where a field goes or changes its meaning, not where one is added."""

_LONGEST_BODY: Final = 65_536


def text(verdict: Masked) -> str:
    """The document, the same for the same verdict. Stories are complete, and bodies that are too long are cut."""
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
        "rules": [_judged(each) for each in verdict.judged],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


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
        "operation": line(finding.operation) or None,
        "expected": line(finding.expected),
        "got": line(finding.got),
        "curl": block(finding.curl, _LONGEST_BODY) or None,
        "at": finding.at,
        "story": [_event(event) for event in finding.story],
    }


def _event(event: Event) -> dict[str, Any]:
    if isinstance(event, Passed):
        return {"event": "passed", "at": event.at, "seconds": event.seconds, "moved": event.moved}
    now = {"now": line(event.now) or None}
    sent = event.sent
    request = {
        "method": line(sent.method),
        "url": line(sent.url),
        "headers": _headers(sent.headers),
        "body": _body(sent.body),
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
        "answer": _answer(event),
    }


def _answer(call: Call) -> dict[str, Any]:
    got = call.got
    return {
        "status": got.status,
        "reason": line(got.reason) or None,
        "headers": _headers(got.headers),
        "body": _body(got.body),
        "error": line(got.error) or None,
    }


def _headers(headers: tuple[tuple[str, str], ...]) -> list[list[str]]:
    return [[line(name), line(value)] for name, value in headers]


def _body(data: bytes) -> dict[str, Any] | None:
    if not data:
        return None
    shown = body(data, _LONGEST_BODY)
    return {"text": shown.text, "bytes": len(data), "note": shown.note or None}

"""What the rubric found, in the words of every verdict: stories, courses, jobs as bars."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from contracts.findings import Bar, Call, Course, Event, Finding, Gap, Got, Passed, Rule, Sent, Told
from contracts.grade.journal import Client
from contracts.grade.rubric.check import Broken
from contracts.grade.watched import Arrival, Moment, Watched
from contracts.report.words import duration

_PAUSE: Final = 0.5
"""Seconds from which on time that passes between two calls is a line of a story."""

_OUTPUT: Final = 4_000
_WIRE: Final = {
    "reset": "the connection was reset",
    "empty": "the connection was closed",
    "unanswered": "nothing came",
    "truncated": "the connection was closed in the middle of the body",
}


def finding(rule: Rule, broken: Broken, run: Watched, also: Sequence[str] = (), again: str = "") -> Finding:
    """A rule that was broken in a run, with its story; `also` names further scenarios, `again` repeats it."""
    story, at = _story(broken)
    gap = None
    if broken.wait is not None:
        start, end, label = broken.wait
        gap = Gap(start * 1_000, end * 1_000, label)
    more = f" (also in {', '.join(also)})" if also else ""
    return Finding(
        rule=rule,
        operation=broken.operation,
        expected=broken.expected,
        got=broken.got + more,
        story=story,
        at=at,
        curl=again,
        scenario=run.journal.name,
        gap=gap,
    )


def _story(broken: Broken) -> tuple[tuple[Event, ...], int | None]:
    """The evidence in time order, with the time that passes between, and the place of what is wrong in it."""
    story: list[Event] = []
    at = None
    last: float | None = None
    for place, each in enumerate(broken.evidence):
        if last is not None and each.start - last >= _PAUSE:
            story.append(Passed(round(each.start - last, 3), last * 1_000, moved=False))
        if place == broken.at:
            at = len(story)
        story.append(event(each))
        last = max(each.end, last or 0.0)
    return tuple(story), at


def event(each: Moment | Arrival) -> Call | Told:
    """A call of the client, or a callback to it, as reports have it."""
    if isinstance(each, Arrival):
        body = {"video_id": each.callback.video_id, "video_status_name": each.callback.status}
        sent = Sent("POST", each.callback.url, (), json.dumps(body).encode())
        return Told(sent, each.attempt.answered or 0, each.start * 1_000)
    exchange = each.exchange
    url = f"{exchange.origin}{exchange.path}" + (f"?{exchange.query}" if exchange.query else "")
    sent = Sent(exchange.method, url, exchange.headers, _bytes(exchange.body))
    error = _WIRE.get(exchange.wire or "", "")
    got = Got(
        status=0 if exchange.wire in ("reset", "empty", "unanswered") else exchange.status,
        headers=exchange.answer_headers,
        body=_bytes(exchange.answer),
        reason=exchange.reason,
        error=error,
    )
    now = "" if exchange.at is None else _iso(exchange.at)
    took = (each.end - each.start) * 1_000
    return Call(exchange.number, exchange.operation, sent, got, each.start * 1_000, took, now)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}Z"


def course(run: Watched, about: str, broken: Sequence[str]) -> Course:
    """A run as it is told and drawn."""
    told: list[Moment | Arrival] = [*run.all_calls, *run.downloads, *run.arrivals]
    told.sort(key=lambda each: each.start)
    client = run.journal.client
    return Course(
        scenario=run.journal.name,
        about=about,
        ended=ended(client, run.ended),
        seconds=run.ended,
        events=tuple(event(each) for each in told),
        jobs=tuple(_bars(run)),
        output=client.output[-_OUTPUT:] if client is not None else "",
        broken=tuple(broken),
    )


def ended(client: Client | None, seconds: float) -> str:
    """How a run of so many seconds ended, in words; empty where no process was watched."""
    if client is None:
        return ""
    took = duration(seconds)
    if client.cut:
        return f"stopped after {took}, as it only repeated itself"
    if client.stopped:
        return f"stopped after {took}" if client.stopped.startswith("after") else f"stopped {client.stopped}"
    if client.signal:
        return f"ended by {client.signal} after {took}"
    return f"exit status {client.status} after {took}"


def _bars(run: Watched) -> list[Bar]:
    ours = {own.job.video_id for own in run.jobs}
    return [
        Bar(
            video_id=job.video_id,
            start=run.instant(job.started) * 1_000,
            end=None if job.ended is None else run.instant(job.ended) * 1_000,
            reached=tuple((run.instant(at) * 1_000, status) for at, status in job.reached),
            cost=job.cost,
            ours=job.video_id in ours,
        )
        for job in run.journal.jobs
    ]

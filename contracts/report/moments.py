"""The story of a client: what happened when, in its own time, and the stretches of time that are wrong.

What repeats itself is one step, however often it happened, so that a run of thousands of requests stays short.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from contracts.findings import Call, Event, Finding, Gap, Passed, Told
from contracts.report import story
from contracts.report.curl import credential
from contracts.report.shown import line
from contracts.report.story import Step, status_name
from contracts.report.words import clock, duration

_FEWEST_REPEATS: Final = 3
_NEAR: Final = 25.0
"""Milliseconds that an end of a gap may be off the event that it belongs to, as instants are rounded."""

_UNEVEN: Final = 0.5
"""How much longer or shorter than the others a pause may be, as a share, so that all are told by one number."""

_SLOW: Final = 1_000.0
"""Milliseconds from which it is said how long a call took."""

_LONGEST_BODY: Final = 65_536


def steps(finding: Finding) -> list[Step | Gap]:
    """The steps of a finding's story, its gap where it ended. Time that passes is no step, as each has its own."""
    gaps = [] if finding.gap is None else [finding.gap]
    return folded(finding.story, gaps, finding.at)


def folded(told: Sequence[Event], gaps: Iterable[Gap] = (), at: int | None = None) -> list[Step | Gap]:
    """Events in time order as steps, with the gaps among them.

    Those at both ends of a gap are steps of their own, and so is that at `at`, which offends.
    """
    kept = [place for place, event in enumerate(told) if not isinstance(event, Passed)]
    events = [event for event in told if not isinstance(event, Passed)]
    at = kept.index(at) if at in kept else None
    gaps = sorted(gaps, key=lambda gap: gap.end)
    alone = {at, *(place for gap in gaps for place in edges(events, gap))}
    essences = [None if place in alone else _essence(event) for place, event in enumerate(events)]
    found: list[Step | Gap] = []
    place = 0
    while place < len(events):
        event = events[place]
        while gaps and event.at >= gaps[0].end - 1:
            found.append(gaps.pop(0))
        times = _times(essences, place)
        every, until = _every([each.at for each in events[place : place + times]]), events[place + times - 1].at
        found.append(Step(place + 1, event, times, every, offends=place == at, until=until))
        place += times
    return [*found, *gaps]


def edges(events: Sequence[Event], gap: Gap) -> tuple[int | None, int | None]:
    """The places of the events between which a gap lies: the one that ended as it began, the one that ended it."""
    near = max(_NEAR, (gap.end - gap.start) / 20)
    places = [place for place, event in enumerate(events) if not isinstance(event, Passed)]
    last = min(places, key=lambda place: abs(events[place].at - gap.end), default=None)
    if last is not None and abs(events[last].at - gap.end) > near:
        last = None
    earlier = [place for place in places if place != last and events[place].at <= gap.end]
    first = min(earlier, key=lambda place: abs(end_of(events[place]) - gap.start), default=None)
    if first is not None and abs(end_of(events[first]) - gap.start) > near:
        first = None
    return first, last


def end_of(event: Event) -> float:
    """When an event was over, in milliseconds since the run began."""
    return event.at + event.took if isinstance(event, Call) else event.at


def lines(finding: Finding) -> list[str]:
    """The story of any finding in words; of a client's, a line for each step with its time.

    What is wrong starts with ">".
    """
    return [_line(step) for step in steps(finding)] if finding.scenario else story.lines(finding)


def _line(step: Step | Gap) -> str:
    if isinstance(step, Gap):
        return f"> {'':>9}  gap: {line(step.label, 300)}"
    return f"{'>' if step.offends else ' '} {clock(step.event.at):>9}  {words(step)}"


def words(step: Step) -> str:
    """A step in words, without its time."""
    event = step.event
    if isinstance(event, Passed):
        return story.words(step)
    return f"{asked(event)} -> {answer(event)}{''.join(f', {each}' for each in aside(step))}"


def asked(event: Call | Told) -> str:
    """What a call asked for, or a callback told."""
    if isinstance(event, Call):
        return story.subject(event)
    return f"callback {status_name(event)}".strip() + f" to {line(event.sent.url, 200)}"


def answer(event: Call | Told) -> str:
    """How it was answered; of a video that is asked for, with its status."""
    if isinstance(event, Told):
        return str(event.answered) if event.answered else "no answer"
    return f"{story.answer(event)} {_told(event)}".strip()


def aside(step: Step) -> list[str]:
    """How often it happened, and how long it took if that was long."""
    event, parts = step.event, []
    if step.times > 1:
        parts = [f"{step.times:,} times", f"every {duration(step.every)}"] if step.every else [f"{step.times:,} times"]
        parts.append(f"until {clock(step.until)}")
    elif isinstance(event, Call) and event.took >= _SLOW:
        parts.append(f"took {duration(event.took / 1_000)}")
    return parts


def _told(call: Call) -> str:
    """The status of the video that an answer is about, empty if it is about none."""
    if not call.got.status or len(call.got.body) > _LONGEST_BODY or b"video_status_name" not in call.got.body:
        return ""
    try:
        body = json.loads(call.got.body)
    except (ValueError, RecursionError):
        return ""
    name = body.get("video_status_name") if isinstance(body, dict) else None
    return line(name, 20) if isinstance(name, str) else ""


def _times(essences: Sequence[object], place: int) -> int:
    """How often what is at this place happens in a row; less than three times are told one by one."""
    if essences[place] is None:
        return 1
    end = place + 1
    while end < len(essences) and essences[end] == essences[place]:
        end += 1
    return end - place if end - place >= _FEWEST_REPEATS else 1


def _every(instants: Sequence[float]) -> float:
    """The seconds between instants, 0 where they are not spread evenly."""
    pauses = [after - before for before, after in pairwise(instants)]
    mean = sum(pauses) / len(pauses) if pauses else 0.0
    return mean / 1_000 if pauses and max(abs(pause - mean) for pause in pauses) <= mean * _UNEVEN else 0.0


def _essence(event: Call | Told) -> tuple[object, ...]:
    """What of an event is told."""
    if isinstance(event, Told):
        return event.sent.url, status_name(event), event.answered
    sent, got = event.sent, event.got
    return sent.method, sent.url, credential(sent), got.status, got.error, _told(event)

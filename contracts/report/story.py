"""The story of a finding: its steps, in words and as places on a timeline.

What repeats itself (the same request, the same answer) is one step. A timeline has a lane for the requests of each
token and one for callbacks; what lies between its marks is to no scale, but for the time that was let pass.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from contracts.findings import Call, Event, Finding, Passed, Told
from contracts.report.curl import credential
from contracts.report.shown import line
from contracts.report.words import duration

_FEWEST_REPEATS: Final = 3
"""Times that something has to happen in a row to be one step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an event that happened so many `times` in a row, `every` so many seconds, 0 for at once.

    `number` is that of the first such call or callback in the story, counted from 1, and 0 for time that passes.
    `offends` says that this is what is wrong. `until` is when the last of them began, where it is known, in
    milliseconds since the run began.
    """

    number: int
    event: Event
    times: int = 1
    every: float = 0.0
    offends: bool = False
    until: float = 0.0


def steps(finding: Finding) -> list[Step]:
    """The steps of a story, in time order."""
    found: list[Step] = []
    story, index, number = finding.story, 0, 1
    while index < len(story):
        event = story[index]
        times, taken, every = _repeats(story, index, finding.at)
        offends = finding.at is not None and index == finding.at
        if isinstance(event, Passed):
            _pass(found, event, offends=offends)
        else:
            found.append(Step(number, event, times, every, offends))
            number += times
        index += taken
    return found


def _pass(found: list[Step], event: Passed, *, offends: bool) -> None:
    """Time that passes twice in a row passes once, and longer."""
    last = found[-1] if found else None
    if last and isinstance(last.event, Passed) and last.event.moved is event.moved and not (last.offends or offends):
        found.pop()
        event = Passed(last.event.seconds + event.seconds, last.event.at, event.moved)
    found.append(Step(0, event, 1, 0.0, offends))


def lines(finding: Finding) -> list[str]:
    """The story in words, a line for each step; the offending one starts with ">"."""
    return [f"{'>' if step.offends else ' '} {_number(step)} {words(step)}" for step in steps(finding)]


def words(step: Step) -> str:
    """A step in words."""
    event = step.event
    if isinstance(event, Passed):
        return f"{duration(event.seconds)} pass{_how(event)}"
    if isinstance(event, Told):
        told = f"callback to {line(event.sent.url, 200)}{_status_name(event)}, answered {event.answered or 'nothing'}"
        return told + _times(step)
    return f"{subject(event)} -> {answer(event)}{_times(step)}"


def subject(call: Call) -> str:
    """What was asked for: method and path."""
    return f"{line(call.sent.method, 20)} {line(path(call.sent.url), 400)}"


def answer(call: Call) -> str:
    """How a call was answered, in few words."""
    if not call.got.status:
        return f"no answer ({line(call.got.error, 200)})" if call.got.error else "no answer"
    return f"{call.got.status} {line(call.got.reason, 60)}".strip()


def path(url: str) -> str:
    """Path and query of an address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _repeats(story: Sequence[Event], start: int, at: int | None) -> tuple[int, int, float]:
    """How often the event at `start` happens in a row, how many events that takes, and the seconds between."""
    first = story[start]
    if not isinstance(first, Call) or start == at:
        return 1, 1, 0.0
    end = len(story) if at is None or at < start else min(at, len(story))
    between = story[start + 1] if start + 1 < len(story) else None
    period = 2 if isinstance(between, Passed) else 1
    index = start + period
    while index < end and _same(story[index], first) and _passes(story[index - 1], between, period):
        index += period
    times = (index - start) // period
    if times < _FEWEST_REPEATS:
        return 1, 1, 0.0
    # What passed after the last one is a step of its own.
    return times, (times - 1) * period + 1, between.seconds if isinstance(between, Passed) else 0.0


def _passes(event: Event, between: Event | None, period: int) -> bool:
    if period == 1:
        return True
    return isinstance(event, Passed) and isinstance(between, Passed) and event.seconds == between.seconds


def _same(event: Event, first: Call) -> bool:
    return isinstance(event, Call) and _essence(event) == _essence(first)


def _essence(call: Call) -> tuple[object, ...]:
    sent, got = call.sent, call.got
    return sent.method, sent.url, credential(sent), sent.body, got.status, got.body, got.error


def _number(step: Step) -> str:
    return f"{step.number:>3}" if step.number else "   "


def _times(step: Step) -> str:
    if step.times == 1:
        return ""
    return f", {step.times} times" + (f", every {duration(step.every)}" if step.every else "")


def _how(passed: Passed) -> str:
    return " (the clock is moved)" if passed.moved else " (waited for)"


def _status_name(told: Told) -> str:
    name = status_name(told)
    return f": {name}" if name else ""


def status_name(told: Told) -> str:
    """The status that a callback tells, empty if it tells none."""
    try:
        body = json.loads(told.sent.body)
    except (ValueError, RecursionError):
        return ""
    name = body.get("video_status_name") if isinstance(body, dict) else None
    return line(name, 12) if isinstance(name, str) else ""

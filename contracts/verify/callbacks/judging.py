"""What is right and wrong with the callbacks of a job: from what was asked for and what came, without any I/O."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from contracts.contract import Callback, Lifecycle
from contracts.findings import Rule, Told
from contracts.verify.callbacks import rules

_ADDED: Final = ("replyUrl", "replyRef")
"""What a callback has beside the video."""


class Said(NamedTuple):
    """A callback that could be read: what came, its body, and the step of the clock that it came in (-1: none)."""

    told: Told
    video: Mapping[str, Any]
    step: int = -1


class Wrong(NamedTuple):
    """A rule that was broken: what was expected, what came, and which callback shows it (None: one that is missing)."""

    rule: Rule
    expected: str
    got: str
    told: Told | None = None


@dataclass
class Job:
    """A job and what is known of it. `url` is the address that has to be called, empty for none; `reference` what its
    request named, None for nothing.
    """

    video_id: str
    url: str = ""
    reference: str | None = None
    final: Mapping[str, Any] | None = None
    """What GET says of it after its end, None if it has not ended."""

    allowed: int | None = None
    """How many callbacks may come: those that came before it was cancelled; None for all."""

    trouble: bool = False
    """Its receiver answers with errors: how often it is called is not judged."""

    gone: bool = False
    """Its receiver answers 410."""

    said: list[Said] = field(default_factory=list)
    shown: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """What the list said of it after each step of the clock."""


def readable(told: Told, callback: Callback) -> tuple[Mapping[str, Any] | None, list[Wrong]]:
    """The body of a callback, None if it is no object, and what is wrong with its form."""
    sent, wrong = told.sent, list[Wrong]()
    kind = next((value for name, value in sent.headers if name.lower() == "content-type"), "")
    if sent.method != "POST":
        wrong.append(Wrong(rules.FORM, "POST", sent.method, told))
    if kind.partition(";")[0].strip().lower() != callback.media_type:
        wrong.append(Wrong(rules.FORM, callback.media_type, kind or "no content type", told))
    try:
        value = json.loads(sent.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return None, [*wrong, Wrong(rules.FORM, "JSON in UTF-8", f"{error}: {sent.body[:200]!r}", told)]
    if not isinstance(value, dict):
        return None, [*wrong, Wrong(rules.FORM, "an object", f"{sent.body[:200]!r}", told)]
    if errors := callback.schema.errors(value):
        wrong.append(Wrong(rules.SCHEMA, f"a body that keeps {callback.schema.pointer}", "; ".join(errors), told))
    return value, wrong


def judge(job: Job, lifecycle: Lifecycle) -> Iterator[Wrong]:
    """All that is wrong with the callbacks of one job."""
    for said in job.said:
        yield from _one(job, said, lifecycle)
    if job.gone:
        if len(job.said) > 1:
            yield Wrong(rules.GONE, "no call after the 410", f"{len(job.said)} calls", job.said[1].told)
        return
    if job.allowed is not None:
        if len(job.said) > job.allowed:
            late = job.said[job.allowed]
            yield Wrong(rules.CANCELLED, "no callback after the cancellation", _named(late), late.told)
        return
    if not job.url:
        return
    yield from _order(job, lifecycle)
    if not job.trouble:
        yield from _twice(job, lifecycle)
    yield from _missing(job, lifecycle)


def _one(job: Job, said: Said, lifecycle: Lifecycle) -> Iterator[Wrong]:
    video, told = said.video, said.told
    status = lifecycle.statuses.get(_number(video.get("video_status")))
    if status is not None:
        line = (status.number, status.name, status.final)
        # Whether what waits counts as final is not agreed upon.
        open_end = status.number == lifecycle.initial
        got = (video["video_status"], video.get("video_status_name"), video.get("video_status_final"))
        if got[:2] != line[:2] or (got[2] is not line[2] and not open_end):
            yield Wrong(rules.STATUS, str(line), str(got), told)
    if video.get("replyUrl") != job.url:
        yield Wrong(rules.REPLY_URL, repr(job.url), _value(video, "replyUrl"), told)
    reference = video.get("replyRef")
    if reference != job.reference:
        yield Wrong(rules.REPLY_REF, _short(job.reference), _value(video, "replyRef"), told)
    same = job.final if status is not None and status.final else job.shown.get(said.step)
    if same is not None and same.get("video_status") == video.get("video_status"):
        for name in [*same, *(name for name in video if name not in same)]:
            if (
                name not in _ADDED
                and (name in same) + (name in video)
                and same.get(name, _NONE) != video.get(name, _NONE)
            ):
                yield Wrong(rules.SAME, f"{name} = {_value(same, name)}", f"{name} = {_value(video, name)}", told)
                break


def _order(job: Job, lifecycle: Lifecycle) -> Iterator[Wrong]:
    before: Said | None = None
    for said in job.said:
        number = _number(said.video.get("video_status"))
        if number not in lifecycle.statuses:
            continue
        if before is not None:
            last = _number(before.video.get("video_status"))
            again = number == last
            if not again and (lifecycle.statuses[last].final or not lifecycle.reaches(last, number)):
                yield Wrong(rules.ORDER, f"no {_named(said)} after {_named(before)}", _all(job), said.told)
                return
        before = said


def _twice(job: Job, lifecycle: Lifecycle) -> Iterator[Wrong]:
    """What stands between start and end may be told again, as progress, but not twice at one time."""
    seen: dict[int, Said] = {}
    for said in job.said:
        number = _number(said.video.get("video_status"))
        status, before = lifecycle.statuses.get(number), seen.get(number)
        seen[number] = said
        if before is None or status is None:
            continue
        progress = not status.final and number != lifecycle.initial
        together = said.step >= 0 and said.step == before.step and said.video == before.video
        if not progress or together:
            yield Wrong(rules.TWICE, f"{_named(said)} once", _all(job), said.told)
            return


def _missing(job: Job, lifecycle: Lifecycle) -> Iterator[Wrong]:
    if job.final is None:
        return
    names = [said.video.get("video_status_name") for said in job.said]
    end = lifecycle.statuses.get(_number(job.final.get("video_status")))
    if end is None:
        return
    if end.name not in names:
        yield Wrong(rules.FINAL, f"a callback that says {end.name}", _all(job))
    for status in between(lifecycle, end.number):
        if status not in names:
            yield Wrong(rules.EACH, f"a callback that says {status}", _all(job))


def between(lifecycle: Lifecycle, end: int) -> list[str]:
    """The names of the statuses that every way from the beginning to an end leads by."""
    found = []
    for number, status in lifecycle.statuses.items():
        if number in (lifecycle.initial, end) or not lifecycle.reaches(number, end):
            continue
        if not _reaches_without(lifecycle, lifecycle.initial, end, number):
            found.append(status.name)
    return found


def _reaches_without(lifecycle: Lifecycle, start: int, end: int, without: int) -> bool:
    seen, edge = {start}, {start}
    while edge:
        edge = {each for number in edge for each in lifecycle.statuses[number].next} - seen - {without}
        seen |= edge
    return end in seen


_NONE: Final = object()


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _named(said: Said) -> str:
    return str(said.video.get("video_status_name", said.video.get("video_status", "?")))


def _all(job: Job) -> str:
    return f"told: {', '.join(map(_named, job.said)) or 'nothing'}"


def _value(video: Mapping[str, Any], name: str) -> str:
    return _short(video[name]) if name in video else "missing"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}... ({len(text)} characters)"


def carries(told: Told, tokens: Sequence[str]) -> bool:
    """Whether a callback has one of the tokens in it."""
    headers = " ".join(value for _, value in told.sent.headers)
    text = headers + told.sent.url + told.sent.body.decode("utf-8", "replace")
    return any(token in text for token in tokens)

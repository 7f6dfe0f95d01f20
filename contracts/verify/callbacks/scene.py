"""Jobs in one world, and the callbacks that come of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from contracts.findings import Call, Event, Finding, Passed, Rule, Told
from contracts.provider import World
from contracts.provider.http import value_of
from contracts.provider.receiver import Door, Receiver
from contracts.report.curl import script
from contracts.verify.callbacks import rules
from contracts.verify.callbacks.judging import Job, Said, Wrong, carries, judge, readable
from contracts.verify.evidence import finding, in_order, shortened, words
from contracts.verify.schema.inventory import Inventory
from contracts.verify.situation import Situation

STEP: Final = 10.0
"""Seconds of one step of a clock that can be moved."""

STEPS: Final = 120
"""So long a job may take, in steps of a clock."""

FEW_STEPS: Final = 30
"""And so long where no job has ended before in that time."""

_REFUSED: Final = frozenset({400, 404, 413, 415, 422})
"""Statuses by which a request is called wrong."""

_LOOK: Final = 2.0
"""Real seconds between two looks where time has to be waited for."""

_LATER: Final = (60.0, 600.0, 3_600.0)
"""Seconds after the end in which nothing more may come."""

_LATE: Final = 5.0
"""The same in real seconds; and as long a callback that is owed may take."""

_SECRET: Final = 12
"""Characters from which on the end of a token is one wherever it stands."""


class Scene:
    """Submits jobs, lets time pass until all have ended, and judges what was told."""

    def __init__(self, situation: Situation, receiver: Receiver, world: World, steps: int = STEPS) -> None:
        self.world = world
        self.receiver = receiver
        self.jobs: list[Job] = []
        self.doors: dict[str, Door] = {}
        self.ended = True
        """Whether all jobs ended, as far as they were waited for."""

        self._situation = situation
        self._steps = steps
        self._ledger = situation.ledger
        self._callback = situation.contract.callbacks[0]
        self._lifecycle = situation.contract.lifecycle
        self._accepted: dict[str, Call] = {}
        self._closing: dict[str, Call] = {}
        self._passed: list[Passed] = []
        self._quiet: dict[str, Rule] = {}
        self._counted: dict[str, list[int]] = {}
        self._stray = len(receiver.stray)
        inventory = Inventory(world)
        self.sources = inventory.finished
        self.emails = inventory.emails

    def door(self, name: str, *, answer: int = 200, pause: float = 0.0, tail: str = "") -> Door:
        """An address for callbacks; see `Receiver.door`."""
        door = self.receiver.door(name, answer=answer, pause=pause, tail=tail)
        self.doors[door.url] = door
        self._counted[door.url] = []
        return door

    def keep_quiet(self, door: Door, rule: Rule) -> None:
        """Let nothing come to an address of the receiver, else the rule is broken."""
        self.doors[door.url] = door
        self._counted[door.url] = []
        self._quiet[door.url] = rule

    def submit(
        self,
        door: Door | None = None,
        reference: str | None = None,
        *,
        source: str = "",
        form: bool = False,
        called: Door | None = None,
    ) -> Job | None:
        """Submit an upscale that names `door`, or, with `called`, none although that one will be called. None if it
        was not accepted.
        """
        if not (source or self.sources):
            return None
        body: dict[str, Any] = {"video_id": source or self.sources[0], "maxJobs": 8}
        if door is not None:
            body["replyUrl"] = door.url
        if reference is not None:
            body["replyRef"] = reference
        if form:
            call = self.world.call("upscaleVideo", form={key: str(value) for key, value in body.items()})
        else:
            call = self.world.call("upscaleVideo", json=body)
        value, known = value_of(call.got), self.world.contract.operations["upscaleVideo"].answers
        video_id = value.get("video_id") if call.got.status == 200 and isinstance(value, dict) else None
        if not isinstance(video_id, str):
            if not source and (
                call.got.status in _REFUSED or (call.got.status >= 500 and call.got.status not in known)
            ):
                rule = rules.REPLY_URL if reference is None else rules.REPLY_REF
                self._ledger.fails(finding(rule, "upscaleVideo", "200", words(call.got), (call,)))
            return None
        target = door or called
        job = Job(video_id, target.url if target else "", reference, trouble=bool(door and door.answer >= 500))
        job.gone = bool(door and door.answer == 410)
        self._accepted[video_id] = call
        self.jobs.append(job)
        return job

    def cancel(self, job: Job) -> None:
        """Cancel a job; from here on nothing may come."""
        call = self.world.call("cancelJob", id=job.video_id)
        self._closing[job.video_id] = call
        if call.got.status == 200:
            told = self.doors[job.url].told
            job.allowed = sum(1 for each in told if self._of(each) == job.video_id)

    def step(self) -> None:
        """Let a little time pass, and look."""
        moved = self.world.control is not None
        self._pass(STEP if moved else _LOOK)
        if moved:
            shown = self._shown()
            for job in self.jobs:
                if job.video_id in shown:
                    job.shown[len(self._passed)] = shown[job.video_id]

    def play(self) -> None:
        """Let time pass until every job has ended, and some more."""
        moved = self.world.control is not None
        for _ in range(self._steps if moved else 10_000):
            self.ended = self._all_ended()
            if self.ended or (not moved and self._situation.budget.seconds < 4 * _LATE):
                break
            self.step()
        if moved:
            for seconds in _LATER if self.ended else ():
                self._pass(seconds)
        else:
            self._pass(_LATE)
        for job in self.jobs:
            call = self.world.call("getVideo", video_id=job.video_id)
            value = value_of(call.got)
            if call.got.status == 200 and isinstance(value, dict) and value.get("video_status_final") is True:
                job.final = value
                self._closing.setdefault(job.video_id, call)

    def judge(self) -> None:
        """Write down what is right and what is wrong."""
        by_door = {url: [job for job in self.jobs if job.url == url] for url in self.doors}
        for url, door in self.doors.items():
            for number, told in enumerate(door.told):
                self._sort(told, self._step_of(url, number), by_door[url], url)
        for told in self.receiver.stray[self._stray :]:
            self._fails(Wrong(rules.REPLY_URL, "a call to an address that was given", told.sent.url, told), None)
        for url, rule in self._quiet.items():
            if not self.doors[url].told:
                self._ledger.passes(rule)
        for job in self.jobs:
            wrongs = list(judge(job, self._lifecycle))
            for wrong in wrongs:
                self._fails(wrong, job)
            self._passes(job, {wrong.rule.id for wrong in wrongs})

    def _sort(self, told: Told, step: int, jobs: list[Job], url: str) -> None:
        if url in self._quiet:
            self._fails(Wrong(self._quiet[url], "no callback", "one", told), None)
            return
        video, wrongs = readable(told, self._callback)
        job = next((job for job in jobs if video is not None and video.get("video_id") == job.video_id), None)
        secret = self.world.token.rpartition("-")[2]
        # A short one may well be a word of something else.
        if carries(told, [self.world.token, *([secret] if len(secret) >= _SECRET else [])]):
            wrongs.append(Wrong(rules.NO_TOKEN, "no token", "the token", told))
        for wrong in wrongs:
            self._fails(wrong, job or (jobs[0] if jobs else None))
        broken = {wrong.rule.id for wrong in wrongs}
        for rule in (rules.FORM, rules.SCHEMA, rules.NO_TOKEN):
            if rule.id not in broken:
                self._ledger.passes(rule)
        if video is None:
            return
        if job is None:
            named = " or ".join(each.video_id for each in jobs) or "none at all"
            wrong = Wrong(rules.EXTRA, f"callbacks of {named}", f"one of {video.get('video_id')}", told)
            self._fails(wrong, jobs[0] if jobs else None)
            return
        job.said.append(Said(told, video, step))

    def _passes(self, job: Job, broken: set[str]) -> None:
        """Count the rules that a job put to the test and that it kept."""
        touched: list[Rule] = []
        if job.allowed is not None:
            touched = [rules.CANCELLED]
        elif job.gone:
            touched = [rules.GONE] if job.said else []
        elif job.said:
            touched = [rules.REPLY_URL, rules.REPLY_REF, rules.STATUS, rules.ORDER, rules.TWICE, rules.EXTRA]
            touched += [rules.FINAL, rules.EACH, rules.SAME] if job.final is not None else []
        for rule in touched:
            if rule.id not in broken:
                self._ledger.passes(rule)
        if job.url and job.final is None and not job.said and job.allowed is None:
            self._ledger.skips(rules.FINAL, "no job ended within the time")

    def passes(self, rule: Rule) -> None:
        """Note that a check passed."""
        self._ledger.passes(rule)

    def ids_at(self, door: Door) -> list[str]:
        """The videos that an address was told of."""
        return [found for told in door.told if (found := self._of(told))]

    def fails(self, rule: Rule, expected: str, got: str, job: Job) -> None:
        """Note that a job broke a rule."""
        self._fails(Wrong(rule, expected, got), job)

    def _fails(self, wrong: Wrong, job: Job | None) -> None:
        if self._ledger.full(wrong.rule, self._callback.name):
            self._ledger.fails(Finding(wrong.rule, self._callback.name, wrong.expected, wrong.got))
            return
        story = self._story(wrong.told, job)
        at = next((index for index, event in enumerate(story) if event is wrong.told), None)
        operation = self._callback.name
        got = shortened(wrong.got)
        self._ledger.fails(Finding(wrong.rule, operation, wrong.expected, got, story, at, script(story)))

    def _story(self, told: Told | None, job: Job | None) -> tuple[Event, ...]:
        """What led to a callback, or to none: the calls but those of other jobs, time, and what this address heard."""
        others = {call.number for video_id, call in self._accepted.items() if job and video_id != job.video_id}
        others |= {call.number for video_id, call in self._closing.items() if job and video_id != job.video_id}
        closing = self._closing.get(job.video_id) if job else None
        events: list[Event] = [
            event
            for event in self.world.story
            if isinstance(event, Call)
            and event.number not in others
            and (event.sent.method != "GET" or event is closing)
        ]
        heard = [said.told for said in job.said] if job else []
        if told is not None and not any(each is told for each in heard):
            heard.append(told)
        return _merged(in_order([*events, *heard, *self._passed]))

    def _pass(self, seconds: float) -> None:
        began = self.world.provider.at()
        self.world.pass_time(seconds)
        # What comes meanwhile comes after its beginning.
        self._passed.append(Passed(seconds, began, self.world.control is not None))
        for url, door in self.doors.items():
            self._counted[url].append(len(door.told))

    def _step_of(self, url: str, number: int) -> int:
        """The short step of a clock that the callback of this number came in at a door; -1 for none such."""
        counts = self._counted[url]
        before = len(self._passed) - len(counts)
        step = next((before + index for index, count in enumerate(counts) if number < count), None)
        if step is None or self.world.control is None or self._passed[step].seconds > STEP:
            return -1
        return step + 1

    def _all_ended(self) -> bool:
        shown = self._shown()
        return all(shown.get(job.video_id, {}).get("video_status_final") is True for job in self.jobs)

    def _shown(self) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for email in self.emails:
            value = value_of(self.world.call("listVideos", email=email, limit=100).got)
            videos = value.get("data") if isinstance(value, dict) else None
            for video in videos if isinstance(videos, list) else ():
                if isinstance(video, dict) and isinstance(video.get("video_id"), str):
                    found[video["video_id"]] = video
        return found

    def _of(self, told: Told) -> str:
        video, _ = readable(told, self._callback)
        return str(video.get("video_id", "")) if video is not None else ""


def _merged(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The events with time that passes without anything between told as one; after the last, none."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, Passed) and found and isinstance(last := found[-1], Passed):
            found[-1] = replace(last, seconds=last.seconds + event.seconds)
        else:
            found.append(event)
    return tuple(found)

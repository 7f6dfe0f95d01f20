"""A run of a client as the rubric sees it: its calls on one line of time, its jobs, and what it was shown of each.

Instants are seconds of the client's own time since the run began: real ones times the divisor of its waits, or those of
the sandbox's clock where that is moved.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import unquote

from contracts.grade.journal import Attempt, Callback, Exchange, Job, Journal

READS: Final = frozenset({"getVideo", "listVideos", "listRunning", "listAvailable"})
"""Operations by which a client finds out about jobs."""

FINAL: Final = frozenset({"COMPLETED", "FAILED", "MODERATED"})

_LIBERTIES: Final = frozenset(
    {
        *("extra_fields", "absent_fields", "early_url", "unready", "long_ids", "shuffled_keys", "spaced", "escaped"),
        *("charset", "queued_is_final"),
    }
)
"""Switches of a scenario's answers that the contract permits, and naive clients trip over."""

_SINK: Final = "/__mock/sink/"
_NOT_REACHED: Final = ("refused", "no connection", "timed out connecting")
_NEVER: Final = float("inf")
_LONGEST_WORDS: Final = 200
_ENDING: Final = 0.5
"""Real seconds that a process may take to end."""

_JUST_AFTER: Final = 0.1
"""Real seconds after the end of a client for which its last calls may still arrive."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A call of the client: from `start` to `end`, when its answer had been given; `place` is its place among all."""

    exchange: Exchange
    start: float
    end: float
    place: int

    @property
    def operation(self) -> str:
        """The operationId, empty for none."""
        return self.exchange.operation

    @property
    def body(self) -> Mapping[str, Any]:
        """The fields of its body, none where that is no object."""
        return self.exchange.body if isinstance(self.exchange.body, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Arrival:
    """An attempt to deliver a callback to the client."""

    callback: Callback
    attempt: Attempt
    start: float
    end: float

    @property
    def acknowledged(self) -> bool:
        """Whether it was answered 2xx."""
        return self.attempt.result == "received"

    @property
    def reached(self) -> bool:
        """Whether somebody listened there."""
        error = self.attempt.error
        return self.attempt.result in ("received", "failed", "gone") and not any(each in error for each in _NOT_REACHED)

    @property
    def unanswered(self) -> bool:
        """Whether somebody listened, and gave no answer."""
        return self.reached and self.attempt.answered is None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the client was shown of a job at an instant: a status, by a call or by a callback that it acknowledged.

    `final` is what video_status_final said, or the status where nothing did.
    """

    at: float
    status: str
    final: bool
    by: "Moment | Arrival"


@dataclass(slots=True, eq=False)
class OwnJob:
    """A job that the client started by `submit`: `ended` is when it really ended, infinity if it did not.

    `known` is when the client learnt its id, infinity if it never did. `reads` are its calls about this job alone.
    """

    job: Job
    submit: Moment
    started: float
    ended: float
    known: float = _NEVER
    sightings: list[Sighting] = field(default_factory=list)
    reads: list[Moment] = field(default_factory=list)
    told_elsewhere: bool = False
    """Whether its end was told to a receiver that is not the client's own, where it may have looked."""

    @property
    def shown_final(self) -> Sighting | None:
        """When the client was first shown its end."""
        return next((each for each in self.sightings if each.status in FINAL), None)


class Watched:
    """One run. `control` is the same client's in the plain scenario, None for that itself, or where there is none.

    `broken` are the ids of the rules that were found broken so far: what explains something else is judged first.
    """

    def __init__(self, journal: Journal, control: "Watched | None" = None) -> None:
        self.journal = journal
        self.control = control
        self.broken: set[str] = set()
        client = journal.client
        self.scale = client.scale if client is not None else 1.0
        self.real = journal.mode == "real"
        first = journal.requests[0] if journal.requests else None
        began = client.started if client is not None else first.real if first is not None else 0.0
        self._began = began
        # The sandbox's clock and real time are told together by any request.
        self._anchor = (first.at, first.real) if first is not None and first.at is not None else None
        if not self.real:
            self._began = first.at if first is not None and first.at is not None else 0.0
        self.calls = [self._moment(each, place) for place, each in enumerate(journal.requests)]
        self.outside = [self._moment(each, -1) for each in journal.outside if self._is_ours(each)]
        # The files of several sandboxes have the same names: only a token tells whose a download is.
        theirs = (each for each in journal.downloads if any(place.endswith(":token") for place in each.masked))
        self.downloads = [self._moment(each, -1) for each in theirs if self._is_ours(each)]

    # Time

    def _moment(self, exchange: Exchange, place: int) -> Moment:
        if self.real or exchange.at is None:
            start = (exchange.real - self._began) * self.scale if self.real else 0.0
            answered = exchange.answered if exchange.answered is not None else exchange.real
            return Moment(exchange, start, start + max(0.0, answered - exchange.real) * self.scale, place)
        start = exchange.at - self._began
        return Moment(exchange, start, start + exchange.latency, place)

    def instant(self, at: float) -> float:
        """The client's time at an instant of the sandbox's clock."""
        if not self.real:
            return at - self._began
        if self._anchor is None:
            return 0.0
        sandbox, real = self._anchor
        return (real + (at - sandbox) / self.journal.speed - self._began) * self.scale

    def tolerance(self, seconds: float) -> float:
        """How much shorter than so many seconds a wait may be: 0.1 s real, as timers fire early; none in process."""
        return min(0.1 * self.scale, seconds / 2) if self.real else 0.001

    @cached_property
    def ended(self) -> float:
        """When the client ended, or the journal does."""
        client = self.journal.client
        if client is not None and self.real:
            return (client.ended - self._began) * self.scale
        return max((each.end for each in self.calls), default=0.0)

    # The client's process

    @property
    def over(self) -> bool:
        """Whether the client has ended by itself, so that what it did not do it will not do."""
        client = self.journal.client
        return client is not None and not client.stopped

    @property
    def stopped(self) -> bool:
        """Whether it had to be stopped."""
        return self.journal.client is not None and bool(self.journal.client.stopped)

    @property
    def status(self) -> int | None:
        """Its exit status, 1 where a signal ended it; None where it is not known, or it was stopped."""
        client = self.journal.client
        if client is None or client.stopped:
            return None
        return 1 if client.status is None else client.status

    @property
    def last_words(self) -> str:
        """The last line that the client printed, to be put behind a sentence; empty for none."""
        client = self.journal.client
        lines = [line.strip() for line in client.output.splitlines() if line.strip()] if client is not None else []
        return f"; it said: {lines[-1][:_LONGEST_WORDS]}" if lines else ""

    @property
    def strangers(self) -> tuple[str, ...]:
        """Other hosts that got its token."""
        return self.journal.client.strangers if self.journal.client is not None else ()

    @cached_property
    def liberties(self) -> list[str]:
        """What the scenario permits itself in its answers."""
        answers = self.journal.scenario.get("answers", {})
        taken = sorted(name for name, value in answers.items() if name in _LIBERTIES and value)
        if answers.get("processing") == 200:
            taken.append("processing")
        return [*taken, "order"] if answers.get("order") == "oldest" else taken

    @property
    def odd_alone(self) -> bool:
        """Whether the client ends well where answers are plain, so that what goes wrong here is owed to odd ones."""
        return bool(self.liberties) and self.control is not None and self.control.status == 0

    # Calls

    def _is_ours(self, exchange: Exchange) -> bool:
        """Whether a call that reached no sandbox is this client's: it came meanwhile, and names the user or nobody."""
        told = f"{exchange.path} {exchange.query} {exchange.body} {exchange.header('authorization') or ''}"
        client = self.journal.client
        if client is not None and not client.started <= exchange.real <= client.ended + _JUST_AFTER:
            return False  # sandboxes are used again
        if "user:" in told and self.journal.user:
            return f"user:{self.journal.user}-" in told or f"user%3A{self.journal.user}-" in told
        return True

    @cached_property
    def all_calls(self) -> list[Moment]:
        """Those that reached the sandbox, and those that reached none, in time order."""
        return sorted([*self.calls, *self.outside], key=lambda each: each.exchange.real)

    @cached_property
    def submits(self) -> list[Moment]:
        """Upscales asked for in the sandbox."""
        return [each for each in self.calls if each.operation == "upscaleVideo"]

    @cached_property
    def reads(self) -> list[Moment]:
        """Calls by which it looks at jobs."""
        return [each for each in self.calls if each.operation in READS]

    @cached_property
    def lists(self) -> list[Moment]:
        """Those of them that show all videos."""
        return [each for each in self.reads if each.operation == "listVideos"]

    def after(self, moment: Moment) -> Iterator[Moment]:
        """Calls to the sandbox that began once the answer to this one had been given."""
        later = (self.calls[place] for place in range(moment.place + 1, len(self.calls)))
        return (each for each in later if each.start >= moment.end)

    # Callbacks

    @cached_property
    def arrivals(self) -> list[Arrival]:
        """Attempts to deliver callbacks to the client itself, while it lived, in time order; not those to a sink."""
        found = []
        for callback in self.journal.callbacks:
            if _SINK in callback.url:
                continue
            for attempt in callback.attempts:
                start = self.instant(attempt.sent)
                arrival = Arrival(callback, attempt, start, start + (attempt.took * self.scale if self.real else 0.0))
                if arrival.start <= self.ended or arrival.acknowledged or not self.real:
                    found.append(arrival)
        return sorted(found, key=lambda each: (each.start, each.callback.number))

    def was_ending(self, arrival: Arrival) -> bool:
        """Whether a callback found the client's own receiver closing, as the client was ending by itself."""
        return arrival.unanswered and self.over and self.ended - arrival.start < _ENDING * self.scale

    # Jobs

    @cached_property
    def jobs(self) -> list[OwnJob]:
        """The jobs that the client started, in that order."""
        jobs = {job.video_id: job for job in self.journal.jobs}
        found = []
        for submit in self.submits:
            job = jobs.get(submit.exchange.accepted or "")
            if job is not None:
                ended = self.instant(job.ended) if job.ended is not None else _NEVER
                own = OwnJob(job, submit, self.instant(job.started), ended)
                own.known = _NEVER if submit.exchange.lost else submit.end
                found.append(own)
        self._show(found)
        return found

    def _show(self, jobs: Sequence[OwnJob]) -> None:
        """Note what the client was shown of each job."""
        by_id = {own.job.video_id: own for own in jobs}
        for moment in self.reads:
            if moment.operation == "getVideo" and (own := by_id.get(_named(moment))) is not None:
                own.reads.append(moment)
            for video_id, status, final in _shown(moment):
                if (own := by_id.get(video_id)) is not None:
                    own.sightings.append(Sighting(moment.end, status, final, moment))
                    own.known = min(own.known, moment.end)
        for arrival in self.arrivals:
            own = by_id.get(arrival.callback.video_id)
            if own is not None and arrival.acknowledged:
                status = arrival.callback.status
                own.sightings.append(Sighting(arrival.end, status, status in FINAL, arrival))
                own.known = min(own.known, arrival.end)
        for callback in self.journal.callbacks:
            if _SINK in callback.url and callback.status in FINAL and callback.video_id in by_id:
                by_id[callback.video_id].told_elsewhere = True
        for own in jobs:
            own.sightings.sort(key=lambda each: each.at)

    def looked(self, own: OwnJob) -> bool:
        """Whether there is such a call."""
        return bool(own.reads) or (bool(self.lists) and self.lists[-1].start >= own.known)

    def looks(self, own: OwnJob) -> list[Moment]:
        """Calls that could show the job: those for it alone, and lists once its id is known to the client."""
        lists = [each for each in self.lists if each.start >= own.known]
        return sorted([*own.reads, *lists], key=lambda each: each.place)

    def reads_after_end(self, own: OwnJob) -> list[Moment]:
        """Calls about a job after its end was shown: for it alone, and lists where no other is waited or looked for."""
        shown = own.shown_final
        if shown is None:
            return []
        idle = max((each.at for job in self.jobs if (each := job.shown_final) is not None), default=_NEVER)
        if any(job.shown_final is None for job in self.jobs) or any(each.exchange.lost for each in self.submits):
            idle = _NEVER  # lists are for others, too
        return [
            each
            for each in self.looks(own)
            if each.start > shown.at
            and (each.operation == "getVideo" or each.start > idle)
            and not each.exchange.failed
        ]


def _named(moment: Moment) -> str:
    """The id at the end of a path."""
    return unquote(moment.exchange.path.rstrip("/").rpartition("/")[2])


def _shown(moment: Moment) -> Iterator[tuple[str, str, bool]]:
    """The videos that an answer shows: id, status, whether it is said to be final."""
    exchange = moment.exchange
    if exchange.status != 200 or exchange.failed:
        return
    answer = exchange.answer
    if moment.operation == "getVideo":
        rows: Any = [answer]
    else:
        rows = answer.get("data") or answer.get("executing") if isinstance(answer, Mapping) else answer
    if not isinstance(rows, list):
        return
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        video_id = row.get("video_id") or row.get("id")
        name = row.get("video_status_name")
        if isinstance(video_id, str):
            status = name if isinstance(name, str) else "GENERATING"
            yield video_id, status, bool(row.get("video_status_final", status in FINAL))

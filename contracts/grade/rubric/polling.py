"""How a job is asked for: not too often, through its 404s, and no longer than to its end."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from contracts.findings import Provenance
from contracts.grade.rubric.check import MANNERS, RESULT, VIDEO, Broken, Check, Held, Outcome, rule, seconds
from contracts.grade.watched import Moment, OwnJob, Watched

PACE: Final = 10.0
"""Seconds: the shortest wait that the vendor's page names, for another loop."""

_NOT_A_POLL: Final = 400
"""The status of a call that asked for nothing."""

FEW: Final = 5
"""Reads after the end from which on it was not seen, where nobody knows how the client ended."""


def _pace(run: Watched) -> Iterator[Outcome]:
    for own in run.jobs:
        polls = [each for each in own.reads if each.end >= own.known and each.exchange.status != _NOT_A_POLL]
        yield from _too_often(run, own, polls, 1)
    lists: defaultdict[tuple[str, str], list[Moment]] = defaultdict(list)
    for each in run.reads:
        if each.operation == "listVideos":
            lists[each.exchange.path, each.exchange.query].append(each)
    for polls in lists.values():
        for own in run.jobs[:1]:
            yield from _too_often(run, own, _known(own, polls), max(1, len(run.jobs)))


def _known(own: OwnJob, polls: list[Moment]) -> list[Moment]:
    """The lists since the client knew the job's id; of a lost one those behind the looks by which it was found."""
    known = [each for each in polls if each.start >= own.known]
    if not own.submit.exchange.lost:
        return known
    if own.reads:
        return [each for each in known if each.place > own.reads[0].place]
    shown = [each.by.place for each in own.sightings if isinstance(each.by, Moment) and each.by in known]
    return [each for each in known if shown and each.place > shown[0]]


def _too_often(run: Watched, own: OwnJob, polls: list[Moment], at_a_time: int) -> Iterator[Outcome]:
    """Of polls of the same thing, pairs that are too close; so many jobs may each be asked for at the same pace."""
    end = run.ended if own.shown_final is None else own.shown_final.at
    for first, second in zip(polls, polls[at_a_time:], strict=False):
        if first.exchange.failed or second.start > end or first.exchange.status not in (200, 404):
            continue
        if any(first.end <= arrival.end <= second.start for arrival in run.arrivals):
            continue  # a callback is a reason to look
        waited = second.start - first.end
        if waited >= PACE - run.tolerance(PACE):
            yield Held()
            continue
        label = f"{seconds(max(0.0, waited))} between polls, at least {PACE:g} s"
        yield Broken(
            f"at least {PACE:g} s between two looks at a job",
            f"the next look came after {seconds(max(0.0, waited))}",
            (first, second),
            1,
            first.operation,
            (first.end, second.start, label),
        )


def _processing(run: Watched) -> Iterator[Outcome]:
    for own in run.jobs:
        early = [each for each in own.reads if each.exchange.status == 404 and each.start < own.ended]
        if not early:
            continue
        last = early[-1]
        went_on = any(each.place > last.place for each in run.looks(own)) or any(
            sighting.at >= last.end for sighting in own.sightings
        )
        if went_on or own.shown_final is not None:
            yield Held(len(early))
        elif run.over:
            yield Broken(
                "further looks, until the status is final: 404 is what a job that runs answers",
                f"after this 404 the client asked for nothing more and ended ({_exit(run)})",
                (own.submit, last),
                1,
                "getVideo",
            )


def _stops(run: Watched) -> Iterator[Outcome]:
    for own in run.jobs:
        shown = own.shown_final
        if shown is None or shown.status != "COMPLETED":
            continue
        after = run.reads_after_end(own)
        if len(after) < 2:
            if run.over or run.journal.client is None:
                yield Held()
        elif run.status == 0 or (run.journal.client is None and len(after) < FEW):
            evidence = (*((shown.by,) if isinstance(shown.by, Moment) else ()), *after[:3])
            got = f"{len(after)} more looks at a job that had been shown COMPLETED"
            yield Broken("no more looks once the end was seen", got, evidence, len(evidence) - 1, after[0].operation)


def _exit(run: Watched) -> str:
    return f"exit status {run.status}" if run.status is not None else "stopped"


CHECKS: Final = (
    Check(
        rule(
            "polling/pace",
            "A job is asked for at most every 10 s.",
            why="Jobs take minutes; more looks bring nothing, and the API is shared.",
            instead="Sleep for 10 to 30 s between two looks.",
            pointer=VIDEO,
            provenance=Provenance.INFERRED,
        ),
        _pace,
    ),
    Check(
        rule(
            "polling/processing",
            "A 404 of a job that runs is not its end.",
            why="GET by id answers 404 while the video is processed: who takes that for the end has paid for nothing.",
            instead="Take 404 for `not yet`, or look in GET /v2/pixverse/videos meanwhile.",
            pointer=f"{VIDEO}/responses/404",
        ),
        _processing,
        RESULT,
        whole=True,
    ),
    Check(
        rule(
            "polling/stops",
            "Nothing is asked for once the end was seen.",
            why="A final status never changes.",
            instead="Leave the loop at the first final status.",
            pointer="/x-lifecycle",
            provenance=Provenance.INFERRED,
        ),
        _stops,
        MANNERS,
    ),
)

"""429: no slot is free. Wait, try again, not for ever, and not all at once."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final, NamedTuple

from contracts.findings import Provenance, Severity
from contracts.grade.rubric.check import (
    MANNERS,
    RESULT,
    Broken,
    Check,
    Held,
    Outcome,
    Unknown,
    rule,
    seconds,
    upscale_answer,
)
from contracts.grade.rubric.submitting import wish
from contracts.grade.watched import Moment, Watched

_WAIT: Final = 10.0
"""Seconds: the vendor's page says 10 to 30."""

_LONGEST: Final = 3_600.0
_HERD: Final = 3
_AT_ONCE: Final = 0.2
"""Seconds within which requests are a herd."""


class Retry(NamedTuple):
    """A submit that is taken for the repetition of a refused one, so many seconds later; `wanted` are the least."""

    refused: Moment
    again: Moment
    waited: float
    wanted: float


def _wanted(moment: Moment) -> float:
    """Seconds to wait after a 429."""
    after = moment.exchange.answer_header("retry-after")
    return float(after) if after is not None and re.fullmatch(r"[0-9]{1,9}", after.strip()) else _WAIT


def _retries(run: Watched) -> tuple[list[Retry], list[Moment]]:
    """What is taken for a repetition of what, and the refused submits that were not repeated."""
    found: list[Retry] = []
    left: list[Moment] = []
    groups: defaultdict[Hashable, list[Moment]] = defaultdict(list)
    for each in run.submits:
        groups[wish(each)].append(each)
    for group in groups.values():
        accepted = sum(each.exchange.accepted is not None for each in group)
        pairs, alone = _one_by_one(group) if accepted < 2 else _several(run, group, accepted)
        found += [Retry(one, other, other.start - one.end, _wanted(one)) for one, other in pairs]
        left += alone
    return found, left


_Pairs = list[tuple[Moment, Moment]]


def _refused(moment: Moment) -> bool:
    return moment.exchange.status == 429 and not moment.exchange.lost


def _one_by_one(group: list[Moment]) -> tuple[_Pairs, list[Moment]]:
    """Of a client that wants one thing each submit repeats the one before it, if that was refused."""
    pairs = [(one, other) for one, other in pairwise(group) if _refused(one)]
    return pairs, [group[-1]] if _refused(group[-1]) else []


def _several(run: Watched, group: list[Moment], accepted: int) -> tuple[_Pairs, list[Moment]]:
    """Where a client wants several of the same, nobody can tell whose repetition a submit is.

    It is taken for that of the oldest refused one whose wait is over; and where there is none, for a further wish,
    unless as many refused ones are left at the end as were accepted: then these were repeated too early.
    """
    pairs: _Pairs = []
    early: _Pairs = []
    waiting: list[tuple[float, int, Moment]] = []
    """A heap of refused submits, by the instant from which they may be repeated."""
    last: Moment | None = None
    for each in group:
        if waiting and waiting[0][0] <= each.start:
            pairs.append((heappop(waiting)[2], each))
        elif waiting and last is not None:
            early.append((last, each))
        if _refused(each):
            heappush(waiting, (_ripe(run, each), each.place, each))
            last = each
    if early and len(waiting) >= accepted:
        return [*early, *pairs], []
    return pairs, [each for _, _, each in sorted(waiting)]


def _ripe(run: Watched, refused: Moment) -> float:
    """From when on a refused submit may be repeated."""
    wanted = _wanted(refused)
    return refused.end + wanted - run.tolerance(wanted)


def _waited(run: Watched, refused: Moment, again: Moment) -> bool:
    return again.start >= _ripe(run, refused)


def _wait(run: Watched) -> Iterator[Outcome]:
    for retry in _retries(run)[0]:
        if _waited(run, retry.refused, retry.again):
            yield Held()
            continue
        label = f"waited {seconds(retry.waited)}, at least {seconds(retry.wanted)} are asked for"
        asked = "Retry-After" if retry.refused.exchange.answer_header("retry-after") else "the vendor's page"
        yield Broken(
            f"at least {seconds(retry.wanted)} between a 429 and the next try, as {asked} says",
            f"the next try came after {seconds(max(0.0, retry.waited))}",
            (retry.refused, retry.again),
            1,
            "upscaleVideo",
            (retry.refused.end, retry.again.start, label),
        )


def _retried(run: Watched) -> Iterator[Outcome]:
    retries, left = _retries(run)
    if retries:
        yield Held(len(retries))
    repeated = {wish(retry.again) for retry in retries}
    for each in left:
        if wish(each) in repeated:
            continue
        if not run.over:
            yield Unknown("whether it would have tried again can't be told")
            continue
        yield Broken(
            "another try after 10 to 30 s: slots get free",
            f"the client gave up after one 429, {seconds(run.ended - each.end)} later",
            (each,),
            0,
            "upscaleVideo",
        )


def _bounded(run: Watched) -> Iterator[Outcome]:
    retries, left = _retries(run)
    refused: defaultdict[Hashable, list[Moment]] = defaultdict(list)
    for each in [retry.refused for retry in retries] + left:
        refused[wish(each)].append(each)
    for group in refused.values():
        group.sort(key=lambda each: each.place)
        span = group[-1].end - group[0].end
        if span > _LONGEST:
            evidence = (*group[:2], group[-1])
            got = f"{len(group)} tries over {seconds(span)}"
            yield Broken("an end after at most an hour, and a word about it", got, evidence, 2, "upscaleVideo")
        elif run.over:
            yield Held()


def _spread(run: Watched) -> Iterator[Outcome]:
    again = sorted((retry.again for retry in _retries(run)[0]), key=lambda each: each.start)
    if len(again) < _HERD:
        return
    herds = list(_herds(again, max(_AT_ONCE, 0.02 * run.scale if run.real else 0.0)))
    if len(herds) < 2:
        yield Held(len(again))
        return
    got = f"{len(herds)} times {len(herds[0])} or more tries at the same moment"
    yield Broken("tries that are spread, as by a random wait of 10 to 30 s", got, tuple(herds[0]), 0, "upscaleVideo")


def _herds(again: Sequence[Moment], within: float) -> Iterator[list[Moment]]:
    herd: list[Moment] = []
    for each in again:
        if herd and each.start - herd[0].start > within:
            if len(herd) >= _HERD:
                yield herd
            herd = []
        herd.append(each)
    if len(herd) >= _HERD:
        yield herd


CHECKS: Final = (
    Check(
        rule(
            "busy/wait",
            "After a 429 the client waits 10 s, or as long as Retry-After says.",
            why="Slots get free after minutes, not at once; hammering gets accounts banned.",
            instead="Sleep for a random 10 to 30 s, or Retry-After, and try again.",
            pointer=upscale_answer("429"),
        ),
        _wait,
        RESULT,
    ),
    Check(
        rule(
            "busy/retried",
            "After a 429 the client tries again.",
            why="429 only says that all slots are taken now; who gives up does not get the video.",
            instead="Wait in a loop, 10 to 30 s each time, with an end.",
            pointer=upscale_answer("429"),
        ),
        _retried,
        RESULT,
        whole=True,
    ),
    Check(
        rule(
            "busy/bounded",
            "Retries of a 429 end at some time.",
            why="A loop without end hides that an account is stuck.",
            instead="Give up after a number of tries or a deadline, and say so.",
            pointer=upscale_answer("429"),
            provenance=Provenance.INFERRED,
            severity=Severity.NOTE,
        ),
        _bounded,
        MANNERS,
        whole=True,
    ),
    Check(
        rule(
            "busy/spread",
            "Requests that wait are not sent again all at once.",
            why="One slot gets free at a time: of a herd all but one are refused again.",
            instead="Draw each wait at random, from 10 to 30 s.",
            pointer=upscale_answer("429"),
            provenance=Provenance.INFERRED,
            severity=Severity.NOTE,
        ),
        _spread,
        MANNERS,
    ),
)

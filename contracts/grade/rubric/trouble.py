"""Reads that fail: no answer, half of one, or a 5xx. They cost nothing and may be repeated, with pauses."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from contracts.findings import Provenance
from contracts.grade.rubric.check import RESULT, Broken, Check, Held, Outcome, Unknown, rule, seconds
from contracts.grade.watched import Moment, Watched

_FAULTS: Final = "/x-faults"
_IN_A_ROW: Final = 3
_PAUSE: Final = 0.2
"""Seconds between tries on average, the first aside, which many libraries make at once."""


def _failed(moment: Moment) -> bool:
    return moment.exchange.failed and moment.exchange.method == "GET"


def _what(moment: Moment) -> str:
    exchange = moment.exchange
    return f"no whole answer ({exchange.wire})" if exchange.lost and exchange.wire else f"{exchange.status}"


def _retried(run: Watched) -> Iterator[Outcome]:
    reads = run.reads
    waited_for = [own for own in run.jobs if own.shown_final is None]
    for place, each in enumerate(reads):
        if not _failed(each):
            continue
        if place + 1 < len(reads) or any(arrival.start > each.end for arrival in run.arrivals):
            yield Held()
        elif not waited_for or (run.status == 0 and all(own.ended <= each.start for own in waited_for)):
            continue  # there was nothing to wait for; half an answer may have told it
        elif not run.over:
            yield Unknown("whether it would have tried again can't be told")
        elif place and _failed(reads[place - 1]):
            yield Held()  # it has tried again, and may give up
        else:
            yield Broken(
                "another try after a pause: the job goes on, and reads cost nothing",
                f"{each.operation} got {_what(each)}, and the client ended; its job was paid for",
                (waited_for[0].submit, each),
                1,
                each.operation,
            )


def _back_off(run: Watched) -> Iterator[Outcome]:
    rows: defaultdict[tuple[str, str], list[Moment]] = defaultdict(list)
    for each in run.reads:
        rows[each.exchange.path, each.exchange.query].append(each)
    for row in rows.values():
        start = 0
        while start < len(row):
            stop = start
            while stop < len(row) and _failed(row[stop]):
                stop += 1
            if stop - start >= _IN_A_ROW:
                tries = row[start:stop]
                pauses = [after.start - before.end for before, after in pairwise(tries)][1:]
                yield _judged(run, tries, pauses)
            start = stop + 1


def _judged(run: Watched, tries: list[Moment], pauses: list[float]) -> Outcome:
    mean = sum(pauses) / len(pauses)
    if mean >= _PAUSE - run.tolerance(_PAUSE):
        return Held()
    worst = min(range(len(pauses)), key=pauses.__getitem__) + 1
    label = f"{seconds(max(0.0, mean))} between tries on average"
    return Broken(
        "growing pauses between tries that fail in a row",
        f"{len(tries)} tries of {tries[0].operation} with {seconds(max(0.0, mean))} between them",
        tuple(tries[:8]),
        min(worst + 1, len(tries) - 1, 7),
        tries[0].operation,
        (tries[worst].end, tries[worst + 1].start, label),
    )


CHECKS: Final = (
    Check(
        rule(
            "trouble/retried",
            "A read that fails is tried again.",
            why="The job goes on and is paid for, whether a poll got through or not.",
            instead="After a 5xx, a broken connection or half an answer wait some seconds and ask again.",
            pointer=_FAULTS,
            provenance=Provenance.VENDOR_CODE,
        ),
        _retried,
        RESULT,
        whole=True,
    ),
    Check(
        rule(
            "trouble/back-off",
            "Reads that fail in a row are tried again with pauses.",
            why="A service that is down does not come back faster for being asked without pause.",
            instead="Wait 1 s, 2 s, 4 s and so on between tries.",
            pointer=_FAULTS,
            provenance=Provenance.INFERRED,
        ),
        _back_off,
    ),
)

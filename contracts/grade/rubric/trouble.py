"""Reads that fail: no answer, half of one, or a 5xx. They cost nothing and may be repeated, with pauses."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import Final

from contracts.findings import Provenance
from contracts.grade.rubric.check import RESULT, Broken, Check, Held, Outcome, Unknown, rule, seconds
from contracts.grade.watched import Moment, Watched

_FAULTS: Final = "/x-faults"
_IN_A_ROW: Final = 3
_PAUSE: Final = 0.2
"""Seconds between tries as a rule, the shortest aside."""


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
        elif not run.submits and run.over and run.status:
            if not (place and _failed(reads[place - 1])):
                got = f"{each.operation} got {_what(each)}, and the client ended{run.last_words}"
                yield Broken("another try after a pause: reads cost nothing", got, (each,), 0, each.operation)
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
                yield from _judged(run, _without_second_tries(row[start:stop]))
            start = stop + 1


def _without_second_tries(tries: list[Moment]) -> list[Moment]:
    """Without those that came at once after a broken connection: libraries try a kept one again by themselves."""
    kept = tries[:1]
    for before, after in pairwise(tries):
        if not (before.exchange.wire in ("reset", "empty") and after.start - before.end < _PAUSE):
            kept.append(after)
    return kept


def _judged(run: Watched, tries: list[Moment]) -> Iterator[Outcome]:
    waits = [after.start - before.end for before, after in pairwise(tries)]
    if len(waits) < _IN_A_ROW - 1:
        return
    # One try at once is what many libraries make; and a busy machine may hold up one of them.
    usual = median(sorted(waits)[1:])
    # Of waits that were divided nothing can be forgiven: they are as short as what a busy machine takes.
    if usual >= _PAUSE - (run.tolerance(_PAUSE) if run.scale == 1 else 0.0):
        yield Held()
        return
    worst = min(range(1, len(waits)), key=waits.__getitem__)
    between = seconds(max(0.0, usual))
    yield Broken(
        "growing pauses between tries that fail in a row",
        f"{len(tries)} tries of {tries[0].operation} with {between} between them",
        tuple(tries[:8]),
        min(worst + 1, len(tries) - 1, 7),
        tries[0].operation,
        (tries[worst].end, tries[worst + 1].start, f"{between} between tries, as a rule"),
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

"""What a client's receiver does with callbacks: late ones, double ones, and in another order than it thinks."""

from collections.abc import Iterator
from typing import Final

from contracts.findings import Provenance
from contracts.grade.rubric.check import CALLBACK, MANNERS, RESULT, Broken, Check, Held, Outcome, rule, seconds
from contracts.grade.watched import FINAL, Arrival, OwnJob, Watched

_PATIENCE: Final = 10.0
"""Seconds of the client's own time after which whoever calls gives up."""


def _acknowledged(run: Watched) -> Iterator[Outcome]:
    # Who has not heard that the job was accepted may not listen yet.
    submits = {own.job.video_id: own.submit.end for own in run.jobs}
    early = {each.callback.number for each in run.arrivals if each.start < submits.get(each.callback.video_id, 0.0)}
    for each in run.arrivals:
        if not each.reached or each.callback.copy or each.callback.number in early:
            continue
        took = each.attempt.took * run.scale
        if each.acknowledged and each.attempt.took > 1 and took > _PATIENCE:
            got = f"{each.callback.status}: answered after {seconds(took)}"
            yield Broken("an answer 2xx, at once", got, (each,), 0, "videoProgress")
        elif each.acknowledged or each.attempt.result == "gone":
            yield Held()
        elif not (each.unanswered and _was_ending(run, each)):
            got = f"{each.callback.status}: {_answer(each)}"
            yield Broken("an answer 2xx, at once", got, (each,), 0, "videoProgress")


def _was_ending(run: Watched, arrival: Arrival) -> bool:
    """Whether the client had been told the end of this job, and may have closed its receiver; or was ending itself."""
    if run.was_ending(arrival):
        return True
    video_id = arrival.callback.video_id
    if arrival.callback.status in FINAL and run.over and not any(each.start > arrival.end for each in run.calls):
        return True
    return any(
        each.acknowledged and each.callback.status in FINAL and each.callback.video_id == video_id
        for each in run.arrivals
        if each.start <= arrival.start
    )


def _answer(arrival: Arrival) -> str:
    attempt = arrival.attempt
    if attempt.answered is not None:
        return f"answered {attempt.answered}"
    return attempt.error or f"no answer within {seconds(attempt.took)}"


def _duplicates(run: Watched) -> Iterator[Outcome]:
    for own in run.jobs:
        arrivals = [each for each in run.arrivals if each.callback.video_id == own.job.video_id and each.reached]
        for each in arrivals:
            if not each.callback.copy:
                continue
            first = next((one for one in arrivals if one.callback.status == each.callback.status), each)
            if not first.acknowledged:
                continue  # that it is not taken is another rule's
            truthful = run.status == 0 or (own.job.status != "COMPLETED" and run.over)
            if each.unanswered and truthful and _was_ending(run, each):
                continue  # it had what it wanted to know, and was ending
            dies = bool(run.status) and not any(read.start > each.start for read in run.reads)
            if each.acknowledged and dies and first.callback.status == "COMPLETED" and not _bad_anyway(run):
                got = f"COMPLETED came twice, and the client ended with exit status {run.status}"
                yield Broken("the same end as for one call", got, (own.submit, first, each), 2, "videoProgress")
            elif not each.acknowledged:
                got = f"{each.callback.status} came twice, and the second was {_answer(each)}"
                yield Broken("2xx for the second as for the first", got, (first, each), 1, "videoProgress")
            elif run.over or run.journal.client is None:
                yield Held()


def _order(run: Watched) -> Iterator[Outcome]:
    if "callbacks/duplicates" in run.broken:
        return
    for own in run.jobs:
        final, late = _overtaken(run, own)
        if final is None or late is None:
            continue
        hangs = run.stopped and not any(each.start > late.end for each in run.reads)
        wrong = bool(run.status) and final.callback.status == "COMPLETED"
        if _bad_anyway(run):
            continue
        if hangs or wrong:
            end = "waited on until it was stopped" if hangs else f"ended with exit status {run.status}"
            got = f"{final.callback.status} was told first, then {late.callback.status}, and the client {end}"
            expected = "a final status that no later call changes"
            yield Broken(expected, got, (own.submit, final, late), 2, "videoProgress")
        elif run.over or run.journal.client is None:
            yield Held()


def _overtaken(run: Watched, own: OwnJob) -> tuple[Arrival | None, Arrival | None]:
    """The final call of a job and a progress call that the client acknowledged after it."""
    arrivals = [each for each in run.arrivals if each.callback.video_id == own.job.video_id and each.acknowledged]
    final = next((each for each in arrivals if each.callback.status in FINAL), None)
    if final is None:
        return None, None
    late = (each for each in arrivals if each.start >= final.end and each.callback.status not in FINAL)
    return final, next(late, None)


def _bad_anyway(run: Watched) -> bool:
    """Whether the client does not end well where nothing is odd, either."""
    return run.control is not None and run.control.status != 0


CHECKS: Final = (
    Check(
        rule(
            "callbacks/acknowledged",
            "A callback is answered 2xx in time.",
            why="Whether a failed call is sent again is not documented: what is not taken may be lost.",
            instead="Answer 200 at once, and do the work afterwards.",
            pointer=CALLBACK,
            provenance=Provenance.VENDOR_CODE,
        ),
        _acknowledged,
        RESULT,
    ),
    Check(
        rule(
            "callbacks/duplicates",
            "A callback that comes twice does no harm.",
            why="Who calls over a network sometimes calls twice.",
            instead="Take a second call for the same status as known, and answer 200.",
            pointer=CALLBACK,
            provenance=Provenance.INFERRED,
        ),
        _duplicates,
        MANNERS,
    ),
    Check(
        rule(
            "callbacks/late-progress",
            "A late progress call does not overwrite the final state.",
            why="Calls may overtake each other: the result of a paid job is lost with its last state.",
            instead="Once a status is final, let no later call change it.",
            pointer=CALLBACK,
            provenance=Provenance.INFERRED,
        ),
        _order,
        RESULT,
    ),
)

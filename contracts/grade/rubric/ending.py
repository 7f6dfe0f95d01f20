"""The end of a job: a final status, all three of them, read from the fields that the API sends."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from contracts.findings import Provenance, Severity
from contracts.grade.rubric.check import RESULT, VIDEO, Broken, Check, Held, Outcome, rule, seconds, told
from contracts.grade.rubric.polling import FEW
from contracts.grade.rubric.submitting import wish
from contracts.grade.watched import Arrival, Moment, OwnJob, Sighting, Watched

_TOO_OFTEN: Final = 4
"""Jobs for the same upscale that end badly, from which on it is no try more but a loop."""

_LIFECYCLE: Final = "/x-lifecycle"


def _not_before(run: Watched) -> Iterator[Outcome]:
    for own in run.jobs:
        shown = own.shown_final
        if shown is not None:
            yield Held()
        elif own.told_elsewhere or (own.submit.exchange.lost and "submit/once" in run.broken):
            continue  # it may have seen it there; or it knows another job for the same
        elif run.status == 0 and (last := _last_look(run, own)) is not None:
            got = f"the client ended content (exit status 0) when it had seen {last.status}"
            yield Broken("a wait until the status is final", got, (own.submit, last.by), 1, _operation(last))


def _last_look(run: Watched, own: OwnJob) -> Sighting | None:
    """What the client was shown last of a job: by its last look, or by a callback to a receiver that ended with it."""
    looks = [each for each in own.sightings if isinstance(each.by, Moment)]
    if looks or run.looked(own):
        return looks[-1] if looks else None
    own_receiver = any(run.was_ending(each) for each in run.arrivals if each.callback.video_id == own.job.video_id)
    return own.sightings[-1] if own_receiver and own.sightings else None


def _ends(status: str, run: Watched) -> Iterator[Outcome]:
    if status != "COMPLETED" and (broken := _again_and_again(status, run)) is not None:
        yield broken
    for own in run.jobs:
        shown = own.shown_final
        if shown is None or shown.status != status or (run.odd_alone and run.status != 0):
            continue
        after = run.reads_after_end(own)
        if run.control is not None and "polling/stops" in run.control.broken and not run.stopped:
            continue  # it does so after any end
        if _goes_on(run, own, shown, after):
            evidence = (own.submit, shown.by, *after[:3])
            what = f"{len(after)} more looks" if after else "the client waited on"
            got = f"{status} was shown, then came {what}" if after else f"{status} was told, and {what}"
            if run.stopped:
                got += f", until it was stopped {seconds(run.ended - shown.at)} later"
            elif run.status:
                got += f", and it ended with exit status {run.status}"
            yield Broken(f"{status} ends the wait", got, evidence, 2 if after else 1, _operation(shown))
        elif run.over or run.journal.client is None:
            yield Held()


def _again_and_again(status: str, run: Watched) -> Broken | None:
    """The same upscale, submitted again whenever it ended so."""
    ended = [own for own in run.jobs if own.shown_final is not None and own.shown_final.status == status]
    same = [own for own in ended if wish(own.submit) == wish(ended[0].submit)]
    if len(same) < _TOO_OFTEN:
        return None
    evidence = tuple(own.submit for own in same[:_TOO_OFTEN])
    got = f"the same upscale was submitted {len(same)} times, and each ended {status}"
    return Broken("a few tries at most, and then an error", got, evidence, len(evidence) - 1, "upscaleVideo")


def _goes_on(run: Watched, own: OwnJob, shown: Sighting, after: list[Moment]) -> bool:
    """Whether the client went on as if the job had not ended."""
    if isinstance(shown.by, Arrival) and not after:
        # It lives by callbacks: only that it never ends shows. A later call may be the cause.
        later = any(each.at > shown.at for each in own.sightings)
        return run.stopped and not later and run.ended - shown.at > run.scale
    if shown.status == "COMPLETED":
        failed = bool(run.status) and all(each.job.status == "COMPLETED" for each in run.jobs)
        unknown = run.journal.client is None and len(after) >= FEW
        return (len(after) >= 2 and (run.stopped or unknown)) or (failed and bool(after))
    return len(after) >= 2


def _operation(shown: Sighting) -> str:
    return shown.by.operation if isinstance(shown.by, Moment) else "videoProgress"


def _followed(run: Watched) -> Iterator[Outcome]:
    for own in run.jobs:
        if own.submit.exchange.lost:
            continue
        asked = own.reads or (run.reads and run.reads[-1].start >= own.submit.end)
        if asked or own.sightings or "replyUrl" in own.submit.body:
            yield Held()
        elif run.over and not run.status:
            got = f"{told(own.submit)} was accepted, and the client ended {seconds(run.ended - own.submit.end)} later"
            yield Broken("a look at what became of the job, or a replyUrl", got, (own.submit,), 0, "upscaleVideo")


def _of_status(status: str, why: str, instead: str) -> Check:
    identity = f"ending/{status.lower()}"
    made = rule(identity, f"{status} ends the wait.", why=why, instead=instead, pointer=_LIFECYCLE)
    return Check(made, partial(_ends, status), RESULT)


CHECKS: Final = (
    Check(
        rule(
            "ending/not-before",
            "The wait ends only at a final status.",
            why="A url may be there before the end and lead to another file; a 200 says nothing about the job.",
            instead="Go by `video_status_final`, or by `video_status_name` being COMPLETED, FAILED or MODERATED.",
            pointer=VIDEO,
        ),
        _not_before,
        RESULT,
        whole=True,
    ),
    _of_status(
        "COMPLETED",
        "A client that waits for fields that the API never sends never gets its video.",
        "Read `video_status_final` or `video_status_name`; there are no `status`, `state` or `download_url`.",
    ),
    _of_status(
        "FAILED",
        "A failed job never completes: the wait would have no end.",
        "Leave the loop at FAILED, and report it.",
    ),
    _of_status(
        "MODERATED",
        "A moderated job never completes: the wait would have no end.",
        "Leave the loop at MODERATED, and report it.",
    ),
    Check(
        rule(
            "ending/followed",
            "The client finds out what became of its job.",
            why="A job that is accepted may still fail, and its video is only there in the end.",
            instead="Poll every 10 to 30 s, or give a replyUrl.",
            pointer=VIDEO,
            provenance=Provenance.INFERRED,
            severity=Severity.NOTE,
        ),
        _followed,
        RESULT,
        whole=True,
    ),
)

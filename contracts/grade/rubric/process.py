"""The client as a program: it ends, and its exit status tells the truth."""

from collections.abc import Iterator
from typing import Final

from contracts.findings import Provenance
from contracts.grade.rubric.check import RESULT, UPSCALE, Broken, Check, Held, Outcome, Unknown, rule, seconds
from contracts.grade.rubric.submitting import wish
from contracts.grade.watched import Moment, Watched

_WAITS: Final = ("ending/", "callbacks/", "answers/", "submit/made")
"""Rules that explain a client that does not end."""

_PATIENCE: Final = 30.0
"""Seconds for which a client may go on when there is nothing left to wait for."""


def _ends(run: Watched) -> Iterator[Outcome]:
    if run.journal.client is None:
        return
    if run.over:
        yield Held()
        return
    if any(name.startswith(_WAITS) for name in run.broken):
        return
    if run.journal.client.cut:
        yield Unknown("it was stopped early, as it only repeated itself")
        return
    last = run.calls[-1] if run.calls else None
    if last is not None and last.exchange.status == 429:
        yield Unknown("it was waiting for a slot when it was stopped")
        return
    if any(own.ended + _PATIENCE > run.ended for own in run.jobs):
        yield Unknown("its job had only just ended when it was stopped")
        return
    doing = f"its last call was {last.exchange.method} {last.exchange.path}" if last is not None else "it made no call"
    got = f"it had to be stopped after {seconds(run.ended)}; {doing}"
    yield Broken(
        "an end by itself, when there is nothing left to wait for", got, (last,) if last is not None else (), 0
    )


def _status(run: Watched) -> Iterator[Outcome]:
    status = run.status
    if status is None or not run.submits:
        return
    if status == 0:
        yield from _of_success(run)
    else:
        yield from _of_failure(run, status)


def _of_success(run: Watched) -> Iterator[Outcome]:
    bad = [own for own in run.jobs if own.shown_final is not None and own.shown_final.status != "COMPLETED"]
    known = [own for own in run.jobs if own.known < float("inf")]
    if bad:
        shown = bad[0].shown_final
        got = f"exit status 0, although {shown.status if shown else ''} was shown"
        evidence = (bad[0].submit, *((shown.by,) if shown is not None else ()))
        yield Broken("a status that is not 0: the job did not complete", got, evidence, len(evidence) - 1)
    elif not known:
        last = run.submits[-1]
        got = f"exit status 0, although no upscale was accepted: the last was answered {_told(last)}"
        yield Broken("a status that is not 0: nothing was upscaled", got, (last,), 0, "upscaleVideo")
    elif any(own.shown_final is None and not own.told_elsewhere and run.looked(own) for own in known):
        if not run.broken & {"ending/not-before", "polling/processing", "trouble/retried"}:
            own = next(own for own in known if own.shown_final is None)
            got = "exit status 0, although the end of its job was never seen"
            yield Broken("a status that is not 0: the client does not know", got, (own.submit, run.calls[-1]), 1)
    else:
        yield Held()


def _of_failure(run: Watched, status: int) -> Iterator[Outcome]:
    done = [own for own in run.jobs if own.shown_final is not None and own.shown_final.status == "COMPLETED"]
    if not done or len(done) < len(run.jobs) or _unfulfilled(run):
        yield Held()
        return
    if any(name.startswith((*_WAITS, "polling/", "trouble/", "submit/", "requests/")) for name in run.broken):
        return
    if run.control is not None and run.control.status == 0:
        # It tells the truth where all is plain: something else went wrong here.
        yield Unknown("something else went wrong after the end was seen")
        return
    client = run.journal.client
    how = f"ended by {client.signal}" if client is not None and client.signal else f"exit status {status}"
    last = done[-1].shown_final
    evidence = (done[-1].submit, *((last.by,) if last is not None else ()))
    got = f"{how}, although COMPLETED was shown of all that it asked for{run.last_words}"
    yield Broken("exit status 0: all went well", got, evidence, len(evidence) - 1)


def _unfulfilled(run: Watched) -> bool:
    """Whether something was asked for that the client did not get, as far as it knows."""
    accepted = {wish(each) for each in run.submits if each.exchange.accepted is not None and not each.exchange.lost}
    return any(each.exchange.lost or wish(each) not in accepted for each in run.submits)


def _told(moment: Moment) -> str:
    exchange = moment.exchange
    return "not at all" if exchange.lost else str(exchange.status)


CHECKS: Final = (
    Check(
        rule(
            "process/ends",
            "The client ends by itself.",
            why="Whoever waits for it, a person or a job of CI, waits for ever.",
            instead="Leave the loop at a final status, and give every wait a deadline.",
            pointer=UPSCALE,
            provenance=Provenance.INFERRED,
        ),
        _ends,
        RESULT,
    ),
    Check(
        rule(
            "process/status",
            "The exit status tells the truth.",
            why="Scripts and CI go by it, and by nothing else.",
            instead="Exit with 0 only when the video is COMPLETED, and with another status for anything else.",
            pointer=UPSCALE,
            provenance=Provenance.INFERRED,
        ),
        _status,
        RESULT,
        whole=True,
    ),
)

"""What happened in a sandbox: requests, jobs, callbacks, events."""

from collections.abc import Iterable, Mapping
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final, NamedTuple

from mockserver.control.call import ControlCall, Handler
from mockserver.domain import (
    Attempt,
    Callback,
    Event,
    Job,
    Kind,
    Outbox,
    Outcome,
    Receipt,
    Sandbox,
    Status,
    Video,
    VideoId,
)
from mockserver.domain.lifecycle import FINAL
from mockserver.instants import milliseconds
from mockserver.journal import Exchange

_MOST_CAUSED: Final = 100
"""Callbacks that are shown of one exchange."""

_NUMBER: Final = attrgetter("number")


class _SeenJob(NamedTuple):
    """A job with what of it may change, as it was while the lock was held; all else is read without it."""

    video: Video
    job: Job
    status: Status
    reached: list[tuple[int, Status]]
    followed: bool


class _SeenCallback(NamedTuple):
    """A callback with what of it may change, as it was while the lock was held."""

    callback: Callback
    due: int
    outcome: Outcome | None
    attempts: list[tuple[Attempt, Receipt | None]]


def _list_requests(call: ControlCall) -> Any:
    guarded = call.guarded
    with guarded.now() as sandbox:
        exchanges = list(guarded.journal)
        callbacks = _kept(sandbox.outbox)
    of_video: dict[int, list[Callback]] = {exchange.accepted: [] for exchange in exchanges if exchange.accepted}
    for callback in callbacks:
        if (caused := of_video.get(callback.video.number)) is not None:
            caused.append(callback)
    data = []
    for exchange in exchanges:
        shown = _request(exchange)
        if exchange.accepted is not None:
            caused = sorted(of_video.get(exchange.accepted, ()), key=_NUMBER)
            last = caused[-_MOST_CAUSED:]
            # The lock again, and each time only for these few: all of them at once could be more than 10,000.
            with guarded.lock:
                seen = [_seen(callback) for callback in last]
            shown["callbacks"] = [_callback(sandbox.user, callback, exchange.number) for callback in seen]
            if len(caused) > len(last):
                shown["callbacks_omitted"] = len(caused) - len(last)
        data.append(shown)
    return {"data": data}


def _list_jobs(call: ControlCall) -> Any:
    limit = _limit(call)
    with call.guarded.now() as sandbox:
        newest = ((video, video.job) for video in reversed(sandbox.videos.values()) if video.job is not None)
        # Before the first job there may be very many sources, which it takes time to go through.
        jobs = list(islice(newest, min(limit, _jobs_kept(sandbox))))
        # One that has ended stays as it is.
        running = {video.number: _seen_job(video, job) for video, job in jobs if video.number in sandbox.running}
    data = [_job(sandbox.user, running.get(video.number) or _seen_job(video, job)) for video, job in reversed(jobs)]
    return {"data": data}


def _list_callbacks(call: ControlCall) -> Any:
    limit = _limit(call)
    with call.guarded.now() as sandbox:
        outbox = sandbox.outbox
        callbacks = _kept(outbox)
        callbacks.sort(key=_NUMBER)
        owed = len(callbacks) - len(outbox.finished)
        totals = {outcome.value: count for outcome, count in outbox.totals.items()}
        newest = callbacks[-limit:]
        # One that has ended stays as it is, unless an attempt was on its way.
        moving = {found.number: _seen(found) for found in newest if found.outcome is None or found.in_flight}
        exchanges = list(call.guarded.journal)
    causes = {exchange.accepted: exchange.number for exchange in exchanges}
    data = [
        _callback(sandbox.user, moving.get(callback.number) or _seen(callback), causes.get(callback.video.number))
        for callback in newest
    ]
    return {"data": data, "owed": owed, "totals": totals, "omitted": owed + sum(totals.values()) - len(data)}


def _list_events(call: ControlCall) -> Any:
    limit = _limit(call)
    with call.guarded.now() as sandbox:
        total = sandbox.story.total
        events, _ = sandbox.story.since(max(0, total - limit))
    return {"data": shown_events(sandbox.user, events), "omitted": total - len(events)}


def _limit(call: ControlCall) -> int:
    return int(call.parameters["limit"])


def _kept(outbox: Outbox) -> list[Callback]:
    """All callbacks that are known, those that ended first. The lock is held."""
    return [*outbox.finished, *chain.from_iterable(outbox.waiting.values()), *outbox.held.values()]


def _jobs_kept(sandbox: Sandbox) -> int:
    """How many videos a job made. The lock is held."""
    return len(sandbox.videos) - sum(account.sources for account in sandbox.accounts.values())


def _seen_job(video: Video, job: Job) -> _SeenJob:
    """The job as it is now. The lock is held, unless it has ended."""
    return _SeenJob(video, job, video.status, job.reached.copy(), job.followed)


def _seen(callback: Callback) -> _SeenCallback:
    """The callback as it is now. The lock is held, unless nothing of it will change."""
    attempts = [(attempt, attempt.receipt) for attempt in callback.attempts]
    return _SeenCallback(callback, callback.due, callback.outcome, attempts)


def shown_events(user: str, events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events as the document has them."""
    return [_event(user, event) for event in events]


def _event(user: str, event: Event) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "at": milliseconds(event.at),
        "event": event.kind.value,
        "video_id": str(VideoId(user, event.email, event.number)),
        "status": event.status.name,
    }
    if event.kind is Kind.CALLBACK and event.callback is not None:
        callback = event.callback
        shown |= {"callback": callback.number, "url": callback.url, "attempt": event.attempt}
        if event.attempt:
            # Without the lock: the event came with the receipt, and neither attempts nor receipts go away.
            shown |= _receipt(callback.attempts[event.attempt - 1].receipt)
        else:
            shown["outcome"] = "dropped"
    return shown


def _request(exchange: Exchange) -> dict[str, Any]:
    request = exchange.request
    shown: dict[str, Any] = {
        "number": exchange.number,
        "at": milliseconds(exchange.at) if exchange.at is not None else None,
        "operation": exchange.operation,
        "method": request.method,
        "path": request.path,
        "status": exchange.response.status,
        "why": exchange.why,
    }
    if exchange.refusal is not None:
        shown["refusal"] = exchange.refusal
    if exchange.violations:
        shown["violations"] = [
            {"pointer": violation.pointer, "rule": violation.rule, "sentence": violation.sentence}
            for violation in exchange.violations
        ]
    return shown


def _job(user: str, seen: _SeenJob) -> dict[str, Any]:
    video, job = seen.video, seen.job
    ended = seen.reached[-1][0] if seen.status in FINAL else None
    return {
        "video_id": str(VideoId(user, video.email, video.number)),
        "source": str(VideoId(user, video.email, video.original or 0)),
        "status": seen.status.name,
        "started": milliseconds(job.started),
        "reached": [{"at": milliseconds(at), "status": status.name} for at, status in seen.reached],
        "ended": milliseconds(ended) if ended is not None else None,
        "cost": job.cost,
        "followed": seen.followed,
        "replyUrl": job.receiver,
        "replyRef": job.reply_ref,
    }


def _callback(user: str, seen: _SeenCallback, request: int | None) -> dict[str, Any]:
    callback = seen.callback
    video = callback.video
    return {
        "number": callback.number,
        "request": request,
        "video_id": str(VideoId(user, video.email, video.number)),
        "status": callback.status.name,
        "progress": callback.progress,
        "url": callback.url,
        "at": milliseconds(callback.at),
        "due": milliseconds(seen.due),
        "outcome": seen.outcome.value if seen.outcome is not None else None,
        "disturbed": callback.disturbed,
        "attempts": [
            {"due": milliseconds(attempt.due), "sent": milliseconds(attempt.sent), **_receipt(receipt)}
            for attempt, receipt in seen.attempts
        ],
    }


def _receipt(receipt: Receipt | None) -> dict[str, Any]:
    if receipt is None:
        return {"result": "in flight"}
    shown: dict[str, Any] = {"result": receipt.verdict.value, "seconds": round(receipt.took, 6)}
    if receipt.status is not None:
        shown["answered"] = receipt.status
    if receipt.answer:
        shown["answer"] = receipt.answer
    if receipt.error is not None:
        shown["error"] = receipt.error
    if receipt.wait:
        shown["retry_after"] = receipt.wait / 1_000
    return shown


HANDLERS: Final[Mapping[str, Handler]] = {
    "listRequests": _list_requests,
    "listJobs": _list_jobs,
    "listCallbacks": _list_callbacks,
    "listEvents": _list_events,
}

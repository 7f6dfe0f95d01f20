"""What happened in a sandbox: jobs, callbacks, events."""

from collections.abc import Callable, Iterable, Mapping
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
from mockserver.masking import mask_secrets

_NUMBER: Final = attrgetter("number")


class SeenJob(NamedTuple):
    """A job with what of it may change, as it was while the lock was held; all else is read without it."""

    video: Video
    job: Job
    status: Status
    reached: list[tuple[int, Status]]
    followed: bool


class SeenCallback(NamedTuple):
    """A callback with what of it may change, as it was while the lock was held."""

    callback: Callback
    due: int
    outcome: Outcome | None
    attempts: list[tuple[Attempt, Receipt | None]]


def _list_jobs(call: ControlCall) -> Any:
    limit = _limit(call)
    with call.guarded.now() as sandbox:
        newest = ((video, video.job) for video in reversed(sandbox.videos.values()) if video.job is not None)
        # Before the first job there may be very many sources, which it takes time to go through.
        jobs = list(islice(newest, min(limit, jobs_kept(sandbox))))
        # One that has ended stays as it is.
        running = {video.number: seen_job(video, job) for video, job in jobs if video.number in sandbox.running}
    data = [shown_job(sandbox.user, running.get(video.number) or seen_job(video, job)) for video, job in reversed(jobs)]
    return {"data": _masked(data, "replyUrl")}


def _list_callbacks(call: ControlCall) -> Any:
    limit = _limit(call)
    with call.guarded.now() as sandbox:
        outbox = sandbox.outbox
        callbacks = kept_callbacks(outbox)
        callbacks.sort(key=_NUMBER)
        owed = len(callbacks) - len(outbox.finished)
        totals = {outcome.value: count for outcome, count in outbox.totals.items()}
        newest = callbacks[-limit:]
        # One that has ended stays as it is, unless an attempt was on its way.
        moving = {found.number: seen_callback(found) for found in newest if found.outcome is None or found.in_flight}
        exchanges = list(call.guarded.journal)
    causes = {exchange.accepted: exchange.number for exchange in exchanges}
    data = [
        shown_callback(
            sandbox.user, moving.get(callback.number) or seen_callback(callback), causes.get(callback.video.number)
        )
        for callback in newest
    ]
    _masked(data, "url")
    return {"data": data, "owed": owed, "totals": totals, "omitted": owed + sum(totals.values()) - len(data)}


def _list_events(call: ControlCall) -> Any:
    limit = _limit(call)
    with call.guarded.now() as sandbox:
        total = sandbox.story.total
        events, _ = sandbox.story.since(max(0, total - limit))
    return {"data": shown_events(sandbox.user, events), "omitted": total - len(events)}


def _limit(call: ControlCall) -> int:
    return int(call.parameters["limit"])


def kept_callbacks(outbox: Outbox) -> list[Callback]:
    """All callbacks that are known, those that ended first. The lock is held."""
    return [*outbox.finished, *chain.from_iterable(outbox.waiting.values()), *outbox.held.values()]


def jobs_kept(sandbox: Sandbox) -> int:
    """How many videos a job made. The lock is held."""
    return len(sandbox.videos) - sum(account.sources for account in sandbox.accounts.values())


def seen_job(video: Video, job: Job) -> SeenJob:
    """The job as it is now. The lock is held, unless it has ended."""
    return SeenJob(video, job, video.status, job.reached.copy(), job.followed)


def seen_callback(callback: Callback) -> SeenCallback:
    """The callback as it is now. The lock is held, unless nothing of it will change."""
    attempts = [(attempt, attempt.receipt) for attempt in callback.attempts]
    return SeenCallback(callback, callback.due, callback.outcome, attempts)


def shown_events(user: str, events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events as the document has them."""
    return _masked([_event(user, event) for event in events], "url")


def _masked(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The same rows, the addresses of this name without their secrets. Many rows have the same address."""
    known: dict[str, str] = {}
    for row in rows:
        url = row.get(name)
        if url is not None:
            if url not in known:
                known[url] = mask_secrets(url)
            row[name] = known[url]
    return rows


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


def shown_job(user: str, seen: SeenJob) -> dict[str, Any]:
    """A job as the document has it."""
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


def shown_callback(user: str, seen: SeenCallback, request: int | None) -> dict[str, Any]:
    """A callback as the document has it; `request` is the number of the exchange that caused it."""
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


def hide(callback: dict[str, Any], mask: Callable[[str], str]) -> None:
    """Mask what a shown callback tells of its receiver."""
    callback["url"] = mask(callback["url"])
    for attempt in callback["attempts"]:
        attempt |= {name: mask(attempt[name]) for name in ("answer", "error") if name in attempt}


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
    "listJobs": _list_jobs,
    "listCallbacks": _list_callbacks,
    "listEvents": _list_events,
}

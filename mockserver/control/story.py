"""What happened in a sandbox: requests, jobs, callbacks, events."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from mockserver.control.call import ControlCall, Handler
from mockserver.domain import Attempt, Callback, Event, Job, Kind, Video, VideoId
from mockserver.instants import milliseconds
from mockserver.journal import Exchange


def _list_requests(call: ControlCall) -> Any:
    guarded = call.guarded
    with guarded.now() as sandbox:
        exchanges = list(guarded.journal)
        outbox = sandbox.outbox
        callbacks = [*outbox.finished, *outbox.owed]
    of_video: dict[int, list[Callback]] = {}
    for callback in callbacks:
        of_video.setdefault(callback.video.number, []).append(callback)
    user = sandbox.user
    return {"data": [_request(user, exchange, of_video.get(exchange.accepted or 0, [])) for exchange in exchanges]}


def _list_jobs(call: ControlCall) -> Any:
    limit = int(call.parameters["limit"])
    with call.guarded.now() as sandbox:
        newest = (video for video in reversed(sandbox.videos.values()) if video.job is not None)
        jobs = [_job(sandbox.user, video, video.job) for video in islice(newest, limit) if video.job is not None]
    return {"data": jobs[::-1]}


def _list_callbacks(call: ControlCall) -> Any:
    with call.guarded.now() as sandbox:
        callbacks = sorted([*sandbox.outbox.finished, *sandbox.outbox.owed], key=lambda callback: callback.number)
        totals = {outcome.value: count for outcome, count in sandbox.outbox.totals.items()}
        owed = len(sandbox.outbox.owed)
        causes = {exchange.accepted: exchange.number for exchange in call.guarded.journal}
    data = [_callback(sandbox.user, callback, causes.get(callback.video.number)) for callback in callbacks]
    return {"data": data, "owed": owed, "totals": totals}


def _list_events(call: ControlCall) -> Any:
    with call.guarded.now() as sandbox:
        events, omitted = sandbox.story.since(0)
    return {"data": shown_events(sandbox.user, events), "omitted": omitted}


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
            shown |= _receipt(callback.attempts[event.attempt - 1])
        else:
            shown["outcome"] = "dropped"
    return shown


def _request(user: str, exchange: Exchange, callbacks: Iterable[Callback]) -> dict[str, Any]:
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
    if exchange.accepted is not None:
        shown["callbacks"] = [_callback(user, callback, exchange.number) for callback in callbacks]
    return shown


def _job(user: str, video: Video, job: Job) -> dict[str, Any]:
    ended = job.reached[-1][0] if job.reached and not job.steps else None
    return {
        "video_id": str(VideoId(user, video.email, video.number)),
        "source": str(VideoId(user, video.email, video.original or 0)),
        "status": video.status.name,
        "started": milliseconds(job.started),
        "reached": [{"at": milliseconds(at), "status": status.name} for at, status in job.reached],
        "ended": milliseconds(ended) if ended is not None else None,
        "cost": job.cost,
        "followed": job.followed,
        "replyUrl": job.receiver or job.reply_url,
        "replyRef": job.reply_ref,
    }


def _callback(user: str, callback: Callback, request: int | None) -> dict[str, Any]:
    video = callback.video
    return {
        "number": callback.number,
        "request": request,
        "video_id": str(VideoId(user, video.email, video.number)),
        "status": callback.status.name,
        "progress": callback.progress,
        "url": callback.url,
        "at": milliseconds(callback.at),
        "due": milliseconds(callback.due),
        "outcome": callback.outcome.value if callback.outcome is not None else None,
        "disturbed": callback.disturbed,
        "attempts": [_attempt(attempt) for attempt in list(callback.attempts)],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {"due": milliseconds(attempt.due), "sent": milliseconds(attempt.sent), **_receipt(attempt)}


def _receipt(attempt: Attempt) -> dict[str, Any]:
    receipt = attempt.receipt
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

"""Flaws of callbacks: which are sent, where to, in which order, and what they say."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson

from mockserver.delivery import Delivery
from mockserver.domain import (
    Account,
    Callback,
    Disturbance,
    Disturbing,
    Job,
    Receipt,
    Sandbox,
    Status,
    Verdict,
    Video,
    VideoId,
)
from mockserver.domain.refusals import Refusal
from providers.flaw import CALLBACKS, TIME, TOKENS, playing, posting
from providers.trial import DEFAULT, HOOK, USER, Trial

_TAKES = (CALLBACKS, TIME)


def _changed(delivery: Delivery, **fields: Any) -> Delivery:
    """The delivery with other values of fields, without those that are None."""
    body = {**orjson.loads(delivery.body), **fields}
    return delivery._replace(body=orjson.dumps({key: value for key, value in body.items() if value is not ...}))


def _typed(delivery: Delivery, media_type: bytes) -> Delivery:
    kept = [header for header in delivery.headers if header[0] != b"content-type"]
    return delivery._replace(headers=((b"content-type", media_type), *kept))


def _again(sandbox: Sandbox, video: Video, status: Status, url: str, after: int = 0) -> None:
    """Owe one more callback, so many milliseconds from now."""
    at = sandbox.now
    sandbox.outbox.owe(Callback(sandbox.outbox.new_number(), video, status, url, at, at + after))


def _after(trial: Trial, number: int | None = None, **fields: Any) -> list[str]:
    """The statuses that are told of a job, until some time after its end."""
    trial.told(number, **fields)
    trial.advance(600)
    return trial.statuses()


@playing(
    "No callback is ever sent.",
    "callbacks/final-told",
    "callbacks/each-status-told",
    takes=_TAKES,
    shows=lambda trial: not _after(trial),
)
class NoCallbacks(Sandbox):
    __slots__ = ()

    def _new_job(self, *arguments: Any) -> Job:
        job = super()._new_job(*arguments)
        job.receiver, job.telling = None, False
        return job


@playing(
    "The end is never told.", "callbacks/final-told", takes=_TAKES, shows=lambda trial: "COMPLETED" not in _after(trial)
)
class EndIsNotTold(Sandbox):
    __slots__ = ()

    def _tell(self, video: Video, job: Job, at: int, *, progress: bool = False) -> None:
        if not video.final:
            super()._tell(video, job, at, progress=progress)


@playing(
    "A failure is not told.", "callbacks/final-told", takes=_TAKES, shows=lambda trial: "FAILED" not in _after(trial, 8)
)
class FailureIsNotTold(Sandbox):
    __slots__ = ()

    def _tell(self, video: Video, job: Job, at: int, *, progress: bool = False) -> None:
        if video.status not in (Status.FAILED, Status.MODERATED):
            super()._tell(video, job, at, progress=progress)


@playing(
    "Only the end is told.",
    "callbacks/each-status-told",
    takes=_TAKES,
    shows=lambda trial: _after(trial) == ["COMPLETED"],
)
class OnlyTheEndIsTold(Sandbox):
    __slots__ = ()

    def _tell(self, video: Video, job: Job, at: int, *, progress: bool = False) -> None:
        if video.final:
            super()._tell(video, job, at, progress=progress)


@playing(
    "The end is told twice.",
    "callbacks/none-twice",
    takes=_TAKES,
    shows=lambda trial: _after(trial).count("COMPLETED") == 2,
)
class EndIsToldTwice(Sandbox):
    __slots__ = ()

    def _tell(self, video: Video, job: Job, at: int, *, progress: bool = False) -> None:
        super()._tell(video, job, at, progress=progress)
        if video.final:
            super()._tell(video, job, at, progress=progress)


@playing(
    "The end is told before what led to it.",
    "callbacks/order",
    takes=_TAKES,
    shows=lambda trial: _after(trial)[-1] == "GENERATING",
)
class EndOvertakes(Sandbox):
    __slots__ = ()

    def _begin(self, account: Account, video: Video, job: Job) -> None:
        job.disturbances = (Disturbance(kind=Disturbing.SWAPPED),)
        super()._begin(account, video, job)


@playing(
    "A minute after the end the video is told to be GENERATING.",
    "callbacks/order",
    takes=_TAKES,
    shows=lambda trial: _after(trial)[-2:] == ["COMPLETED", "GENERATING"],
)
class ToldAfterTheEnd(Sandbox):
    __slots__ = ()

    def _tell(self, video: Video, job: Job, at: int, *, progress: bool = False) -> None:
        super()._tell(video, job, at, progress=progress)
        if video.final and job.receiver is not None:
            _again(self, video, Status.GENERATING, job.receiver, 60_000)


@playing(
    "A refused upscale is told as FAILED.",
    "callbacks/none-after-refusal",
    takes=_TAKES,
    shows=lambda trial: trial.when_full(replyUrl=HOOK) and (trial.advance(1) or trial.statuses()),
)
class RefusalIsTold(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, reply_url: str | None = None, **more: Any) -> Video:
        try:
            return super().upscale(source, reply_url=reply_url, **more)
        except Refusal:
            video = self.videos.get(source.number)
            if reply_url is not None and video is not None:
                _again(self, video, Status.FAILED, reply_url)
            raise


def _goes_on(trial: Trial) -> bool:
    trial.cancel(trial.accepted(replyUrl=HOOK))
    trial.finish()
    return bool(trial.delivered)


@playing("Callbacks go on after the job was cancelled.", "callbacks/none-after-cancel", takes=_TAKES, shows=_goes_on)
class CancelledIsTold(Sandbox):
    __slots__ = ()

    def cancel(self, wanted: VideoId) -> None:
        job = self.running.get(wanted.number)
        told = job is not None and job.telling
        super().cancel(wanted)
        if job is not None and told:
            job.telling = True
            self.reporting += 1


def _with_default(trial: Trial, **fields: Any) -> set[str]:
    """The paths that are called for a job while the user has a default."""
    trial.ask("POST", USER, replyUrl=DEFAULT)
    trial.ended(**fields)
    return {request.path for request in trial.delivered}


@playing(
    "The user's default wins over the address of the request.",
    "callbacks/default-address",
    "callbacks/none-extra",
    "callbacks/reply-url",
    takes=_TAKES,
    shows=lambda trial: _with_default(trial, replyUrl=HOOK) == {"/default"},
)
class DefaultWins(Sandbox):
    __slots__ = ()

    def _new_job(self, *arguments: Any) -> Job:
        job = super()._new_job(*arguments)
        job.receiver = self.reply_url or job.receiver
        return job


@playing(
    "The user's default is never called.",
    "callbacks/default-address",
    takes=_TAKES,
    shows=lambda trial: not _with_default(trial),
)
class DefaultIsNotCalled(Sandbox):
    __slots__ = ()

    def _new_job(self, *arguments: Any) -> Job:
        job = super()._new_job(*arguments)
        job.receiver, job.telling = job.reply_url, job.reply_url is not None
        return job


@playing(
    "The user's default is called beside the address of the request.",
    "callbacks/default-address",
    "callbacks/none-extra",
    takes=_TAKES,
    shows=lambda trial: _with_default(trial, replyUrl=HOOK) == {"/default", "/hook"},
)
class BothAreCalled(Sandbox):
    __slots__ = ()

    def _tell(self, video: Video, job: Job, at: int, *, progress: bool = False) -> None:
        super()._tell(video, job, at, progress=progress)
        if self.reply_url not in (None, job.receiver):
            _again(self, video, video.status, str(self.reply_url))


def _remembered(trial: Trial) -> bool:
    trial.told()
    before = len(trial.delivered)
    trial.ended()
    return len(trial.delivered) > before


@playing(
    "A job without an address is told to that of the job before.",
    "callbacks/none-extra",
    takes=_TAKES,
    shows=_remembered,
)
class AddressIsRemembered(Sandbox):
    __slots__ = ()
    api: Any

    def _new_job(self, *arguments: Any) -> Job:
        job = super()._new_job(*arguments)
        job.receiver = job.receiver or self.api._memory.get(id(self))
        job.telling = job.receiver is not None
        self.api._memory[id(self)] = job.receiver
        return job


def _of_other(trial: Trial) -> bool:
    trial.other().accepted(replyUrl=DEFAULT)
    trial.told()
    return "/default" in {request.path for request in trial.delivered}


@playing(
    "Callbacks go to the address that any token named first.",
    "callbacks/none-extra",
    "callbacks/reply-url",
    "callbacks/final-told",
    takes=(*_TAKES, TOKENS),
    shows=_of_other,
)
class AddressOfAnother(Sandbox):
    __slots__ = ()
    api: Any

    def _new_job(self, *arguments: Any) -> Job:
        job = super()._new_job(*arguments)
        if job.receiver is not None:
            job.receiver = self.api._memory.setdefault("receiver", job.receiver)
        return job


@playing(
    "A receiver that answers 410 is called again.",
    "callbacks/none-after-410",
    takes=_TAKES,
    shows=lambda trial: trial.answers.extend([410]) or len(_after(trial)) > 1,
)
class GoneIsNotHeard(Sandbox):
    __slots__ = ()

    def settle(self, callback: Callback, receipt: Receipt) -> None:
        gone = receipt.verdict is Verdict.GONE
        super().settle(callback, replace(receipt, verdict=Verdict.FAILED) if gone else receipt)


@posting(
    "The query of the address is left out.",
    "callbacks/reply-url",
    shows=lambda trial: trial.told(replyUrl=f"{HOOK}?job=1") and trial.delivered[0].query == "",
)
def query_is_dropped(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return delivery._replace(url=delivery.url.partition("?")[0])


@posting(
    "Callbacks are sent as text/plain.",
    "callbacks/form",
    shows=lambda trial: trial.told() and trial.delivered[0].header(b"content-type") == b"text/plain",
)
def told_as_text(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return _typed(delivery, b"text/plain")


@posting(
    "Callbacks are sent as a form.",
    "callbacks/form",
    shows=lambda trial: trial.ended(replyUrl=HOOK) and trial.delivered[0].body.startswith(b"video_id="),
)
def told_as_form(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    body = urlencode(orjson.loads(delivery.body)).encode()
    return _typed(delivery, b"application/x-www-form-urlencoded")._replace(body=body)


@posting(
    "Callbacks lack `replyRef`.",
    "callbacks/reply-ref",
    shows=lambda trial: "replyRef" not in trial.told(replyRef="a")[-1],
)
def told_without_ref(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return _changed(delivery, replyRef=...)


@posting(
    "Callbacks lack `replyUrl`.",
    "callbacks/schema",
    "callbacks/reply-url",
    shows=lambda trial: "replyUrl" not in trial.told()[-1],
)
def told_without_url(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return _changed(delivery, replyUrl=...)


@posting(
    "Callbacks hold the video in a field of its own.",
    "callbacks/schema",
    "callbacks/form",
    shows=lambda trial: trial.ended(replyUrl=HOOK) and list(trial.bodies()[-1]) == ["video"],
)
def told_in_a_field(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return delivery._replace(body=orjson.dumps({"video": orjson.loads(delivery.body)}))


@posting(
    "The last callback says GENERATING.",
    "callbacks/final-told",
    "callbacks/same-as-get",
    shows=lambda trial: _after(trial)[-1] == "GENERATING",
)
def told_one_late(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    name = {"video_status": 10, "video_status_name": "GENERATING", "video_status_final": False}
    return _changed(delivery, **name) if callback.status is Status.COMPLETED else delivery


@posting(
    "The last callback is not marked as final.",
    "callbacks/life-cycle",
    shows=lambda trial: trial.told()[-1]["video_status_final"] is False,
)
def told_not_final(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return _changed(delivery, video_status_final=False)


@posting(
    "The last callback tells no size of the video.",
    "callbacks/same-as-get",
    shows=lambda trial: trial.told()[-1]["output_width"] == 0,
)
def told_without_size(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return _changed(delivery, output_width=0, output_height=0)


@posting(
    "Callbacks name the source in the place of the new video.",
    "callbacks/same-as-get",
    "callbacks/final-told",
    "callbacks/none-extra",
    shows=lambda trial: trial.told()[-1]["video_id"] == trial.video_id(),
)
def told_of_source(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return _changed(delivery, video_id=orjson.loads(delivery.body)["original_video_id"])


@posting(
    "What is not ASCII comes as question marks in callbacks.",
    "callbacks/reply-ref",
    shows=lambda trial: trial.told(replyRef="día")[-1]["replyRef"] == "d?a",
)
def told_in_ascii(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return delivery._replace(body=delivery.body.decode().encode("ascii", "replace"))


@posting(
    "Callbacks break off in the middle of their JSON.",
    "callbacks/form",
    shows=lambda trial: trial.ended(replyUrl=HOOK) and not trial.delivered[0].body.endswith(b"}"),
)
def told_in_half(delivery: Delivery, callback: Callback, sandbox: Sandbox) -> Delivery:
    return delivery._replace(body=delivery.body[: len(delivery.body) // 2])

"""Flaws of the way of a job: what becomes of videos, of those that are cancelled, and of deleted ones."""

from bisect import insort
from heapq import heapify
from typing import Any

from mockserver.domain import Account, Job, Sandbox, Video, VideoId
from mockserver.domain.lifecycle import INITIAL
from mockserver.domain.refusals import (
    DeletedVideo,
    ForeignVideo,
    NoCapacity,
    NotFound,
    UnfinishedVideo,
    UnknownVideo,
    VideoProcessing,
)
from providers.flaw import TIME, answering, playing
from providers.told import Told
from providers.trial import Trial

_FOREVER = 10**15
"""An instant that no clock reaches, in milliseconds."""


def _status(trial: Trial, video_id: str) -> str:
    return str(trial.in_list(video_id)["video_status_name"])


@playing(
    "Jobs never end.",
    "life-cycle/ends",
    takes=(TIME,),
    shows=lambda trial: _status(trial, trial.ended()) == "GENERATING",
)
class NeverEnds(Sandbox):
    __slots__ = ()

    def _begin(self, account: Account, video: Video, job: Job) -> None:
        job.steps[-1] = (_FOREVER, job.steps[-1][1])
        super()._begin(account, video, job)


def _back_in_queue(trial: Trial) -> bool:
    video_id = trial.accepted()
    seen = []
    for _ in range(60):
        trial.advance(10)
        seen.append(_status(trial, video_id))
    return "QUEUED" in seen[seen.index("GENERATING") :]


@answering(
    "A video that is GENERATING is QUEUED again for the second half of that time.",
    "life-cycle/steps",
    takes=(TIME,),
    shows=_back_in_queue,
)
def back_in_queue(told: Told) -> None:
    for video in told.videos:
        known = told.known(video["video_id"])
        if known is None or known.job is None or video["video_status"] != 10 or told.sandbox is None:
            continue
        begun, end = known.job.reached[0][0], known.job.steps[0][0]
        if told.sandbox.now > (begun + end) / 2:
            video |= {"video_status": 5, "video_status_name": "QUEUED"}


def _falls(trial: Trial) -> bool:
    video_id = trial.accepted()
    trial.advance(_rest(trial))
    assert _status(trial, video_id) == "COMPLETED"
    trial.advance(300)
    return _status(trial, video_id) == "FAILED"


@answering(
    "A video that was COMPLETED is FAILED five minutes later.",
    "life-cycle/final-stays",
    takes=(TIME,),
    shows=_falls,
)
def end_is_not_final(told: Told) -> None:
    for video in told.videos:
        known = told.known(video["video_id"])
        if known is None or known.job is None or video["video_status"] != 1 or told.sandbox is None:
            continue
        if told.sandbox.now >= known.job.reached[-1][0] + 300_000:
            video |= {"video_status": 8, "video_status_name": "FAILED"}


@answering(
    "A video that failed is not found by itself.",
    "videos/processing",
    takes=(TIME,),
    shows=lambda trial: trial.single(trial.ended(8)).status == 404,
)
def failed_is_not_found(told: Told) -> None:
    if told.operation == "getVideo" and told.status == 200 and told.value["video_status"] == 8:
        told.status, told.value = 404, {"error": f"Video {told.value['video_id']} not found"}


@answering(
    "The list learns of an end half a minute later than the single video.",
    "videos/list-and-single",
    "videos/processing",
    "scheduler/agrees",
    takes=(TIME,),
    shows=lambda trial: (
        (made := trial.accepted()) and (trial.advance(_rest(trial)) or _status(trial, made) == "GENERATING")
    ),
)
def list_lags(told: Told) -> None:
    for video in told.videos if told.operation == "listVideos" else ():
        known = told.known(video["video_id"])
        if known is None or known.job is None or known.job.steps or told.sandbox is None:
            continue
        if told.sandbox.now < known.job.reached[-1][0] + 30_000:
            video |= {"video_status": 10, "video_status_name": "GENERATING", "video_status_final": False}
            video |= {"output_width": 0, "output_height": 0, "url": "", "first_frame": ""}


def _rest(trial: Trial) -> float:
    """Seconds until the running job has ended."""
    return (next(iter(trial.sandbox.running.values())).steps[-1][0] - trial.sandbox.now) / 1_000


def _number_again(trial: Trial) -> bool:
    made = trial.ended()
    trial.delete(made)
    return trial.accepted() == made


@playing(
    "The number of a deleted video is given to the next one.",
    "ids/new",
    "schema/ids-never-reused",
    takes=(TIME,),
    shows=_number_again,
)
class NumberAgain(Sandbox):
    __slots__ = ()

    def _new_number(self) -> int:
        return self.deleted.popitem()[0] if self.deleted else super()._new_number()


@playing(
    "The video of a cancelled job stays as it is for ever.",
    "life-cycle/ends",
    takes=(TIME,),
    shows=lambda trial: (
        (made := trial.accepted()) and trial.cancel(made) and (trial.finish() or _status(trial, made) != "COMPLETED")
    ),
)
class CancelledNeverEnds(Sandbox):
    __slots__ = ()

    def cancel(self, wanted: VideoId) -> None:
        super().cancel(wanted)
        self.due = [entry for entry in self.due if entry[1] != wanted.number]
        heapify(self.due)


@playing(
    "A refused upscale stands in the list all the same.",
    "refusals/change-nothing",
    shows=lambda trial: trial.when_full() and len(trial.ids()) == 9,
)
class RefusedIsListed(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        try:
            return super().upscale(source, **more)
        except NoCapacity:
            number = self._new_number()
            footage = self.videos[source.number].footage
            self.videos[number] = Video(number, source.email, INITIAL, self.now, footage, source.number)
            self.accounts[source.email].videos.append(number)
            raise


@playing(
    "A video that was never there can be upscaled.",
    "requests/refused",
    "documented/upscaleVideo/400/unknown-video",
    shows=lambda trial: trial.upscale(trial.number(99)).status == 200,
)
class UnknownIsUpscaled(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        try:
            return super().upscale(source, **more)
        except UnknownVideo:
            return super().upscale(VideoId(source.user, source.email, self.accounts[source.email].videos[0]), **more)


@playing(
    "A video that is not finished can be upscaled.",
    "requests/refused",
    "documented/upscaleVideo/400/unfinished-video",
    shows=lambda trial: trial.upscale(trial.accepted()).status == 200,
)
class UnfinishedIsUpscaled(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        try:
            return super().upscale(source, **more)
        except UnfinishedVideo:
            return super().upscale(VideoId(source.user, source.email, self.accounts[source.email].videos[0]), **more)


@playing(
    "A deleted video can be upscaled.",
    "requests/refused",
    "documented/upscaleVideo/400/deleted-video",
    shows=lambda trial: trial.delete(made := trial.video_id()) and trial.upscale(made).status == 200,
)
class DeletedIsUpscaled(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        try:
            return super().upscale(source, **more)
        except DeletedVideo:
            return super().upscale(VideoId(source.user, source.email, self.accounts[source.email].videos[0]), **more)


@playing(
    "The user's number in an id is not looked at.",
    "requests/refused",
    "documented/upscaleVideo/400/foreign-video",
    shows=lambda trial: trial.upscale(trial.video_id().replace("12345", "54321")).status == 200,
)
class ForeignIsUpscaled(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        try:
            return super().upscale(source, **more)
        except ForeignVideo:
            return super().upscale(source._replace(user=self.user), **more)


@playing(
    "A deletion is answered, and nothing is deleted.",
    "videos/deleted",
    "documented/*/deleted-video",
    "schema/use-after-free",
    shows=lambda trial: trial.delete(made := trial.video_id()).status == 200 and made in trial.ids(),
)
class DeletesNothing(Sandbox):
    __slots__ = ()

    def delete(self, wanted: VideoId) -> None:
        if not self.video(wanted).final:
            raise VideoProcessing(video_id=str(wanted), status=self.video(wanted).status.name)


@playing(
    "A deleted video stays in the list.",
    "videos/deleted",
    shows=lambda trial: (
        trial.delete(made := trial.video_id()) and trial.single(made).status == 404 and made in trial.ids()
    ),
)
class DeletedIsListed(Sandbox):
    __slots__ = ()

    def delete(self, wanted: VideoId) -> None:
        video = self.video(wanted)
        super().delete(wanted)
        self.videos[video.number] = video
        insort(self.accounts[video.email].videos, video.number)

    def video(self, wanted: VideoId) -> Video:
        if wanted.number in self.deleted:
            raise DeletedVideo(video_id=str(wanted))
        return super().video(wanted)


def _comes_back(trial: Trial) -> bool:
    made = trial.video_id()
    trial.delete(made)
    gone = made not in trial.ids()
    trial.finish()
    return gone and made in trial.ids()


@playing(
    "A deleted video is back when the next job ends.",
    "videos/deleted",
    "effects/nothing-else",
    takes=(TIME,),
    shows=lambda trial: trial.accepted() and _comes_back(trial),
)
class DeletedComesBack(Sandbox):
    __slots__ = ()
    api: Any

    def delete(self, wanted: VideoId) -> None:
        video = self.video(wanted)
        super().delete(wanted)
        self.api._memory.setdefault(id(self), []).append(video)

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        for back in self.api._memory.pop(id(self), []):
            if back.email in self.accounts:
                self.videos[back.number] = back
                insort(self.accounts[back.email].videos, back.number)
                self.deleted.pop(back.number, None)


@playing(
    "A video that is not there is deleted.",
    "documented/deleteVideo/404/*",
    "requests/refused",
    "videos/deleted",
    shows=lambda trial: trial.delete(trial.number(99)).status == 200,
)
class DeletesAnything(Sandbox):
    __slots__ = ()

    def delete(self, wanted: VideoId) -> None:
        try:
            super().delete(wanted)
        except NotFound:
            return


@playing(
    "The deletion of a video that is being made is answered as if it were done.",
    "videos/only-finished-deleted",
    "documented/deleteVideo/404/video-processing",
    shows=lambda trial: trial.delete(trial.accepted()).status == 200,
)
class DeletesUnfinished(Sandbox):
    __slots__ = ()

    def delete(self, wanted: VideoId) -> None:
        try:
            super().delete(wanted)
        except VideoProcessing:
            return

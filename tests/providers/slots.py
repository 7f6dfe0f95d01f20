"""Flaws of slots: which jobs hold one, and when an upscale is refused for want of one."""

from collections.abc import Iterable
from typing import Any

from mockserver.domain import Job, Sandbox, Video, VideoId
from mockserver.domain.refusals import AccountBusy, Refusal, UnknownJob
from providers.flaw import TIME, answering, playing
from providers.told import Told
from providers.trial import OTHER, Trial


def _refused_after(trial: Trial, jobs: int, **fields: Any) -> bool:
    """Whether so many jobs are accepted, and the next one is not."""
    answers = [trial.upscale(**fields).status for _ in range(jobs + 1)]
    return answers == [200] * jobs + [429]


@playing(
    "A job that ends keeps its slot.",
    "slots/freed-at-end",
    "scheduler/counts",
    takes=(TIME,),
    shows=lambda trial: trial.ended() and trial.slots()["executing"] == 1,
)
class SlotLeaks(Sandbox):
    __slots__ = ()

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        self.accounts[video.email].running += job.followed


@playing(
    "A job that fails keeps its slot.",
    "slots/freed-at-end",
    "scheduler/counts",
    takes=(TIME,),
    shows=lambda trial: trial.ended(8) and trial.slots()["executing"] == 1,
)
class SlotLeaksOnFailure(Sandbox):
    __slots__ = ()

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        self.accounts[video.email].running += job.followed and video.status.name == "FAILED"


@playing(
    "A cancelled job keeps its slot until it ends.",
    "slots/freed-by-cancel",
    "scheduler/counts",
    shows=lambda trial: trial.cancel(trial.accepted()) and trial.slots()["executing"] == 1,
)
class CancelFreesNoSlot(Sandbox):
    __slots__ = ()

    def cancel(self, wanted: VideoId) -> None:
        super().cancel(wanted)
        self.accounts[wanted.email].running += 1

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        self.accounts[video.email].running -= not job.followed


def _frees_twice(trial: Trial) -> bool:
    trial.cancel(trial.accepted())
    trial.advance(_rest(trial) - 1)
    full = trial.when_full().status == 429
    trial.advance(1)
    return full and trial.upscale().status == 200


@playing(
    "A cancelled job frees its slot once more when it ends.",
    "slots/refused-when-full",
    "scheduler/counts",
    takes=(TIME,),
    shows=_frees_twice,
)
class CancelFreesTwice(Sandbox):
    __slots__ = ()

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        account = self.accounts[video.email]
        account.running = max(0, account.running - (not job.followed))


@playing(
    "One job more than maxJobs is accepted.",
    "slots/refused-when-full",
    "documented/upscaleVideo/429/*",
    shows=lambda trial: _refused_after(trial, 4),
)
class OneTooMany(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, max_jobs: int | None = None, **more: Any) -> Video:
        limit = max_jobs or self.account_of(source).max_jobs
        try:
            return super().upscale(source, max_jobs=limit, **more)
        except AccountBusy:
            if self.accounts[source.email].running > limit:
                raise
            return super().upscale(source, max_jobs=limit + 1, **more)


@playing(
    "One job less than maxJobs is accepted.", "slots/accepted-when-free", shows=lambda trial: _refused_after(trial, 2)
)
class OneTooFew(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, max_jobs: int | None = None, **more: Any) -> Video:
        limit = max_jobs or self.account_of(source).max_jobs
        try:
            return super().upscale(source, max_jobs=max(1, limit - 1), **more)
        except AccountBusy as busy:
            raise AccountBusy(**{**busy.values, "maxJobs": limit}) from None


@playing(
    "`maxJobs` of the request is ignored.",
    "slots/request-max-jobs",
    "slots/refused-when-full",
    shows=lambda trial: trial.accepted() and trial.upscale(maxJobs=1).status == 200,
)
class RequestsLimitIgnored(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        return super().upscale(source, **{**more, "max_jobs": None})


@playing(
    "`maxJobs` of the request can only lower the account's.",
    "slots/request-max-jobs",
    "slots/accepted-when-free",
    shows=lambda trial: _refused_after(trial, 3, maxJobs=4),
)
class RequestsLimitOnlyLowers(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, max_jobs: int | None = None, **more: Any) -> Video:
        limit = self.account_of(source).max_jobs
        return super().upscale(source, max_jobs=min(max_jobs or limit, limit), **more)


@playing(
    "`maxJobs` of the account is ignored.",
    "slots/refused-when-full",
    "documented/upscaleVideo/429/*",
    shows=lambda trial: _refused_after(trial, 5),
)
class AccountsLimitIgnored(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, max_jobs: int | None = None, **more: Any) -> Video:
        return super().upscale(source, max_jobs=max_jobs or 8, **more)


@playing(
    "As many jobs run upstream as anybody likes.",
    "slots/upstream",
    "documented/upscaleVideo/429/*",
    shows=lambda trial: _refused_after(trial, 8, maxJobs=8),
)
class PlanIgnored(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        account = self.account_of(source)
        plan, account.concurrency = account.concurrency, 1_000
        try:
            return super().upscale(source, **more)
        finally:
            account.concurrency = plan


@playing(
    "The accounts of a user have their slots in common.",
    "slots/accepted-when-free",
    shows=lambda trial: (
        trial.save(OTHER, 1) and trial.accepted() and trial.upscale(trial.video_id(OTHER)).status == 429
    ),
)
class SlotsInCommon(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, *, max_jobs: int | None = None, **more: Any) -> Video:
        account = self.account_of(source)
        limit = max_jobs or account.max_jobs
        elsewhere = sum(other.running for other in self.accounts.values()) - account.running
        if account.running + elsewhere >= limit and elsewhere:
            raise AccountBusy(email=account.email, running=limit, maxJobs=limit, accounts=len(self.accounts))
        return super().upscale(source, max_jobs=max_jobs, **more)


@playing(
    "A refused upscale takes a slot.",
    "refusals/change-nothing",
    "scheduler/counts",
    shows=lambda trial: trial.upscale(trial.number(99)) and trial.slots()["executing"] == 1,
)
class RefusalTakesSlot(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        account = self.account_of(source)
        try:
            return super().upscale(source, **more)
        except Refusal:
            account.running += 1
            raise


@answering(
    "The scheduler counts no executing jobs.",
    "scheduler/counts",
    shows=lambda trial: trial.accepted() and trial.slots()["executing"] == 0,
)
def executing_is_zero(told: Told) -> None:
    if told.operation == "listAvailable" and told.status == 200:
        for slots in told.value["available"]:
            slots["executing"] = 0


@answering(
    "A full account has -1 slots available.",
    "answers/schema",
    "scheduler/counts",
    shows=lambda trial: trial.when_full() and trial.slots()["available"] == -1,
)
def available_is_negative(told: Told) -> None:
    if told.operation == "listAvailable" and told.status == 200:
        for slots in told.value["available"]:
            slots["available"] = slots["available"] or -1


@answering(
    "What the plan allows is not counted in `available`.",
    "scheduler/counts",
    shows=lambda trial: trial.save(max_jobs=8) and trial.slots()["available"] == 8,
)
def available_without_plan(told: Told) -> None:
    if told.operation == "listAvailable" and told.status == 200:
        for slots in told.value["available"]:
            slots["available"] = max(0, slots["maxJobs"] - slots["executing"])


@playing(
    "The scheduler lists a job for a minute after its end.",
    "scheduler/agrees",
    "slots/freed-at-end",
    takes=(TIME,),
    shows=lambda trial: trial.accepted() and (trial.advance(_rest(trial)) or trial.scheduled()),
)
class SchedulerListsEnded(Sandbox):
    __slots__ = ()

    def followed(self) -> Iterable[tuple[Video, Job]]:
        ended = [
            (video, video.job)
            for video in self.videos.values()
            if video.job and video.job.followed and not video.job.steps and self.now < video.job.reached[-1][0] + 60_000
        ]
        return [*super().followed(), *ended]


def _rest(trial: Trial) -> float:
    """Seconds until the running job has ended."""
    return (next(iter(trial.sandbox.running.values())).steps[-1][0] - trial.sandbox.now) / 1_000


@playing(
    "The scheduler leaves the latest job out.",
    "scheduler/agrees",
    shows=lambda trial: trial.accepted() and not trial.scheduled(),
)
class SchedulerHidesLatest(Sandbox):
    __slots__ = ()

    def followed(self) -> Iterable[tuple[Video, Job]]:
        return list(super().followed())[:-1]


@playing(
    "The scheduler lists cancelled jobs.",
    "scheduler/agrees",
    "slots/freed-by-cancel",
    shows=lambda trial: trial.cancel(trial.accepted()) and trial.scheduled(),
)
class SchedulerListsCancelled(Sandbox):
    __slots__ = ()

    def followed(self) -> Iterable[tuple[Video, Job]]:
        return [(self.videos[number], job) for number, job in self.running.items()]


@playing(
    "The scheduler lists the latest job first.",
    "scheduler/order",
    shows=lambda trial: [trial.accepted(), trial.accepted()] == trial.scheduled()[::-1],
)
class SchedulerReversed(Sandbox):
    __slots__ = ()

    def followed(self) -> Iterable[tuple[Video, Job]]:
        return list(super().followed())[::-1]


@playing(
    "A job that is not known is cancelled all the same.",
    "scheduler/cancel",
    "documented/cancelJob/404/*",
    shows=lambda trial: trial.cancel(trial.number(99)).status == 200,
)
class CancelOfAnything(Sandbox):
    __slots__ = ()

    def cancel(self, wanted: VideoId) -> None:
        try:
            super().cancel(wanted)
        except UnknownJob:
            return

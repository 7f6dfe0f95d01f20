"""Flaws of credits: what a job costs, and who gets it back."""

from typing import Any

from mockserver.domain import Job, Sandbox, Video, VideoId
from mockserver.domain.refusals import NoCapacity
from providers.flaw import TIME, answering, playing
from providers.told import Told
from providers.trial import Trial


def _costs(trial: Trial) -> int:
    """Credits that an accepted upscale takes at once."""
    before = trial.credits()
    trial.accepted()
    return before - trial.credits()


def _lost(trial: Trial, number: int | None) -> int:
    """Credits that are gone after an upscale of this number has ended."""
    before = trial.credits()
    trial.ended(number)
    return before - trial.credits()


@playing("An upscale is charged twice.", "credits/charged-once", shows=lambda trial: _costs(trial) == 40)
class ChargedTwice(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        video = super().upscale(source, **more)
        self.accounts[video.email].credits -= self.rules.cost
        return video


@playing(
    "An upscale is free.", "credits/charged-once", shows=lambda trial: _costs(trial) == 0 and _lost(trial, None) == 0
)
class ChargedNothing(Sandbox):
    __slots__ = ()

    def _new_job(self, *arguments: Any) -> Job:
        job = super()._new_job(*arguments)
        job.cost = 0
        return job


@playing(
    "An upscale is charged when it ends.",
    "credits/charged-once",
    "credits/steady",
    takes=(TIME,),
    shows=lambda trial: _costs(trial) == 0 and (trial.finish() or trial.credits() == 9_980),
)
class ChargedLate(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        video = super().upscale(source, **more)
        self.accounts[video.email].credits += self.rules.cost
        return video

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        self.accounts[video.email].credits -= job.cost


def _refusals_cost(trial: Trial) -> bool:
    trial.when_full()
    return trial.credits() != 10_000 - 3 * 20


@playing("An upscale that finds no slot is charged.", "refusals/change-nothing", "credits/steady", shows=_refusals_cost)
class ChargedForRefusals(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        try:
            return super().upscale(source, **more)
        except NoCapacity:
            self.accounts[source.email].credits -= self.rules.cost
            raise


@playing(
    "A job that fails gives nothing back.", "credits/refunded", takes=(TIME,), shows=lambda trial: _lost(trial, 8) == 20
)
class NoRefund(Sandbox):
    __slots__ = ()

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        if video.status.name != "COMPLETED":
            self.accounts[video.email].credits -= job.cost


@playing(
    "A job that is moderated gives nothing back.",
    "credits/refunded",
    takes=(TIME,),
    shows=lambda trial: _lost(trial, 7) == 20,
)
class NoRefundOfModerated(Sandbox):
    __slots__ = ()

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        if video.status.name == "MODERATED":
            self.accounts[video.email].credits -= job.cost


@playing(
    "A job that fails gives its cost back twice.",
    "credits/refunded",
    takes=(TIME,),
    shows=lambda trial: _lost(trial, 8) == -20,
)
class RefundedTwice(Sandbox):
    __slots__ = ()

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        if video.status.name != "COMPLETED":
            self.accounts[video.email].credits += job.cost


@playing(
    "A job that is completed gives its cost back.",
    "credits/refunded",
    "credits/steady",
    takes=(TIME,),
    shows=lambda trial: _lost(trial, None) == 0,
)
class RefundOfSuccess(Sandbox):
    __slots__ = ()

    def _end(self, video: Video, job: Job) -> None:
        super()._end(video, job)
        if video.status.name == "COMPLETED":
            self.accounts[video.email].credits += job.cost


@playing(
    "A cancelled job gives its cost back.",
    "credits/steady",
    "credits/refunded",
    shows=lambda trial: trial.cancel(trial.accepted()) and trial.credits() == 10_000,
)
class CancelRefunds(Sandbox):
    __slots__ = ()

    def cancel(self, wanted: VideoId) -> None:
        super().cancel(wanted)
        self.accounts[wanted.email].credits += self.rules.cost


@playing(
    "The last credits buy an upscale, however few they are.",
    "credits/refused-without",
    shows=lambda trial: trial.adjust(credits=5) or trial.upscale().status == 200,
)
class LastCreditsSuffice(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        account = self.account_of(source)
        short = max(0, self.rules.cost - account.credits) if account.credits else 0
        account.credits += short
        try:
            return super().upscale(source, **more)
        except Exception:
            account.credits -= short
            raise


@playing(
    "Exactly the cost of an upscale does not buy one.",
    "credits/refused-without",
    shows=lambda trial: trial.adjust(credits=20) or trial.upscale().status == 412,
)
class ExactCreditsTooFew(Sandbox):
    __slots__ = ()

    def upscale(self, source: VideoId, **more: Any) -> Video:
        account = self.account_of(source)
        account.credits -= 1
        try:
            return super().upscale(source, **more)
        finally:
            account.credits += 1


@answering(
    "The features show the credits as they were first.",
    "credits/charged-once",
    "credits/steady",
    shows=lambda trial: _costs(trial) == 0,
)
def features_are_stale(told: Told) -> None:
    if told.operation == "getFeatures" and told.status == 200:
        key = told.request.header(b"authorization"), told.request.query
        told.value["credit_package"] = told.memory.setdefault(key, told.value["credit_package"])


@answering(
    "To look at the features costs a credit.",
    "reads/change-nothing",
    "credits/steady",
    shows=lambda trial: trial.credits() != trial.credits(),
)
def reading_costs(told: Told) -> None:
    if told.operation == "getFeatures" and told.status == 200 and told.sandbox is not None:
        account = told.sandbox.accounts.find(
            None if len(told.sandbox.accounts) == 1 else next(iter(told.sandbox.accounts))
        )
        account.credits = max(0, account.credits - 1)

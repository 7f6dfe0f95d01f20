"""Flaws of tokens: who gets in, and what one token sees or changes of another's world."""

from typing import Any

from mockserver import present
from mockserver.domain import Sandbox, Video, VideoId
from mockserver.message import Request
from mockserver.scenario import Answers
from providers.flaw import TOKENS, answering, asking, playing, set_up
from providers.told import Told
from providers.trial import FEATURES, UPSCALE, USER, VIDEOS, Trial

any_token = set_up(
    "any-token",
    "A token of any form gets in.",
    "tokens/required",
    "tokens/checked-first",
    "documented/*/401/*",
    "schema/ignored-auth",
    shows=lambda trial: trial.call("GET", USER, headers={"Authorization": "Bearer nonsense"}).status == 200,
    any_token=True,
)


@asking(
    "A request without a token gets in.",
    "tokens/required",
    "tokens/checked-first",
    "documented/*/401/*",
    "schema/ignored-auth",
    shows=lambda trial: trial.call("GET", USER, headers={"Authorization": ""}).status == 200,
)
def no_token(request: Request) -> Request:
    if request.header(b"authorization") is None:
        request.headers = (*request.headers, (b"authorization", b"Bearer user:1-nobody"))
    return request


@asking(
    "The scheme before the token is not looked at.",
    "tokens/required",
    "tokens/checked-first",
    "documented/*/401/*",
    "schema/ignored-auth",
    shows=lambda trial: trial.call("GET", USER, headers={"Authorization": f"Basic {trial.token}"}).status == 200,
)
def any_scheme(request: Request) -> Request:
    request.headers = [
        (name, b"Bearer " + value.rpartition(b" ")[2] if name == b"authorization" else value)
        for name, value in request.headers
    ]
    return request


@answering(
    "The body of an upscale is looked at before the token.",
    "tokens/checked-first",
    "documented/upscaleVideo/401/*",
    "schema/unauthorized-first",
    shows=lambda trial: trial.call("POST", UPSCALE, {}, headers={"Authorization": ""}).status == 400,
)
def form_before_token(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status == 401 and not isinstance(told.asked.get("video_id"), str):
        told.status, told.value = 400, {"error": "video_id is required, got none"}


@answering(
    "What is not found is told to those without a token, too.",
    "tokens/*",
    "documented/getVideo/401/*",
    "schema/unauthorized-first",
    shows=lambda trial: trial.call("GET", f"{VIDEOS}/{trial.number(99)}", headers={"Authorization": ""}).status == 404,
)
def not_found_before_token(told: Told) -> None:
    if told.operation == "getVideo" and told.status == 401:
        told.status, told.value = 404, {"error": f"Video {told.request.path.rpartition('/')[2]} not found"}


@answering(
    "No token is good enough for the features.",
    "requests/accepted",
    "documented/getFeatures/200/*",
    "answers/status",
    shows=lambda trial: trial.call("GET", FEATURES).status == 401,
)
def features_unauthorized(told: Told) -> None:
    if told.operation == "getFeatures":
        told.status, told.value = 401, {"error": "Unauthorized", "code": 401}


def _seen(trial: Trial) -> bool:
    other = trial.other("user:777-other")
    other.accepted()
    return any(each.startswith("user:777-") for each in trial.ids())


@answering(
    "The list shows the running videos of other tokens.",
    "isolation/*",
    "effects/nothing-else",
    "ids/own",
    takes=(TOKENS,),
    shows=_seen,
)
def others_are_listed(told: Told) -> None:
    if told.operation != "listVideos" or told.status != 200:
        return
    for other in told.others:
        for number in other.running:
            told.value["data"].insert(0, present.video(other, other.videos[number], "", Answers()))


def _read(trial: Trial) -> bool:
    other = trial.other("user:777-other")
    made = other.accepted()
    other.finish()
    return trial.single(made).status == 200


@answering(
    "A video of another token can be read by its id.",
    "isolation/*",
    takes=(TOKENS,),
    shows=_read,
)
def others_are_read(told: Told) -> None:
    if told.operation != "getVideo" or told.status != 404:
        return
    for other in told.others:
        wanted = VideoId.parse(told.request.path.rpartition("/")[2])
        found = other.videos.get(wanted.number)
        if found is not None and found.final and wanted == VideoId(other.user, found.email, found.number):
            told.status, told.value = 200, present.video(other, found, "", Answers())


def _cancelled(trial: Trial) -> bool:
    other = trial.other("user:777-other")
    return trial.cancel(other.accepted()).status == 200 and not other.scheduled()


@answering(
    "A job of another token can be cancelled.",
    "isolation/*",
    "scheduler/cancel",
    takes=(TOKENS,),
    shows=_cancelled,
)
def others_are_cancelled(told: Told) -> None:
    if told.operation != "cancelJob" or told.status != 404:
        return
    wanted = VideoId.parse(told.request.path.rpartition("/")[2])
    for other in told.others:
        if wanted.user == other.user and wanted.number in other.running:
            other.cancel(wanted)
            told.status, told.value = 200, {"id": str(wanted), "deleted": True}


@answering(
    "The user's default `replyUrl` is that of all tokens.",
    "isolation/*",
    "effects/nothing-else",
    "user/updated",
    takes=(TOKENS,),
    shows=lambda trial: (
        (other := trial.other())
        and other.get(USER)
        and trial.ask("POST", USER, replyUrl="http://receiver.test/x")
        and "replyUrl" in other.get(USER)
    ),
)
def default_in_common(told: Told) -> None:
    if told.operation == "updateUser" and told.status == 200:
        for other in told.others:
            other.reply_url = told.value.get("replyUrl")


@answering(
    "`maxJobs` of an account is that of all tokens that have it.",
    "isolation/*",
    "effects/nothing-else",
    takes=(TOKENS,),
    shows=lambda trial: (
        (other := trial.other()) and other.account() and trial.save(max_jobs=2) and other.account()["maxJobs"] == 2
    ),
)
def limit_in_common(told: Told) -> None:
    if told.operation == "saveAccount" and told.status == 201:
        for other in told.others:
            if told.value["email"] in other.accounts:
                other.accounts[told.value["email"]].max_jobs = told.value["maxJobs"]


def _leaked(trial: Trial) -> bool:
    other = trial.other()
    assert other.slots()["executing"] == 0
    for _ in range(3):
        trial.accepted()
    return bool(other.slots()["executing"])


@answering(
    "Every third job takes a slot of all other tokens, for good.",
    "isolation/*",
    "effects/nothing-else",
    "scheduler/counts",
    "slots/accepted-when-free",
    takes=(TOKENS,),
    shows=_leaked,
)
def slots_leak_across(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status == 200:
        told.memory["jobs"] = told.memory.get("jobs", 0) + 1
        for other in told.others if told.memory["jobs"] % 3 == 0 else ():
            for account in other.accounts.values():
                account.running += 1


@answering(
    "An upscale is paid by all tokens.",
    "isolation/*",
    "effects/nothing-else",
    "credits/steady",
    takes=(TOKENS,),
    shows=lambda trial: (other := trial.other()) and other.credits() and trial.accepted() and other.credits() < 10_000,
)
def credits_in_common(told: Told) -> None:
    if told.operation == "upscaleVideo" and told.status == 200:
        for other in told.others:
            for account in other.accounts.values():
                account.credits = max(0, account.credits - 20)


@answering(
    "The deletion of a video reaches the videos of other tokens with the same number.",
    "isolation/*",
    "effects/nothing-else",
    "videos/kept",
    takes=(TOKENS,),
    shows=lambda trial: (
        (other := trial.other()) and len(other.ids()) == 5 and trial.delete(trial.video_id()) and len(other.ids()) == 4
    ),
)
def deletion_reaches_others(told: Told) -> None:
    if told.operation == "deleteVideo" and told.status == 200:
        number = VideoId.parse(told.value["video_id"]).number
        for other in told.others:
            video = other.videos.get(number)
            if video is not None and video.final:
                other.delete(VideoId(other.user, video.email, number))


def _last_ref(trial: Trial) -> bool:
    trial.other().accepted(replyRef="theirs")
    return bool(trial.in_list(trial.accepted(replyRef="mine"))["replyRef"] == "theirs")


@playing(
    "A job gets the `replyRef` of the last job of any other token.",
    "isolation/*",
    "videos/reply-fields",
    "callbacks/reply-ref",
    takes=(TOKENS,),
    shows=_last_ref,
)
class RefOfAnother(Sandbox):
    __slots__ = ()
    api: Any

    def upscale(self, source: VideoId, *, reply_ref: str | None = None, **more: Any) -> Video:
        memory = self.api._memory
        theirs = next((ref for user, ref in reversed(memory.items()) if user != id(self)), reply_ref)
        video = super().upscale(source, reply_ref=reply_ref and theirs, **more)
        if reply_ref:
            memory[id(self)] = reply_ref
        return video

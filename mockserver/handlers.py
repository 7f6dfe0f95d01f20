"""operationId to a command or a query on the sandbox: the only table to extend for a new operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mockserver import present
from mockserver.domain import Sandbox, Status, Video, VideoId
from mockserver.domain.refusals import EmailMismatch, NoAccounts, VideoProcessing
from mockserver.scenario import Answers
from mockserver.shown import ShownVideos


@dataclass(slots=True)
class Call:
    """A request that fits the contract, with what a handler may need besides.

    `parameters` are those of path and query by name, `body` the parsed body; `origin` is where media is served from;
    `trouble` is the contract's text of a pending error; `shown` remembers presented videos; `ends` is the name of a
    status that a trigger asks for; `named` the video that the body names, where somebody has looked already. `accepted`
    is filled in: the video whose job was started.
    """

    sandbox: Sandbox
    parameters: Mapping[str, Any]
    body: Any
    origin: str
    answers: Answers
    trouble: str
    shown: ShownVideos
    ends: str | None = None
    named: VideoId | None = None
    accepted: Video | None = None


Done = tuple[Any, str]
"""The answer's body as JSON-like value, and why it is this, in one sentence."""

Handler = Callable[[Call], Done]


def upscale_video(call: Call) -> Done:
    sandbox, body = call.sandbox, call.body
    max_jobs = body.get("maxJobs")
    video = sandbox.upscale(
        call.named or VideoId.parse(body["video_id"]),
        max_jobs=None if max_jobs is None else int(max_jobs),
        reply_url=body.get("replyUrl"),
        reply_ref=body.get("replyRef"),
        origin=call.origin,
        ends=None if call.ends is None else Status[call.ends],
    )
    call.accepted = video
    account = sandbox.accounts[video.email]
    why = f"accepted: {account.running} running on {account.email}, {account.credits} credits left"
    return {"video_id": present.video_id(sandbox, video)}, why


def list_videos(call: Call) -> Done:
    parameters = call.parameters
    page = call.sandbox.page(
        parameters.get("email"),
        limit=int(parameters["limit"]),
        offset=int(parameters["offset"]),
        oldest_first=call.answers.order == "oldest",
    )
    videos = [_video(call, video) for video in page]
    return {"data": videos}, f"{len(videos)} videos"


def get_video(call: Call) -> Done:
    wanted = call.parameters["video_id"]
    video = call.sandbox.video(VideoId.parse(wanted))
    if not video.final and call.answers.processing == 404:
        raise VideoProcessing(video_id=wanted, status=video.status.name)
    return _video(call, video), video.status.name


def _video(call: Call, video: Video) -> dict[str, Any]:
    return call.shown.show(call.sandbox, video, call.origin, call.answers)


def delete_video(call: Call) -> Done:
    wanted = call.parameters["video_id"]
    call.sandbox.delete(VideoId.parse(wanted))
    return {"video_id": wanted, "deleted": True}, f"deleted {wanted}"


def list_accounts(call: Call) -> Done:
    accounts = call.sandbox.accounts
    if not accounts:
        raise NoAccounts
    presented = {email: present.account(account, call.trouble) for email, account in accounts.items()}
    return presented, f"{len(accounts)} accounts"


def get_account(call: Call) -> Done:
    account = call.sandbox.accounts.find(call.parameters["email"])
    return present.account(account, call.trouble), f"account {account.email}"


def save_account(call: Call) -> Done:
    email, body = call.parameters["email"], call.body
    if body["email"] != email:
        raise EmailMismatch(email=body["email"])
    known = email in call.sandbox.accounts
    account = call.sandbox.save_account(email, max_jobs=int(body["maxJobs"]))
    why = f"account {email} {'updated, its pending error cleared' if known else 'linked'}"
    return present.account(account, call.trouble), why


def delete_account(call: Call) -> Done:
    email = call.parameters["email"]
    remaining = call.sandbox.delete_account(email)
    return {"account": email, "deleted": True, "remaining": remaining}, f"account {email} unlinked"


def list_running(call: Call) -> Done:
    jobs = [present.running_job(call.sandbox, video, job) for video, job in call.sandbox.followed()]
    return jobs, f"{len(jobs)} jobs run"


def list_available(call: Call) -> Done:
    executing, why = list_running(call)
    slots = [present.available(availability) for availability in call.sandbox.availability()]
    return {"executing": executing, "available": slots}, why


def cancel_job(call: Call) -> Done:
    wanted = call.parameters["id"]
    call.sandbox.cancel(VideoId.parse(wanted))
    return {"id": wanted, "deleted": True}, f"{wanted} is no longer followed, its slot is free"


def get_features(call: Call) -> Done:
    account = call.sandbox.accounts.find(call.parameters.get("email"))
    return present.features(account), f"account {account.email} has {account.credits} credits"


def get_user(call: Call) -> Done:
    return present.user(call.sandbox), f"user {call.sandbox.user}"


def update_user(call: Call) -> Done:
    sandbox, body = call.sandbox, call.body
    sandbox.update_user(name=body.get("name"), reply_url=body.get("replyUrl"))
    return present.user(sandbox), f"callbacks go to {sandbox.reply_url or 'the address each request names'} by default"


HANDLERS: Final[dict[str, Handler]] = {
    "upscaleVideo": upscale_video,
    "listVideos": list_videos,
    "getVideo": get_video,
    "deleteVideo": delete_video,
    "listAccounts": list_accounts,
    "getAccount": get_account,
    "saveAccount": save_account,
    "deleteAccount": delete_account,
    "listRunning": list_running,
    "listAvailable": list_available,
    "cancelJob": cancel_job,
    "getFeatures": get_features,
    "getUser": get_user,
    "updateUser": update_user,
}

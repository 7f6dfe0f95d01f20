"""Domain values as the contract's JSON: one function for each schema."""

from typing import Any, Final

from mockserver.domain import Account, Availability, Callback, Job, Sandbox, Status, Video, VideoId
from mockserver.domain.lifecycle import FINAL
from mockserver.instants import milliseconds, seconds
from mockserver.scenario import Answers

_SECURED: Final = "…secured…"
_MONTH: Final = 30 * 86_400_000
_ALWAYS: Final = frozenset({"video_id", "video_status", "video_status_name", "video_status_final"})
"""The fields of a video that the contract requires."""
_EMPTY: Final[tuple[Any, ...]] = ("", 0, None, {})


def video(
    sandbox: Sandbox,
    video: Video,
    origin: str,
    answers: Answers,
    status: Status | None = None,
    *,
    unready: bool = False,
) -> dict[str, Any]:
    """`Video`, as it is or as it was in an earlier `status`. `origin` is the address that media is served from.

    With `unready` it is COMPLETED, but its file is not there yet.
    """
    status = status or video.status
    completed = status is Status.COMPLETED and not unready
    footage = video.footage
    upscaled = video.original is not None
    width, height = footage.size(upscaled=upscaled) if completed else (0, 0)
    media = f"{origin}/media/{video.number}-{width}x{height}" if completed else ""
    image = f"{origin}/media/{video.number}-{footage.width}x{footage.height}.jpg"
    job = video.job
    presented: dict[str, Any] = {
        "video_id": video_id(sandbox, video),
        "video_status": int(status),
        "video_status_name": status.name,
        "video_status_final": status in FINAL or (answers.queued_is_final and status is Status.QUEUED),
        "account_id": sandbox.accounts[video.email].account_id,
        "created_at": seconds(video.created_at),
        "first_frame": media and f"{media}.jpg",
        "last_frame": "",
        "output_width": width,
        "output_height": height,
        "original_video_id": (
            str(VideoId(sandbox.user, video.email, video.original)) if video.original is not None else 0
        ),
        "upscaled": int(upscaled),
        "prompt": footage.prompt,
        "negative_prompt": footage.negative_prompt,
        "model": footage.model,
        "quality": footage.quality,
        "motion_mode": footage.motion_mode,
        "asset_id": 0,
        "auto_character_prompt": 0,
        "seed": 0 if upscaled else video.number % 2_147_483_647,
        "likes": 0,
        "model_name": "",
        "queue_data": {"queue_time": 1, "queue_count": 0},
        "video_duration": footage.seconds,
        "duration": footage.seconds,
        "extended": 0,
        "lip_sync": None if upscaled else {},
        "url": f"{media}.mp4" if media else _early_url(answers, status, image),
        "img_id": 0,
        "img_url": image,
        "motion_brush": "",
        "asset_name": "",
        "asset_img_url": "",
        "remove_watermark": int(upscaled),
        "nick_name": video.email.partition("@")[0],
        "avatar": "",
        "aspect_ratio": footage.aspect_ratio,
        "camera_movement": footage.camera_movement,
        "relation_type": 0,
        "style": footage.style,
        "template_id": 0,
        "template_name": "",
        "template_thumbnail_url": "",
        "template_thumbnail_video_url": "",
        "template_i18n_json": "",
        "workflow_tag": "",
        "customer_paths": None,
    }
    if answers.absent_fields:
        presented = {key: value for key, value in presented.items() if key in _ALWAYS or value not in _EMPTY}
    if job is not None:
        _add_reply(presented, job)
    return presented


def unready(sandbox: Sandbox, video: Video, answers: Answers) -> bool:
    """Whether a COMPLETED upscale has to do without its file for now."""
    if not answers.unready or video.job is None or video.status is not Status.COMPLETED:
        return False
    return sandbox.now < video.job.reached[-1][0] + round(answers.unready * 1_000)


def callback(sandbox: Sandbox, callback: Callback, answers: Answers) -> dict[str, Any]:
    """`VideoCallback`: the video as it was when the callback came to be owed, and where it goes."""
    told = callback.video
    # It tells of the instant of the end.
    lacks = answers.unready > 0 and callback.status is Status.COMPLETED
    shown = video(sandbox, told, told.origin, answers, callback.status, unready=lacks)
    return {**shown, "replyUrl": callback.url}


def video_id(sandbox: Sandbox, video: Video) -> str:
    """`VideoId`."""
    return f"user:{sandbox.user}-pixverse:{video.email}-video:{video.number}"


def account(account: Account, trouble: str) -> dict[str, Any]:
    """`Account`, its secrets masked. `trouble` is the text of a pending error."""
    expires = account.linked_at + _MONTH
    presented = {
        "email": account.email,
        "maxJobs": account.max_jobs,
        "password": _SECURED,
        "jwt": {
            "AccountId": account.account_id,
            "ExpireTime": expires // 1_000,
            "ExpireTimeUTC": milliseconds(expires),
            "Username": account.email.partition("@")[0],
            "token": f"abc{_SECURED}cde",
        },
    }
    if account.pending_error:
        presented["error"] = trouble
    return presented


def running_job(sandbox: Sandbox, video: Video, job: Job) -> dict[str, Any]:
    """`RunningJob`."""
    minutes, rest = divmod((sandbox.now - job.started) // 1_000, 60)
    presented = {
        "id": video_id(sandbox, video),
        "type": "video",
        "started": milliseconds(job.started),
        "elapsed": f"{minutes:02}:{rest:02}",
    }
    _add_reply(presented, job)
    return presented


def available(availability: Availability) -> dict[str, Any]:
    """An item of `Availability`."""
    return {
        "email": availability.email,
        "maxJobs": availability.max_jobs,
        "executing": availability.executing,
        "available": availability.available,
    }


def features(account: Account) -> dict[str, Any]:
    """`Features`: the account's balance stands in `credit_package`."""
    return {
        "credit_daily": 0,
        "credit_monthly": 0,
        "credit_package": account.credits,
        "gen_simultaneously": account.concurrency,
        "plan_name": "Pro",
    }


def user(sandbox: Sandbox) -> dict[str, Any]:
    """`User`."""
    presented: dict[str, Any] = {
        "subscriptionIsActive": True,
        "maxAccountsPerAPI": 3,
        "accounts": {"pixverse": list(sandbox.accounts)},
    }
    if sandbox.name is not None:
        presented["name"] = sandbox.name
    if sandbox.reply_url is not None:
        presented["replyUrl"] = sandbox.reply_url
    return presented


def _early_url(answers: Answers, status: Status, image: str) -> str:
    """The url of a video without its file: none, or a file as large as the source's `image`."""
    early = answers.early_url and status not in (Status.MODERATED, Status.FAILED)
    return f"{image.removesuffix('jpg')}mp4" if early else ""


def _add_reply(presented: dict[str, Any], job: Job) -> None:
    if job.reply_url is not None:
        presented["replyUrl"] = job.reply_url
    if job.reply_ref is not None:
        presented["replyRef"] = job.reply_ref

"""How each documented answer is provoked: by state first, then by a trigger, then by a fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from contracts.contract import UNSET, Operation
from contracts.findings import Call
from contracts.provider.http import value_of
from contracts.verify.documented.scene import Impossible, Scene

_MALFORMED: Final = "user:1-pixverse:nobody-video:x"


@dataclass(frozen=True)
class Provoked:
    """An answer; `values` fill the places of the example's text, `holds` are fields that the answer must have."""

    call: Call
    values: Mapping[str, Any] = field(default_factory=dict)
    holds: Mapping[str, Any] = field(default_factory=dict)


Way = Callable[[Scene], Provoked]


def by_trigger(scene: Scene, operation: Operation, status: int, example: str) -> Provoked | None:
    """By the number of a video that gives the answer by itself; None if there is no such number."""
    for trigger in operation.triggers:
        if (trigger.status, trigger.example) == (status, example):
            email = scene.email()
            video_id = scene.finished().rpartition(":")[0] + f":{trigger.number}"
            call = scene.upscale(video_id)
            if call.got.status == status:
                return Provoked(call, {"email": email})
    return None


def by_fault(scene: Scene, operation: Operation, status: int, example: str) -> Provoked:
    """By the control API, which answers the next call so. Raises Impossible if it does not take that."""
    arguments: dict[str, Any] = {}
    for parameter in operation.parameters:
        if parameter.place == "path":
            arguments[parameter.name] = scene.email() if parameter.name == "email" else scene.finished()
    body: Any = UNSET
    if operation.id == "upscaleVideo":
        body = {"video_id": scene.finished()}
    elif operation.id == "saveAccount":
        body = {"email": arguments["email"], "password": "any password", "maxJobs": 3}
    rule = {"operation": operation.id, "status": status, "example": example}
    if not scene.world.fault([rule]):
        raise Impossible("no state leads there, and no control API gives it")
    return Provoked(scene.world.call(operation.id, json=body, **arguments))


def _accepted(scene: Scene) -> Provoked:
    return Provoked(scene.upscale())


def _bad_upscale(scene: Scene) -> Provoked:
    return Provoked(scene.world.call("upscaleVideo", json={"video_id": scene.finished(), "maxJobs": 9}))


def _upscale_of(name: str, scene: Scene) -> Provoked:
    video_id = str(getattr(scene, name)())
    values = {"video_id": video_id, "email": scene.stranger}
    return Provoked(scene.upscale(video_id), values)


def _unfinished(scene: Scene) -> Provoked:
    job = scene.job()
    status = next((video.get("video_status_name") for video in scene.videos() if video.get("video_id") == job), "")
    return Provoked(scene.upscale(job), {"video_id": job, "status": status})


def _deleted(scene: Scene) -> str:
    video_id = scene.finished() if scene.world.disposable else scene.ended()
    if scene.world.call("deleteVideo", video_id=video_id).got.status != 200:
        raise Impossible("a finished video was not deleted")
    return video_id


def _upscale_of_deleted(scene: Scene) -> Provoked:
    video_id = _deleted(scene)
    return Provoked(scene.upscale(video_id), {"video_id": video_id})


def _no_credits(scene: Scene) -> Provoked:
    scene.adjust(credits=0)
    return Provoked(scene.upscale())


def _busy(scene: Scene) -> Provoked:
    email = scene.email()
    most = scene.fill()
    return Provoked(scene.upscale(), {"email": email, "maxJobs": most})


def _all_busy(scene: Scene) -> Provoked:
    first, second = scene.email(), scene.second_account()
    for email in (second, first):
        try:
            scene.fill(email)
        except Impossible:
            raise Impossible("a further account has no video to fill its slots with") from None
    return Provoked(scene.upscale(scene.finished(first)))


def _upstream(scene: Scene) -> Provoked:
    scene.adjust(concurrency=1, maxJobs=3)
    scene.job()
    return Provoked(scene.upscale())


def _pending(scene: Scene) -> Provoked:
    scene.adjust(pendingError=True)
    return Provoked(scene.upscale())


def _listed(scene: Scene) -> Provoked:
    email = scene.email()
    if scene.world.may("upscaleVideo"):
        scene.job()
    return Provoked(scene.world.call("listVideos", email=email, limit=1))


def _bad_list(operation: str, scene: Scene) -> Provoked:
    return Provoked(scene.world.call(operation, email="nobody"))


def _email_required(operation: str, scene: Scene) -> Provoked:
    if len(scene.emails()) < 2:
        scene.second_account()
    return Provoked(scene.world.call(operation))


def _strange_query(operation: str, scene: Scene) -> Provoked:
    scene.email()
    return Provoked(scene.world.call(operation, email=scene.stranger), {"email": scene.stranger})


def _one(scene: Scene) -> Provoked:
    job = scene.ended()
    return Provoked(scene.world.call("getVideo", video_id=job), {}, {"video_id": job})


def _bad_id(operation: str, parameter: str, scene: Scene) -> Provoked:
    named: dict[str, Any] = {parameter: _MALFORMED}
    return Provoked(scene.world.call(operation, **named))


def _encoded(operation: str, parameter: str, scene: Scene) -> Provoked:
    # To delete what is there would be no test where it stays deleted.
    video_id = scene.finished() if operation == "getVideo" or scene.world.disposable else scene.unknown()
    encoded = quote(video_id, safe="")
    path = scene.situation.contract.operations[operation].path.replace("{" + parameter + "}", encoded)
    named: dict[str, Any] = {parameter: video_id}
    call = scene.world.call(operation, path=path, **named)
    return Provoked(call, {parameter: encoded})


def _processing(operation: str, scene: Scene) -> Provoked:
    job = scene.job()
    call = scene.world.call(operation, video_id=job)
    value = value_of(call.got)
    if operation == "getVideo" and call.got.status == 200 and isinstance(value, dict):
        final = value.get("video_status_final")
        if final is False:
            # The vendor's own clients take this, too, and the contract names the switch.
            raise Impossible("the provider shows a video that is processed, which is the other documented way")
    return Provoked(call, {"video_id": job})


def _unknown_video(operation: str, scene: Scene) -> Provoked:
    video_id = scene.unknown()
    return Provoked(scene.world.call(operation, video_id=video_id), {"video_id": video_id})


def _deleted_video(operation: str, scene: Scene) -> Provoked:
    return Provoked(scene.world.call(operation, video_id=_deleted(scene)))


def _delete(scene: Scene) -> Provoked:
    video_id = scene.finished() if scene.world.disposable else scene.ended()
    return Provoked(scene.world.call("deleteVideo", video_id=video_id), {}, {"video_id": video_id})


def _read(operation: str, scene: Scene) -> Provoked:
    if scene.world.disposable and operation in {"listRunning", "listAvailable"}:
        scene.job()
    return Provoked(scene.world.call(operation))


def _no_accounts(operation: str, scene: Scene) -> Provoked:
    for email in scene.emails():
        if scene.world.call("deleteAccount", email=email).got.status != 200:
            raise Impossible("an account was not unlinked")
    return Provoked(scene.world.call(operation))


def _account(scene: Scene) -> Provoked:
    email = scene.email()
    return Provoked(scene.world.call("getAccount", email=email), {}, {"email": email})


def _bad_email(operation: str, scene: Scene) -> Provoked:
    return Provoked(scene.world.call(operation, email="nobody"))


def _unknown_account(operation: str, scene: Scene) -> Provoked:
    return Provoked(scene.world.call(operation, email=scene.stranger), {"email": scene.stranger})


def _saved(scene: Scene) -> Provoked:
    email = "new@example.com"
    return Provoked(scene.save(email, 2), {}, {"email": email, "maxJobs": 2})


def _bad_save(scene: Scene) -> Provoked:
    email = "new@example.com"
    return Provoked(scene.world.call("saveAccount", email=email, json={"email": email, "maxJobs": 3}))


def _mismatch(scene: Scene) -> Provoked:
    body = {"email": "other@example.com", "password": "any password", "maxJobs": 3}
    call = scene.world.call("saveAccount", email="new@example.com", json=body)
    return Provoked(call, {"email": "other@example.com"})


def _unlink(scene: Scene) -> Provoked:
    emails = scene.emails() or [scene.email()]
    call = scene.world.call("deleteAccount", email=emails[0])
    return Provoked(call, {}, {"account": emails[0], "remaining": len(emails) - 1})


def _cancelled(scene: Scene) -> Provoked:
    job = scene.job()
    return Provoked(scene.world.call("cancelJob", id=job), {}, {"id": job})


def _no_job(scene: Scene) -> Provoked:
    video_id = scene.unknown()
    return Provoked(scene.world.call("cancelJob", id=video_id), {"id": video_id})


def _features(scene: Scene) -> Provoked:
    return Provoked(scene.world.call("getFeatures", email=scene.email()))


def _user(scene: Scene) -> Provoked:
    return Provoked(scene.world.call("getUser"))


def _update_user(scene: Scene) -> Provoked:
    call = scene.world.call("updateUser", json={"name": "somebody", "replyUrl": "http://127.0.0.1:9/callback"})
    return Provoked(call, {}, {"replyUrl": "http://127.0.0.1:9/callback"})


def _bad_user(fields: Mapping[str, Any], scene: Scene) -> Provoked:
    return Provoked(scene.world.call("updateUser", json=dict(fields)))


WAYS: Final[Mapping[tuple[str, int, str], Way]] = {
    ("upscaleVideo", 200, "accepted"): _accepted,
    ("upscaleVideo", 400, "bad-request"): _bad_upscale,
    ("upscaleVideo", 400, "foreign-video"): partial(_upscale_of, "foreign"),
    ("upscaleVideo", 400, "unknown-account"): partial(_upscale_of, "unlinked"),
    ("upscaleVideo", 400, "unknown-video"): partial(_upscale_of, "unknown"),
    ("upscaleVideo", 400, "unfinished-video"): _unfinished,
    ("upscaleVideo", 400, "deleted-video"): _upscale_of_deleted,
    ("upscaleVideo", 412, "insufficient-credits"): _no_credits,
    ("upscaleVideo", 429, "account-busy"): _busy,
    ("upscaleVideo", 429, "all-accounts-busy"): _all_busy,
    ("upscaleVideo", 429, "upstream-limit"): _upstream,
    ("upscaleVideo", 596, "pending-error"): _pending,
    ("listVideos", 200, "generating"): _listed,
    ("listVideos", 400, "bad-request"): partial(_bad_list, "listVideos"),
    ("listVideos", 400, "email-required"): partial(_email_required, "listVideos"),
    ("listVideos", 400, "unknown-account"): partial(_strange_query, "listVideos"),
    ("getVideo", 200, "upscaled"): _one,
    ("getVideo", 400, "bad-request"): partial(_bad_id, "getVideo", "video_id"),
    ("getVideo", 400, "encoded-id"): partial(_encoded, "getVideo", "video_id"),
    ("getVideo", 404, "video-processing"): partial(_processing, "getVideo"),
    ("getVideo", 404, "unknown-video"): partial(_unknown_video, "getVideo"),
    ("getVideo", 404, "deleted-video"): partial(_deleted_video, "getVideo"),
    ("deleteVideo", 200, "deleted"): _delete,
    ("deleteVideo", 400, "bad-request"): partial(_bad_id, "deleteVideo", "video_id"),
    ("deleteVideo", 400, "encoded-id"): partial(_encoded, "deleteVideo", "video_id"),
    ("deleteVideo", 404, "video-processing"): partial(_processing, "deleteVideo"),
    ("deleteVideo", 404, "unknown-video"): partial(_unknown_video, "deleteVideo"),
    ("deleteVideo", 404, "deleted-video"): partial(_deleted_video, "deleteVideo"),
    ("listAccounts", 200, "one"): partial(_read, "listAccounts"),
    ("listAccounts", 404, "no-accounts"): partial(_no_accounts, "listAccounts"),
    ("getAccount", 200, "account"): _account,
    ("getAccount", 400, "bad-request"): partial(_bad_email, "getAccount"),
    ("getAccount", 404, "unknown-account"): partial(_unknown_account, "getAccount"),
    ("saveAccount", 201, "account"): _saved,
    ("saveAccount", 400, "bad-request"): _bad_save,
    ("saveAccount", 400, "email-mismatch"): _mismatch,
    ("deleteAccount", 200, "deleted"): _unlink,
    ("deleteAccount", 400, "bad-request"): partial(_bad_email, "deleteAccount"),
    ("deleteAccount", 404, "unknown-account"): partial(_unknown_account, "deleteAccount"),
    ("listRunning", 200, "one"): partial(_read, "listRunning"),
    ("listAvailable", 200, "idle"): partial(_read, "listAvailable"),
    ("cancelJob", 200, "cancelled"): _cancelled,
    ("cancelJob", 400, "bad-request"): partial(_bad_id, "cancelJob", "id"),
    ("cancelJob", 400, "encoded-id"): partial(_encoded, "cancelJob", "id"),
    ("cancelJob", 404, "unknown-job"): _no_job,
    ("getFeatures", 200, "features"): _features,
    ("getFeatures", 400, "bad-request"): partial(_bad_list, "getFeatures"),
    ("getFeatures", 400, "email-required"): partial(_email_required, "getFeatures"),
    ("getFeatures", 400, "no-accounts"): partial(_no_accounts, "getFeatures"),
    ("getFeatures", 400, "unknown-account"): partial(_strange_query, "getFeatures"),
    ("getUser", 200, "user"): _user,
    ("updateUser", 200, "user"): _update_user,
    ("updateUser", 400, "bad-request"): partial(_bad_user, {"name": 17}),
    ("updateUser", 400, "reply-url-too-long"): partial(_bad_user, {"replyUrl": "http://127.0.0.1/" + "x" * 1_024}),
}
"""By operation, status and name of the example. A refusal of a token is provoked in `tokens`."""


def unauthorized(operation: str, scene: Scene) -> Provoked:
    """A call without a token."""
    arguments: dict[str, Any] = {
        parameter.name: "nobody@example.invalid" if parameter.name == "email" else "user:1-pixverse:a@b.example-video:1"
        for parameter in scene.situation.contract.operations[operation].parameters
        if parameter.place == "path"
    }
    return Provoked(scene.world.call(operation, token=None, **arguments))

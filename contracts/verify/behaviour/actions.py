"""What can be done in a world: actions as plain data, and the doing of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.contract import Contract
from contracts.findings import Call
from contracts.provider.world import World
from contracts.verify.behaviour.snapshot import Snapshot

_PASSWORD: Final = "batterystaple4711"  # noqa: S105 - made up
_PAGES: Final = (1, 2, 3)


@dataclass(frozen=True)
class Action:
    """An action. `which` and `index` choose what it is done to, by the state at its time, so that it makes sense in
    any order: `fields` go into the request.
    """

    name: str
    which: str = ""
    index: int = 0
    fields: tuple[tuple[str, Any], ...] = ()
    seconds: float = 0.0
    form: bool = False


@dataclass(frozen=True)
class Deed:
    """An action that was done: to what, what was sent, and the calls it made."""

    action: Action
    target: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()

    @property
    def call(self) -> Call:
        """The call, of a deed that is one."""
        return self.calls[0]

    @property
    def status(self) -> int:
        """The status it was answered with; 0 for none."""
        return self.calls[0].got.status if self.calls else 0


@dataclass(slots=True)
class Known:
    """Ids that are no longer seen, to try them again."""

    deleted: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)


def do(world: World, action: Action, before: Snapshot, known: Known) -> Deed | None:
    """Do it; None if there is nothing that it could be done to. Raises NotAllowed and Ended."""
    fields = dict(action.fields)
    match action.name:
        case "wait":
            world.pass_time(action.seconds)
            return Deed(action, fields={"seconds": action.seconds})
        case "upscale":
            return _upscale(world, action, before, known)
        case "get" | "delete" | "cancel":
            target = choose(action, before, known)
            if target is None:
                return None
            operation = {"get": "getVideo", "delete": "deleteVideo", "cancel": "cancelJob"}[action.name]
            parameter: dict[str, Any] = {"id" if action.name == "cancel" else "video_id": target}
            return Deed(action, target, {}, (world.call(operation, **parameter),))
        case "save":
            email = _account(action, before, "new")
            body = {"email": email, "password": _PASSWORD, "maxJobs": 3, **fields}
            return Deed(action, email, body, (world.call("saveAccount", email=email, json=body),))
        case "unlink":
            email = _account(action, before, "unlinked")
            return Deed(action, email, {}, (world.call("deleteAccount", email=email),))
        case "user":
            return Deed(action, "", fields, (world.call("updateUser", json=fields),))
        case "adjust":
            emails = list(before.accounts)
            if not emails:
                return None
            email = emails[action.index % len(emails)]
            return Deed(action, email, fields) if world.adjust(email, **fields) else None
        case "sweep":
            return Deed(action, calls=tuple(_sweep(world, before)))
    raise ValueError(action.name)


def choose(action: Action, before: Snapshot, known: Known) -> str | None:
    """The id that an action is for, None if there is none such."""
    videos = [video for _, video in before.all_videos()]
    some = next((str(video["video_id"]) for video in videos), None)
    match action.which:
        case "finished":
            ids = [video["video_id"] for video in videos if video.get("video_status") == 1]
        case "upscaled":
            ids = [video["video_id"] for video in videos if video.get("upscaled") == 1]
        case "ended":
            ids = [video["video_id"] for video in videos if video.get("video_status_final") is True]
        case "unfinished":
            ids = [video["video_id"] for video in videos if video.get("video_status_final") is False]
        case "running":
            ids = [job["id"] for job in before.running]
        case "deleted":
            ids = known.deleted
        case "cancelled":
            ids = known.cancelled
        case "unknown":
            ids = [some.rpartition(":")[0] + ":987654321987654321"] if some else []
        case "foreign":
            ids = [re.sub(r"^user:([0-9]+)", lambda found: f"user:{int(found[1]) + 1}", some)] if some else []
        case "unlinked":
            ids = [re.sub(r"pixverse:.*-video", "pixverse:nobody@example.invalid-video", some)] if some else []
        case "trigger":
            ids = [some.rpartition(":")[0] + f":{action.index}"] if some else []
        case _:
            ids = [action.which]
    return str(ids[action.index % len(ids)]) if ids else None


def _upscale(world: World, action: Action, before: Snapshot, known: Known) -> Deed | None:
    target = choose(action, before, known)
    if target is None:
        return None
    body = {"video_id": target, **dict(action.fields)}
    if action.form:
        call = world.call("upscaleVideo", form={name: str(value) for name, value in body.items()})
    else:
        call = world.call("upscaleVideo", json=body)
    return Deed(action, target, body, (call,))


def _account(action: Action, before: Snapshot, other: str) -> str:
    if action.which == other:
        return f"{other}{action.index}@example.com"
    emails = list(before.accounts)
    return emails[action.index % len(emails)] if emails else f"{other}@example.com"


def _sweep(world: World, before: Snapshot) -> Sequence[Call]:
    """Read every account and the newest videos by themselves, and the lists in pages."""
    calls = [world.call("getAccount", email=email) for email in before.accounts]
    for email, videos in before.videos.items():
        shown = videos[:6] + [video for video in videos[6:] if video.get("upscaled") == 1][:6]
        calls += [world.call("getVideo", video_id=video["video_id"]) for video in shown]
        for limit in _PAGES:
            calls += [
                world.call("listVideos", email=email, limit=limit, offset=offset)
                for offset in range(0, min(len(videos), 4 * limit) + 1, limit)
            ]
        calls.append(world.call("listVideos", email=email))
        calls.append(world.call("listVideos", email=email, limit=100, offset=len(videos)))
    return calls


def fits(contract: Contract, fields: Mapping[str, Any]) -> bool:
    """Whether the body of an upscale has the documented form."""
    media = contract.operations["upscaleVideo"].bodies["application/json"]
    return media.schema.is_valid(dict(fields))

"""What can be read of a world at one instant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.findings import Call
from contracts.provider.http import value_of
from contracts.provider.world import World

_PAGE = 100
_MOST_PAGES = 5

Object = Mapping[str, Any]


class Unobservable(Exception):  # noqa: N818 - it is an outcome
    """A read has not the documented answer, which is judged elsewhere; nothing can be said of what it would tell."""


@dataclass(slots=True)
class Snapshot:
    """Accounts, features and videos by email; what runs; the user. `reads` are the calls that told it."""

    accounts: dict[str, Object] = field(default_factory=dict)
    features: dict[str, Object] = field(default_factory=dict)
    videos: dict[str, list[Object]] = field(default_factory=dict)
    running: list[Object] = field(default_factory=list)
    executing: list[Object] = field(default_factory=list)
    available: dict[str, Object] = field(default_factory=dict)
    user: Object = field(default_factory=dict)
    reads: dict[str, Call] = field(default_factory=dict)

    def balance(self, email: str) -> int:
        """Credits of an account."""
        features = self.features.get(email, {})
        return sum(int(features.get(name, 0)) for name in ("credit_daily", "credit_monthly", "credit_package"))

    def plan(self, email: str) -> int:
        """Generations that the plan of an account allows at the same time."""
        return int(self.features.get(email, {}).get("gen_simultaneously", 0))

    def all_videos(self) -> Iterator[tuple[str, Object]]:
        """Every video with its account."""
        for email, videos in self.videos.items():
            for video in videos:
                yield email, video

    def video(self, video_id: str) -> Object | None:
        """A video of the lists."""
        return next((video for _, video in self.all_videos() if video["video_id"] == video_id), None)

    def told(self, *parts: str) -> tuple[Call, ...]:
        """The reads that told parts of it: "videos", "running", "available", "features", "accounts", "user"."""
        return tuple(call for name, call in self.reads.items() if name.partition(" ")[0] in parts)

    def runs(self, video_id: str) -> bool:
        """Whether the scheduler has a job."""
        return any(job["id"] == video_id for job in self.running)


def observe(world: World) -> Snapshot:
    """Read all of a world. Raises Unobservable and Ended."""
    seen = Snapshot()
    value = _read(world, seen, "accounts", "listAccounts", none=404)
    seen.accounts = {str(email): account for email, account in _objects(value)}
    for email in seen.accounts:
        seen.features[email] = _object(_read(world, seen, f"features {email}", "getFeatures", email=email))
        seen.videos[email] = list(_videos(world, seen, email))
    seen.running = _jobs(_read(world, seen, "running", "listRunning"))
    available = _object(_read(world, seen, "available", "listAvailable"))
    seen.executing = _jobs(available.get("executing"))
    rows = available.get("available")
    seen.available = {
        str(each["email"]): each
        for each in (rows if isinstance(rows, list) else ())
        if isinstance(each, dict) and "email" in each
    }
    seen.user = _object(_read(world, seen, "user", "getUser"))
    return seen


def _videos(world: World, seen: Snapshot, email: str) -> Iterator[Object]:
    for page in range(_MOST_PAGES):
        offset = page * _PAGE or None
        name = f"videos {email} {page}".removesuffix(" 0")
        value = _object(_read(world, seen, name, "listVideos", email=email, limit=_PAGE, offset=offset))
        data = value.get("data")
        videos = [each for each in data if _is_video(each)] if isinstance(data, list) else []
        yield from videos
        if len(videos) < _PAGE:
            return


def _read(world: World, seen: Snapshot, name: str, operation: str, none: int = 0, **arguments: Any) -> Any:
    call = seen.reads[name] = world.call(operation, **arguments)
    if call.got.status == none:
        return {}
    value = value_of(call.got)
    if call.got.status != 200 or not isinstance(value, dict | list):
        raise Unobservable(f"{operation} was answered {call.got.status or call.got.error}")
    return value


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> Iterator[tuple[Any, Object]]:
    for key, each in value.items() if isinstance(value, dict) else ():
        if isinstance(each, dict):
            yield key, each


def _is_video(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("video_id"), str)
        and isinstance(value.get("video_status"), int)
    )


def _jobs(value: Any) -> list[Object]:
    return [
        each
        for each in (value if isinstance(value, list) else ())
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    ]

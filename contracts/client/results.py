"""What the API answers, as types: every documented field by name, the rest in `raw`.

None stands for a field that did not come, or came as something else than documented. Only what identifies a thing is
required.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.client.shapes import Shape, named
from contracts.client.status import Status


@dataclass(frozen=True, kw_only=True, repr=False)
class QueueData(Shape):
    """What the API says about a video's place in its queue."""

    queue_time: int | None = None
    queue_count: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Video(Shape):
    """A video. `status` says what it is by the life cycle, whatever `video_status_final` says."""

    video_id: str
    video_status: int | None = None
    video_status_name: str | None = None
    video_status_final: bool | None = None
    account_id: int | None = None
    created_at: str | None = None
    first_frame: str | None = None
    last_frame: str | None = None
    output_width: int | None = None
    output_height: int | None = None
    original_video_id: str | int | None = None
    upscaled: int | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    quality: str | None = None
    motion_mode: str | None = None
    asset_id: int | None = None
    auto_character_prompt: int | None = None
    seed: int | None = None
    likes: int | None = None
    model_name: str | None = None
    queue_data: QueueData | None = None
    video_duration: float | None = None
    duration: float | None = None
    extended: int | None = None
    lip_sync: Mapping[str, Any] | None = None
    url: str | None = None
    img_id: int | None = None
    img_url: str | None = None
    motion_brush: str | None = None
    asset_name: str | None = None
    asset_img_url: str | None = None
    remove_watermark: int | None = None
    nick_name: str | None = None
    avatar: str | None = None
    aspect_ratio: str | None = None
    camera_movement: str | None = None
    relation_type: int | None = None
    style: str | None = None
    template_id: int | None = None
    template_name: str | None = None
    template_thumbnail_url: str | None = None
    template_thumbnail_video_url: str | None = None
    template_i18n_json: str | None = None
    workflow_tag: str | None = None
    customer_paths: Any = None
    reply_url: str | None = named("replyUrl", default=None)
    reply_ref: str | None = named("replyRef", default=None)

    @property
    def status(self) -> Status:
        """By its number, else by its name."""
        return Status.of(self.video_status, self.video_status_name)

    @property
    def source(self) -> str | None:
        """The id of the video that was upscaled, None if this is no upscale."""
        return self.original_video_id if isinstance(self.original_video_id, str) else None


@dataclass(frozen=True, kw_only=True, repr=False)
class VideoList(Shape):
    """A page of videos."""

    data: tuple[Video, ...]

    def __iter__(self) -> Iterator[Video]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


@dataclass(frozen=True, kw_only=True, repr=False)
class Accepted(Shape):
    """An upscale that was accepted: `video_id` is that of the new video, `reply_ref` what went with the request."""

    video_id: str
    reply_ref: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class VideoDeleted(Shape):
    """A video that is gone."""

    video_id: str
    deleted: bool | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Login(Shape):
    """The session of a PixVerse account."""

    account_id: int | None = named("AccountId", default=None)
    expire_time: int | None = named("ExpireTime", default=None)
    expire_time_utc: str | None = named("ExpireTimeUTC", default=None)
    username: str | None = named("Username", default=None)
    token: str | None = named("token", default=None, repr=False)


@dataclass(frozen=True, kw_only=True, repr=False)
class Account(Shape):
    """A linked PixVerse account. `error` is there while it has a pending error."""

    email: str
    max_jobs: int | None = named("maxJobs", default=None)
    password: str | None = named("password", default=None, repr=False)
    error: str | None = None
    jwt: Login | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class AccountDeleted(Shape):
    """An account that is unlinked, and how many remain."""

    account: str
    deleted: bool | None = None
    remaining: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class RunningJob(Shape):
    """A job that holds a slot; `id` is that of the video which it makes."""

    id: str = named("id", "video_id")  # an earlier form of the page has the second
    type: str | None = None
    started: str | None = None
    elapsed: str | None = None
    reply_url: str | None = named("replyUrl", default=None)
    reply_ref: str | None = named("replyRef", default=None)


@dataclass(frozen=True, kw_only=True, repr=False)
class Slots(Shape):
    """The slots of an account."""

    email: str
    max_jobs: int | None = named("maxJobs", default=None)
    executing: int | None = None
    available: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Availability(Shape):
    """The jobs that run, and the slots that are free."""

    executing: tuple[RunningJob, ...]
    available: tuple[Slots, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class JobCancelled(Shape):
    """A job that is no longer followed."""

    id: str
    deleted: bool | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Features(Shape):
    """The subscription of a PixVerse account."""

    credit_daily: int | None = None
    credit_monthly: int | None = None
    credit_package: int | None = None
    gen_simultaneously: int | None = None
    plan_name: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class User(Shape):
    """The useapi.net account."""

    subscription_is_active: bool | None = named("subscriptionIsActive", default=None)
    max_accounts_per_api: int | None = named("maxAccountsPerAPI", default=None)
    accounts: Mapping[str, tuple[str, ...]] | None = None
    name: str | None = None
    reply_url: str | None = named("replyUrl", default=None)

"""The entities of a sandbox. Plain data: Sandbox and Accounts change them."""

from dataclasses import dataclass, field

from mockserver.domain.footage import Footage
from mockserver.domain.lifecycle import FINAL, Status
from mockserver.domain.rules import AccountRules, Disturbance


@dataclass(slots=True, kw_only=True)
class Account:
    """A linked PixVerse account.

    Credits are conserved: `credits + reserved + spent` is what was ever granted. `running` jobs hold a slot
    (they are followed and not final); `upstream` counts those PixVerse works on, cancelled ones too.
    """

    email: str
    account_id: int
    linked_at: int
    max_jobs: int
    concurrency: int
    credits: int
    reserved: int = 0
    spent: int = 0
    running: int = 0
    upstream: int = 0
    pending_error: bool = False
    sources: int = 0
    """How many of its videos no job made."""
    videos: list[int] = field(default_factory=list)
    """Numbers of its videos that are not deleted, oldest first."""

    @classmethod
    def link(cls, rules: AccountRules, *, number: int, now: int) -> "Account":
        """An account as it is linked, without its videos."""
        return cls(
            email=rules.email,
            account_id=number,
            linked_at=now,
            max_jobs=rules.max_jobs,
            concurrency=rules.concurrency,
            credits=rules.credits,
            pending_error=rules.pending_error,
        )

    def page(self, limit: int, offset: int, *, oldest_first: bool) -> list[int]:
        """Up to `limit` numbers of its videos, after skipping `offset`."""
        if oldest_first:
            return self.videos[offset : offset + limit]
        end = max(0, len(self.videos) - offset)
        return self.videos[max(0, end - limit) : end][::-1]


@dataclass(slots=True)
class Job:
    """The process that makes a video. Instants are milliseconds since 1970, on the sandbox's clock.

    `steps` are the statuses still to come and when, `reached` those that were; `followed` ends with a cancellation,
    which frees the slot and stops callbacks while the video goes on. `reply_url` is the request's own, `receiver` where
    callbacks go: that, or the user's default; None if there is neither. `report_at` is when progress is told next.
    """

    started: int
    cost: int
    steps: list[tuple[int, Status]]
    reply_url: str | None
    reply_ref: str | None
    receiver: str | None = None
    telling: bool = False
    """Whether the receiver is still told: there is one, the job is followed, and it did not ask to be left alone."""
    disturbances: tuple[Disturbance, ...] = ()
    report_at: int | None = None
    reached: list[tuple[int, Status]] = field(default_factory=list)
    followed: bool = True

    @classmethod
    def start(
        cls,
        now: int,
        durations: tuple[int, int],
        cost: int,
        reply_url: str | None,
        reply_ref: str | None,
        receiver: str | None,
    ) -> "Job":
        """A job that starts now, is GENERATING and COMPLETED after `durations`, and tells the receiver, if any."""
        queued, total = durations
        steps = [(now + queued, Status.GENERATING), (now + total, Status.COMPLETED)]
        return cls(now, cost, steps, reply_url, reply_ref, receiver, receiver is not None)

    @property
    def next_at(self) -> int:
        """When there is something to do for it next."""
        step = self.steps[0][0]
        return step if self.report_at is None else min(step, self.report_at)


@dataclass(slots=True)
class Video:
    """A video of an account.

    `original` is the number of the video it was upscaled from, None for a source. `origin` is the address under
    which the request of its job reached the mock; "" for a video that no request made. `job` is None for those.
    """

    number: int
    email: str
    status: Status
    created_at: int
    footage: Footage
    original: int | None = None
    origin: str = ""
    job: Job | None = None

    @property
    def final(self) -> bool:
        """Whether its status will not change any more."""
        return self.status in FINAL

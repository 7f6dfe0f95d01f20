"""The numbers a sandbox is played by. A scenario sets them; the defaults are the default sandbox."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from mockserver.domain.footage import CATALOGUE, Footage
from mockserver.domain.lifecycle import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """An account as a sandbox starts with it.

    `concurrency` is the jobs that run upstream at the same time; `running` jobs began at the sandbox's first instant,
    paid for on top of `credits`.
    """

    email: str = "demo@example.com"
    max_jobs: int = 3
    concurrency: int = 5
    credits: int = 10_000
    pending_error: bool = False
    running: int = 0
    footage: tuple[Footage, ...] = CATALOGUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long jobs take, in milliseconds, from acceptance to the end: drawn evenly between the two bounds.

    `queued` is the largest part of it, from 0 to 1, that a job spends QUEUED.
    """

    shortest: int = 60_000
    longest: int = 600_000
    queued: float = 0.2

    def draw(self, chance: Callable[[], float]) -> tuple[int, int]:
        """Milliseconds from acceptance to GENERATING, and to the end; `chance` gives numbers from 0 to 1."""
        total = self.shortest + int(chance() * (self.longest - self.shortest))
        return int(total * self.queued * chance()), total


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """How jobs end that no trigger ends: COMPLETED, unless something else is said.

    `listed` are the ends of the first jobs, in the order in which they were accepted. `shares` are the parts of all
    others, from 0 to 1, that end otherwise, by chance.
    """

    listed: tuple[Status, ...] = ()
    shares: tuple[tuple[Status, float], ...] = ()

    def of(self, job: int, chance: Callable[[], float]) -> Status:
        """The end of the so-many-th job of a sandbox, from 1; `chance` is only asked where there are shares."""
        if job <= len(self.listed):
            return self.listed[job - 1]
        if self.shares:
            drawn = chance()
            for status, share in self.shares:
                drawn -= share
                if drawn < 0:
                    return status
        return Status.COMPLETED


class Disturbing(StrEnum):
    """What can go wrong with a callback on its way, on purpose."""

    DUPLICATE = "duplicate"
    """Delivered twice."""
    SWAPPED = "swapped"
    """The final one overtakes the one before it."""
    EARLY = "early"
    """The first one comes before the answer to the POST that started the job, which is GENERATING at once."""
    LATE = "late"
    """Sent some time after what it tells."""
    DROPPED = "dropped"
    """Never sent."""
    SLOW = "slow"
    """A while passes between the connection and the request."""


class Which(StrEnum):
    """Which callbacks of a job are meant."""

    FINAL = "final"
    PROGRESS = "progress"
    """All but the final one."""
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """A disturbance of the callbacks of some jobs.

    `jobs` are counted from 1 in the order in which a sandbox accepted them; empty means every job. `of` has no meaning
    for SWAPPED and EARLY. `delay` is in milliseconds: of the sandbox's clock for LATE, of real time for SLOW.
    """

    kind: Disturbing
    jobs: frozenset[int] = frozenset()
    of: Which = Which.FINAL
    delay: int = 0

    def concerns(self, *, final: bool) -> bool:
        """Whether a callback with such a status is meant."""
        return self.of is Which.ALL or (self.of is Which.FINAL) is final


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRules:
    """Which callbacks are owed, and when they are tried.

    `progress` are the milliseconds between two calls while a video is GENERATING, None for none; with `final_only` the
    last call of a job is its only one. `retries` are the milliseconds after each failed attempt: as many further ones
    are made.
    """

    progress: int | None = 60_000
    final_only: bool = False
    retries: tuple[int, ...] = ()
    disturbances: tuple[Disturbance, ...] = ()

    def disturbances_of(self, job: int) -> tuple[Disturbance, ...]:
        """Those that the so-many-th job of a sandbox suffers."""
        return tuple(found for found in self.disturbances if not found.jobs or job in found.jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All the rules of one sandbox.

    `cost` is the price of an upscale, in credits. With `slots` off, neither maxJobs nor upstream concurrency
    refuses; with `credits` off nothing is charged. `retention` finished upscales are kept for each account,
    and up to an eighth and 64 more: the oldest are forgotten first, sources always stay. As many deleted videos are
    remembered as such.
    """

    cost: int
    accounts: tuple[AccountRules, ...] = (AccountRules(),)
    new_account: AccountRules = field(default_factory=AccountRules)
    """What an account gets that is linked later."""
    durations: Durations = field(default_factory=Durations)
    endings: Endings = field(default_factory=Endings)
    callbacks: CallbackRules = field(default_factory=CallbackRules)
    slots: bool = True
    credits: bool = True
    retention: int = 100_000
    first_number: int = 11_223_344
    """Of the first video in every sandbox: the number in the contract's examples, which so work as they stand."""

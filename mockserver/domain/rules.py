"""The numbers a sandbox is played by. A scenario sets them; the defaults are the default sandbox."""

from dataclasses import dataclass, field

from mockserver.domain.footage import CATALOGUE, Footage


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """An account as a sandbox starts with it. `concurrency` is the jobs that run upstream at the same time."""

    email: str = "demo@example.com"
    max_jobs: int = 3
    concurrency: int = 5
    credits: int = 10_000
    pending_error: bool = False
    footage: tuple[Footage, ...] = CATALOGUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long jobs take, in milliseconds, from acceptance to the end: drawn evenly between the two bounds.

    `queued` is the largest part of it, from 0 to 1, that a job spends QUEUED.
    """

    shortest: int = 60_000
    longest: int = 600_000
    queued: float = 0.2


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
    slots: bool = True
    credits: bool = True
    retention: int = 100_000

"""Whether an account may start one more job, and what it could still start."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from mockserver.domain import refusals
from mockserver.domain.model import Account, Job
from mockserver.domain.rules import Rules


class Availability(NamedTuple):
    """An account's slots: what it may run, what it runs, what it could still start."""

    email: str
    max_jobs: int
    executing: int
    available: int


def availability(account: Account) -> Availability:
    """The slots of an account: what is left of its own, and of the plan's upstream."""
    left = min(account.max_jobs - account.running, account.concurrency - account.upstream)
    return Availability(account.email, account.max_jobs, account.running, max(0, left))


def free_at(account: Account, jobs: Iterable[Job], max_jobs: int | None) -> int | None:
    """The instant from which `account` may start one more job, under the request's own limit, else the account's.

    `jobs` are all that run on it; that no other starts before is assumed. None if it may start at once, or never.
    """
    running = sorted((job.steps[-1][0], job.followed) for job in jobs)
    upstream = [end for end, _ in running]
    slots = [end for end, followed in running if followed]
    waits = [
        ends[len(ends) - limit]
        for ends, limit in ((slots, max_jobs or account.max_jobs), (upstream, account.concurrency))
        if len(ends) >= limit > 0
    ]
    return max(waits, default=None) if account.concurrency else None


def check(account: Account, accounts: Collection[Account], rules: Rules, max_jobs: int | None) -> None:
    """Refuse one more job on `account`, one of `accounts`, under the request's own limit, else the account's.

    Raises PendingError, InsufficientCredits, AccountBusy, AllAccountsBusy, UpstreamLimit, checked in this order.
    """
    if account.pending_error:
        raise refusals.PendingError(email=account.email)
    if rules.credits and account.credits < rules.cost:
        raise refusals.InsufficientCredits(email=account.email, credits=account.credits, cost=rules.cost)
    if not rules.slots:
        return
    max_jobs = max_jobs or account.max_jobs
    if account.running >= max_jobs:
        others = [other for other in accounts if other is not account]
        all_full = bool(others) and all(other.running >= other.max_jobs for other in others)
        refusal = refusals.AllAccountsBusy if all_full else refusals.AccountBusy
        raise refusal(email=account.email, running=account.running, maxJobs=max_jobs, accounts=len(accounts))
    if account.upstream >= account.concurrency:
        raise refusals.UpstreamLimit(email=account.email, upstream=account.upstream, concurrency=account.concurrency)

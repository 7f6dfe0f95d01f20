"""Sandboxes for tests: small, quick to start, and the ids in them."""

from copy import deepcopy
from typing import Any, Final

from mockserver.domain import AccountRules, Durations, Rules, Sandbox, Video, VideoId
from mockserver.domain.footage import CATALOGUE

NOW: Final = 1_735_689_600_000
"""The instant at which these sandboxes start."""

MINUTE: Final = 60_000
USER: Final = "12345"
FIRST: Final = "first@example.com"
SECOND: Final = "second@example.com"
COST: Final = 20


def account(email: str = FIRST, **changes: Any) -> AccountRules:
    """An account with two finished videos, and the usual limits."""
    return AccountRules(**{"email": email, "footage": CATALOGUE[:2], **changes})


def start(*accounts: AccountRules, seed: int = 1, rules: Rules | None = None, **changes: Any) -> Sandbox:
    """A sandbox with these accounts, else one; each job takes one minute, 12 seconds of them in the queue at most."""
    if rules is None:
        minute = Durations(shortest=MINUTE, longest=MINUTE)
        given = {"durations": minute, "new_account": account(), **changes}
        rules = Rules(cost=COST, accounts=accounts or (account(),), **given)
    return Sandbox.start(user=USER, rules=rules, seed=seed, now=NOW)


def finished(sandbox: Sandbox, email: str = FIRST) -> VideoId:
    """The oldest video of an account, which every job may start from."""
    return VideoId(sandbox.user, email, sandbox.accounts[email].videos[0])


def id_of(sandbox: Sandbox, video: Video) -> VideoId:
    """The id of a video."""
    return VideoId(sandbox.user, video.email, video.number)


def fill(sandbox: Sandbox, email: str = FIRST, jobs: int = 3) -> list[Video]:
    """Start this many jobs on an account."""
    return [sandbox.upscale(finished(sandbox, email), max_jobs=8) for _ in range(jobs)]


def snapshot(sandbox: Sandbox) -> tuple[Sandbox, list[list[Any]]]:
    """A copy to compare with later: every value, the state of the dice, and the order of what is kept in order."""
    copy = deepcopy(sandbox)
    return copy, [list(copy.accounts), list(copy.videos), list(copy.running)]

"""The table: each refusal of the domain to a response of the contract, by the name of an example there.

Which status has that example is the contract's business; a switch of the scenario chooses where it has two.
"""

from collections.abc import Mapping
from math import ceil
from typing import Final

from mockserver.domain import Sandbox, refusals
from mockserver.domain.capacity import free_at
from mockserver.domain.refusals import NoCapacity, Refusal
from mockserver.message import Headers
from mockserver.scenario import Answers
from mockserver.spec import Answer, Operation

EXAMPLES: Final[dict[type[Refusal], str]] = {
    refusals.UnknownAccount: "unknown-account",
    refusals.NoAccounts: "no-accounts",
    refusals.UnknownVideo: "unknown-video",
    refusals.ForeignVideo: "foreign-video",
    refusals.DeletedVideo: "deleted-video",
    refusals.UnknownJob: "unknown-job",
    refusals.VideoProcessing: "video-processing",
    refusals.UnfinishedVideo: "unfinished-video",
    refusals.EmailRequired: "email-required",
    refusals.EmailMismatch: "email-mismatch",
    refusals.PendingError: "pending-error",
    refusals.InsufficientCredits: "insufficient-credits",
    refusals.AccountBusy: "account-busy",
    refusals.AllAccountsBusy: "all-accounts-busy",
    refusals.UpstreamLimit: "upstream-limit",
}


_WAITING: Final = frozenset(name for kind, name in EXAMPLES.items() if issubclass(kind, NoCapacity))
"""The answers beside which a Retry-After makes sense."""


class UnmappedRefusalError(Exception):
    """A bug of ours: the operation has no example for a refusal it can meet."""


def answer(operation: Operation, refusal: Refusal, answers: Answers) -> Answer:
    """The contract's answer to a refusal. Raises UnmappedRefusalError."""
    status = answers.unknown_video if isinstance(refusal, refusals.UnknownVideo) else None
    found = operation.answer(EXAMPLES[type(refusal)], status=status)
    if found is None:
        raise UnmappedRefusalError(f"{operation.id} has no example {EXAMPLES[type(refusal)]!r} in the contract")
    return found


def retry_after(name: str, answers: Answers, sandbox: Sandbox, pace: float, named: Mapping[str, str | int]) -> Headers:
    """The Retry-After beside the answer of this name, if the scenario wants one.

    `named` has the account's `email`, and the request's `maxJobs` if it has one; `pace` is how many seconds pass in the
    sandbox while the client waits for one.
    """
    if answers.retry_after is None or name not in _WAITING:
        return ()
    if answers.retry_after != "slot":
        seconds = answers.retry_after
    else:
        account = sandbox.accounts.get(str(named["email"]))
        if account is None:
            return ()
        jobs = [job for number, job in sandbox.running.items() if sandbox.videos[number].email == account.email]
        max_jobs = named.get("maxJobs")
        instant = free_at(account, jobs, None if max_jobs is None else int(max_jobs))
        if instant is None:
            return ()
        seconds = max(1, ceil((instant - sandbox.now) / 1_000 / pace))
    return ((b"retry-after", b"%d" % seconds),)

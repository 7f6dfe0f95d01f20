"""The table: each refusal of the domain to a response of the contract, by the name of an example there.

Which status has that example is the contract's business; a switch of the scenario chooses where it has two.
"""

from typing import Final

from mockserver.domain import refusals
from mockserver.domain.refusals import Refusal
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


class UnmappedRefusalError(Exception):
    """A bug of ours: the operation has no example for a refusal it can meet."""


def answer(operation: Operation, refusal: Refusal, answers: Answers) -> Answer:
    """The contract's answer to a refusal. Raises UnmappedRefusalError."""
    status = answers.unknown_video if isinstance(refusal, refusals.UnknownVideo) else None
    found = operation.answer(EXAMPLES[type(refusal)], status=status)
    if found is None:
        raise UnmappedRefusalError(f"{operation.id} has no example {EXAMPLES[type(refusal)]!r} in the contract")
    return found

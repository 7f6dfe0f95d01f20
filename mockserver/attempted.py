"""An attempt to deliver a callback that ended, for whoever looks on: the log, the console."""

from typing import NamedTuple

from mockserver.domain import Callback, Outcome, Receipt, Verdict


class Attempted(NamedTuple):
    """The callback, what came of the attempt, its place among the attempts from 1, how the callback ended with it.

    `outcome` is None if it goes on. Who looks on may come late, when the callback itself tells more.
    """

    callback: Callback
    receipt: Receipt
    attempts: int
    outcome: Outcome | None

    @property
    def why(self) -> str:
        """What came of it, in one sentence."""
        receipt = self.receipt
        if receipt.verdict is Verdict.RECEIVED:
            return "received"
        if receipt.verdict is Verdict.GONE:
            return "the receiver wants no more calls for this job"
        then = "will be tried again" if self.outcome is None else self.outcome.value
        return then if receipt.error is None else f"{receipt.error}; {then}"

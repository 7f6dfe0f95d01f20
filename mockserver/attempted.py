"""An attempt to deliver a callback that ended, for whoever looks on: the log, the console."""

from typing import NamedTuple

from mockserver.domain import Callback, Receipt, Verdict


class Attempted(NamedTuple):
    """The callback, what came of the attempt, how many there were."""

    callback: Callback
    receipt: Receipt
    attempts: int

    @property
    def why(self) -> str:
        """What came of it, in one sentence."""
        receipt = self.receipt
        said = f"answered {receipt.status}" if receipt.error is None else receipt.error
        if receipt.verdict in (Verdict.RECEIVED, Verdict.DENIED) or self.callback.outcome is not None:
            return said
        return f"{said}; will be tried again"

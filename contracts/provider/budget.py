"""How much may be done: calls are counted, time is the emergency brake."""

import time


class Ended(Exception):  # noqa: N818 - it is an end, not always an error
    """No further call may be made. `args[0]` is one line for the reader."""


class OutOfCalls(Ended):
    """The calls of this part are spent. The same at every run of a seed."""


class OutOfTime(Ended):
    """The time is up: the run is cut short."""


class Stopped(Ended):
    """Somebody ended the run."""


class Unresponsive(Ended):
    """The provider has not answered several calls in a row: the run is cut short."""


class Budget:
    """Calls that may be made, and the instant (of time.monotonic) when all ends.

    A part of a budget has calls of its own; they count against the whole, too.
    """

    def __init__(self, calls: int, deadline: float, whole: "Budget | None" = None) -> None:
        self.calls = calls
        self.deadline = deadline
        self._whole = whole
        self._stopped = ""

    def stop(self, reason: str) -> None:
        """Let no further call be made, of any part."""
        if self._whole is not None:
            self._whole.stop(reason)
        self._stopped = self._stopped or reason

    def part(self, calls: int) -> "Budget":
        """A share of this budget, with the same deadline."""
        return Budget(min(calls, self.calls), self.deadline, self)

    @property
    def seconds(self) -> float:
        """Real seconds left, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def check(self) -> None:
        """Raise OutOfTime once the time is up, Stopped once the run was stopped."""
        if self._whole is not None:
            self._whole.check()
        if self._stopped:
            raise Stopped(self._stopped)
        if self.seconds <= 0:
            raise OutOfTime("the time is up (--max-time)")

    def spend(self) -> None:
        """Take one call. Raises OutOfCalls, OutOfTime or Stopped, and takes none, where there is none left."""
        self.check()
        if self.calls <= 0:
            raise OutOfCalls("the calls of this part are spent")
        if self._whole is not None:
            self._whole.spend()
        self.calls -= 1

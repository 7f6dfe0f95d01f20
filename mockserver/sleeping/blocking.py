"""time.sleep, where sleeping moves the clock of a mock."""

import threading
from queue import Empty, SimpleQueue

from mockserver.sleeping.sleepers import Sleepers
from mockserver.sleeping.threads import Glances


class SleepingThread:
    """A thread in one call of sleep: the sleeper, and who looks whether time is to be moved."""

    blocks = True

    def __init__(self) -> None:
        self.watch = self
        self.thread = threading.get_ident()
        self.glances = Glances()
        self.until = 0
        self.depth = 0
        self._told: SimpleQueue[None] = SimpleQueue()
        self._awake = False
        self._error: Exception | None = None
        self._left = 0.0

    def sleep(self, sleepers: Sleepers, nanoseconds: int) -> float:
        """Sleep. Returns the seconds that are left to sleep for real; raises what went wrong in a mock meanwhile."""
        if not sleepers.lie_down(self, nanoseconds):
            return nanoseconds / 1e9
        try:
            while not self._awake:
                pause = sleepers.look(self)
                if pause != 0:
                    self._wait(pause)
        finally:
            sleepers.get_up(self)
        if self._error is not None:
            raise self._error
        return self._left

    def _wait(self, seconds: float | None) -> None:
        try:
            self._told.get(timeout=seconds)
        except Empty:
            return

    def tell(self) -> None:
        """Look again."""
        self._told.put(None)

    def next_timer(self) -> int | None:
        """A thread that sleeps has nothing else to do."""
        return None

    def wake(self, error: Exception | None) -> bool:
        """Sleep no longer."""
        self._error, self._awake = error, True
        self._told.put(None)
        return True

    def sleep_on(self, seconds: float) -> None:
        """Sleep so long for real."""
        self._left, self._awake = seconds, True
        self._told.put(None)

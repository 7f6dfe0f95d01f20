"""A receiver of callbacks that a mock has built in, as a test has it."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from mockserver.clock import pause, stopwatch
from mockserver.handle.asking import Ask
from mockserver.handle.clock import ClockHandle
from mockserver.handle.told import Received

_LOOKS: Final = 0.02
"""Real seconds between two looks at what came."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Takes every call to `url`; give that as `replyUrl`."""

    ask: Ask = field(repr=False)
    url: str

    @property
    def received(self) -> list[Received]:
        """What came, oldest first: the last 1,000 calls, and no more than fit into 1 MiB."""
        received: list[Received] = self.ask("GET", self._path)["data"]
        return received

    def wait(self, count: int = 1, *, timeout: float = 10.0) -> list[Received]:
        """What came, once there are so many. Raises AssertionError if there are not.

        A clock that stands is moved from event to event, until nothing is left to happen; with one that runs, so many
        real seconds pass at most.
        """
        clock, begun = ClockHandle(self.ask), stopwatch()
        while len(received := self.received) < count:
            if clock.mode == "manual":
                if not clock.advance("next-event"):
                    raise AssertionError(self._missing(len(received), count, "and nothing is left to happen"))
            elif stopwatch() - begun > timeout:
                raise AssertionError(self._missing(len(received), count, f"after {timeout:g} s"))
            else:
                pause(_LOOKS)
        return received

    def clear(self) -> None:
        """Forget what came."""
        self.ask("DELETE", self._path)

    def _missing(self, came: int, wanted: int, when: str) -> str:
        return f"{came} of {wanted} callbacks came to {self.url} {when}"

    @property
    def _path(self) -> str:
        return urlsplit(self.url).path

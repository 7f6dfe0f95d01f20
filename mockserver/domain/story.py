"""What happened in a sandbox, in time order; the last of it is kept."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from mockserver.domain.lifecycle import Status
from mockserver.domain.outbox import Callback

KEPT: Final = 10_000
"""Events that are remembered."""


class Kind(StrEnum):
    """What sort of thing happened."""

    ACCEPTED = "accepted"
    """A job began."""
    STATUS = "status"
    """A video reached a status."""
    CANCELLED = "cancelled"
    """A job is not followed any more."""
    CALLBACK = "callback"
    """An attempt to deliver a callback ended, or the scenario dropped it."""


class Event(NamedTuple):
    """Something happened: when (milliseconds since 1970), to which video, its status then.

    `callback` is the one that a CALLBACK event is about, `attempt` the place of the attempt in it, from 1; 0 if none
    was made.
    """

    at: int
    number: int
    status: Status
    kind: Kind = Kind.STATUS
    email: str = ""
    callback: Callback | None = None
    attempt: int = 0


@dataclass(slots=True)
class Story:
    """The last events of a sandbox, oldest first; `total` counts all that ever happened."""

    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    total: int = 0

    def add(self, event: Event) -> None:
        """Note an event."""
        self.events.append(event)
        self.total += 1

    def since(self, total: int) -> tuple[list[Event], int]:
        """What happened since `total` events had happened, and how many of these are no longer kept."""
        new = self.total - total
        kept = min(new, len(self.events))
        # From the end: what happened last is little, what is kept may be much.
        return list(islice(reversed(self.events), kept))[::-1], new - kept

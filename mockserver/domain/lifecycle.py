"""The life cycle of a video: its statuses, and the one table of steps between them.

Nothing else may change a status but by a step of this table. `x-lifecycle` of the contract states the
same table for everybody outside; a test holds the two equal.
"""

from enum import IntEnum
from typing import Final


class Status(IntEnum):
    """The number is the API's `video_status`, the name its `video_status_name`."""

    COMPLETED = 1
    QUEUED = 5
    MODERATED = 7
    FAILED = 8
    GENERATING = 10


INITIAL: Final = Status.QUEUED

STEPS: Final[dict[Status, frozenset[Status]]] = {
    Status.QUEUED: frozenset({Status.GENERATING}),
    Status.GENERATING: frozenset({Status.COMPLETED, Status.MODERATED, Status.FAILED}),
    Status.COMPLETED: frozenset(),
    Status.MODERATED: frozenset(),
    Status.FAILED: frozenset(),
}

FINAL: Final = frozenset(status for status, following in STEPS.items() if not following)
"""The statuses that end a job."""

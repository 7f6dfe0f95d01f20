"""The statuses of a video, and which of them are an end."""

from enum import Enum


class Status(Enum):
    """A status by its number in the API; UNKNOWN stands for every number and name that the contract does not have."""

    QUEUED = 5
    GENERATING = 10
    COMPLETED = 1
    MODERATED = 7
    FAILED = 8
    UNKNOWN = 0

    @classmethod
    def of(cls, number: int | None, name: str | None = None) -> "Status":
        """The status with this number, else the one with this name."""
        for status in cls:
            if status is not cls.UNKNOWN and status.value == number:
                return status
        return cls.__members__.get(name or "", cls.UNKNOWN)

    @property
    def final(self) -> bool:
        """Whether the life cycle ends here.

        This and not `video_status_final` decides: the vendor's page has that true for QUEUED.
        """
        return self in (Status.COMPLETED, Status.MODERATED, Status.FAILED)

    @property
    def rank(self) -> int:
        """How far along the life cycle it is: a later status never has a lower rank. 0 for UNKNOWN, too."""
        return 2 if self.final else int(self is Status.GENERATING)

"""The life cycle of a video: `x-lifecycle` of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.findings import Provenance


@dataclass(frozen=True)
class Status:
    """A status of a video: its number, its name, whether it is an end, and the numbers that may follow at once."""

    number: int
    name: str
    final: bool
    next: frozenset[int]
    provenance: Provenance


@dataclass(frozen=True)
class Lifecycle:
    """The statuses by number, and the one that a job begins with."""

    initial: int
    statuses: Mapping[int, Status]
    pointer: str = "/x-lifecycle"

    def named(self, name: str) -> Status:
        """The status of this name. Raises KeyError."""
        for status in self.statuses.values():
            if status.name == name:
                return status
        raise KeyError(name)

    def reaches(self, before: int, after: int) -> bool:
        """Whether `after` can be seen later than `before`: the same, or some legal steps on."""
        seen, edge = {before}, {before}
        while edge:
            edge = {following for number in edge for following in self.statuses[number].next} - seen
            seen |= edge
        return after in seen


def read_lifecycle(node: Mapping[str, Any]) -> Lifecycle:
    """The life cycle from its node."""
    statuses = {
        int(number): Status(
            int(number),
            each["name"],
            each["final"],
            frozenset(each["next"]),
            Provenance(each.get("x-provenance", "inferred")),
        )
        for number, each in node["statuses"].items()
    }
    return Lifecycle(int(node["initial"]), statuses)

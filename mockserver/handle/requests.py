"""What a client asked of a sandbox, as a test has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from mockserver.handle.asking import SECONDS, Ask, with_query
from mockserver.handle.told import Exchange, NearMiss, Verdict

Exchanges = list[Exchange]


class Filters(TypedDict, total=False):
    """Which exchanges are meant.

    operation: an operationId. method, path: of the request, the path a part of it. status: 429, or "4xx". refusal,
    fault: their names. since: only those behind the one with this number.
    """

    operation: str
    method: str
    path: str
    status: int | str
    refusal: str
    fault: str
    since: int


class Patterns(Filters, total=False):
    """The same, with patterns: each value a value, or {"matches": ...}, {"contains": ...}, {"absent": True}."""

    headers: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any


@dataclass(frozen=True, slots=True)
class RequestsHandle:
    """The journal of a sandbox: each exchange with the emulated API. MockError is raised for filters that are none."""

    ask: Ask = field(repr=False)

    def list(self, *, limit: int = 1_000, **filters: Unpack[Filters]) -> Exchanges:
        """The newest exchanges, oldest first."""
        return self._told("/__mock/requests", limit, filters)

    def unmatched(self, *, limit: int = 1_000, **filters: Unpack[Filters]) -> Exchanges:
        """Those whose method and path the API does not have, with the operation that comes nearest."""
        return self._told("/__mock/requests/unmatched", limit, filters)

    def count(self, **filters: Unpack[Filters]) -> int:
        """How many there were."""
        return int(self.ask("GET", with_query("/__mock/requests/count", _known(filters)))["count"])

    def find(self, *, limit: int = 1_000, **patterns: Unpack[Patterns]) -> Exchanges:
        """The newest exchanges that are like this, oldest first."""
        found: Exchanges = self.ask("POST", "/__mock/requests/find", {"limit": limit, **patterns})["data"]
        return found

    def verify(
        self,
        *,
        exactly: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        sequence: Sequence[Patterns] | None = None,
        strict: bool = False,
        timeout: float = 0,
        **patterns: Unpack[Patterns],
    ) -> Verdict:
        """What is said of an expectation that is met. Raises AssertionError for one that is not, with what came near.

        Either a count of the exchanges that are like this, at least 1 if nothing is said, or a sequence of them, with
        nothing between its steps if `strict`. Waits so many real seconds at most for it to come true.
        """
        counts = {"exactly": exactly, "atLeast": at_least, "atMost": at_most}
        wanted = {how: count for how, count in counts.items() if count is not None}
        body: dict[str, Any] = {**patterns, "timeout": timeout}
        if sequence is not None:
            body |= {"sequence": list(sequence), "strict": strict}
        if wanted or sequence is None:
            body["count"] = wanted or {"atLeast": 1}
        verdict: Verdict = self.ask("POST", "/__mock/requests/verify", body, seconds=timeout + SECONDS)
        if not verdict["verified"]:
            raise AssertionError("\n".join([verdict["why"], *map(_near, verdict["nearest"])]))
        return verdict

    def _told(self, path: str, limit: int, filters: Mapping[str, Any]) -> Exchanges:
        told: Exchanges = self.ask("GET", with_query(path, {**_known(filters), "limit": limit}))["data"]
        return told


def _known(filters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The filters. Raises TypeError for one that there is not: in a query it would go unnoticed."""
    for name in filters:
        if name not in Filters.__annotations__:
            raise TypeError(f"there is no filter {name}, only {', '.join(Filters.__annotations__)}")
    return filters


def _near(miss: NearMiss) -> str:
    return f"near: {miss['method']} {miss['path']} {miss['status']} (request {miss['number']}): {miss['differs']}"

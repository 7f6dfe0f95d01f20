"""The faults by their names: every documented refusal, and what the contract's x-faults lists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from mockserver.faults.actions import Action, Delayed, Documented, OnWire, Spoiled, Stage, Undocumented
from mockserver.message import Suffering, Wire
from mockserver.spec import Answer, Contract, ContractError

_SLOW_BODY: Final = 5.0
"""Real seconds over which a body comes, if nothing else is said: longer than impatient clients wait."""

HANDLED: Final = frozenset({Suffering.RESET, Suffering.EMPTY, Suffering.UNANSWERED})
"""What happens before the request is carried out, or after it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A fault that can be asked for by its `name`.

    `status` is that of its answer, None where it has none of its own; `operations` those that can suffer it, in the
    order of the contract; `kind` where it comes from: "documented" answers of the contract, "undocumented" ones, or the
    "wire".
    """

    name: str
    kind: Literal["documented", "undocumented", "wire"]
    status: int | None
    summary: str
    provenance: str
    operations: tuple[str, ...]


class Catalogue:
    """All faults of a contract. Raises ContractError for an entry of x-faults that says nothing known."""

    def __init__(self, contract: Contract) -> None:
        self.operations = {operation.id: operation for operation in contract.operations.values()}
        self.nodes = contract.faults
        self._documented: dict[str, dict[int, dict[str, Answer]]] = {}
        for operation in self.operations.values():
            for (status, name), answer in operation.answers.items():
                if status >= 400:
                    self._documented.setdefault(name, {}).setdefault(status, {})[operation.id] = answer
        for name, node in self.nodes.items():
            if name in self._documented:
                raise ContractError(f"x-faults: {name} is the name of a documented answer, too")
            try:
                action(node, {})
                self._entry(name, node)
            except (KeyError, ValueError, TypeError) as error:
                raise ContractError(f"x-faults: {name} misses or misuses {error}") from None

    def __iter__(self) -> Iterator[Listed]:
        """All of them: documented answers, undocumented ones, those of the wire."""
        for name, by_status in self._documented.items():
            for status, answers in by_status.items():
                first = next(iter(answers.values()))
                yield Listed(name, "documented", status, first.summary, first.provenance, tuple(answers))
        for name, node in sorted(self.nodes.items(), key=lambda item: "status" not in item[1]):
            yield self._entry(name, node)

    def names(self) -> list[str]:
        """The names that a rule may give."""
        return [*self._documented, *self.nodes]

    def documented(self, name: str) -> Mapping[int, Mapping[str, Answer]]:
        """The answers of this name by status and operationId; empty if the contract has none."""
        return self._documented.get(name, {})

    def _entry(self, name: str, node: Mapping[str, Any]) -> Listed:
        kind: Literal["undocumented", "wire"] = "undocumented" if "status" in node else "wire"
        return Listed(name, kind, node.get("status"), node["summary"], node["x-provenance"], tuple(self.operations))


def action(node: Mapping[str, Any], parameters: Mapping[str, Any]) -> tuple[Stage, Action]:
    """What an entry of x-faults does, with the parameters of a rule (`seconds`, `handled`, `headers`)."""
    if "status" in node:
        return Stage.ARRIVAL, undocumented(node["status"], node["body"], node["content-type"], parameters)
    if "wire" in node:
        suffers = Suffering(node["wire"])
        wire = Wire(suffers, parameters.get("seconds", _SLOW_BODY) if suffers is Suffering.DRIBBLED else 0.0)
        if node.get("accepted"):
            return Stage.ACCEPTED, OnWire(wire)
        before = suffers in HANDLED and not parameters.get("handled")
        return Stage.ARRIVAL if before else Stage.ANSWERED, OnWire(wire)
    if "spoils" in node:
        if node["spoils"] not in ("json", "content-type"):
            raise ValueError(f"spoils: {node['spoils']!r}")
        return Stage.ANSWERED, Spoiled(node["spoils"])
    if not node["delays"]:
        raise ValueError("delays")
    return Stage.ANSWERED, _delay(parameters.get("seconds", 0))


def undocumented(status: int, body: Any, content_type: str, parameters: Mapping[str, Any]) -> Undocumented:
    """An answer that the contract does not have; a body that is no text goes as JSON."""
    content = body.encode() if isinstance(body, str) else orjson.dumps(body)
    extra = headers(parameters)
    named = any(name == b"content-type" for name, _ in extra)
    return Undocumented(status, (*(() if named else ((b"content-type", content_type.encode()),)), *extra), content)


def documented(answers: Mapping[str, Answer], parameters: Mapping[str, Any]) -> tuple[Stage, Action]:
    """Documented answers, by operationId."""
    return Stage.CHECKED, Documented(answers, headers(parameters))


def headers(parameters: Mapping[str, Any]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that a rule adds to an answer."""
    given: Mapping[str, str] = parameters.get("headers", {})
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given.items())


def _delay(seconds: Any) -> Delayed:
    if isinstance(seconds, Mapping):
        if "median" in seconds:
            return Delayed(seconds["median"], seconds["median"], seconds["sigma"])
        return Delayed(seconds["from"], seconds["to"])
    return Delayed(seconds, seconds)

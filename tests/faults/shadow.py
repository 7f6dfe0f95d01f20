"""A second, slower account of a fault plan: for each call it looks through all that was before.

It is written from the words of the plan's description, not from the code.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

CODES: Final = {"bad-gateway": 502, "unauthorized": 401, "account-busy": 429}
"""Faults that are an answer, by name."""

FITS: Final = ("unauthorized", "account-busy", "lost-reply")
"""Faults that need a request which fits the contract."""

ONLY: Final = {"account-busy": "upscaleVideo"}
"""Faults of certain operations."""


class Made(NamedTuple):
    """A call: to which operation, which video it names, whether it fits the contract, whether it succeeds then."""

    operation: str
    video: int | None
    valid: bool
    succeeds: bool


@dataclass
class Shadow:
    """What a plan of these rules has to do, told call by call."""

    rules: list[dict[str, Any]]
    calls: list[Made] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)
    """Which call was for which rule: places of both, with those in which it did not act."""
    acted: list[tuple[int, int]] = field(default_factory=list)
    """In which call which rule acted."""

    def next(self, call: Made) -> list[int]:
        """The rules that act in one more call: those of latency come last."""
        self.calls.append(call)
        here = len(self.calls) - 1
        acting: list[int] = []
        for late in (False, True):
            for place, rule in enumerate(self.rules):
                if (rule["fault"] == "latency") is late and self._matches(place, rule, call):
                    self.taken.append((here, place))
                    if rule.get("share", 1) == 0:
                        continue
                    if rule["fault"] != "lost-reply" or call.succeeds:
                        self.acted.append((here, place))
                        acting.append(place)
                    break
        return acting

    def met(self, place: int) -> int:
        """In how many calls a rule acted."""
        return sum(rule == place for _, rule in self.acted)

    def matched(self, place: int) -> int:
        """How many calls were for a rule."""
        return sum(rule == place for _, rule in self.taken)

    def left(self, place: int) -> int | None:
        """How often a rule may still act; None for ever."""
        rule = self.rules[place]
        if "times" in rule:
            return int(rule["times"]) - self.met(place)
        if rule.get("sticky"):
            return None
        if "call" in rule:
            named = rule["call"] if isinstance(rule["call"], list) else [rule["call"]]
            # Without an operation they are the calls of each.
            return len(named) - self.met(place) if "operation" in rule else None
        return None if "share" in rule else 1 - self.met(place)

    def _matches(self, place: int, rule: dict[str, Any], call: Made) -> bool:
        nth = sum(each.operation == call.operation for each in self.calls)
        calls = rule.get("call", nth)
        return (
            self.left(place) != 0
            and rule.get("operation", call.operation) == call.operation
            and ONLY.get(rule["fault"], call.operation) == call.operation
            and nth in (calls if isinstance(calls, list) else [calls])
            and rule.get("video", call.video) == call.video
            and (call.valid or rule["fault"] not in FITS)
        )

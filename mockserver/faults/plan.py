"""Which call suffers which fault: an ordered list of rules, consumed call by call.

Plain data: hold the sandbox's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mockserver.domain.dice import Dice
from mockserver.faults.actions import Action, Delayed, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A fault, the calls that it is for, and how often it acts.

    `data` is the rule as it was given. `operations` are the operationIds of its calls, None for all; `calls` which of
    them, counted from 1 for each operation, empty for all; `video` the number of the video that they name; `share` the
    part of them that suffers; `times` None for ever.
    """

    data: Mapping[str, Any]
    name: str
    provenance: str
    summary: str
    stage: Stage
    action: Action
    operations: frozenset[str] | None = None
    calls: frozenset[int] = frozenset()
    video: int | None = None
    share: float | None = None
    times: int | None = 1


@dataclass(slots=True)
class Standing:
    """A rule of a plan with what became of it: how many calls matched it, in how many it acted."""

    place: int
    rule: Rule
    chance: Dice
    matched: int = 0
    met: int = 0

    @property
    def left(self) -> int | None:
        """How often it may still act; None for ever."""
        return None if self.rule.times is None else self.rule.times - self.met

    @property
    def why(self) -> str:
        """The fault in words."""
        times = self.rule.times
        count = f"{self.met} of {times}" if times is not None else f"the {self.met}. time"
        return f"fault {self.rule.name} (rule /faults/{self.place}, {count})"


class Struck(NamedTuple):
    """What a call suffers: one fault, and besides a delay of so many milliseconds of the sandbox's clock."""

    fault: Standing | None
    delay: Standing | None
    milliseconds: int


class Plan:
    """The fault plan of one sandbox. `seed` decides shares and delays."""

    def __init__(self, rules: Sequence[Rule], seed: int) -> None:
        self.seed = seed
        self.calls: dict[str, int] = {}
        """How many there were of each operation, valid or not."""
        self.standings: list[Standing] = []
        self._made = 0
        self.put_first(rules)

    def put_first(self, rules: Sequence[Rule]) -> None:
        """Let these rules act before the others."""
        self.standings[:0] = [self._standing(rule) for rule in rules]
        self._number()

    def forget_exhausted(self) -> None:
        """Let go of the rules that may not act any more."""
        self.standings = [standing for standing in self.standings if standing.left != 0]
        self._number()

    @property
    def names_videos(self) -> bool:
        """Whether some rule asks which video a call names."""
        return any(standing.rule.video is not None for standing in self.standings)

    @property
    def exhausted(self) -> bool:
        """Whether no rule may act any more."""
        return all(standing.left == 0 for standing in self.standings)

    def strike(self, operation: str, video: int | None, *, valid: bool) -> Struck:
        """Count a call, and say what it suffers. `valid`: the request fits the contract.

        The rules that act are told so by `acted`.
        """
        call = self.calls[operation] = self.calls.get(operation, 0) + 1
        fault = delay = None
        milliseconds = 0
        for standing in self.standings:
            rule = standing.rule
            if standing.left == 0 or (rule.operations is not None and operation not in rule.operations):
                continue
            if (rule.calls and call not in rule.calls) or (rule.video is not None and rule.video != video):
                continue
            late = isinstance(rule.action, Delayed)
            if (delay if late else fault) is not None:
                continue
            if not valid and rule.stage in (Stage.CHECKED, Stage.ACCEPTED):
                continue
            standing.matched += 1
            if rule.share is not None and standing.chance.random() >= rule.share:
                continue
            if isinstance(rule.action, Delayed):
                delay, milliseconds = standing, rule.action.milliseconds(standing.chance)
            else:
                fault = standing
        return Struck(fault, delay, milliseconds)

    def _standing(self, rule: Rule) -> Standing:
        self._made += 1
        return Standing(0, rule, Dice(f"{self.seed}:{self._made}"))

    def _number(self) -> None:
        for place, standing in enumerate(self.standings):
            standing.place = place

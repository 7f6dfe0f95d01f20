"""Plays actions in a world, with everything read before and after each, and judges them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.findings import Event
from contracts.provider import NotAllowed, World
from contracts.verify.behaviour.actions import Action, do
from contracts.verify.behaviour.memory import Broken
from contracts.verify.behaviour.rules import RULES
from contracts.verify.behaviour.shadow import Shadow
from contracts.verify.behaviour.snapshot import Unobservable, observe
from contracts.verify.evidence import finding, in_order
from contracts.verify.situation import Situation


@dataclass
class Failure:
    """A rule that was broken, with the actions that led there and the story."""

    broken: Broken
    actions: tuple[Action, ...]
    story: tuple[Event, ...]
    prelude: tuple[Event, ...]

    @property
    def key(self) -> str:
        """What it is the same by, wherever it is found."""
        return f"{self.broken.rule.id} {self.broken.operation}".strip()


@dataclass
class Player:
    """One world that is played in. `over` tells that nothing more can be judged in it."""

    situation: Situation
    world: World
    over: bool = False
    played: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read what there is before the first action."""
        standing = self.world.control is not None and bool(self.world.now)
        self.shadow = Shadow(self.situation.contract, standing=standing)
        self.failures: list[Failure] = []
        try:
            self._before = observe(self.world)
        except Unobservable:
            self.over = True
            return
        self._note(self.shadow.begin(self._before))

    def play(self, action: Action) -> list[Failure]:
        """Do one action and judge it; what it broke. Raises Ended."""
        if self.over:
            return []
        self.played.append(action)
        already = len(self.failures)
        try:
            deed = do(self.world, action, self._before, self.shadow.memory.known)
            if deed is None:
                self.played.pop()
                return []
            after = observe(self.world)
        except (Unobservable, NotAllowed):
            self.over = True
            return []
        self._note(self.shadow.judge(self._before, deed, after))
        self._before = after
        return self.failures[already:]

    def report(self) -> None:
        """Write down what was looked at."""
        for rule in RULES:
            if count := self.shadow.memory.checked.get(rule.id, 0):
                self.situation.ledger.passes(rule, count)
        self.shadow.memory.checked.clear()

    def _note(self, found: list[Broken]) -> None:
        for broken in found:
            story = in_order((*self.world.deeds, *broken.calls))
            self.failures.append(Failure(broken, tuple(self.played), story, self.world.prelude))


def play(situation: Situation, actions: Sequence[Action], number: int) -> list[Failure]:
    """Play actions in a fresh world; all that they broke."""
    player = Player(situation, situation.world("behaviour", number))
    for action in actions:
        player.play(action)
    player.report()
    return player.failures


def tell(situation: Situation, failure: Failure) -> None:
    """Write a failure down as a finding."""
    broken = failure.broken
    situation.ledger.fails(
        finding(broken.rule, broken.operation, broken.expected, broken.got, failure.story, failure.prelude)
    )

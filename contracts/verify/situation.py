"""What a phase of a run gets to work with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from contracts.contract import Contract
from contracts.findings import Ledger, Rule
from contracts.provider.budget import Budget
from contracts.provider.control import Control
from contracts.provider.http import Provider
from contracts.provider.safety import Safety
from contracts.provider.world import World


class Phase(Protocol):
    """A module of a phase: the rules that it judges, and how."""

    RULES: Sequence[Rule]

    @staticmethod
    def run(situation: "Situation") -> None:
        """Judge the rules."""


@dataclass(slots=True)
class Situation:
    """What a phase gets. `tokens` are those that were given; `control` is None where the provider has none.

    `callback_address` is the host and port that the provider is told for callbacks, None for a free port of loopback;
    `wanted` tells whether a rule is to be judged (--only, --skip). `impatient`: a job was waited for in vain.
    """

    contract: Contract
    provider: Provider
    ledger: Ledger
    budget: Budget
    seed: int
    safety: Safety
    tokens: Sequence[str] = ()
    control: Control | None = None
    callback_address: tuple[str, int] | None = None
    wanted: Callable[[Rule], bool] = field(default=lambda _: True)
    impatient: bool = False

    def world(self, phase: str, number: int = 0) -> World:
        """A world for a phase: a fresh one of its own where the provider makes them, its clock standing, else that
        of the first given token. Worlds of different numbers are different ones where that can be.
        """
        if self.control is None:
            return World(self.contract, self.provider, self.tokens[0], None, safety=self.safety, budget=self.budget)
        token = derived(self.seed, phase, number)
        self.control.reset(token)
        reset = self.provider.last_control
        world = World(self.contract, self.provider, token, self.control, safety=self.safety, budget=self.budget)
        world.now = self.control.freeze(token)
        world.prelude = tuple(call for call in (reset, self.provider.last_control) if call is not None)
        return world

    def two_worlds(self, phase: str, number: int = 0) -> tuple[World, World] | None:
        """Two worlds that have nothing in common; None where there is but one token."""
        if self.control is not None:
            return self.world(phase, number), self.world(f"{phase}, other", number)
        if len(self.tokens) < 2:
            return None
        first, second = (
            World(self.contract, self.provider, token, None, safety=self.safety, budget=self.budget)
            for token in self.tokens[:2]
        )
        return first, second


def derived(seed: int, phase: str, number: int) -> str:
    """A token of the contract's form, for one world of a run."""
    digest = sha256(f"{seed}/{phase}/{number}".encode()).hexdigest()
    return f"user:{int(digest[:8], 16) % 900_000 + 100_000}-{digest[8:32]}"

"""The phases of a run, in their order, and their rules."""

from collections.abc import Sequence
from importlib import import_module
from typing import Final, NamedTuple

from contracts.contract import Contract
from contracts.findings import Rule
from contracts.verify import recognise, watching
from contracts.verify.situation import Phase


class Part(NamedTuple):
    """A phase: its name as it is told, its module, and the calls it may make."""

    name: str
    module: str
    calls: int

    def load(self) -> Phase:
        """The module; loaded late, as some bring large libraries."""
        module: Phase = import_module(self.module)  # type: ignore[assignment]
        return module


PARTS: Final = (
    Part("documented answers", "contracts.verify.documented", 3_000),
    Part("isolation", "contracts.verify.isolation", 3_000),
    Part("behaviour", "contracts.verify.behaviour", 15_000),
    Part("callbacks", "contracts.verify.callbacks", 5_000),
    Part("schema", "contracts.verify.schema", 20_000),
)


def rules(contract: Contract) -> list[Rule]:
    """All rules, in the order of the phases."""
    return [*recognise.RULES, *watching.RULES, *(rule for part in PARTS for rule in rules_of(part, contract))]


def rules_of(part: Part, contract: Contract) -> Sequence[Rule]:
    """The rules of one phase; those of the documented answers are made of the contract."""
    phase = part.load()
    return phase.rules_from(contract) if hasattr(phase, "rules_from") else phase.RULES

"""A contract made ready to be served, which takes a while: what any number of mocks in one process can share."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mockserver.completeness import check
from mockserver.faults import Catalogue
from mockserver.handlers import HANDLERS
from mockserver.spec import Contract, ContractError


@dataclass(frozen=True, slots=True)
class Compiled:
    """A contract that has all that a mock may have to answer, and its faults. Nothing of it changes."""

    contract: Contract
    catalogue: Catalogue

    @classmethod
    def load(cls, path: Path | None = None) -> "Compiled":
        """Read the contract at `path`, else our own. Raises ContractError with one line."""
        contract = Contract.load(path)
        if missing := set(HANDLERS) ^ set(contract.operations):
            raise ContractError(f"operations and handlers differ: {', '.join(sorted(missing))}")
        check(contract)
        return cls(contract, Catalogue(contract))


@cache
def shared() -> Compiled:
    """Our own contract, compiled once for all mocks of this process that want it so."""
    return Compiled.load()

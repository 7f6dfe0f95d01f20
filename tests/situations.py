"""Runs of one phase against a provider, and what they wrote down."""

import time
from types import ModuleType
from typing import Any

from contracts.contract import Contract
from contracts.findings import Ledger, Outcome
from contracts.provider import Budget, Control, Ended, Provider, Safety
from contracts.verify.situation import Situation

TOKEN = "user:12345-demo"
CONTRACT = Contract.load()


def situation(url: str, phase: ModuleType, *, control: bool = True, calls: int = 20_000, **fields: Any) -> Situation:
    """What a phase gets at this address; without `control` it does not know of the control API."""
    budget = Budget(calls, time.monotonic() + 100)
    provider = Provider(url, budget)
    found = Control.find(provider, TOKEN) if control else None
    fields = {"safety": Safety(), "seed": 1, **fields}
    return Situation(CONTRACT, provider, Ledger(phase.RULES), budget, tokens=(TOKEN,), control=found, **fields)


def run(phase: ModuleType, given: Situation) -> Ledger:
    """Run a phase to its end, or to that of its budget."""
    try:
        phase.run(given)
    except Ended:
        pass
    finally:
        given.provider.close()
    return given.ledger


def failed(ledger: Ledger) -> set[str]:
    """The ids of the rules that failed."""
    return {rule for rule, judged in ledger.judged.items() if judged.outcome is Outcome.FAILED}


def unexercised(ledger: Ledger) -> dict[str, str]:
    """The rules that were not exercised, with the reasons."""
    return {rule: each.reason for rule, each in ledger.judged.items() if each.outcome is Outcome.NOT_EXERCISED}

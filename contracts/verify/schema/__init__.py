"""The schema-driven phase: Schemathesis, and what it does not look at."""

from typing import Final

from contracts.provider import OutOfCalls
from contracts.verify.schema import rules
from contracts.verify.schema.answers import Examiner
from contracts.verify.schema.probing import Prober
from contracts.verify.situation import Situation, derived

RULES: Final = rules.RULES

_GENERATED: Final = 2_500
_SHRINKING: Final = 400
_FORBIDDEN: Final = frozenset({"saveAccount", "updateUser"})
"""Operations that overwrite what was there before the tests, where there is no sandbox."""


def run(situation: Situation) -> None:
    """Judge the rules of this phase."""
    examiner = Examiner(situation.contract, situation.ledger)
    prober = Prober(situation, examiner)
    for part in (prober.tokens, prober.secrets, prober.gone, prober.ids, prober.refusals, prober.oddities):
        part()
    if any(situation.wanted(rule) for rule in rules.BY_SCHEMATHESIS):
        _generated(situation, examiner)


def _generated(situation: Situation, examiner: Examiner) -> None:
    """Let Schemathesis send what it makes up, first for all failures, then for the shortest of random ones."""
    # Schemathesis takes a second to load.
    from contracts.verify.schema.checks import Checks
    from contracts.verify.schema.engine import examine
    from contracts.verify.schema.wire import Line

    token = derived(situation.seed, rules.GROUP, 0) if situation.control else situation.tokens[0]
    operations = _allowed(situation)
    reads_only = _reads_only(situation)
    budget = situation.budget.part(_GENERATED)
    line = Line(situation.contract, situation.provider, budget, examiner, reads_only=reads_only)
    checks = Checks(line.calls.get)
    url = situation.provider.url
    checks.add(examine(situation.contract, line, url, token, seed=situation.seed, operations=operations))
    if (random := checks.random_operations()) and line.ended is None:
        line.budget = situation.budget.part(_SHRINKING)
        again = examine(
            situation.contract,
            line,
            url,
            token,
            seed=situation.seed,
            operations=random,
            phases=("fuzzing",),
            shrink=True,
        )
        checks.add(again)
    for rule, number in checks.passed.items():
        situation.ledger.passes(rule, number)
    for found in checks.failures.values():
        situation.ledger.fails(found)
    if line.ended is not None and not isinstance(line.ended, OutOfCalls):
        raise line.ended


def _allowed(situation: Situation) -> set[str]:
    """The operations that may be sent whatever Schemathesis makes up."""
    operations = situation.contract.operations.values()
    if _reads_only(situation):
        return {operation.id for operation in operations if operation.reads}
    if situation.control is not None:
        return {operation.id for operation in operations}
    costs_count = situation.safety.credits is not None
    return {
        operation.id
        for operation in operations
        if operation.id not in _FORBIDDEN and not (operation.cost and costs_count)
    }


def _reads_only(situation: Situation) -> bool:
    safety = situation.safety
    return safety.strict or (safety.reads_only and situation.control is None)

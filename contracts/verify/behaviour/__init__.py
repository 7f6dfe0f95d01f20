"""Behaviour: what was done is kept in a shadow written from the contract, and every answer is held against it.

First walks that lead to the situations that the contract speaks of, then random sequences. All that can be read of
the world is read before and after each action.
"""

from contracts.provider import OutOfCalls
from contracts.verify.behaviour.machine import search
from contracts.verify.behaviour.player import Failure, play, tell
from contracts.verify.behaviour.rules import RULES
from contracts.verify.behaviour.shrinking import shortest
from contracts.verify.behaviour.walks import gentle, walks
from contracts.verify.situation import Situation

_EXAMPLES = 30
_ROUNDS = 4
_NO_SANDBOX = "it needs a sandbox of its own, or credits that may be spent"


def run(situation: Situation) -> None:
    """Judge the rules."""
    if situation.control is None or situation.safety.strict:
        upscales = situation.world("behaviour").may("upscaleVideo")
        for failure in play(situation, gentle(situation.budget.seconds / 4, upscales=upscales), 0):
            tell(situation, failure)
        for rule in RULES:
            if not situation.ledger.judged[rule.id].checks:
                situation.ledger.skips(rule, _NO_SANDBOX)
        return
    told: set[str] = set()
    for number, walk in enumerate(walks(situation.contract.operations["upscaleVideo"])):
        for failure in play(situation, walk, number):
            _tell(situation, failure, told, number)
    for number in range(_ROUNDS):
        found = search(situation, told, _EXAMPLES, number)
        if found is None:
            break
        told.add(found.key)
        tell(situation, found)


def _tell(situation: Situation, failure: Failure, told: set[str], number: int) -> None:
    """Write a failure down once, shrunk as far as calls are left for it."""
    if failure.key in told:
        return
    told.add(failure.key)
    try:
        failure = shortest(failure, lambda actions: play(situation, actions, number))
    except OutOfCalls:
        tell(situation, failure)
        raise
    tell(situation, failure)


__all__ = ["RULES", "run"]

"""The callbacks phase: a receiver counts what comes of jobs of every kind."""

from collections.abc import Callable
from typing import Final

from contracts.findings import Rule
from contracts.provider import NotAllowed
from contracts.provider.receiver import Receiver
from contracts.provider.safety import is_loopback
from contracts.verify.callbacks import rules, scenes
from contracts.verify.callbacks.scene import FEW_STEPS, STEPS, Scene
from contracts.verify.situation import Situation

RULES: Final = rules.RULES

_SCENES: Final[tuple[tuple[Callable[[Scene], None], bool, tuple[Rule, ...]], ...]] = (
    (scenes.plain, False, (rules.FINAL, rules.EACH, rules.ORDER, rules.TWICE, rules.SAME, rules.EXTRA)),
    (scenes.references, False, (rules.REPLY_REF,)),
    (scenes.more_references, True, (rules.REPLY_REF,)),
    (scenes.ends, True, (rules.FINAL,)),
    (scenes.default_address, True, (rules.DEFAULT,)),
    (scenes.refusals, False, (rules.REFUSED,)),
    (scenes.cancellations, False, (rules.CANCELLED,)),
    (scenes.troubles, True, (rules.TROUBLE, rules.GONE)),
)
"""Each scene, whether it needs a sandbox of its own, and the rules that depend on it."""


def run(situation: Situation) -> None:
    """Judge the rules of this phase."""
    reason = _unreachable(situation)
    if reason:
        _skip(situation, reason, RULES)
        return
    try:
        receiver = Receiver(situation.provider.told, situation.callback_address)
    except OSError as error:
        _skip(situation, f"the callback address can't be listened on: {error}", RULES)
        return
    steps = STEPS
    with receiver:
        for number, (play, own, touched) in enumerate(_SCENES):
            if own and situation.control is None:
                _skip(situation, "it takes a sandbox that can be changed at will", touched)
                continue
            try:
                scene = Scene(situation, receiver, situation.world(rules.GROUP, number), steps)
                if not scene.sources:
                    _skip(situation, "there is no finished video to upscale", touched)
                    continue
                play(scene)
                scene.judge()
                steps = STEPS if scene.ended else FEW_STEPS
            except NotAllowed as refused:
                _skip(situation, str(refused), touched)
        scenes.neighbours(situation, receiver)
    for rule in RULES:
        if not situation.ledger.judged[rule.id].checks:
            situation.ledger.skips(rule, "nothing that came put it to the test")


def _unreachable(situation: Situation) -> str:
    """Why no callback can come, empty if one can."""
    if not situation.contract.callbacks:
        return "the contract has no callbacks"
    if situation.callback_address is None and not is_loopback(situation.provider.host):
        return "the provider is on another host, and no --callback-address was given"
    return ""


def _skip(situation: Situation, reason: str, skipped: tuple[Rule, ...]) -> None:
    for rule in skipped:
        situation.ledger.skips(rule, reason)

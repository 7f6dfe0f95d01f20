"""The shortest sequence that still breaks a rule."""

from collections.abc import Callable, Sequence

from contracts.verify.behaviour.actions import Action
from contracts.verify.behaviour.player import Failure

_TRIES = 40


def shortest(failure: Failure, play: Callable[[Sequence[Action]], list[Failure]]) -> Failure:
    """Leave out actions as long as the same rule is broken without them, for a bounded number of tries."""
    best, tries, length = failure, 0, max(1, len(failure.actions) // 2)
    while length and tries < _TRIES:
        start, shorter = 0, False
        while start < len(best.actions) and tries < _TRIES:
            tries += 1
            rest = best.actions[:start] + best.actions[start + length :]
            found = next((each for each in play(rest) if each.key == failure.key), None)
            if found is not None and len(found.actions) < len(best.actions):
                best, shorter = found, True
            else:
                start += length
        if not shorter or length > len(best.actions):
            length = min(length // 2, len(best.actions))
    return best

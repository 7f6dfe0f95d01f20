"""What a rule of the rubric is made of: a pure look at one run, which says what held and what was broken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from contracts.findings import Provenance, Rule, Severity
from contracts.grade.watched import Arrival, Moment, Watched


@dataclass(frozen=True, slots=True)
class Held:
    """The situation arose so many times, and the rule held."""

    times: int = 1


@dataclass(frozen=True, slots=True)
class Broken:
    """The rule was broken.

    `expected` and `got` are short; `evidence` are the calls and callbacks that show it, in time order, `at` the place
    among them of what is wrong. `wait` is the stretch of time that is wrong: from, to, and what it is called.
    """

    expected: str
    got: str
    evidence: tuple[Moment | Arrival, ...] = ()
    at: int | None = None
    operation: str = ""
    wait: tuple[float, float, str] | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The situation arose, but nothing can be said; the reason is told where nothing else is known of the rule."""

    reason: str


Outcome = Held | Broken | Unknown
Look = Callable[[Watched], Iterator[Outcome]]

MONEY: Final = 3
"""What breaking a rule costs the client in the score: credits, or the account."""
RESULT: Final = 2
"""The result of a paid job, or a truth about it."""
MANNERS: Final = 1
"""Anything else."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule and the look that judges it. `weight` is what it counts in the score.

    `whole`: it says nothing where the journal lost its beginning; else what it finds broken in the rest counts.
    """

    rule: Rule
    look: Look
    weight: int = MANNERS
    whole: bool = False


def rule(
    identity: str,
    sentence: str,
    *,
    why: str,
    instead: str,
    pointer: str,
    provenance: Provenance = Provenance.DOCUMENTED,
    severity: Severity = Severity.ERROR,
) -> Rule:
    """A rule; its group is the part of its id before the slash."""
    return Rule(identity, identity.partition("/")[0], sentence, provenance, pointer, severity, why, instead)


def upscale_answer(status: str) -> str:
    """The place in the contract of an answer to an upscale."""
    return f"/paths/~1v2~1pixverse~1videos~1upscale/post/responses/{status}"


UPSCALE: Final = "/paths/~1v2~1pixverse~1videos~1upscale/post"
VIDEO: Final = "/paths/~1v2~1pixverse~1videos~1{video_id}/get"
CALLBACK: Final = f"{UPSCALE}/callbacks/videoProgress"


def seconds(value: float) -> str:
    """A wait in words, as exact as it matters."""
    if 0 < value < 1:
        return f"{value * 1_000:.0f} ms"
    return f"{value:.0f} s" if value >= 100 else f"{value:.1f} s"


def told(moment: Moment) -> str:
    """A call in few words."""
    exchange = moment.exchange
    return f"{exchange.method} {exchange.path}"

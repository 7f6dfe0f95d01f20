"""What a flaw is: a few lines that spoil one thing of the mock, and how to see by a direct request that it is there.

A flaw is written as a function or a class under one of the decorators, which gives it its name (`busy_is_conflict` is
"busy-is-conflict"): `answering` spoils answers, `asking` reads requests otherwise, `instead` answers some by itself,
`playing` plays the sandbox by other rules, `posting` spoils callbacks on their way.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mockserver.delivery import Delivery
from mockserver.domain import Callback, Sandbox
from mockserver.message import Request
from providers.told import Told
from providers.trial import Trial

CALLBACKS: Final = "callbacks"
TOKENS: Final = "two tokens"
TIME: Final = "time"
"""What it takes to see a flaw: a receiver, a second token, or that time goes by."""

Shows = Callable[[Trial], Any]
"""Whether the flaw is there, asked of a fresh sandbox: true for the flawed provider, false for the mock as it is."""

Answering = Callable[[Told], None]
Asking = Callable[[Request], Request]
Instead = Callable[[Request], "tuple[int, Any] | None"]
Posting = Callable[[Delivery, Callback, Sandbox], Delivery]


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One flaw. `expected` are globs: a verdict on it must hold a finding whose rule's id fits one of them."""

    name: str
    sentence: str
    expected: tuple[str, ...]
    shows: Shows
    takes: frozenset[str] = frozenset()
    answering: Answering | None = None
    asking: Asking | None = None
    instead: Instead | None = None
    playing: type[Sandbox] | None = None
    posting: Posting | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def answering(sentence: str, *expected: str, shows: Shows, takes: tuple[str, ...] = ()) -> Callable[[Answering], Flaw]:
    """A flaw that spoils the answers to requests of an operation."""
    return lambda spoil: _flaw(spoil, sentence, expected, shows, takes, answering=spoil)


def asking(sentence: str, *expected: str, shows: Shows, takes: tuple[str, ...] = ()) -> Callable[[Asking], Flaw]:
    """A flaw that takes a request for another one."""
    return lambda change: _flaw(change, sentence, expected, shows, takes, asking=change)


def instead(sentence: str, *expected: str, shows: Shows, takes: tuple[str, ...] = ()) -> Callable[[Instead], Flaw]:
    """A flaw that answers some requests, of tokens that get in, by itself: with a status and a JSON-like body."""
    return lambda answer: _flaw(answer, sentence, expected, shows, takes, instead=answer)


def playing(
    sentence: str, *expected: str, shows: Shows, takes: tuple[str, ...] = ()
) -> Callable[[type[Sandbox]], Flaw]:
    """A flaw of the rules that a sandbox is played by.

    The class must have empty `__slots__`: a sandbox that was started as usual becomes one of it. `api` is the provider.
    """
    return lambda world: _flaw(world, sentence, expected, shows, takes, playing=world)


def posting(sentence: str, *expected: str, shows: Shows, takes: tuple[str, ...] = ()) -> Callable[[Posting], Flaw]:
    """A flaw that spoils what is sent to receivers."""
    return lambda spoil: _flaw(spoil, sentence, expected, shows, (CALLBACKS, TIME, *takes), posting=spoil)


def set_up(name: str, sentence: str, *expected: str, shows: Shows, **settings: Any) -> Flaw:
    """A flaw that the mock has a setting for."""
    return Flaw(name=name, sentence=sentence, expected=expected, shows=shows, settings=settings)


def _flaw(
    made: Any, sentence: str, expected: tuple[str, ...], shows: Shows, takes: tuple[str, ...], **part: Any
) -> Flaw:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", "-", made.__name__).lower()
    return Flaw(name=name, sentence=sentence, expected=expected, shows=shows, takes=frozenset(takes), **part)

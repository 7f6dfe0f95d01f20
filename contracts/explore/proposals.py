"""Which things are tried together, in which order: each alone, then pairs, then more of them by chance.

The most telling come first: those that cost clients money or results in the wild.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Final

from contracts.explore.atoms import Atom, Atoms, exclude_each_other, ordered
from contracts.explore.kinds import KINDS, READS, UPSCALE, Family

_MOST: Final = 5
"""Things that happen together by chance."""

_IN_VAIN: Final = 1_000
"""Draws in a row that give nothing new, after which there is nothing left to try."""

_MEET: Final = {
    Family.READ: {Family.SUBMIT, Family.READ, Family.ACCOUNT, Family.ENDING, Family.TIME, Family.FORM},
    Family.CALLBACK: {Family.SUBMIT, Family.CALLBACK, Family.ENDING, Family.TIME},
    Family.SUBMIT: {Family.SUBMIT, Family.ACCOUNT, Family.ENDING, Family.TIME, Family.FORM},
    Family.ACCOUNT: {Family.ACCOUNT, Family.ENDING, Family.TIME},
    Family.ENDING: {Family.TIME, Family.FORM},
}
"""Families of which one may change what the other does to a client, each pair once."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What a client was seen to do on a good day; what it never does can't be disturbed.

    `reads` are the operations by which it looks for its job, `callbacks` says whether it wants some. Nothing is known
    of a client that does all of it.
    """

    reads: frozenset[str] = frozenset(READS)
    callbacks: bool = True


def proposals(random: Random, habits: Habits | None = None) -> Iterator[Atoms]:
    """What to try, none of it twice; the same for the same random and habits. Ends when nothing is left."""
    habits = habits or Habits()
    seen: set[Atoms] = set()
    for atoms in (*_alone(habits), *_pairs(habits)):
        if atoms not in seen:
            seen.add(atoms)
            yield atoms
    in_vain = 0
    while in_vain < _IN_VAIN:
        atoms = _drawn(random, habits)
        if atoms in seen or exclude_each_other(atoms):
            in_vain += 1
            continue
        in_vain = 0
        seen.add(atoms)
        yield atoms


def _read(operation: str, *, how: str = "connection-reset", call: int = 1, times: int = 1) -> Atom:
    return Atom("read", (operation, how, call, times))


def _alone(habits: Habits) -> Iterator[Atoms]:
    reads = [operation for operation in READS if operation in habits.reads]
    found = [
        Atom("submit", ("lost-reply", 0, 1)),
        Atom("swapped"),
        Atom("duplicated", ("all",)),
        *(_read(operation) for operation in reads),
        Atom("busy", (3,)),
        Atom("ends", ("FAILED", 1)),
        Atom("ends", ("MODERATED", 1)),
        Atom("early"),
        *(_read(operation, call=2) for operation in reads),
        Atom("slow", (UPSCALE, 1, 150)),
        Atom("submit", ("connection-reset", 1, 1)),
        Atom("submit", ("truncated-body", 1, 1)),
        *(_read(operation, how="bad-gateway", times=3) for operation in reads),
        Atom("upstream"),
        Atom("submit", ("bad-gateway", 1, 1)),
        Atom("late", (60,)),
        Atom("takes", (10,)),
        Atom("submit", ("lost-reply", 0, 2)),
        *(_read(operation, how="truncated-body") for operation in reads),
        Atom("progress", (15,)),
        Atom("takes", (300,)),
        *(_read(operation, how="malformed-json") for operation in reads),
        Atom("processing"),
        Atom("early_url"),
        Atom("order"),
        Atom("extra_fields"),
        Atom("absent_fields"),
        Atom("long_ids"),
        Atom("shuffled_keys"),
        Atom("charset"),
    ]
    return ((atom,) for atom in found if _concerns(atom, habits))


def _pairs(habits: Habits) -> list[Atoms]:
    """Pairs of telling things that can meet, the most telling first."""
    found = [
        Atom("submit", ("lost-reply", 0, 1)),
        Atom("swapped"),
        *(_read(operation) for operation in READS),
        Atom("busy", (3,)),
        Atom("ends", ("FAILED", 1)),
        *(_read(operation, call=2) for operation in READS),
        Atom("early"),
        Atom("duplicated", ("all",)),
        Atom("submit", ("connection-reset", 1, 1)),
        *(_read(operation, how="bad-gateway", times=3) for operation in READS),
        Atom("submit", ("lost-reply", 2, 1)),
        Atom("slow", (UPSCALE, 1, 150)),
        Atom("late", (60,)),
        Atom("takes", (10,)),
        *(_read(operation, call=3) for operation in READS),
        Atom("ends", ("MODERATED", 1)),
        Atom("ends", ("FAILED", 2)),
        Atom("progress", (15,)),
        Atom("takes", (300,)),
        Atom("early_url"),
        Atom("processing"),
    ]
    ranked = [
        (first + second, first, (one, other))
        for (first, one), (second, other) in combinations(enumerate(found), 2)
        if _meet(one, other, habits)
    ]
    return [ordered(pair) for _, _, pair in sorted(ranked, key=lambda each: each[:2])]


def _meet(one: Atom, other: Atom, habits: Habits) -> bool:
    """Whether a pair is worth a run."""
    first, second = one.kind.family, other.kind.family
    if second not in _MEET.get(first, ()) and first not in _MEET.get(second, ()):
        return False
    if exclude_each_other((one, other)):
        return False
    # Only who has lost something looks for it elsewhere than usual.
    lost = Family.SUBMIT in (first, second)
    return all(_concerns(atom, habits) and (lost or _is_usual(atom, habits)) for atom in (one, other))


def _drawn(random: Random, habits: Habits) -> Atoms:
    """Some things by chance, the telling ones more often."""
    names = [name for name, kind in KINDS.items() if habits.callbacks or kind.family is not Family.CALLBACK]
    weights = [3 if KINDS[name].family is not Family.FORM else 1 for name in names]
    weights[0] = weights[1] = 6
    size = random.randint(2, _MOST)
    atoms = []
    for name in random.choices(names, weights, k=size):
        # The first of the choices are what happens most often, and what is told in the fewest words.
        values = (random.choice(choices[: random.randint(1, len(choices))]) for choices in KINDS[name].choices)
        atoms.append(Atom(name, tuple(values)))
    return ordered(atoms)


def _concerns(atom: Atom, habits: Habits) -> bool:
    """Whether it can disturb such a client at all."""
    return habits.callbacks or atom.kind.family is not Family.CALLBACK


def _is_usual(atom: Atom, habits: Habits) -> bool:
    """Whether it happens to something that the client does on a good day."""
    return atom.name != "read" or atom.values[0] in habits.reads

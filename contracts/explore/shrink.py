"""The least of what was found that still breaks the rule: fewer things that happen, then simpler ones.

Delta debugging (Zeller and Hildebrandt's ddmin) over the atoms, then each value of each atom towards the simplest,
until nothing changes.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from contracts.explore.atoms import Atoms, exclude_each_other, ordered

First = Callable[[Sequence[Atoms]], int | None]
"""The index of the first of some cases that still breaks the rule; None if none does, or if no more may be tried."""


def shrink(atoms: Atoms, first: First) -> Atoms:
    """What is left of `atoms`, which break the rule, when nothing can be taken away or made simpler."""
    while True:
        smaller = _simpler(_fewer(atoms, first), first)
        if smaller == atoms:
            return atoms
        atoms = smaller


def _fewer(atoms: Atoms, first: First) -> Atoms:
    """ddmin: parts of it, and what is left without them, in finer and finer parts."""
    parts = 2
    while len(atoms) > 1:
        chunks = _split(atoms, parts)
        rests = [tuple(atom for atom in atoms if atom not in chunk) for chunk in chunks] if parts > 2 else []
        index = first([*chunks, *rests])
        if index is None:
            if parts >= len(atoms):
                break
            parts = min(2 * parts, len(atoms))
        elif index < len(chunks):
            atoms, parts = chunks[index], 2
        else:
            atoms, parts = rests[index - len(chunks)], max(parts - 1, 2)
    return atoms


def _split(atoms: Atoms, parts: int) -> list[Atoms]:
    bounds = [round(part * len(atoms) / parts) for part in range(parts + 1)]
    return [atoms[start:end] for start, end in pairwise(bounds)]


def _simpler(atoms: Atoms, first: First) -> Atoms:
    for number, atom in enumerate(atoms):
        for index in range(len(atom.values)):
            others = (*atoms[:number], *atoms[number + 1 :])
            cases = [ordered((*others, simpler)) for simpler in atom.simpler(index)]
            cases = [case for case in cases if not exclude_each_other(case)]
            found = first(cases)
            if found is not None:
                # The order may have changed with it: begin again.
                return _simpler(cases[found], first)
    return atoms

"""Atoms: single things that happen; and the scenario that is made of some."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.explore.kinds import KINDS, SECONDS, Kind, Place, Value, Values

_RANKS: Final = {name: rank for rank, name in enumerate(KINDS)}
_ORDER: Final = ("accounts", "jobs", "callbacks", "answers", "faults")


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing that happens: the name of its kind, and the values that say which exactly.

    Raises ValueError for a kind that there is not, and for values that it has not.
    """

    name: str
    values: Values = ()

    def __post_init__(self) -> None:
        kind = KINDS.get(self.name)
        if kind is None or len(kind.choices) != len(self.values):
            raise ValueError(f"there is no {self.name!r} with {len(self.values)} values")
        for value, choices in zip(self.values, kind.choices, strict=True):
            if value not in choices:
                raise ValueError(f"a value of {self.name!r} is one of {choices}, got {value!r}")

    @property
    def kind(self) -> Kind:
        return KINDS[self.name]

    @property
    def words(self) -> str:
        """What happens, in words."""
        return self.kind.words(self.values)

    @property
    def rank(self) -> tuple[int, ...]:
        """Its place in the order of all atoms: the most telling and the simplest first."""
        chosen = zip(self.values, self.kind.choices, strict=True)
        return _RANKS[self.name], *(choices.index(value) for value, choices in chosen)

    def simpler(self, index: int) -> list["Atom"]:
        """The same with something simpler for the value at `index`, the simplest first."""
        choices, before, after = self.kind.choices[index], self.values[:index], self.values[index + 1 :]
        return [self._with((*before, value, *after)) for value in choices[: choices.index(self.values[index])]]

    def _with(self, values: tuple[Value, ...]) -> "Atom":
        return Atom(self.name, values)


Atoms = tuple[Atom, ...]
"""What happens together, in the order of ranks."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The data of a scenario, and for places in it why they are there."""

    data: dict[str, Any]
    why: Mapping[Place, tuple[str, ...]]


def ordered(atoms: Iterable[Atom]) -> Atoms:
    """Atoms in the order of their ranks."""
    return tuple(sorted(atoms, key=lambda atom: atom.rank))


def exclude_each_other(atoms: Iterable[Atom]) -> bool:
    """Whether two of them can't both happen."""
    keys = [atom.kind.key(atom.values) for atom in atoms]
    return len(set(keys)) < len(keys)


def compose(atoms: Iterable[Atom]) -> dict[str, Any]:
    """The data of the scenario in which all of it happens. Raises ValueError for what excludes each other."""
    return composed(atoms).data


def composed(atoms: Iterable[Atom]) -> Composed:
    """The same, and what stands where. Whatever the order of the atoms, the scenario is the same."""
    chosen = ordered(atoms)
    if exclude_each_other(chosen):
        raise ValueError(f"these exclude each other: {'; '.join(atom.words for atom in chosen)}")
    data: dict[str, Any] = {"jobs": {"shortest": SECONDS, "longest": SECONDS}}
    why: dict[Place, tuple[str, ...]] = {}
    for atom in chosen:
        place = atom.kind.put(data, atom.values)
        why[place] = (*why.get(place, ()), atom.words)
    return Composed({key: data[key] for key in _ORDER if key in data}, why)

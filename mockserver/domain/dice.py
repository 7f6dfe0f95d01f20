"""The chance in a sandbox: seeded, so that the same seed gives the same world."""

from random import Random


class Dice(Random):
    """A seeded random that compares by its state, so that sandboxes compare as plain data."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dice) and self.getstate() == other.getstate()

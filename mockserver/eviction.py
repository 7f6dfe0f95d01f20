"""Which sandboxes make room for new ones: idle ones first, those not used for longest first."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Usable(Protocol):
    """Something that was `used` last at some instant, and that may be busy."""

    used: float

    def is_idle(self) -> bool:
        """Whether nothing is lost to anybody who waits for something."""
        ...


_Used = TypeVar("_Used", bound=Usable)


def leaving(present: Iterable[tuple[str, _Used]], many: int) -> tuple[list[tuple[str, _Used]], bool]:
    """Up to `many` that go, each with its key, and whether they are idle; busy ones go only where none is idle."""
    oldest = sorted(present, key=lambda each: each[1].used)
    idle: list[tuple[str, _Used]] = []
    for each in oldest:
        if each[1].is_idle():
            idle.append(each)
            if len(idle) == many:
                break
    return (idle, True) if idle else (oldest[:many], False)

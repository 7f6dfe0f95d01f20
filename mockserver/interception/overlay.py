"""A method of a class that others see instead of its own, until it is taken away."""

from collections.abc import Callable
from types import MethodType
from typing import Any

from mockserver.runtime import PATCHING


class Overlay:
    """Puts `do` in the place of a method, until `end`: `do` is called with what stands below, then as the method is.

    Several may lie over each other, and end in any order: one that has ended lets calls through, and goes as soon as
    nothing lies on it.
    """

    def __init__(self, owner: type, name: str, do: Callable[..., Any]) -> None:
        self._owner = owner
        self._name = name
        self._do = do
        self.ended = False
        with PATCHING:
            self.below: Any = owner.__dict__[name]
            setattr(owner, name, self)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self.ended:
            return self.below(*arguments, **options)
        return self._do(self.below, *arguments, **options)

    def end(self) -> None:
        """Take it away."""
        with PATCHING:
            self.ended = True
            top = self._owner.__dict__[self._name]
            while isinstance(top, Overlay) and top.ended:
                top = top.below
                setattr(self._owner, self._name, top)

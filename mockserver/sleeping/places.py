"""Where the functions that sleep and tell the time stand in the modules that are loaded, under whatever name."""

import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

Read = Callable[[], Any]
Write = Callable[[Any], None]

_UNTOUCHED: Final = frozenset(
    (
        "mockserver",
        *("_pytest", "execnet", "pluggy", "pytest", "xdist"),
        # Servers that run beside the code under test tick by a sleep of their own.
        *("hypercorn", "uvicorn"),
    )
)
"""Packages for which time is real; whatever is named pytest_... is one of them, too."""


class Place(NamedTuple):
    """Where a function stands; what is there may be another one by now."""

    function: Any
    read: Read
    write: Write


def is_untouched(module: str) -> bool:
    """Whether time is real for a module of this name."""
    top = module.partition(".")[0]
    return top in _UNTOUCHED or top.startswith("pytest_")


def places(functions: tuple[Any, ...]) -> tuple[Place, ...]:
    """Where any of these functions stands in the modules loaded now, but for the standard library and pytest.

    At the top level of a module, as a default of a function, as an attribute of a class and as a default of a method.
    """
    modules = sys.modules
    return _everywhere(functions, len(modules), next(reversed(modules.values())))


@lru_cache(maxsize=4)
def _everywhere(functions: tuple[Any, ...], _count: int, _last: ModuleType) -> tuple[Place, ...]:
    """The places, as long as no module is loaded: it would be the last one."""
    found: list[Place] = []
    for name, module in list(sys.modules.items()):
        found += _of_module(functions, name, module)
    return tuple(found)


@lru_cache(maxsize=20_000)
def _of_module(functions: tuple[Any, ...], name: str, module: Any) -> tuple[Place, ...]:
    return places_in(functions, name, module)


def places_in(functions: tuple[Any, ...], name: str, module: Any) -> tuple[Place, ...]:
    """The same in one module, of this name."""
    if name.partition(".")[0] in sys.stdlib_module_names or is_untouched(name):
        return ()
    if not issubclass(type(module), ModuleType):
        return ()
    # Not by the module's own way of giving attributes: some load more when they are asked.
    space: dict[str, Any] = object.__getattribute__(module, "__dict__")
    wanted = {id(function): function for function in functions}
    known = {*wanted, *(id(sys.modules.get(name)) for name in ("time", "asyncio"))}
    if not any(id(value) in known for value in list(space.values())):
        # Who can't name the functions here has no defaults that are one of them.
        return ()
    return tuple(_of_space(wanted, space))


# In the following no object is asked what it is but by its type: some are proxies, which would wake up.


def _of_space(wanted: dict[int, Any], space: dict[str, Any]) -> Iterator[Place]:
    for name, value in list(space.items()):
        if id(value) in wanted:
            yield Place(value, partial(space.get, name), partial(space.__setitem__, name))
        elif type(value) is FunctionType:
            yield from _defaults(wanted, value)
        elif issubclass(type(value), type) and value.__module__ == space.get("__name__"):
            yield from _of_class(wanted, value)


def _of_class(wanted: dict[int, Any], kind: type) -> Iterator[Place]:
    space = vars(kind)
    for name, value in list(space.items()):
        if id(value) in wanted:
            yield Place(value, partial(space.get, name), partial(setattr, kind, name))
        elif type(value) is staticmethod and id(value.__func__) in wanted:
            function = value.__func__
            yield Place(function, partial(getattr, kind, name), _as_static(kind, name))
        elif type(value) is FunctionType:
            yield from _defaults(wanted, value)
        elif type(value) in (staticmethod, classmethod):
            yield from _defaults(wanted, value.__func__)


def _as_static(kind: type, name: str) -> Write:
    return lambda function: setattr(kind, name, staticmethod(function))


def _defaults(wanted: dict[int, Any], function: Any) -> Iterator[Place]:
    if type(function) is not FunctionType:
        return
    for index, value in enumerate(function.__defaults__ or ()):
        if id(value) in wanted:
            yield Place(value, *_default(function, index))
    named: dict[str, Any] = function.__kwdefaults__ or {}
    for name, value in list(named.items()):
        if id(value) in wanted:
            yield Place(value, partial(named.get, name), partial(named.__setitem__, name))


def _default(function: Any, index: int) -> tuple[Read, Write]:
    def read() -> Any:
        return function.__defaults__[index]

    def write(value: Any) -> None:
        defaults = function.__defaults__
        function.__defaults__ = (*defaults[:index], value, *defaults[index + 1 :])

    return read, write

"""JSON values as dataclasses: strict about fields without a default, lenient about all others.

A field is read by its own name, or by those in its metadata (`named`). One with a default keeps that where the value is
missing or of another type. Unknown names are no error; `raw` has the whole value.
"""

import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields
from functools import cache, partial
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

_LONGEST_SHOWN: Final = 80


class Misshapen(ValueError):  # noqa: N818 - it is told as an UnreadableAnswer
    """A value does not have the shape that was wanted; the text says where and why."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A value of the API. `raw` is the JSON that it was read from, with the fields that are not documented."""

    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __repr__(self) -> str:
        """Without the fields that are not set."""
        shown = ((each.name, getattr(self, each.name)) for each in fields(self) if each.repr)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown if value is not None)})"


S = TypeVar("S", bound=Shape)


def named(*names: str, **options: Any) -> Any:
    """A field of a Shape that has other names in JSON; of several the first that is there counts."""
    return field(metadata={"names": names}, **options)


def read(kind: type[S], value: Any) -> S:
    """A Shape from JSON. Raises Misshapen."""
    if not isinstance(value, Mapping):
        raise Misshapen(f"an object was expected, got {show(value)}")
    given: dict[str, Any] = {}
    for name, names, reader, needed in _fields(kind):  # type: ignore[arg-type]  # a class is hashable
        found = next((each for each in names if each in value), None)
        if found is not None:
            try:
                given[name] = reader(value[found])
            except Misshapen as why:
                if needed:
                    raise Misshapen(f"{found}: {why}") from None
        elif needed:
            raise Misshapen(f"{names[0]} is missing")
    return kind(**given, raw=value)


def fit(hint: Any, value: Any) -> Any:
    """A JSON value as this type: a Shape, a tuple or mapping of them, or what JSON has itself. Raises Misshapen."""
    return _reader(hint)(value)


def show(value: Any) -> str:
    """A value for a message: short, and without what a terminal takes for a command."""
    text = ascii(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _misshapen(hint: Any, value: Any) -> Misshapen:
    return Misshapen(f"{getattr(hint, '__name__', None) or hint} was expected, got {show(value)}")


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """What reads values as this type; made once, since a list of videos has thousands of them."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: value
    if origin in (Union, types.UnionType):
        return _either(hint, parts)
    if origin is tuple:
        return _tuple(hint, _reader(parts[0]))
    if origin is not None:
        return _mapping(hint, _reader(parts[1]))
    if issubclass(hint, Shape):
        return partial(read, hint)
    return partial(_number if hint in (int, float) else _plain, hint)


def _plain(hint: type, value: Any) -> Any:
    if isinstance(value, hint):
        return value
    raise _misshapen(hint, value)


def _number(hint: type, value: Any) -> Any:
    # JSON knows one kind of numbers: 5 and 5.0 are the same.
    fits = isinstance(value, float) and (hint is float or value.is_integer())
    if fits or (isinstance(value, int) and not isinstance(value, bool)):
        with suppress(OverflowError):
            return hint(value)
    raise _misshapen(hint, value)


def _either(hint: Any, parts: tuple[Any, ...]) -> Callable[[Any], Any]:
    simple = tuple(each for each in parts if each in (str, bool, types.NoneType))
    others = [_reader(each) for each in parts if each not in simple]

    def either(value: Any) -> Any:
        if isinstance(value, simple):
            return value
        for other in others:
            with suppress(Misshapen):
                return other(value)
        raise _misshapen(hint, value)

    return either


def _tuple(hint: Any, inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def each(value: Any) -> Any:
        if not isinstance(value, list):
            raise _misshapen(hint, value)
        return tuple(inner(item) for item in value)

    return each


def _mapping(hint: Any, inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def each(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise _misshapen(hint, value)
        return {name: inner(item) for name, item in value.items()}

    return each


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, tuple[str, ...], Callable[[Any], Any], bool], ...]:
    """Of each field: its name, its names in JSON, what reads it, and whether it has no default."""
    hints = get_type_hints(kind)
    return tuple(
        (
            each.name,
            each.metadata.get("names", (each.name,)),
            _reader(hints[each.name]),
            each.default is MISSING and each.default_factory is MISSING,
        )
        for each in fields(kind)
        if each.name != "raw"
    )

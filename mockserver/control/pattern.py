"""Patterns: what a value has to be like, written in JSON.

An object asks for each of its keys and takes others, too; a list asks for as many items, one by one; anything else asks
for itself. An object with one of the keys matches, contains, absent, present and no other asks for what that says.
Regular expressions are those of Rust's linear-time engine: no look-around, no back references, and no pattern that a
text could make slow.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import jsonschema_rs

from mockserver.masking import MASK, Mask, kind_of_name
from mockserver.spec.validation import show

_LONGEST_EXPRESSION: Final = 2_000
_MOST_EXPRESSIONS: Final = 100
_MOST_BYTES: Final = 1_048_576
"""Memory that a compiled expression may take."""


class PatternError(ValueError):
    """A pattern can't be used; the text names the place, the rule and the value."""


class Nothing:
    """The value of what is not there."""


NOTHING: Final = Nothing()


class Pattern(Protocol):
    """What a value has to be like."""

    def differences(self, value: Any, place: str) -> Iterator[str]:
        """In which ways the value at a place is not like it, in words; secrets stay masked."""
        ...


class Patterns:
    """Makes patterns for one call, which may hold so many regular expressions and no more."""

    def __init__(self) -> None:
        self._expressions = 0

    def of(self, node: Any, place: str) -> Pattern:
        """The pattern that a node of a request says, which stands at a place. Raises PatternError."""
        if isinstance(node, list):
            return _Items(tuple(self.of(each, f"{place}[{index}]") for index, each in enumerate(node)))
        if not isinstance(node, dict):
            return _Same(node)
        if len(node) == 1:
            ((name, operand),) = node.items()
            if (make := self._operators().get(name)) is not None:
                return make(operand, f"{place}.{name}")
        return _Fields({name: self.of(each, f"{place}.{name}") for name, each in node.items()})

    def same(self, value: str) -> Pattern:
        """The pattern of a text that has to be the same."""
        return _Same(value)

    def _operators(self) -> Mapping[str, Callable[[Any, str], Pattern]]:
        return {"matches": self._matches, "contains": _contains, "absent": _absent, "present": _present}

    def _matches(self, operand: Any, place: str) -> Pattern:
        if not isinstance(operand, str) or len(operand) > _LONGEST_EXPRESSION:
            most = f"a regular expression of at most {_LONGEST_EXPRESSION} characters"
            raise PatternError(f"{place} must be {most}, got {show(operand)}")
        self._expressions += 1
        if self._expressions > _MOST_EXPRESSIONS:
            raise PatternError(f"{place}: there must be at most {_MOST_EXPRESSIONS} regular expressions, got more")
        options = jsonschema_rs.RegexOptions(size_limit=_MOST_BYTES, dfa_size_limit=_MOST_BYTES)
        try:
            compiled = jsonschema_rs.validator_for({"type": "string", "pattern": operand}, pattern_options=options)
        except (ValueError, jsonschema_rs.ValidationError):
            wanted = "a regular expression without look-around and back references"
            raise PatternError(f"{place} must be {wanted}, got {show(operand)}") from None
        return _Matches(operand, compiled.is_valid)


@dataclass(frozen=True, slots=True)
class _Same:
    wanted: Any

    def differences(self, value: Any, place: str) -> Iterator[str]:
        if value is NOTHING or not _is_same(self.wanted, value):
            yield f"{place} must be {_shown(self.wanted, place)}, got {_shown(value, place)}"


@dataclass(frozen=True, slots=True)
class _Matches:
    expression: str
    fits: Callable[[Any], bool]

    def differences(self, value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, str) or not self.fits(value):
            yield f"{place} must match {_shown(self.expression, place)}, got {_shown(value, place)}"


@dataclass(frozen=True, slots=True)
class _Contains:
    part: str

    def differences(self, value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, str) or self.part not in value:
            yield f"{place} must contain {_shown(self.part, place)}, got {_shown(value, place)}"


@dataclass(frozen=True, slots=True)
class _There:
    wanted: bool

    def differences(self, value: Any, place: str) -> Iterator[str]:
        if (value is not NOTHING) is not self.wanted:
            yield f"{place} must {'' if self.wanted else 'not '}be there, got {_shown(value, place)}"


@dataclass(frozen=True, slots=True)
class _Fields:
    fields: Mapping[str, Pattern]

    def differences(self, value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{place} must be an object, got {_shown(value, place)}"
            return
        for name, pattern in self.fields.items():
            yield from pattern.differences(value.get(name, NOTHING), f"{place}.{name}")


@dataclass(frozen=True, slots=True)
class _Items:
    items: tuple[Pattern, ...]

    def differences(self, value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, list) or len(value) != len(self.items):
            yield f"{place} must be a list of {len(self.items)}, got {_shown(value, place)}"
            return
        for index, (pattern, item) in enumerate(zip(self.items, value, strict=True)):
            yield from pattern.differences(item, f"{place}[{index}]")


def _contains(operand: Any, place: str) -> Pattern:
    if not isinstance(operand, str):
        raise PatternError(f"{place} must be a text, got {show(operand)}")
    return _Contains(operand)


def _absent(operand: Any, place: str) -> Pattern:
    return _There(wanted=not _true(operand, place))


def _present(operand: Any, place: str) -> Pattern:
    return _There(wanted=_true(operand, place))


def _true(operand: Any, place: str) -> bool:
    if operand is not True:
        raise PatternError(f"{place} must be true, got {show(operand)}")
    return True


def _is_same(wanted: Any, value: Any) -> bool:
    """Whether two values are the same in JSON, where 3 is 3.0, and true is not 1."""
    return wanted == value and isinstance(wanted, bool) is isinstance(value, bool)


def _shown(value: Any, place: str) -> str:
    """What a sentence repeats of a value: nothing of a secret."""
    if value is NOTHING:
        return "none"
    return MASK if kind_of_name(place) else show(Mask().value(value, place))

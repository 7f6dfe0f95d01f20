"""Scenario files: which are ready-made, and how a text, or a key set on top of it, becomes plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

import yaml

from mockserver.misformed import Misformed, unknown
from mockserver.spec.document import parse_yaml
from mockserver.spec.validation import show

FOLDER: Final = Path(__file__).parent / "scenarios"
_MAX_BYTES: Final = 1_048_576
_MAX_DEPTH: Final = 50
_MAX_PARTS: Final = 20_000
"""Keys and values of a scenario. More take longer to read than anybody wants to wait."""


class ScenarioError(Exception):
    """A scenario can't be read or breaks the form of scenarios."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a scenario was read from: what messages call it, and its text."""

    title: str
    text: bytes


def names() -> list[str]:
    """The ready-made scenarios."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "schema")


def ready_made(name: str) -> bytes:
    """The file of a ready-made scenario. Raises ScenarioError for a name that none has."""
    known = names()
    if name not in known:
        raise ScenarioError(f"scenario {name!r}: {unknown(name, known, 'ready-made scenario')}")
    return (FOLDER / f"{name}.yaml").read_bytes()


def read(source: str | Path) -> tuple[dict[str, Any], Source]:
    """The data of the file, or of the ready-made scenario, called `source`, with its text. Raises ScenarioError."""
    title = f"scenario {str(source)!r}"
    known = names()
    path = FOLDER / f"{source}.yaml" if str(source) in known else Path(source)
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        hint = unknown(str(source), known, "ready-made scenario")
        raise ScenarioError(f"{title} can't be read: {reason}; {hint}") from None
    if len(text) > _MAX_BYTES:
        raise ScenarioError(f"{title} must be at most {_MAX_BYTES} bytes long")
    try:
        data = _parse(text)
    except (yaml.YAMLError, ValueError) as error:
        raise ScenarioError(f"{title} is not YAML: {_one_line(error)}") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"{title} must be an object, got {show(data)}")
    return data, Source(title, text)


def change(data: dict[str, Any], key: str, text: str) -> tuple[str, ...]:
    """Set a dotted key ("answers.processing", "accounts.0.credits") to a YAML value; returns its place.

    Objects that are missing on the way are made, items of lists are not. Raises ScenarioError.
    """
    node: Any = data
    *parents, last = parts = tuple(key.split("."))
    for index, part in enumerate(parents):
        node = _inside(node, parts[: index + 1], f"--set {key}", made=not parts[index + 1].isdigit())
        if not isinstance(node, dict | list):
            raise ScenarioError(f"--set {key}: {part!r} has no keys")
    try:
        value = _parse(text)
    except (yaml.YAMLError, ValueError) as error:
        shown = "the value" if last == "secret" else repr(text[:80])
        raise ScenarioError(f"--set {key}: {shown} is not YAML: {_one_line(error)}") from None
    if isinstance(node, list):
        _inside(node, parts, f"--set {key}", made=False)
        node[int(last)] = value
    else:
        node[last] = value
    return parts


def _inside(node: dict[str, Any] | list[Any], parts: tuple[str, ...], title: str, *, made: bool) -> Any:
    """What the last of the parts names in a node; an object that is missing there may be made."""
    *above, part = parts
    if isinstance(node, list):
        if not (part.isascii() and part.isdigit() and len(part) <= 6 and int(part) < len(node)):
            raise ScenarioError(f"{title}: {'.'.join(above)} has no item {part!r}, it has {len(node)} (from 0)")
        return node[int(part)]
    if part not in node and not made:
        raise ScenarioError(f"{title}: there is no list {'.'.join(parts)!r} in the scenario whose item could be set")
    return node.setdefault(part, {})


def plain(data: Any) -> Any:
    """The data as JSON has it, with 3.0 as the integer it is. YAML knows more: dates, sets, keys of any type.

    Raises Misformed for what JSON has not, for what is nested too deep, and for too much.
    """
    return _Plain().node(data, ())


class _Plain:
    def __init__(self) -> None:
        self._parts = 0

    def node(self, node: Any, place: tuple[str | int, ...]) -> Any:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise Misformed((), f"must hold at most {_MAX_PARTS} keys and values, got more")
        if len(place) > _MAX_DEPTH:
            raise Misformed(place[:_MAX_DEPTH], f"must be nested at most {_MAX_DEPTH} levels deep, got more")
        if isinstance(node, dict):
            return self._mapping(node, place)
        if isinstance(node, list):
            return [self.node(value, (*place, index)) for index, value in enumerate(node)]
        if isinstance(node, float) and node.is_integer():
            return int(node)
        if (isinstance(node, float) and not isfinite(node)) or not isinstance(node, str | int | float | None):
            raise Misformed(place, f"must be a value that JSON has, got {str(node)[:80]!r}")
        return node

    def _mapping(self, node: Mapping[Any, Any], place: tuple[str | int, ...]) -> dict[str, Any]:
        for key in node:
            if not isinstance(key, str):
                raise Misformed((*place, str(key)[:80]), f"a key must be a string, got {str(key)[:80]}")
        return {key: self.node(value, (*place, key)) for key, value in node.items()}


def _parse(text: bytes | str) -> Any:
    """YAML to data. Raises yaml.YAMLError, and ValueError for values that only look like some."""
    keys: list[set[str] | None] = []
    at_key: list[bool] = []
    for count, event in enumerate(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
        _check(event, count)
        if isinstance(event, yaml.CollectionEndEvent):
            keys.pop()
            at_key.pop()
        elif isinstance(event, yaml.NodeEvent):
            if at_key:
                at_key[-1] = not at_key[-1]
                if (seen := keys[-1]) is not None and at_key[-1]:
                    _note_key(event, seen)
            if isinstance(event, yaml.CollectionStartEvent):
                keys.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
                at_key.append(False)
                # The loader recurses in C, without a limit of its own.
                if len(keys) > _MAX_DEPTH:
                    raise yaml.YAMLError(f"nested deeper than {_MAX_DEPTH} levels ({_line(event)})")
    return parse_yaml(text)


def _check(event: yaml.Event, count: int) -> None:
    if isinstance(event, yaml.AliasEvent):
        # Aliases nest to documents of any size, and even into themselves.
        raise yaml.YAMLError(f"aliases are not read here (*{event.anchor}, {_line(event)})")
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")[:80]
        raise yaml.YAMLError(f"tags are not read here ({tag}, {_line(event)})")
    if count > _MAX_PARTS:
        raise yaml.YAMLError(f"more than {_MAX_PARTS} keys and values")


def _note_key(event: yaml.NodeEvent, seen: set[str]) -> None:
    if not isinstance(event, yaml.ScalarEvent):
        raise yaml.YAMLError(f"a key must be a word ({_line(event)})")
    if event.value in seen:
        raise yaml.YAMLError(f"the key {event.value[:80]!r} stands twice ({_line(event)})")
    if event.value == "<<" and event.implicit[0]:
        raise yaml.YAMLError(f"merge keys are not read here ({_line(event)})")
    seen.add(event.value)


def _line(event: yaml.Event) -> str:
    return f"line {event.start_mark.line + 1}" if event.start_mark is not None else "somewhere"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]

"""What is wrong with a document that a person wrote: the place, the rule and the value, and the line of its text."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

import jsonschema_rs
import yaml

from mockserver.spec.validation import demand, kind_of, pointer, show, show_text

Place = Sequence[str | int]
"""Keys and indices, from the document's top."""

_LOOKED_AT: Final = 100
"""Errors of a document among which the one to tell is chosen."""

_LOOKED_THROUGH: Final = 100_000
"""Parts of a text in which a place is looked for: a tenth of a second."""

_LONGEST: Final = 600
"""Characters of a sentence."""

_COUNTING: Final = ("minItems", "maxItems", "minProperties", "maxProperties")


class Misformed(Exception):  # noqa: N818 - the document's fault, not ours
    """A document breaks its form at `place`; `sentence` names the rule and the value, as "must be ..., got 9"."""

    def __init__(self, place: Place, sentence: str) -> None:
        self.place = tuple(place)
        self.sentence = sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]}…"
        where = pointer([show_text(str(part)) for part in self.place]) or "/"
        super().__init__(f"{where}: {self.sentence}")

    def told(self, title: str, text: bytes | str | None = None) -> str:
        """All of it in one line: what the document is called, the line of its text if it has several, place, sentence.

        `text` is the YAML or JSON that the document was read from, if there is one.
        """
        line = None if text is None else line_of(text, self.place)
        return f"{title}: {self}" if line is None else f"{title}: line {line}: {self}"


class Form:
    """A JSON Schema that documents must keep.

    Sentences are made of it: `x-form` beside a pattern or a choice says what it asks for, and what has the format
    `password` is never repeated.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._errors = jsonschema_rs.validator_for(schema).iter_errors

    def check(self, data: Any) -> None:
        """Raise Misformed for what is wrong with a document, an unknown key before all else."""
        found = list(islice(self._errors(data), _LOOKED_AT))
        if found:
            raise self._misformed(_worst(found))

    def _misformed(self, error: jsonschema_rs.ValidationError) -> Misformed:
        place, rule, value = list(error.instance_path), error.kind.name, error.instance
        holders = self._holders(error.schema_path)
        schema = holders[-1]
        if any(holder.get("format") == "password" for holder in holders):
            return Misformed(place, f"{demand(rule, schema, rule)}, got {kind_of(rule, value)}")
        match rule:
            case "additionalProperties":
                key = error.kind.as_dict()["unexpected"][0]
                return Misformed([*place, key], unknown(key, schema.get("properties", ()), "key"))
            case "required":
                return Misformed([*place, error.kind.as_dict()["property"]], "is required, got none")
            case "anyOf" | "oneOf":
                if (inner := _meant(error)) is not None:
                    return self._misformed(inner)
            case "enum" if isinstance(value, str):
                known = [name for name in schema["enum"] if isinstance(name, str)]
                return Misformed(place, f"{_words(rule, schema, '')}, got {show(value)}{_hint(value, known)}")
        shown = str(len(value)) if rule in _COUNTING and isinstance(value, list | dict) else show(value)
        return Misformed(place, f"{_words(rule, schema, error.message)}, got {shown}")

    def _holders(self, schema_path: Iterable[str | int]) -> list[Mapping[str, Any]]:
        """The schema objects on the way to a keyword; the last one holds it."""
        node: Any = self._schema
        holders = [node]
        for part in list(schema_path)[:-1]:
            node = node[part]
            if isinstance(node, Mapping):
                holders.append(node)
        return holders


def unknown(name: str, known: Iterable[str], kind: str) -> str:
    """The sentence for a name that is none of the known ones: the nearest of them, then all."""
    names = list(known)
    listed = f"only {', '.join(names)}" if names else "nor any other"
    return f"there is no {kind} {show_text(name)}{_hint(name, names)}, {listed}"


def line_of(text: bytes | str, place: Place) -> int | None:
    """The line, from 1, in which a place of a YAML or JSON text begins, or as much of the place as there is.

    None for a text of one line, and for one that can't be read.
    """
    lines = text.strip().count(b"\n") if isinstance(text, bytes) else text.strip().count("\n")
    if not lines:
        return None
    wanted = [str(part) for part in place]
    open_parts: list[_Open] = []
    reached, line = -1, 1
    try:
        for event in islice(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), _LOOKED_THROUGH):
            if isinstance(event, yaml.CollectionEndEvent):
                open_parts.pop()
            elif isinstance(event, yaml.NodeEvent):
                begins = not open_parts or open_parts[-1].enter(event)
                here = [part.key for part in open_parts]
                if begins and len(here) > reached and here == wanted[: len(here)] and event.start_mark is not None:
                    reached, line = len(here), event.start_mark.line + 1
                    if reached == len(wanted):
                        return line
                if isinstance(event, yaml.CollectionStartEvent):
                    open_parts.append(_Open(isinstance(event, yaml.MappingStartEvent)))
    except yaml.YAMLError:
        return None
    return line


class _Open:
    """A mapping or a sequence of a text while its parts are read; `key` is where in it we are."""

    def __init__(self, mapping: bool) -> None:  # noqa: FBT001 - one of two kinds
        self._mapping = mapping
        self._at_key = False
        self._index = -1
        self.key = ""

    def enter(self, event: yaml.NodeEvent) -> bool:
        """Take the next part; returns whether a new place begins with it: a key, or an item."""
        if not self._mapping:
            self._index += 1
            self.key = str(self._index)
            return True
        self._at_key = not self._at_key
        if self._at_key:
            self.key = event.value if isinstance(event, yaml.ScalarEvent) else ""
        return self._at_key


def _worst(errors: Sequence[jsonschema_rs.ValidationError]) -> jsonschema_rs.ValidationError:
    """An unknown key explains others: what it was meant to be is missing."""
    return next((error for error in errors if error.kind.name == "additionalProperties"), errors[0])


def _meant(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError | None:
    """What is wrong in the only one of several alternatives that has the value's type; None if there is no such one."""
    here = list(error.instance_path)
    fitting = [
        branch
        for branch in error.kind.as_dict()["context"]
        if not any(
            inner.kind.name in ("type", "const", "enum") and list(inner.instance_path) == here for inner in branch
        )
    ]
    return _worst(fitting[0]) if len(fitting) == 1 else None


def _words(rule: str, schema: Mapping[str, Any], fallback: str) -> str:
    match rule:
        case "minItems" | "maxItems":
            return f"must hold {_number(schema.get('minItems'), schema.get('maxItems'))} items"
        case "minProperties" | "maxProperties":
            return f"must have {_number(schema.get('minProperties'), schema.get('maxProperties'))} keys"
        case "uniqueItems":
            return "must hold no item twice"
        case "exclusiveMinimum":
            return f"must be above {schema['exclusiveMinimum']}"
        case "exclusiveMaximum":
            return f"must be below {schema['exclusiveMaximum']}"
        case "anyOf" | "oneOf" if "x-form" not in schema:
            return f"must keep the form ({fallback[:80]})"
    return demand(rule, schema, fallback)


def _number(least: int | None, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    return f"at most {most}" if least is None else f"from {least} to {most}"


def _hint(name: str, known: Sequence[str]) -> str:
    plain = {_plain(other): other for other in known}
    near = get_close_matches(_plain(name[:100]), plain, n=1)
    return f" (did you mean {plain[near[0]]}?)" if near else ""


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")

"""JSON Schema in, violations in words out.

A message that fits costs one compiled check. Only one that does not is looked at closely, to say which field broke
which rule with which value.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import jsonschema_rs
import orjson

from mockserver.spec.document import ContractError, Document
from mockserver.spec.violation import Violation

_SHOWN: Final = 80
"""Characters of a value that a sentence repeats."""

_UNPRINTED: Final = re.compile(r"[\x7f-\x9f\u2028\u2029]")
"""Control characters and ends of lines that JSON leaves as they are."""

_TYPES: Final = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


class Validator:
    """One schema of the document, compiled. `where` is the part of a message that it speaks about."""

    def __init__(self, document: Document, schema: Mapping[str, Any], where: str) -> None:
        self._document = document
        self._schema = schema
        self._where = where
        try:
            compiled = jsonschema_rs.validator_for(
                {**schema, "components": document.data.get("components", {})}, validate_formats=True
            )
        except ValueError as error:
            reason = str(error).splitlines()[0]
            raise ContractError(f"a schema of the {where} can't be compiled: {reason}: {show(schema)}") from None
        self.fits = compiled.is_valid
        self._errors = compiled.iter_errors

    def violations(self, value: Any) -> list[Violation]:
        """Every way in which `value` breaks the schema; empty if it fits."""
        return [self._violation(error) for error in self._errors(value)]

    def _violation(self, error: jsonschema_rs.ValidationError) -> Violation:
        path: list[str | int] = list(error.instance_path)
        rule = error.kind.name
        value = error.instance
        schema, secret = self._holder(error.evaluation_path)
        if rule == "required":
            path.append(error.kind.as_dict()["property"])
            sentence, shown = "is required, got none", ""
        elif secret:
            shown = kind_of(rule, value)
            sentence = f"{demand(rule, schema, rule)}, got {shown}"
        else:
            shown = show(value)
            sentence = f"{demand(rule, schema, error.message)}, got {_got(rule, value, shown)}"
        return Violation(self._where, pointer(path), rule, f"{self._name(path)} {sentence}", shown)

    def _name(self, path: list[str | int]) -> str:
        if not path:
            return f"the {self._where}"
        name = str(path[0])
        for part in path[1:]:
            name += f"[{part}]" if isinstance(part, int) else f".{part}"
        return name

    def _holder(self, evaluation_path: Iterable[str | int]) -> tuple[Mapping[str, Any], bool]:
        """The schema object whose keyword failed, and whether its value is or holds a secret."""
        node: Any = self._schema
        secret = False
        for part in list(evaluation_path)[:-1]:
            secret = secret or _is_secret(node)
            node = self._document.resolve(node) if part == "$ref" else node[part]
        return (node if isinstance(node, Mapping) else {}), secret or holds_secret(self._document, node)


def holds_secret(document: Document, schema: Any) -> bool:
    """Whether the schema, or any part of it, is that of a password: no sentence may repeat such a value."""
    seen: list[int] = []
    left = [schema]
    while left:
        node = document.resolve(left.pop())
        if not isinstance(node, Mapping) or id(node) in seen:
            continue
        if _is_secret(node):
            return True
        seen.append(id(node))
        left += [node[key] for key in ("items", "additionalProperties", "not") if key in node]
        left += [inner for key in ("allOf", "anyOf", "oneOf") for inner in node.get(key, ())]
        left += node.get("properties", {}).values()
    return False


def _is_secret(node: Any) -> bool:
    return isinstance(node, Mapping) and node.get("format") == "password"


def pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def show(value: Any) -> str:
    """A value as JSON, on one line, shortened; control characters are escaped."""
    return _shortened(_as_json(value))


def show_text(text: str) -> str:
    """A text as `show` does, without the quotes."""
    return _shortened(_as_json(text)[1:-1])


def _as_json(value: Any) -> str:
    try:
        text = orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, TypeError):
        text = repr(value)
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def demand(rule: str, schema: Mapping[str, Any], fallback: str) -> str:
    """What the rule asks for, as the words after the field's name; `fallback` says it where we have no words."""
    match rule:
        case "type":
            wanted = schema["type"]
            names = [wanted] if isinstance(wanted, str) else wanted
            return "must be " + " or ".join(_TYPES[name] for name in names)
        case "minimum" | "maximum":
            return f"must be {_range(schema.get('minimum'), schema.get('maximum'), '')}"
        case "minLength" | "maxLength":
            return f"must be {_range(schema.get('minLength'), schema.get('maxLength'), ' characters long')}"
        case "minItems" | "maxItems":
            return f"must hold {_range(schema.get('minItems'), schema.get('maxItems'), ' items')}"
        case "pattern" | "format" | "anyOf" | "oneOf" if "x-form" in schema:
            return f"must be {schema['x-form']}"
        case "pattern":
            return f"must match {schema['pattern']}"
        case "enum":
            return f"must be one of {', '.join(show(value) for value in schema['enum'])}"
        case "const":
            return f"must be {show(schema['const'])}"
    return f"must fit the contract ({fallback[:_SHOWN]})"


def _range(least: float | None, most: float | None, unit: str) -> str:
    if least is None:
        return f"at most {most}{unit}"
    if most is None:
        return f"at least {least}{unit}"
    return f"from {least} to {most}{unit}"


def kind_of(rule: str, value: Any) -> str:
    """What a secret is, without its content."""
    match value:
        case str() if rule != "type":
            return f"{len(value)} characters"
        case str():
            name = "string"
        case None:
            name = "null"
        case bool():
            name = "boolean"
        case dict():
            name = "object"
        case list():
            name = "array"
        case _:
            name = "number"
    return _TYPES[name]


def _got(rule: str, value: Any, shown: str) -> str:
    if rule == "maxLength":
        return f"{len(value)}: {shown}"
    return shown

"""A schema of the contract, compiled."""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs


class Schema:
    """A schema; `node` as it stands in the contract, at `pointer`."""

    def __init__(self, node: Mapping[str, Any], pointer: str, components: Mapping[str, Any]) -> None:
        self.node = node
        self.pointer = pointer
        self._validator = jsonschema_rs.Draft202012Validator({**node, "components": components}, validate_formats=True)

    def is_valid(self, value: Any) -> bool:
        """Whether a value keeps it."""
        return not self.errors(value, most=1)

    def errors(self, value: Any, most: int = 5) -> list[str]:
        """What a value breaks, each with its place, as "/data/0/url: 5 is not of type "string""; empty if nothing."""
        found = []
        try:
            for error in self._validator.iter_errors(value):
                place = "".join(f"/{part}" for part in error.instance_path)
                found.append(f"{place or 'the value'}: {_short(error.message)}")
                if len(found) == most:
                    break
        except (UnicodeEncodeError, ValueError, OverflowError, RecursionError) as error:
            # The validator takes no lone surrogates and no number beyond a double.
            return [f"the value can't be checked: {_short(str(error))}"]
        return found


def _short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"

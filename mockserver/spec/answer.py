"""An answer of the contract: a status with one of its named examples, and the places to fill in it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from mockserver.spec.document import ContractError
from mockserver.spec.validation import Validator

_PLACE: Final = re.compile(r"<([A-Za-z_][A-Za-z_ ]*)>")


class Answer:
    """A named example of a response.

    `status` is the HTTP status, `reason` its phrase where the contract gives one (x-reason). `summary` says when it is
    given, `provenance` how it is known.
    """

    def __init__(
        self,
        *,
        status: int,
        name: str,
        value: Any,
        reason: str | None = None,
        validator: Validator | None = None,
        summary: str = "",
        provenance: str = "",
    ) -> None:
        self.status = status
        self.name = name
        self.reason = reason
        self.summary = summary
        self.provenance = provenance
        self._value = value
        self._has_places = _has_places(value)
        if validator is not None and not validator.fits(value):
            sentence = validator.violations(value)[0].sentence
            raise ContractError(f"example {name!r} of {status} does not fit its schema: {sentence}")

    def fill(self, values: Mapping[str, str | int]) -> Any:
        """The example's value with `<name>` replaced by `values["name"]`; a place without a value stays."""
        return _filled(self._value, values) if self._has_places else self._value


def _has_places(node: Any) -> bool:
    if isinstance(node, str):
        return _PLACE.search(node) is not None
    if isinstance(node, Mapping):
        return any(map(_has_places, node.values()))
    return isinstance(node, list) and any(map(_has_places, node))


def _filled(node: Any, values: Mapping[str, str | int]) -> Any:
    if isinstance(node, str):
        return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), node)
    if isinstance(node, Mapping):
        return {key: _filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, values) for value in node]
    return node

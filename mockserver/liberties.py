"""What the contract permits and clients are seldom ready for: liberties that a scenario takes with answers.

None of them breaks the contract. A sandbox without any has none of this on its way.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from zlib import crc32

import orjson

from mockserver.domain.dice import Dice
from mockserver.message import Response
from mockserver.scenario import Answers
from mockserver.spec import Operation
from mockserver.spec.validation import Validator

_JSON: Final = b"application/json"
_NEW: Final[Mapping[str, Any]] = {"since": "2026-11-01", "values": [1, 2.5, None, {"deep": True}]}
"""The value of a field that no document names: of several types and levels, so that readers meet them all."""

_MAPS: Final[Mapping[str, tuple[str, ...]]] = {
    "listAccounts": (),
    "getUser": ("accounts",),
    "updateUser": ("accounts",),
}
"""Where answers have objects whose keys are not fields: one more would name an account, or a service."""


class Illegal(Exception):  # noqa: N818 - a bug of ours
    """A liberty broke the contract."""


class Liberties:
    """The liberties of one sandbox, where an upscale costs `cost` credits."""

    def __init__(self, answers: Answers, cost: int) -> None:
        self._answers = answers
        self._cost = cost

    @classmethod
    def of(cls, answers: Answers, cost: int) -> "Liberties | None":
        """Those that a scenario takes, None for none."""
        taken = (answers.extra_fields, answers.shuffled_keys, answers.spaced, answers.escaped, answers.charset)
        return cls(answers, cost) if any(taken) else None

    def response(self, operation: Operation, response: Response) -> Response:
        """The JSON answer of an operation with the liberties taken; any other as it is. Raises Illegal."""
        headers = dict(response.headers)
        if headers.get(b"content-type") != _JSON:
            return response
        value = orjson.loads(response.body)
        if self._answers.extra_fields:
            value = self._extended(operation.id, value)
            if operation.id == "upscaleVideo" and response.status == operation.success:
                value["cost_credits"] = self._cost
            if misfits := operation.misfit(response.status, value):
                raise Illegal(f"{operation.id} {response.status}: {misfits[0].sentence}")
        kind = b"application/json; charset=utf-8" if self._answers.charset else _JSON
        named = [(name, kind if name == b"content-type" else text) for name, text in response.headers]
        return replace(response, headers=tuple(named), body=self._written(value, response.body))

    def callback(self, form: Validator, body: bytes) -> bytes:
        """The body of a callback with the liberties taken. Raises Illegal."""
        value = orjson.loads(body)
        if self._answers.extra_fields:
            value = self._extended("", value)
            if not form.fits(value):
                raise Illegal(f"callback: {form.violations(value)[0].sentence}")
        return self._written(value, body)

    def _extended(self, operation: str, value: Any) -> Any:
        return _extended(value, (), _MAPS.get(operation))

    def _written(self, value: Any, seed: bytes) -> bytes:
        """The value as JSON, the same for the same `seed`."""
        answers = self._answers
        if answers.shuffled_keys:
            value = _shuffled(value, Dice(crc32(seed)))
        if not (answers.spaced or answers.escaped):
            return orjson.dumps(value)
        indent, separators = (2, (" ,", " : ")) if answers.spaced else (None, (",", ":"))
        text = json.dumps(value, ensure_ascii=answers.escaped, indent=indent, separators=separators)
        if answers.escaped:
            # Outside of strings JSON has neither.
            text = text.replace("/", "\\/").replace("@", "\\u0040")
        return f"{text}\n".encode() if answers.spaced else text.encode()


def _extended(node: Any, place: tuple[str, ...], of_keys: tuple[str, ...] | None) -> Any:
    """The node with a new field in each object, but for the one at the place `of_keys`."""
    if isinstance(node, dict):
        inner = {key: _extended(value, (*place, key), of_keys) for key, value in node.items()}
        return inner if place == of_keys else {**inner, "new_field": _NEW}
    if isinstance(node, list):
        return [_extended(value, (*place, "-"), of_keys) for value in node]
    return node


def _shuffled(node: Any, chance: Dice) -> Any:
    if isinstance(node, dict):
        items = [(key, _shuffled(value, chance)) for key, value in node.items()]
        chance.shuffle(items)
        return dict(items)
    return [_shuffled(value, chance) for value in node] if isinstance(node, list) else node

"""What is judged of every answer of this phase, beside what holds for the answers of all phases."""

import re
from collections.abc import Iterator
from typing import Any, Final

from contracts.contract import UNSET, Answer, Contract
from contracts.findings import Call, Event, Ledger
from contracts.provider.http import value_of
from contracts.verify.evidence import note, words
from contracts.verify.schema import rules

_ID_FIELDS: Final = frozenset({"video_id", "id", "original_video_id"})
_SHORTEST_SECRET: Final = 8


class Examiner:
    """Judges `code`, ids, and secrets in answers; what it finds goes into the ledger."""

    def __init__(self, contract: Contract, ledger: Ledger) -> None:
        self._contract = contract
        self._ledger = ledger
        self._token = re.compile(contract.token_pattern)
        self._id = contract.schemas["VideoId"]

    def __call__(self, call: Call, story: tuple[Event, ...] = ()) -> None:
        """Judge one answer, told what led to it."""
        operation = self._contract.operations.get(call.operation)
        if operation is None or call.got.error:
            return
        answer = operation.answers.get(call.got.status)
        value = value_of(call.got)
        if answer is not None and value is not UNSET:
            self._judge_code(call, answer, value, story)
            self._judge_ids(call, value, story)
        self._judge_secrets(call, story)

    def _judge_code(self, call: Call, answer: Answer, value: Any, story: tuple[Event, ...]) -> None:
        if call.got.status < 400 or not isinstance(value, dict):
            return
        for media in answer.media.values():
            forbidden = media.schema.node.get("properties", {}).get("code") == {"not": {}}
            expected = UNSET if forbidden else call.got.status
            if not forbidden and "code" not in media.schema.node.get("required", ()):
                return
            if value.get("code", UNSET) == expected:
                self._ledger.passes(rules.CODE)
            else:
                wanted = "no `code`" if forbidden else f'"code": {expected}'
                note(self._ledger, rules.CODE, call.operation, wanted, words(call.got), (*story, call))
            return

    def _judge_ids(self, call: Call, value: Any, story: tuple[Event, ...]) -> None:
        user = self._user(call)
        if call.got.status >= 400 or not user:
            return
        for place, name, text in _strings(value):
            if name not in _ID_FIELDS:
                continue
            if self._id.is_valid(text) and text.startswith(f"user:{user}-"):
                self._ledger.passes(rules.IDS)
                continue
            wanted = f"user:{user}-pixverse:<email>-video:<number>"
            note(self._ledger, rules.IDS, call.operation, wanted, f"{place}: {text}", (*story, call))
            return

    def _judge_secrets(self, call: Call, story: tuple[Event, ...]) -> None:
        token = _bearer(call)
        if not self._token.search(token):
            return
        secret = token.rpartition("-")[2]
        shown = {token, secret if len(secret) >= _SHORTEST_SECRET else token}
        text = call.got.body.decode("utf-8", "replace") + " ".join(each for _, each in call.got.headers)
        if any(each in text for each in shown):
            note(self._ledger, rules.SECRETS, call.operation, "no token", words(call.got), (*story, call))
        else:
            self._ledger.passes(rules.SECRETS)

    def _user(self, call: Call) -> str:
        """The number of the token's user, empty if the token is none."""
        found = self._token.search(_bearer(call))
        return found[1] if found and found.groups() else ""


def _bearer(call: Call) -> str:
    value = next((value for name, value in call.sent.headers if name.lower() == "authorization"), "")
    return value.removeprefix("Bearer ")


def _strings(value: Any) -> Iterator[tuple[str, str, str]]:
    """Every string in a JSON value, however deep, with its place and the name of its field."""
    left: list[tuple[str, str, Any]] = [("", "", value)]
    while left:
        place, name, item = left.pop()
        if isinstance(item, str):
            yield place, name, item
        elif isinstance(item, dict):
            left += [(f"{place}/{key}", str(key), each) for key, each in reversed(item.items())]
        elif isinstance(item, list):
            left += [(f"{place}/{index}", name, each) for index, each in reversed(list(enumerate(item)))]

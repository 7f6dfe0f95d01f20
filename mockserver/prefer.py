"""`Prefer: code=, example=` of a request, and `__code`, `__example` of its query: any documented answer, on demand."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from mockserver.spec import Answer, Operation
from mockserver.spec.validation import show

# Possessive, so that a header of any length and kind is read in one go.
_ELEMENT: Final = re.compile(r'(?:[^,"]++|"(?:[^"\\]|\\.)*+"?)++')
_PREFERENCE: Final = re.compile(r'\s*+([A-Za-z0-9_-]++)\s*+(?:=\s*+(?:"([^"]*+)"|([^\s,;"]*+))\s*+)?+(?:;.*+)?')
_KEYS: Final = frozenset({"code", "example", "explain"})


class NotServed(Exception):  # noqa: N818 - an answer, not an error
    """The contract has no such answer; the text says which ones it has."""


@dataclass(frozen=True, slots=True)
class Preference:
    """What a request wants: an answer by its status (`code`), by the name of its `example`, or both; `explain` why."""

    code: str | None = None
    example: str | None = None
    explain: bool = False

    @property
    def applied(self) -> bytes:
        """The value of Preference-Applied."""
        given = {"code": self.code, "example": self.example}
        parts = [f"{key}={value}" for key, value in given.items() if value is not None]
        return ", ".join([*parts, *(["explain"] if self.explain else [])]).encode()

    def answer(self, operation: Operation) -> Answer | None:
        """The answer that is wanted, None if only an explanation is. Raises NotServed."""
        if self.code is None and self.example is None:
            return None
        for (status, name), answer in sorted(operation.answers.items(), key=lambda item: item[0][0]):
            if self.code in (None, str(status)) and self.example in (None, name):
                return answer
        given = {"code": self.code, "example": self.example}
        wanted = ", ".join(f"{key}={show(value)}" for key, value in given.items() if value is not None)
        raise NotServed(f"{operation.id} has no answer with {wanted}; it has {_listed(operation)}")


def preference(header: bytes | None, query: str) -> Preference | None:
    """What a Prefer header (several joined by commas) and a query ask for; the header goes first. None for nothing.

    Of a preference that is given twice the first counts. Others are none of ours, and ignored.
    """
    found: dict[str, str] = {}
    if "__" in query:
        try:
            fields = parse_qsl(query, keep_blank_values=True, max_num_fields=1_000)
        except ValueError:
            fields = []
        found = {name[2:]: value for name, value in fields if name.startswith("__") and name[2:] in _KEYS}
    if header is not None:
        preferred: dict[str, str] = {}
        for element in _ELEMENT.findall(header.decode("latin-1")):
            read = _PREFERENCE.fullmatch(element)
            if read is not None and (name := read[1].lower()) in _KEYS:
                preferred.setdefault(name, read[2] or read[3] or "")
        found |= preferred
    if not found:
        return None
    return Preference(found.get("code"), found.get("example"), "explain" in found)


def _listed(operation: Operation) -> str:
    names: dict[int, list[str]] = {}
    for status, name in operation.answers:
        names.setdefault(status, []).append(name)
    return ", ".join(f"{status} ({', '.join(names[status])})" for status in sorted(names))

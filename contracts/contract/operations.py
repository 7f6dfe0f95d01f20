"""The operations of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from contracts.contract.answers import Answer, Example, Media
from contracts.contract.schema import Schema
from contracts.findings import Provenance

_PCHAR: Final = ":@!$&'()*+,;="
"""What may stand raw in a segment of a path, besides letters, digits and "-._~" (RFC 3986, section 3.3)."""


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
"""No value at all, where None is one."""

Unset = Literal[_Unset.UNSET]


@dataclass(frozen=True)
class Parameter:
    """A parameter in the path or in the query."""

    name: str
    place: str
    required: bool
    raw: bool
    schema: Schema
    pointer: str


@dataclass(frozen=True)
class Trigger:
    """A number in a video's id that gives an answer by itself (`status` and `example`), or ends the job (`ends`)."""

    number: int
    status: int = 0
    example: str = ""
    ends: str = ""


@dataclass(frozen=True)
class Callback:
    """What the provider sends: to the address that `expression` finds in the request."""

    name: str
    expression: str
    schema: Schema
    media_type: str
    examples: Mapping[str, Example]
    description: str
    provenance: Provenance
    pointer: str


@dataclass(frozen=True)
class Operation:
    """An operation: its operationId, method in upper case and path template, and all that is said of it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    provenance: Provenance
    pointer: str
    parameters: tuple[Parameter, ...]
    bodies: Mapping[str, Media]
    answers: Mapping[int, Answer]
    callbacks: tuple[Callback, ...]
    triggers: tuple[Trigger, ...]
    cost: int
    """Credits that one accepted call costs; 0 for none."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in {"GET", "HEAD"}

    def address(self, **values: Any) -> str:
        """The path with the parameters put in raw as far as a path may have them, and the query.

        Values of None are left out. Raises KeyError for a parameter that the operation does not have, and for a
        missing one in the path.
        """
        path, query = self.path, {}
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in values.items():
            if known[name].place == "path":
                path = path.replace("{" + name + "}", quote(str(value), safe=_PCHAR))
            elif value is not None:
                query[name] = value
        if "{" in path:
            raise KeyError(path)
        return f"{path}?{urlencode(query, errors='surrogatepass')}" if query else path

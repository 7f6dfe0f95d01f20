"""What a fault does to a call, and where on the call's way it acts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp
from random import Random
from typing import Final, Literal

from mockserver.message import Headers, Response, Wire
from mockserver.spec import Answer

_LONGEST: Final = 1_000_000_000_000
"""Milliseconds. A lognormal draw may be of any size; clocks end."""

_STEEPEST: Final = 50.0
"""Beyond it the exponential would overflow, far behind the longest delay."""


class Stage(StrEnum):
    """Where on a call's way a fault acts."""

    ARRIVAL = "arrival"
    """Before the request is looked at: it is not carried out."""
    CHECKED = "checked"
    """Once the request fits the contract: it is not carried out."""
    ANSWERED = "answered"
    """On the answer, whatever it is: the request was carried out as far as it goes."""
    ACCEPTED = "accepted"
    """On the answer of a request that was carried out with success."""


@dataclass(frozen=True, slots=True)
class Documented:
    """A documented answer in the place of the real one: by operationId, where there is one. `headers` come on top."""

    answers: Mapping[str, Answer]
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Undocumented:
    """An answer that the contract does not have, in the place of the real one."""

    status: int
    headers: Headers
    body: bytes

    @property
    def response(self) -> Response:
        return Response(self.status, self.headers, self.body)


@dataclass(frozen=True, slots=True)
class OnWire:
    """Something that happens on the connection."""

    wire: Wire

    @property
    def response(self) -> Response:
        """In the place of an answer that there is none of."""
        return Response(0, (), b"", wire=self.wire)

    def spoil(self, response: Response) -> Response:
        """The answer as the connection treats it."""
        return replace(response, wire=self.wire)


@dataclass(frozen=True, slots=True)
class Spoiled:
    """An answer that is complete in HTTP, but not what it says."""

    what: Literal["json", "content-type"]

    def spoil(self, response: Response) -> Response:
        """The spoiled answer."""
        if self.what == "content-type":
            kept = [header for header in response.headers if header[0] != b"content-type"]
            return replace(response, headers=[*kept, (b"content-type", b"text/html")])
        # Half of a JSON text is never one, but for a number; an answer of ours is an object or an array.
        return replace(response, body=response.body[: len(response.body) // 2] or b"{")


@dataclass(frozen=True, slots=True)
class Delayed:
    """An answer that comes late, by seconds of the sandbox's clock.

    Evenly between `least` and `most`; with `sigma` lognormal, half of the answers within `least`.
    """

    least: float
    most: float
    sigma: float | None = None

    def milliseconds(self, chance: Random) -> int:
        """How late this time."""
        if self.sigma is None:
            seconds = chance.uniform(self.least, self.most)
        else:
            seconds = self.least * exp(min(self.sigma * chance.gauss(0, 1), _STEEPEST))
        return min(_LONGEST, round(seconds * 1_000))


Action = Documented | Undocumented | OnWire | Spoiled | Delayed

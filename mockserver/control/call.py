"""A control request as its handler sees it, and the ways to answer it."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.api import Api
from mockserver.message import Request
from mockserver.runtime import GuardedSandbox

if TYPE_CHECKING:
    from mockserver.control.sinks import Sinks


@dataclass(slots=True)
class ControlCall:
    """A control request that fits the document. `of_token` is the sandbox of its token, None where none is needed."""

    api: Api
    sinks: "Sinks"
    document: Mapping[str, Any]
    request: Request
    of_token: GuardedSandbox | None
    parameters: dict[str, Any]
    body: Any

    @property
    def guarded(self) -> GuardedSandbox:
        """The sandbox; operations without a token never ask for it."""
        if self.of_token is None:
            raise LookupError("an operation without token has no sandbox")
        return self.of_token

    @property
    def token(self) -> str:
        """The token that it was made with, "" for none."""
        authorization = (self.request.header(b"authorization") or b"").decode("latin-1")
        return authorization.strip().rpartition(" ")[2]


Value = Any
"""The answer's body as JSON-like value or Piecewise, as bytes where the document has text, None for no body."""


@dataclass(frozen=True, slots=True)
class Piecewise:
    """A JSON object that is written piece by piece, for all of it at once would take much room.

    `lists` stand in it behind `head`, which is never empty, each by its name. Each item is held against the document as
    if it were the only one.
    """

    head: Mapping[str, Any]
    lists: Mapping[str, Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Lengthy:
    """An answer that takes long to make: `make` is called where nobody waits for the thread."""

    make: Callable[[], Value]


Handler = Callable[[ControlCall], Value | Future[Value] | Lengthy]


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """The answer is a problem with this HTTP status; the text says what is wrong."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def whole(value: float | None) -> int | None:
    """3.0 is an integer in JSON Schema."""
    return None if value is None else int(value)

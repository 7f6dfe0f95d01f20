"""The seam's neutral values: what every adapter brings and takes away."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

Headers = Sequence[tuple[bytes, bytes]]
"""Pairs of name, in lower case, and value, as they stand on the wire."""


@dataclass(slots=True)
class Request:
    """An HTTP request.

    `path` and `query` are as they were sent, percent-encoded and without the "?"; `scheme` is "http" or "https".
    `mount` is the path under which an embedding application has the mock, "" for the root. `parsed` says that an HTTP
    parser let it through, so that it holds no control characters. `patience` are the seconds for which the client waits
    for the answer, where it has no connection to close; None for ever.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    scheme: str = "http"
    mount: str = ""
    parsed: bool = False
    patience: float | None = None

    def header(self, name: bytes) -> bytes | None:
        """The value of the first header called `name` (lower case), or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    @property
    def origin(self) -> str:
        """Scheme, host and mount that the client used, as "http://127.0.0.1:8596"; "" without a Host."""
        host = self.header(b"host")
        return f"{self.scheme}://{host.decode('latin-1')}{self.mount}" if host else ""


class Suffering(StrEnum):
    """What the wire does to an answer, on purpose."""

    RESET = "reset"
    """The connection is reset; no byte of the answer is sent."""
    EMPTY = "empty"
    """The connection is closed; no byte of the answer is sent."""
    UNANSWERED = "unanswered"
    """Nothing is sent until the client gives up."""
    TRUNCATED = "truncated"
    """The first half of the body is sent, then the connection is closed."""
    DRIBBLED = "dribbled"
    """The body is sent in small pieces."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What an answer suffers on the wire; a DRIBBLED body comes over so many real `seconds`."""

    suffers: Suffering
    seconds: float = 0.0


@dataclass(slots=True)
class Response:
    """An HTTP answer. `reason` is its phrase, None for the status's usual one; `wire` what goes wrong on its way."""

    status: int
    headers: Headers
    body: bytes
    reason: str | None = None
    wire: Wire | None = None

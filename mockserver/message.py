"""The seam's neutral values: what every adapter brings and takes away."""

from collections.abc import Sequence
from dataclasses import dataclass

Headers = Sequence[tuple[bytes, bytes]]
"""Pairs of name, in lower case, and value, as they stand on the wire."""


@dataclass(slots=True)
class Request:
    """An HTTP request.

    `path` and `query` are as they were sent, percent-encoded and without the "?"; `scheme` is "http" or "https".
    `mount` is the path under which an embedding application has the mock, "" for the root. `parsed` says that an HTTP
    parser let it through, so that it holds no control characters.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    scheme: str = "http"
    mount: str = ""
    parsed: bool = False

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


@dataclass(slots=True)
class Response:
    """An HTTP answer. `reason` is its phrase, None for the status's usual one."""

    status: int
    headers: Headers
    body: bytes
    reason: str | None = None

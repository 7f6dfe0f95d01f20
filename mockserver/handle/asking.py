"""One call of the control API: in this process by the mock itself, else over HTTP. The answers are the same."""

import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, Self
from urllib.parse import urlencode, urlsplit

from mockserver.message import Request
from mockserver.mock import Mock

if TYPE_CHECKING:
    from http.client import HTTPConnection

SECONDS: Final = 10.0
"""How long an answer may take, if nothing else is said."""


class MockError(Exception):
    """A mock refused a call of its control API, or does not answer; `status` is that of its answer, if it gave one."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Ask(Protocol):
    """A way to the control API, in the sandbox of `token`; clients find the emulated API at `base_url`."""

    @property
    def base_url(self) -> str: ...

    @property
    def token(self) -> str: ...

    def __call__(self, method: str, path: str, body: Any = None, *, seconds: float | None = SECONDS) -> Any:
        """What a call answers, None where that is nothing; `body` goes as JSON. Raises MockError.

        With `seconds` None the answer may take as long as it wants.
        """

    def of(self, token: str) -> Self:
        """The same way to another sandbox."""


@dataclass(frozen=True, slots=True)
class InProcess:
    """The way to a mock in this process."""

    mock: Mock
    base_url: str
    token: str = field(repr=False)

    def __call__(self, method: str, path: str, body: Any = None, *, seconds: float | None = SECONDS) -> Any:
        path, _, query = path.partition("?")
        headers = [(b"authorization", b"Bearer " + self.token.encode("latin-1"))]
        if (wanted := self.mock.api.settings.control_token) is not None:
            headers.append((b"x-mock-control-token", wanted.encode()))
        if body is not None:
            headers.append((b"content-type", b"application/json"))
        content = b"" if body is None else _json(body)
        exchange = self.mock.exchange(Request(method, path, query, headers, content, parsed=True))
        if isinstance(exchange, Future):
            try:
                exchange = exchange.result(seconds)
            except TimeoutError:
                raise MockError(f"{method} {path} is not answered within {seconds} s") from None
        return _value(f"{method} {path}", exchange.response.status, exchange.response.body)

    def of(self, token: str) -> "InProcess":
        return replace(self, token=token)


@dataclass(frozen=True, slots=True)
class OverHttp:
    """The way to a mock at `base_url` (scheme, host and port); `control_token` is what it wants off loopback."""

    base_url: str
    token: str = field(repr=False)
    control_token: str | None = field(default=None, repr=False)

    def __call__(self, method: str, path: str, body: Any = None, *, seconds: float | None = SECONDS) -> Any:
        # Imported here: who has the mock in process calls nobody.
        from http.client import HTTPException

        headers = {"Authorization": f"Bearer {self.token}"}
        if self.control_token is not None:
            headers["X-Mock-Control-Token"] = self.control_token
        if body is not None:
            headers["Content-Type"] = "application/json"
        # A connection for each call: nothing is left to close, whatever a test does.
        connection = self._connection(seconds)
        try:
            connection.request(method, path, None if body is None else _json(body), headers)
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
        except (OSError, HTTPException) as error:
            raise MockError(f"no mock answers {method} {path} at {self.base_url}: {error!r}") from error
        finally:
            connection.close()
        return _value(f"{method} {path}", status, content)

    def of(self, token: str) -> "OverHttp":
        return replace(self, token=token)

    def _connection(self, seconds: float | None) -> "HTTPConnection":
        from http.client import HTTPConnection, HTTPSConnection

        parts = urlsplit(self.base_url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=seconds)


def with_query(path: str, query: Mapping[str, Any]) -> str:
    """A path with what of a query is not None."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _json(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise MockError(f"what is sent to a mock must be JSON: {error}") from None


def _value(call: str, status: int, content: bytes) -> Any:
    """The value that an answer brings. Raises MockError for a problem."""
    if status == 204:
        return None
    try:
        value = json.loads(content)
    except ValueError:
        raise MockError(f"{call} is answered {status}, not in JSON: no mock that this version knows", status) from None
    if status == 200:
        return value
    detail = value.get("detail") if isinstance(value, dict) else None
    raise MockError(f"{call} is refused, {status}: {detail or content[:200]!r}", status)

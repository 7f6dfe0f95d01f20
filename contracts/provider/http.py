"""A provider at an address: every call is sent there and nowhere else, bounded, counted and written down."""

import json as json_text
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from contracts.contract import UNSET
from contracts.contract.operations import Unset
from contracts.findings import Call, Event, Got, Passed, Sent, Told
from contracts.provider.budget import Budget, Unresponsive
from contracts.provider.connection import Connection

TIMEOUT: Final = 10.0
"""Seconds that one call may take."""

_PATIENCE: Final = 25.0
_TRIES: Final = 12
"""Seconds of calls in a row, or such calls, without any answer, after which the provider counts as gone."""


class BadAddress(ValueError):  # noqa: N818 - as click names its own
    """The provider's address is not scheme, host and port."""


class Provider:
    """A provider, over HTTP. `events` is all that happened, in order; safe to use from several threads, one call at
    a time. No redirect is followed and no proxy asked: a token is for this host and port alone.
    """

    def __init__(self, url: str, budget: Budget, *, timeout: float = TIMEOUT) -> None:
        """Raise BadAddress with one line if `url` is not scheme, host and port only."""
        self.url = url.rstrip("/")
        self.host, port, tls = base_address(self.url)
        self.port = port
        self.budget = budget
        self.events: list[Event] = []
        self.calls = 0
        self.last_control: Call | None = None
        """The last call that was not of the API, for the story of who made it."""
        self.watch: Callable[[Call, tuple[Event, ...]], None] = lambda _, __: None
        """Told of each call of the API and what led to it, in the caller's thread."""
        self._authority = urlsplit(self.url).netloc
        self._timeout = timeout
        self._connection = Connection(self.host, port, tls=tls)
        self._lock = threading.RLock()
        self._unanswered = 0
        self._in_vain = 0.0
        self._began = time.monotonic()

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        token: str | None = None,
        query: Mapping[str, Any] | None = None,
        json: Any | Unset = UNSET,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        now: str = "",
        budget: Budget | None = None,
        story: tuple[Event, ...] = (),
    ) -> Call:
        """Send a request of the API, counted against `budget`, else against the provider's.

        `path` goes out as it is; `json` (with its content type) or `body` is the body. Raises Ended when nothing may
        be sent any more; a provider that does not answer is told in the call's `got.error`. `story` is what led to
        this call, `now` the provider's own instant.
        """
        with self._lock:
            (budget or self.budget).spend()
            call = self._send(operation, method, path, token, query, json, body, headers, now)
            self.calls += 1
            self.events.append(call)
            lost = call.got.status == 0 and not call.got.headers
            self._unanswered = self._unanswered + 1 if lost else 0
            self._in_vain = self._in_vain + call.took / 1000 if lost else 0.0
        self.watch(call, story)
        if self._unanswered >= _TRIES or self._in_vain >= _PATIENCE:
            raise Unresponsive(f"{self._unanswered} calls in a row got no answer: {call.got.error}")
        return call

    def control(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Any | Unset = UNSET,
        headers: Sequence[tuple[str, str]] = (),
        seconds: float = 30,
    ) -> Got:
        """Send a call that is not of the API: it is neither counted nor judged. Raises OutOfTime."""
        with self._lock:
            self.budget.check()
            self.last_control = self._send("", method, path, token, None, json, b"", headers, "", seconds)
            return self.last_control.got

    def passed(self, seconds: float, *, moved: bool) -> Passed:
        """Write down that time was let pass."""
        event = Passed(seconds, self.at(), moved)
        self.events.append(event)
        return event

    def told(self, sent: Sent, answered: int, now: str = "") -> Told:
        """Write down a callback that came in."""
        event = Told(sent, answered, self.at(), now)
        self.events.append(event)
        return event

    def at(self) -> float:
        """Milliseconds since the run began."""
        return (time.monotonic() - self._began) * 1000

    def reach(self) -> None:
        """Raise OSError if nobody listens at the address."""
        socket.create_connection((self.host, self.port), timeout=self._timeout).close()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _send(
        self,
        operation: str,
        method: str,
        path: str,
        token: str | None,
        query: Mapping[str, Any] | None,
        json: Any | Unset,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        now: str,
        seconds: float = 0,
    ) -> Call:
        if query:
            path = f"{path}{'&' if '?' in path else '?'}{urlencode(query, errors='surrogatepass')}"
        out = [("Host", self._authority), ("Accept", "*/*"), ("User-Agent", "contracts-verify")]
        if token is not None:
            out.append(("Authorization", f"Bearer {token}"))
        if json is not UNSET:
            body = json_text.dumps(json).encode("utf-8")
            out.append(("Content-Type", "application/json"))
        out.extend(headers)
        if body or method not in {"GET", "HEAD", "DELETE"}:
            out.append(("Content-Length", str(len(body))))
        at, began = self.at(), time.monotonic()
        allowed = min(seconds or self._timeout, max(self.budget.seconds, 0.1))
        got = self._connection.exchange(method, path, out, body, allowed)
        sent = Sent(method, self.url + path, tuple(out), body)
        took = (time.monotonic() - began) * 1000
        return Call(self.calls + 1, operation, sent, got, round(at, 3), round(took, 3), now)


def value_of(got: Got) -> Any:
    """The JSON value of an answer, UNSET if it has none."""
    try:
        return json_text.loads(got.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return UNSET


def header(got: Got, name: str) -> str | None:
    """The first header of this name."""
    return next((value for key, value in got.headers if key.lower() == name.lower()), None)


def base_address(url: str) -> tuple[str, int, bool]:
    """Host, port and whether it is TLS, of an address without a path. Raises BadAddress."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"{url}: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadAddress(f"{url}: an address is http:// or https://, a host, and a port if needed")
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise BadAddress(f"{url}: an address is scheme, host and port only")
    tls = parts.scheme == "https"
    return parts.hostname, port or (443 if tls else 80), tls

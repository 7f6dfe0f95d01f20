"""The way of Schemathesis' requests: through our provider, with its limits, and never elsewhere."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from json import dumps
from threading import Lock
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from schemathesis.core import SCHEMATHESIS_TEST_CASE_HEADER
from schemathesis.engine import context as engine_context
from schemathesis.transport.requests import ManagedCookiesSession
from urllib3 import HTTPHeaderDict, HTTPResponse

from contracts.contract import UNSET, Contract
from contracts.findings import Call
from contracts.provider import Ended, Provider
from contracts.provider.budget import Budget
from contracts.provider.http import value_of
from contracts.sandboxes import Reply

_OURS: Final = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "host", "transfer-encoding", "user-agent"}
)
"""Headers that the provider's shell writes itself."""


_NEVER: Final = re.compile("[\0\r\n]")


class Line:
    """Sends what Schemathesis and its hooks want to send. `calls` are those of each test case, by its id; `look` is
    told of every call.
    """

    def __init__(
        self,
        contract: Contract,
        provider: Provider,
        budget: Budget,
        look: Callable[[Call], None],
        *,
        reads_only: bool = False,
    ) -> None:
        self.calls: dict[str, Call] = {}
        self.ended: Ended | None = None
        """Why nothing is sent any more, None while something may be."""
        self._contract = contract
        self._provider = provider
        self.budget = budget
        self._look = look
        self._reads_only = reads_only
        self._lock = Lock()

    def reply(self, method: str, path: str, token: str | None = None, body: Any = None) -> Reply | None:
        """The hooks' way: the answer as a value, None if there is none. A fresh sandbox gets a clock that stands."""
        if self.ended is not None:
            return None
        try:
            if path.startswith("/__mock/"):
                got = self._provider.control(method, path, token=token, json=UNSET if body is None else body)
                if path == "/__mock/reset" and got.status == 204:
                    self._provider.control("POST", "/__mock/clock/freeze", token=token, json={})
            else:
                got = self._send(method, path, body=UNSET if body is None else body, token=token).got
        except Ended as ended:
            self.ended = ended
            return None
        value = value_of(got)
        return Reply(got.status, None if value is UNSET else value) if got.status else None

    def send(self, request: requests.PreparedRequest) -> Call:
        """Send a prepared request. Raises a requests.ConnectionError where there is no answer, or none is wanted."""
        if self.ended is not None:
            raise requests.ConnectionError(str(self.ended), request=request)
        if self._reads_only and request.method not in {"GET", "HEAD", "OPTIONS"}:
            # Methods that a path does not have are tried, too.
            raise requests.exceptions.InvalidURL("only reads may be sent", request=request)
        case = request.headers.get(SCHEMATHESIS_TEST_CASE_HEADER)
        headers = [
            (_text(name), _text(value))
            for name, value in request.headers.items()
            if name.lower() not in _OURS | {SCHEMATHESIS_TEST_CASE_HEADER.lower()}
        ]
        if any(_NEVER.search(value) for _, value in headers):
            # A probe of Schemathesis' own; no request can carry it.
            raise requests.exceptions.InvalidHeader("a header's value has a control character", request=request)
        try:
            call = self._send(request.method or "GET", request.path_url, data=_bytes(request.body), headers=headers)
        except Ended as ended:
            self.ended = ended
            raise requests.ConnectionError(str(ended), request=request) from None
        if case is not None:
            self.calls[_text(case)] = call
        if call.got.error or not call.got.status:
            raise requests.ConnectionError(call.got.error or "no answer", request=request)
        return call

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Any = UNSET,
        data: bytes = b"",
        headers: list[tuple[str, str]] | None = None,
        token: str | None = None,
    ) -> Call:
        operation = self._contract.operation_at(method, path.partition("?")[0])
        if body is not UNSET:
            data, headers = dumps(body).encode(), [*(headers or []), ("Content-Type", "application/json")]
        with self._lock:
            call = self._provider.call(
                operation.id if operation else "",
                method,
                path,
                token=token,
                body=data,
                headers=headers or (),
                budget=self.budget,
            )
            self._look(call)
        return call


class _Adapter(HTTPAdapter):
    """What a session of requests sends by."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        got = self._line.send(request).got
        raw = HTTPResponse(
            BytesIO(got.body),
            HTTPHeaderDict(got.headers),
            got.status,
            version=11,
            reason=got.reason,
            preload_content=False,
            decode_content=False,
        )
        return self.build_response(request, raw)


class _Session(ManagedCookiesSession):
    """Follows no redirect: a token is for one host alone."""

    def get_redirect_target(self, _response: requests.Response) -> str | None:
        return None


@contextmanager
def all_requests_by(line: Line) -> Iterator[None]:
    """Let the engines of Schemathesis that are made within send everything by `line`."""
    real = engine_context.make_session

    def make_session(*_: Any, **__: Any) -> requests.Session:
        session = _Session()
        session.headers = {}
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(line))
        return session

    engine_context.make_session = make_session
    try:
        yield
    finally:
        engine_context.make_session = real


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    """The body of a prepared request, whatever it was made of."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        return _bytes(body.read())
    return b"".join(_bytes(piece) for piece in body)

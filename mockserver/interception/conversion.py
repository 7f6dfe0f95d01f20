"""Between a client's bytes and the seam: what it sends as a Request, and what it is to see of a Response."""

from http import HTTPStatus
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from mockserver.hygiene import fault_in
from mockserver.message import Headers, Request, Response, Suffering, Wire

_PIECES: Final = 20
"""In how many a body is dribbled; as on the live server."""

_STATUSES: Final = {status.value: status.phrase for status in HTTPStatus}


UNANSWERED: Final = Response(0, (), b"", wire=Wire(Suffering.UNANSWERED))
"""No answer for as long as the client waits."""

CLOSED: Final = Response(0, (), b"", wire=Wire(Suffering.EMPTY))
"""No answer: the connection is closed."""


class NeverAnsweredError(TimeoutError):
    """In the place of a wait that would not have ended."""

    def __init__(self) -> None:
        super().__init__("timed out: no timeout was given, over a real connection this call would wait for ever")


class Malformed(Exception):  # noqa: N818 - an answer, not an error
    """Bytes that are no HTTP request; the text says why."""


def read(sent: bytes, scheme: str, patience: float | None) -> Request | None:
    """The request that these bytes are, read as the live server reads them; None where its end is missing.

    `patience` are the seconds for which the client waits, None for ever. Raises Malformed.
    """
    reading = _Reading(scheme, patience)
    parser = HttpRequestParser(reading)
    reading.parser = parser
    try:
        parser.feed_data(sent)
    except HttpParserUpgrade:
        if parser.get_method() != b"CONNECT":
            # An offer of another protocol is not taken up.
            return read(_without_offer(sent), scheme, patience)
    except HttpParserError as error:
        # What stands behind a complete request is read when that is answered.
        if reading.request is None:
            raise Malformed(fault_in(sent) or f"the request must be well-formed HTTP/1.1: {error}") from error
    return reading.request


class _Reading:
    """What the parser calls; `request` is the first one that is complete."""

    parser: HttpRequestParser

    def __init__(self, scheme: str, patience: float | None) -> None:
        self._scheme = scheme
        self._patience = patience
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self.request: Request | None = None

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self.request is None:
            method = self.parser.get_method().decode("ascii")
            path, _, query = self._url.decode("latin-1").partition("?")
            body = b"".join(self._body)
            self.request = Request(
                method, path, query, self._headers, body, self._scheme, parsed=True, patience=self._patience
            )


def _without_offer(sent: bytes) -> bytes:
    head, end, body = sent.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"upgrade:")]
    return b"\r\n".join(kept) + end + body


def phrase(response: Response) -> str:
    """The reason phrase, "" for a status that has none."""
    return _STATUSES.get(response.status, "") if response.reason is None else response.reason


def headers(response: Response) -> Headers:
    """The headers as the live server sends them."""
    if response.status in (204, 304):
        return response.headers
    return [*response.headers, (b"content-length", b"%d" % len(response.body))]


def body(response: Response, method: str) -> bytes:
    """The body that follows the headers when `method` was asked, were the wire sound."""
    return b"" if method == "HEAD" or response.status in (204, 304) else response.body


def suffers(response: Response) -> Suffering | None:
    """What the wire does to the answer, if anything."""
    return response.wire.suffers if response.wire is not None else None


def half(whole: bytes) -> bytes:
    """What comes of a body that is truncated."""
    return whole[: len(whole) // 2]


def pieces(whole: bytes) -> list[bytes]:
    """What a body is dribbled in."""
    size = max(1, -(-len(whole) // _PIECES))
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def silence(patience: float | None) -> TimeoutError:
    """The error of a client of such patience that has waited in vain; one that waits for ever is told so."""
    return NeverAnsweredError() if patience is None else TimeoutError("timed out")


def is_too_slow(response: Response, whole: bytes, patience: float | None) -> bool:
    """Whether a client of such patience gives up between two pieces of a body that is dribbled."""
    if response.wire is None or response.wire.suffers is not Suffering.DRIBBLED or patience is None or not whole:
        return False
    return response.wire.seconds / len(pieces(whole)) > patience

"""Heads of requests, as a proxy reads them: where they want to go, what to send there, and where the body ends."""

import re
from dataclasses import dataclass
from typing import Final, Self

import h11

from contracts.grade.intercept.channel import Plain
from contracts.grade.intercept.place import Place

LONGEST: Final = 65_536
"""Bytes of a head that are read."""

_END: Final = re.compile(rb"\r?\n\r?\n")
_LINE: Final = re.compile(rb"([!#-'*+.0-9A-Z^-z|~-]+) (.*) HTTP/1\.[0-9]\r?", re.DOTALL)
_ABSOLUTE: Final = re.compile(rb"(https?)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_HOST: Final = re.compile(rb"^host[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class Malformed(Exception):  # noqa: N818 - what came is named
    """What came is no head of a request."""


@dataclass(frozen=True)
class Head:
    """The head of a request: as it came, the place it is for, and as that place's own server reads it."""

    raw: bytes
    method: bytes
    place: Place
    origin: bytes
    """Byte by byte what came, but for scheme and host in the first line."""

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Read a whole head. Raises Malformed."""
        line, _, rest = raw.partition(b"\n")
        found = _LINE.fullmatch(line)
        if found is None:
            raise Malformed
        method, target = found[1], found[2]
        try:
            if method == b"CONNECT":
                return cls(raw, method, Place.of(target, secure=True), raw)
            if absolute := _ABSOLUTE.fullmatch(target):
                place = Place.of(absolute[2], secure=absolute[1].lower() == b"https")
                path = absolute[3] if absolute[3].startswith(b"/") else b"/" + absolute[3]
                return cls(raw, method, place, line.replace(target, path, 1) + b"\n" + rest)
            host = _HOST.search(rest)
            return cls(raw, method, Place.of(host[1] if host else b"", secure=False), raw)
        except ValueError:
            raise Malformed from None


async def read_head(client: Plain) -> Head | None:
    """The next head that comes; None if the client ends first.

    Raises Malformed for anything else; then all that came is still to be received.
    """
    came = b""
    while (end := _END.search(came)) is None:
        data = await client.receive() if len(came) <= LONGEST else b""
        if not data:
            if not came:
                return None
            client.put_back(came)
            raise Malformed
        came += data
    try:
        head = Head.of(came[: end.end()])
    except Malformed:
        client.put_back(came)
        raise
    client.put_back(came[end.end() :])
    return head


class Extent:
    """Tells where a request ends. What breaks the rules of HTTP has no end that is known."""

    def __init__(self, head: Head) -> None:
        self.ended = False
        self._http: h11.Connection | None = h11.Connection(h11.SERVER, max_incomplete_event_size=2 * LONGEST)
        # Where the body ends is the headers' to say; the first line may hold what h11 would not take.
        self.take(b"POST / HTTP/1.1\r\n" + head.raw.partition(b"\n")[2])

    def take(self, data: bytes) -> int:
        """How many of the next bytes belong to the request."""
        if self._http is None:
            return len(data)
        try:
            self._http.receive_data(data)
            while not isinstance(event := self._http.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    return len(data)
        except h11.RemoteProtocolError:
            self._http = None
            return len(data)
        self.ended = True
        rest, _ = self._http.trailing_data
        return len(data) - len(rest)

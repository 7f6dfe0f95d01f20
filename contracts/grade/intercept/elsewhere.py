"""What a client tried to reach beside the API: hosts, and whether it would have told them a token."""

import re
import threading
import time
from dataclasses import dataclass
from typing import Final

from contracts.grade.intercept.place import Place

MOST: Final = 1_000
"""Attempts that are kept; of a client that makes more, the first ones tell enough."""

_HEADER: Final = re.compile(rb"^authorization[ \t]*:", re.IGNORECASE | re.MULTILINE)
_TOKEN: Final = re.compile(rb"user(?::|%3a)[0-9]+-[a-z0-9]{1,64}+(?!:|%3a)", re.IGNORECASE)
"""A token. What follows "user:12345-pixverse" in an id is a colon."""


@dataclass(frozen=True)
class Elsewhere:
    """A request or a tunnel to another host, which was refused.

    `at` is the real instant, in seconds since 1970. `secure`: it would have been TLS, or was for an https address.
    `token`: an Authorization header or a token of the API stood in what was sent in the clear.
    """

    host: str
    port: int
    at: float
    secure: bool
    token: bool


class Record:
    """What was tried, in order. May be asked from any thread."""

    def __init__(self) -> None:
        self._kept: list[Elsewhere] = []
        self._distrusted = 0
        self._lock = threading.Lock()

    def add(self, place: Place, sent: bytes) -> None:
        """Note an attempt to reach a place, with what was sent in the clear."""
        token = bool(_HEADER.search(sent) or _TOKEN.search(sent))
        tried = Elsewhere(place.host, place.port, time.time(), place.secure, token)
        with self._lock:
            if len(self._kept) < MOST:
                self._kept.append(tried)

    def add_distrust(self) -> None:
        """Note a client that turned the certificate down."""
        with self._lock:
            self._distrusted += 1

    def elsewhere(self) -> list[Elsewhere]:
        """The attempts until now, the first 1,000."""
        with self._lock:
            return list(self._kept)

    def distrusted(self) -> int:
        """How often the certificate was turned down until now."""
        with self._lock:
            return self._distrusted

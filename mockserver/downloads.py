"""What was asked of files: no token belongs to that, so it stands in no sandbox's journal, but in one of the mock's."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from mockserver.message import Request

_MOST: Final = 1_000
_MOST_BYTES: Final = 4 * 1_048_576
"""Of paths, queries and headers."""

_VIDEO: Final = re.compile(r"/media/([0-9]{1,18})-")


@dataclass(frozen=True, slots=True)
class Download:
    """A request for a file of the video `number`, without its body.

    `received` is the real instant (seconds since 1970), `status` that of the answer.
    """

    number: int
    received: float
    request: Request
    status: int

    @property
    def size(self) -> int:
        """Bytes of its head."""
        request = self.request
        return len(request.path) + len(request.query) + sum(len(name) + len(value) for name, value in request.headers)


class Downloads:
    """The last requests for files, oldest first: at most 1,000, and no more than fit into 4 MiB.

    Not safe for use by several threads.
    """

    def __init__(self) -> None:
        self._downloads: deque[Download] = deque()
        self._bytes = 0

    def add(self, received: float, request: Request, status: int) -> None:
        """Keep a request that was answered so, if its path names a video."""
        found = _VIDEO.match(request.path)
        if found is None:
            return
        download = Download(int(found[1]), received, replace(request, body=b"") if request.body else request, status)
        self._downloads.append(download)
        self._bytes += download.size
        while len(self._downloads) > _MOST or self._bytes > _MOST_BYTES:
            self._bytes -= self._downloads.popleft().size

    def __iter__(self) -> Iterator[Download]:
        return iter(list(self._downloads))

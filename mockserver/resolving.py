"""The addresses of hosts, looked up so that a name server that does not answer holds up no other host."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

_THREADS: Final = 32
"""Lookups at once."""
_LOCALHOST: Final = ("127.0.0.1", "::1")


class Unresolved(Exception):  # noqa: N818 - an answer, not an error
    """A host has no address that can be found. The text says so."""


def look_up(host: str) -> list[str]:
    """The addresses that the system finds for a host, in the order in which to try them. It blocks."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Resolver:
    """Finds addresses, in one event loop.

    `lookup` runs in threads of the resolver's own: the loop's are few, and lookups that hang would take them all.
    """

    def __init__(self, lookup: Callable[[str], Sequence[str]] = look_up) -> None:
        self._lookup = lookup
        self._threads: ThreadPoolExecutor | None = None
        self._pending: dict[str, asyncio.Future[Sequence[str]]] = {}
        self._closed = False

    async def addresses(self, host: str) -> Sequence[str]:
        """The addresses of a name as `ascii_name` gives it, in the order in which to try them. Raises Unresolved.

        localhost and the names under it are loopback without a lookup, as RFC 6761 has it.
        """
        if host == "localhost" or host.endswith(".localhost"):
            return _LOCALHOST
        if self._closed:
            raise Unresolved(f"{host} can't be resolved")
        pending = self._pending.get(host)
        if pending is None:
            pending = self._begin(host)
        # Awaited itself, it would be cancelled with the first of those who wait for it.
        await asyncio.wait([pending])
        try:
            return pending.result()
        except (OSError, UnicodeError, asyncio.CancelledError):
            raise Unresolved(f"{host} can't be resolved") from None

    def close(self) -> None:
        """Give up the lookups. A thread that is in one ends with it, which is not waited for."""
        self._closed = True
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        # A lookup that is not cancelled would report to the loop, which may be closed by then.
        for pending in list(self._pending.values()):
            pending.cancel()

    def _begin(self, host: str) -> asyncio.Future[Sequence[str]]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, "callback-lookup")
        pending = asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host)
        self._pending[host] = pending
        pending.add_done_callback(lambda _: self._ended(host))
        return pending

    def _ended(self, host: str) -> None:
        pending = self._pending.pop(host)
        # asyncio reports an exception that nobody looked at, and those who waited may have gone.
        if not pending.cancelled():
            pending.exception()

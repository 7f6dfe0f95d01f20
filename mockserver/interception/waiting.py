"""A client's bytes to the mock, the answer back: at once where there is one, else after a wait that ends in time."""

import asyncio
import math
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass

from mockserver.interception.conversion import CLOSED, UNANSWERED, Malformed, read
from mockserver.journal import Coming, Exchange
from mockserver.message import Request, Response
from mockserver.mock import Mock
from mockserver.problem import bug


@dataclass(slots=True)
class Sent:
    """What a client sent, as it would stand on the wire; `patience` are the seconds it waits, None for ever."""

    content: bytes
    scheme: str
    patience: float | None


def ask(mock: Mock, sent: Sent) -> Response:
    """The answer; it is waited for on this thread, no longer than the client's patience. Only a strict mock raises."""
    coming = _coming(mock, sent)
    if isinstance(coming, Response):
        return coming
    # Not `concurrent.futures.wait`: it never ends for one that is called off.
    with suppress(TimeoutError, CancelledError):
        coming.exception(sent.patience)
    return _outcome(mock, coming)


async def ask_async(mock: Mock, sent: Sent) -> Response:
    """The same on an event loop, asyncio's or trio's, which goes on meanwhile."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return await _ask_in_trio(mock, sent)
    # Others have their turn, as they would over a socket.
    await asyncio.sleep(0)
    coming = _coming(mock, sent)
    if isinstance(coming, Response):
        return coming
    ended = asyncio.Event()

    def end(_: "Future[Exchange]") -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(ended.set)

    # Not a task around it: what the mock does is not called off when the client has gone.
    coming.add_done_callback(end)
    with suppress(TimeoutError):
        async with asyncio.timeout(sent.patience):
            await ended.wait()
    return _outcome(mock, coming)


async def _ask_in_trio(mock: Mock, sent: Sent) -> Response:
    # Imported here: who runs under trio has it.
    import trio

    await trio.lowlevel.checkpoint()
    coming = _coming(mock, sent)
    if isinstance(coming, Response):
        return coming
    ended, token = trio.Event(), trio.lowlevel.current_trio_token()

    def end(_: "Future[Exchange]") -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(ended.set)

    coming.add_done_callback(end)
    with trio.move_on_after(math.inf if sent.patience is None else sent.patience):
        await ended.wait()
    return _outcome(mock, coming)


def _coming(mock: Mock, sent: Sent) -> "Response | Future[Exchange]":
    try:
        request = read(sent.content, sent.scheme, sent.patience)
    except Malformed as malformed:
        return mock.api.malformed(Request("", "", parsed=True), str(malformed)).response
    if request is None:
        return UNANSWERED
    coming: Coming = mock.exchange(request)
    return coming.response if isinstance(coming, Exchange) else coming


def _outcome(mock: Mock, coming: "Future[Exchange]") -> Response:
    if not coming.done():
        return UNANSWERED
    if coming.cancelled():
        return CLOSED
    error = coming.exception()
    if isinstance(error, Exception) and not mock.api.settings.strict:
        return bug(error)
    return coming.result().response

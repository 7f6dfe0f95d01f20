"""Passes on what comes from one side to the other, ends and resets included."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from contracts.grade.intercept.channel import Channel

_REST: Final = 1.0
"""Real seconds for what a server sent before it broke."""

_LEAVING: Final = 30.0
"""Real seconds for a client to end its side, once the server has ended its own."""

_Told = TypeVar("_Told")


async def pass_on(source: Channel, sink: Channel) -> None:
    """Send all that comes from one side to the other, until it ends; then end that, too. Raises OSError."""
    while data := await source.receive():
        await sink.send(data)
    await sink.finish()


async def relay(client: Channel, server: Channel, upwards: Coroutine[Any, Any, _Told]) -> _Told | None:
    """Pass on in both directions until both sides have ended, or `upwards` has something to tell, which it gives.

    `upwards` passes on what the client sends. Where one side breaks, the other is reset.
    """
    up = asyncio.create_task(upwards)
    down = asyncio.create_task(pass_on(server, client))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if _error(up) is not None:
            # An early answer, say, to a body that nobody reads: it is there although nothing can be sent any more.
            await asyncio.wait({down}, timeout=_REST if server.broken else 0)
        elif up.done():
            if (told := up.result()) is not None:
                return told
            await asyncio.wait({down})
        elif _error(down) is None:
            await asyncio.wait({up}, timeout=_LEAVING)
    finally:
        up.cancel()
        down.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
    errors = [error for error in (_error(up), _error(down)) if error is not None]
    if errors:
        client.reset()
        server.reset()
    for error in errors:
        if not isinstance(error, OSError):
            raise error
    return None


def _error(task: "asyncio.Task[Any]") -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None

"""What an answer suffers on the connection of the live server; and what is said where no connection is at hand."""

import asyncio
import socket
import struct
from typing import Any, Final

from mockserver.message import Response, Suffering
from mockserver.problem import problem

_PIECES: Final = 20
"""In how many a body is dribbled, if it is long enough."""


def cut(transport: asyncio.Transport, suffers: Suffering, head: bytes, body: bytes) -> None:
    """End the connection: RESET and EMPTY before a byte of the answer, TRUNCATED after half of its body."""
    if suffers is Suffering.RESET:
        # A connection that closes and lingers for no time is reset.
        connection: Any = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return
    if suffers is Suffering.TRUNCATED:
        transport.write(head + body[: len(body) // 2])
    transport.close()


async def dribble(transport: asyncio.Transport, head: bytes, body: bytes, seconds: float) -> None:
    """Write an answer in small pieces, over so many real seconds; give up where the client has gone."""
    transport.write(head)
    size = max(1, -(-len(body) // _PIECES))
    starts = range(0, len(body), size)
    for start in starts:
        await asyncio.sleep(seconds / len(starts))
        if transport.is_closing():
            return
        transport.write(body[start : start + size])


def without_connection(response: Response) -> Response:
    """The answer; a problem in the place of one that can't suffer what it should, for want of the connection."""
    if response.wire is None:
        return response
    done = "was carried out" if 200 <= response.status < 300 else "was not carried out"
    detail = (
        f"the fault plan wants this answer to be {response.wire.suffers}; for that the mock needs the connection, "
        f"which it has under `mockserver serve` and not under this server. The request {done}"
    )
    return problem(501, detail)

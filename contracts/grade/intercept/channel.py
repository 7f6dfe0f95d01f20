"""The two kinds of connection, plain and TLS, with one way to use them: receive, send, finish, reset."""

import asyncio
import socket
import ssl
import struct
from contextlib import suppress
from typing import Final, Protocol, Self

_PIECE: Final = 65_536


class Channel(Protocol):
    """One side's connection, on the running event loop. One task may receive while another sends.

    All raise OSError where the connection breaks, and then it is `broken`.
    """

    @property
    def broken(self) -> bool:
        """Whether the other side reset it, or broke the rules of TLS."""

    async def receive(self) -> bytes:
        """The next bytes; none once the other side has ended its sending."""

    async def send(self, data: bytes) -> None:
        """Send all these bytes."""

    async def finish(self) -> None:
        """End our sending; what the other side sends can still be received."""

    def reset(self) -> None:
        """Break it off, so that the other side sees a reset. Nobody may be receiving or sending."""


class Plain:
    """A TCP connection, which it closes only to reset it."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.broken = False
        self._socket = connection
        self._ahead = b""

    async def receive(self) -> bytes:
        """The next bytes; none once the other side has ended its sending."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        try:
            return await asyncio.get_running_loop().sock_recv(self._socket, _PIECE)
        except OSError:
            self.broken = True
            raise

    def put_back(self, data: bytes) -> None:
        """Have these bytes received next."""
        self._ahead = data + self._ahead

    async def send(self, data: bytes) -> None:
        """Send all these bytes."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, data)
        except OSError:
            self.broken = True
            raise

    async def finish(self) -> None:
        """End our sending; what the other side sends can still be received."""
        with suppress(OSError):  # it may be gone
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break it off: a connection that closes and lingers for no time is reset."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


class Secure:
    """The server's side of TLS over a plain channel."""

    def __init__(self, below: Plain, context: ssl.SSLContext) -> None:
        self.broken = False
        self._below = below
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._sending = asyncio.Lock()

    @classmethod
    async def accept(cls, below: Plain, context: ssl.SSLContext) -> Self:
        """Shake hands. Raises OSError (ssl.SSLError is one) if that fails; the client was told."""
        channel = cls(below, context)
        while True:
            try:
                channel._tls.do_handshake()
            except ssl.SSLWantReadError:
                await channel._flush()
                await channel._feed()
            except ssl.SSLError:
                with suppress(OSError):
                    await channel._flush()
                await below.finish()
                raise
            else:
                await channel._flush()
                return channel

    async def receive(self) -> bytes:
        """The next bytes; none once the other side has ended its sending, politely or not."""
        while True:
            try:
                return self._tls.read(_PIECE)
            except ssl.SSLWantReadError:
                # TLS may have to answer. Whoever sends just now sends that, too; he may have to be waited for long.
                if not self._sending.locked():
                    await self._flush()
                await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError:
                self.broken = True
                raise

    async def send(self, data: bytes) -> None:
        """Send all these bytes."""
        try:
            self._tls.write(data)
        except ssl.SSLError:
            self.broken = True
            raise
        await self._flush()

    async def finish(self) -> None:
        """End our sending, as TLS and as TCP; what the other side sends can still be received."""
        with suppress(OSError):
            self._tls.unwrap()  # says goodbye, and raises as the other side has not said it yet
        with suppress(OSError):
            await self._flush()
        await self._below.finish()

    def reset(self) -> None:
        """Break it off, without TLS's goodbye."""
        self._below.reset()

    async def _feed(self) -> None:
        try:
            data = await self._below.receive()
        except OSError:
            self.broken = True
            raise
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        async with self._sending:
            while data := self._outgoing.read():
                try:
                    await self._below.send(data)
                except OSError:
                    self.broken = True
                    raise

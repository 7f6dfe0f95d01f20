"""The proxy: what is for the API goes to the mock, what is for this machine goes on, all else is refused and noted."""

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from typing import Final

from contracts.grade.intercept.channel import Channel, Plain, Secure
from contracts.grade.intercept.elsewhere import Record
from contracts.grade.intercept.head import LONGEST, Extent, Head, Malformed, read_head
from contracts.grade.intercept.place import Place
from contracts.grade.intercept.relay import pass_on, relay

CONNECTIONS: Final = 200
"""Connections at once; others wait until there is room."""

_PATIENCE: Final = 30.0
"""Real seconds for the first bytes of a connection, a head, a handshake."""

_AGAIN: Final = 0.1
"""Real seconds until a connection is accepted again, if none could be."""

_READ: Final = 2.0
"""Real seconds in which a request that is refused is read."""

_SEARCHED: Final = 1_000_000
"""Bytes of a request that is refused which are read, and searched for a token."""

_TLS: Final = 0x16
"""The first byte of a handshake, and of no HTTP."""

_PRELOADED: Final = 0
"""The first byte of the line in which the file that Node preloads says where a connection was to go."""

_Address = tuple[str, int]


class Endpoint:
    """Listens on a free port of loopback from its making on; answers while `run` runs.

    Connections for `hosts` go to `target`, those by TLS with the certificate of `tls`. Raises OSError.
    """

    def __init__(self, target: _Address, hosts: frozenset[str], tls: ssl.SSLContext, record: Record) -> None:
        self._target = target
        self._hosts = hosts
        self._tls = tls
        self._record = record
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(0)
        self.port: int = self._listener.getsockname()[1]
        self._stopped = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until `stop` is called, then end all connections."""
        self._listen()
        await self._stopped.wait()
        asyncio.get_running_loop().remove_reader(self._listener)
        ending = list(self._open)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def stop(self) -> None:
        """End `run`. Called on its loop."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the port; `run` has ended or never began."""
        self._listener.close()

    def _listen(self) -> None:
        if not self._stopped.is_set() and len(self._open) < CONNECTIONS:
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:
            # No room in the process, most likely; the listener would be ready again at once.
            loop.remove_reader(self._listener)
            loop.call_later(_AGAIN, self._listen)
            return
        task = loop.create_task(self._serve(connection))
        self._open.add(task)
        if len(self._open) >= CONNECTIONS:
            loop.remove_reader(self._listener)

        def ended(task: "asyncio.Task[None]") -> None:
            # Here, since a task that is cancelled early never begins.
            connection.close()
            self._open.discard(task)
            self._listen()

        task.add_done_callback(ended)

    async def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            client = Plain(connection)
            first = await _first(client)
            if first == _TLS:
                await self._enter(client)
            elif first == _PRELOADED:
                await self._preloaded(client)
            elif first is not None:
                await self._proxied(client)

    async def _proxied(self, client: Plain) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                head = await read_head(client)
        except Malformed:
            await _say(client, b"400 Bad Request", "this is a proxy: it takes requests of HTTP/1.1")
            return
        if head is None:
            return
        if head.method != b"CONNECT":
            await self._forward(client, head)
        elif (way := self._way(head.place)) is None:
            await self._refuse(client, head.place, head)
        elif head.place.host in self._hosts:
            await client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._enter(client)
        else:
            with await _connected(way) as connection:
                await client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _tunnel(client, Plain(connection))

    async def _preloaded(self, client: Plain) -> None:
        """A connection that Node wanted to open to a place, without TLS."""
        line = b""
        async with asyncio.timeout(_PATIENCE):
            while b"\n" not in line and len(line) < LONGEST and (data := await client.receive()):
                line += data
        line, _, rest = line.partition(b"\n")
        client.put_back(rest)
        try:
            place = Place.of(line[1:].strip(), secure=False)
        except ValueError:
            return
        if place.host in self._hosts:
            await self._enter(client)
            return
        head: Head | None = None
        try:
            place = replace(place, secure=await _first(client) == _TLS)
            if not place.secure:
                async with asyncio.timeout(_PATIENCE):
                    head = await read_head(client)
        except (Malformed, OSError):
            pass
        except asyncio.CancelledError:
            self._record.add(place, b"")
            raise
        await self._refuse(client, place, head)

    async def _enter(self, client: Plain) -> None:
        """All that comes goes to the mock, out of TLS if it begins so."""
        channel: Channel = client
        if await _first(client) == _TLS:
            try:
                async with asyncio.timeout(_PATIENCE):
                    channel = await Secure.accept(client, self._tls)
            except ssl.SSLError as error:
                if "ALERT" in (reason := error.reason or "") and ("CA" in reason or "CERTIFICATE" in reason):
                    self._record.add_distrust()
                return
        try:
            connection = await _connected(self._target)
        except OSError:
            channel.reset()
            return
        with connection:
            await _tunnel(channel, Plain(connection))

    async def _forward(self, client: Plain, first: Head) -> None:
        """Requests in the clear that name their host, one after the other."""
        head: Head | None = first
        while head is not None:
            way = self._way(head.place)
            if way is None or (head.place.secure and head.place.host not in self._hosts):
                await self._refuse(client, head.place, head)
                return
            try:
                connection = await _connected(way)
            except OSError:
                await _say(client, b"502 Bad Gateway", f"nobody listens at {head.place}")
                return
            with connection:
                server = Plain(connection)
                head = await relay(client, server, self._requests(client, server, head, way))

    async def _requests(self, client: Plain, server: Plain, head: Head, way: _Address) -> Head | None:
        """Pass requests on until the client ends; or give the head of one that goes another way."""
        while True:
            extent = Extent(head)
            await server.send(head.origin)
            while not extent.ended:
                data = await client.receive()
                if not data:
                    await server.finish()
                    return None
                size = extent.take(data)
                client.put_back(data[size:])
                await server.send(data[:size])
            try:
                following = await read_head(client)
            except Malformed:
                # Whatever it is, it is the server's to answer.
                await pass_on(client, server)
                return None
            if following is None:
                await server.finish()
                return None
            if self._way(following.place) != way:
                return following
            head = following

    async def _refuse(self, client: Plain, place: Place, head: Head | None) -> None:
        """Read what comes, note it, and answer it if it is HTTP."""
        if place.is_here:
            await _say(client, b"400 Bad Request", "this is the proxy of --intercept; by TLS it connects with CONNECT")
            return
        sent = head.raw if head is not None else b""
        try:
            if head is not None and head.method != b"CONNECT" and b"100-continue" not in sent.lower():
                extent = Extent(head)
                with suppress(TimeoutError, OSError):
                    async with asyncio.timeout(_READ):
                        while not extent.ended and len(sent) < _SEARCHED and (data := await client.receive()):
                            sent += data[: extent.take(data)]
        finally:
            self._record.add(place, sent)
        if head is not None:
            known = " and ".join([*sorted(self._hosts), "loopback"])
            await _say(client, b"403 Forbidden", f"{place} is not reached under --intercept, only {known}")

    def _way(self, place: Place) -> _Address | None:
        """Where what is for a place goes; None for what is refused."""
        if place.host in self._hosts:
            return self._target
        if not place.is_here or place.port == self.port:
            return None
        return ("::1" if ":" in place.host else "127.0.0.1"), place.port


async def _first(client: Plain) -> int | None:
    """The first byte that comes, which is still to be received; None if the client ends. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE):
        data = await client.receive()
    client.put_back(data)
    return data[0] if data else None


async def _connected(address: _Address) -> socket.socket:
    """A new connection. Raises OSError."""
    connection = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    try:
        connection.settimeout(0)
        await asyncio.get_running_loop().sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


async def _tunnel(client: Channel, server: Channel) -> None:
    await relay(client, server, pass_on(client, server))


async def _say(client: Plain, status: bytes, sentence: str) -> None:
    """Answer, and end the connection so that the answer is not lost to what has not been read."""
    body = f"contracts grade: {sentence}\n".encode("latin-1", "replace")
    head = b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    await client.send(head % (status, len(body)) + body)
    await client.finish()
    async with asyncio.timeout(_READ):
        while await client.receive():
            pass

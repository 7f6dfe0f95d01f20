"""A receiver for callbacks of many sandboxes: one thread, any number of connections, an answer for each path."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any, Final, Self

MOODS: Final = ("ok", "bad", "gone", "slow", "close", "back", "withheld")
"""Answers 200, 500, 410, 200 after a while, none but a closed connection, 200 after a call back, 200 when released."""

_ANSWERS: Final = {"bad": b"500 Internal Server Error", "gone": b"410 Gone"}
_A_WHILE: Final = 0.02


class Receiver:
    """Listens on loopback while the block runs. `/NAME/MOOD` is the address for a sandbox, and how it answers.

    `back` is called for the mood "back", with the body, on a thread of its own.
    """

    back: Callable[[dict[str, Any]], None]

    def __init__(self) -> None:
        self.came: list[tuple[str, dict[str, Any]]] = []
        """The path and the body of each call."""
        self.failures: list[BaseException] = []
        self._lock = Lock()
        self._listening = Event()
        self._pool = ThreadPoolExecutor(4, "back")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="receiver", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)
        self._pool.shutdown()

    def url(self, name: str, mood: str) -> str:
        """Where a sandbox calls."""
        return f"http://127.0.0.1:{self._port}/{name}/{mood}"

    def count(self) -> int:
        """How many calls came."""
        with self._lock:
            return len(self.came)

    def release(self) -> None:
        """Answer what was withheld, and all of it from now on."""
        self._loop.call_soon_threadsafe(self._released.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended, self._released = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._visited, "127.0.0.1", 0, backlog=1_000)
        self._port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._ended.wait()
        self._released.set()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._answered(reader, writer):
                pass
        writer.close()
        self._tasks.discard(task)

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays open after the next request."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        path = head.split(b" ", 2)[1].decode()
        with self._lock:
            self.came.append((path, body))
        mood = path.rpartition("/")[2]
        if mood == "close":
            return False
        if mood == "slow":
            with suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), _A_WHILE)
        elif mood == "withheld":
            await self._released.wait()
        elif mood == "back":
            await self._loop.run_in_executor(self._pool, self._call_back, body)
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nok" % _ANSWERS.get(mood, b"200 OK"))
        await writer.drain()
        return True

    def _call_back(self, body: dict[str, Any]) -> None:
        try:
            self.back(body)
        except BaseException as error:
            self.failures.append(error)

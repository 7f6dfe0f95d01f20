"""Load: as many of one call as fit in a bounded time, over kept-alive connections to loopback.

`Wrk` drives the wrk program and is the one to trust. `Streams` is the stand-in where wrk is
missing: it costs more per request than some subjects do, and understates the fast ones.
"""

import asyncio
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wire import HOST
from workload import Call

_SCRIPT = Path(__file__).with_name("load.lua")
_SLACK_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What one round of load saw: answers counted over `seconds` of wall time.

    `wrong` counts answers with another status than expected (wrk: on the other side of 400),
    `broken` the exchanges that failed below HTTP.
    """

    requests: int
    seconds: float
    wrong: int
    broken: int

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds

    def problem(self) -> str:
        """Say what was wrong with the answers; "" when all were right."""
        if not self.requests:
            return "no answer under load"
        if self.wrong:
            return f"{self.wrong} of {self.requests} answers under load had a wrong status"
        if self.broken:
            return f"{self.broken} exchanges broke under load ({self.requests} did not)"
        return ""


class LoadError(Exception):
    """The load generator itself did not work."""


class Generator(Protocol):
    """Something that makes load."""

    name: str

    def burst(self, port: int, call: Call, *, connections: int, seconds: int) -> Burst:
        """Repeat `call` against `port` for `seconds`, one request at a time on each connection."""


class Wrk:
    """The wrk program, with one thread."""

    def __init__(self, program: str) -> None:
        """Use the executable `program`."""
        self._program = program
        shown = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)
        words = (shown.stdout or shown.stderr).split()
        self.name = " ".join(words[:2]) if words else "wrk"

    def burst(self, port: int, call: Call, *, connections: int, seconds: int) -> Burst:
        """See `Generator.burst`."""
        command = [
            self._program,
            *("-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "5s"),
            *("-s", str(_SCRIPT), f"http://{HOST}:{port}{call.path}", "--"),
            *(
                call.method,
                call.body.decode(),
                *(f"{name}: {value}" for name, value in call.headers),
            ),
        ]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds + _SLACK_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise LoadError(f"wrk did not end within {error.timeout:.0f} s") from error
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            raise LoadError(f"wrk: {(done.stderr or done.stdout).strip()[:200]}")
        total = json.loads(lines[-1])
        requests, over_399 = total["requests"], total["over_399"]
        return Burst(
            requests=requests,
            seconds=total["microseconds"] / 1e6,
            wrong=requests - over_399 if call.status > 399 else over_399,
            broken=total["broken"],
        )


class Streams:
    """Our own generator on asyncio. Checks the exact status of every answer."""

    name = "our Python generator, slower than wrk, so rates of fast subjects are too low"

    def burst(self, port: int, call: Call, *, connections: int, seconds: int) -> Burst:
        """See `Generator.burst`."""
        return asyncio.run(_burst(port, call, connections, seconds))


def pick_generator(wanted: str) -> Generator:
    """Return the generator for "wrk", "python", or "auto" (wrk when it is on PATH)."""
    program = shutil.which("wrk")
    if wanted == "wrk" and program is None:
        raise LoadError("wrk is not on PATH")
    return Wrk(program) if program and wanted != "python" else Streams()


@dataclass(slots=True)
class _Tally:
    requests: int = 0
    wrong: int = 0
    broken: int = 0
    over: bool = False


class _Exchange(asyncio.Protocol):
    """One connection: sends the request, waits for the whole answer, sends it again."""

    def __init__(self, request: bytes, status: bytes, tally: _Tally) -> None:
        self._request = request
        self._status = status
        self._tally = tally
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not _is_whole(self._received):
            return
        if self._tally.over:
            return
        self._tally.requests += 1
        if self._received[9:12] != self._status:
            self._tally.wrong += 1
        self._received = b""
        if self._transport is not None:
            self._transport.write(self._request)

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self._tally.over:
            self._tally.broken += 1


def _is_whole(received: bytes) -> bool:
    head, gap, body = received.partition(b"\r\n\r\n")
    if not gap:
        return False
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return len(body) >= int(value)
        if name == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    return True


async def _burst(port: int, call: Call, connections: int, seconds: int) -> Burst:
    head = [f"{call.method} {call.path} HTTP/1.1", f"Host: {HOST}:{port}"]
    head += [f"{name}: {value}" for name, value in call.headers]
    if call.body:
        head.append(f"Content-Length: {len(call.body)}")
    request = "\r\n".join([*head, "", ""]).encode() + call.body
    tally = _Tally()
    loop = asyncio.get_running_loop()
    transports = []
    begun = time.perf_counter()
    try:
        for _ in range(connections):
            transport, _ = await loop.create_connection(
                lambda: _Exchange(request, str(call.status).encode(), tally), HOST, port
            )
            transports.append(transport)
        await asyncio.sleep(seconds)
    except OSError as error:
        raise LoadError(f"{type(error).__name__}: {error}") from error
    finally:
        lasted = time.perf_counter() - begun
        tally.over = True
        for transport in transports:
            transport.close()
    return Burst(requests=tally.requests, seconds=lasted, wrong=tally.wrong, broken=tally.broken)

"""Callbacks: thousands of jobs, hours of virtual time, each call delivered; and what an idle leap costs.

    python tests/bench/callbacks.py [--jobs 10000] [--hours 8] [--sockets-jobs 2000]

In one run, one after the other: the same leaps without sockets (a function takes each request), and over real sockets
to a receiver in a process of its own, beside a bare loop that posts as many bodies to that receiver (the ceiling).
A loop of a million additions says how fast the machine is just now.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

import click

from mockserver.api import Api
from mockserver.delivery import Carrier, Delivery
from mockserver.destinations import Destinations
from mockserver.domain import Callback, Receipt, Verdict
from mockserver.leap import Ahead, drive, leap
from mockserver.message import Request
from mockserver.posting import Posting
from mockserver.runtime import GuardedSandbox
from mockserver.settings import Settings

AUTHORIZATION: Final = b"Bearer user:12345-demo"
VIDEO: Final = "user:12345-pixverse:demo@example.com-video:11223344"
NO_LIMITS: Final = {"limits.slots": "false", "limits.credits": "false"}
BODY_BYTES: Final = 1_500
IDLE_LEAPS: Final = 1_000


def receive(told: Connection) -> None:
    """Answer every POST with 200, as cheaply as can be; tells its port."""

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport, self.rest = transport, b""

        def data_received(self, data: bytes) -> None:
            self.rest += data
            while (end := self.rest.find(b"\r\n\r\n")) >= 0:
                length = int(self.rest[:end].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                if len(self.rest) < end + 4 + length:
                    return
                self.rest = self.rest[end + 4 + length :]
                self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Protocol, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def make(url: str) -> tuple[Api, GuardedSandbox, Request]:
    """A mock without limits on a manual clock, and an upscale whose callbacks go to `url`."""
    api = Api(Settings(clock="manual", changes=NO_LIMITS))
    body = b'{"video_id": "%s", "replyUrl": "%s", "replyRef": "bench"}' % (VIDEO.encode(), url.encode())
    headers = ((b"authorization", AUTHORIZATION), (b"content-type", b"application/json"), (b"host", b"127.0.0.1:8596"))
    request = Request("POST", "/v2/pixverse/videos/upscale", "", headers, body, parsed=True)
    return api, api.runtime.guarded(AUTHORIZATION), request


def play(api: Api, request: Request, jobs: int, hours: float, advance: Callable[[int | None], None]) -> float:
    """Spread the jobs over the hours, minute by minute, then let all of them end; returns seconds."""
    minutes = max(1, round(hours * 60))
    started = time.perf_counter()
    for minute in range(minutes):
        for _ in range(jobs * (minute + 1) // minutes - jobs * minute // minutes):
            if api.answer(request).status != 200:
                raise click.ClickException("an upscale was refused")
        advance(60_000)
    advance(None)
    return time.perf_counter() - started


def without_sockets(jobs: int, hours: float) -> tuple[float, int, float]:
    """Seconds, callbacks, microseconds of an idle leap."""
    api, guarded, request = make("http://127.0.0.1:9/sink")
    posting = Posting(api.contract)
    received = Receipt(Verdict.RECEIVED, 200, "ok")
    sink: list[int] = []

    def send(callback: Callback) -> Receipt:
        with guarded.lock:
            sink.append(len(posting.delivery(guarded, callback).body))
        return received

    def advance(milliseconds: int | None) -> None:
        with guarded.leaping():
            drive(leap(guarded, "idle" if milliseconds is None else Ahead(milliseconds)), send)

    seconds = play(api, request, jobs, hours, advance)
    started = time.perf_counter()
    for _ in range(IDLE_LEAPS):
        advance(1_000)
    return seconds, len(sink), (time.perf_counter() - started) / IDLE_LEAPS * 1e6


def over_sockets(url: str, jobs: int, hours: float) -> tuple[float, int]:
    """Seconds, callbacks."""
    api, guarded, request = make(url)

    def advance(milliseconds: int | None) -> None:
        api.courier.leap(guarded, "idle" if milliseconds is None else Ahead(milliseconds)).result()

    try:
        seconds = play(api, request, jobs, hours, advance)
    finally:
        api.close()
    return seconds, guarded.sandbox.outbox.last_number


def bare_posts(url: str, count: int) -> float:
    """Seconds of so many posts, one after the other, with nothing around them."""

    async def post() -> float:
        carrier = Carrier(Destinations())
        delivery = Delivery(url, ((b"content-type", b"application/json"),), b"x" * BODY_BYTES)
        started = time.perf_counter()
        for _ in range(count):
            await carrier.send(delivery)
        seconds = time.perf_counter() - started
        await carrier.close()
        return seconds

    return asyncio.run(post())


def additions() -> float:
    """Seconds of a million additions."""
    total, started = 0, time.perf_counter()
    for number in range(1_000_000):
        total += number
    return time.perf_counter() - started


@click.command()
@click.option("--jobs", default=10_000, show_default=True, help="Jobs without sockets.")
@click.option("--hours", default=8.0, show_default=True, help="Of virtual time.")
@click.option("--sockets-jobs", default=2_000, show_default=True, help="Jobs over real sockets.")
def main(*, jobs: int, hours: float, sockets_jobs: int) -> None:
    """Time callbacks without sockets and over them."""
    click.echo(f"the machine now: {additions():.3f} s for a million additions")
    seconds, callbacks, idle = without_sockets(jobs, hours)
    each = seconds / callbacks * 1e6
    click.echo(f"without sockets: {jobs} jobs, {callbacks} callbacks, {hours} h in {seconds:.2f} s, {each:.1f} us each")
    click.echo(f"an idle leap: {idle:.1f} us")
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=receive, args=(theirs,))
    process.start()
    try:
        url = f"http://127.0.0.1:{ours.recv()}/sink"
        seconds, callbacks = over_sockets(url, sockets_jobs, hours)
        bare = bare_posts(url, callbacks)
        each, least = seconds / callbacks * 1e6, bare / callbacks * 1e6
        click.echo(f"over sockets: {sockets_jobs} jobs, {callbacks} callbacks in {seconds:.2f} s, {each:.0f} us each")
        click.echo(f"bare posts to the same receiver: {callbacks} in {bare:.2f} s, {least:.0f} us each")
    finally:
        process.terminate()
        process.join()
    click.echo(f"the machine now: {additions():.3f} s for a million additions")


if __name__ == "__main__":
    main()

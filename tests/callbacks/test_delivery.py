"""One attempt over HTTP, against receivers on real sockets."""

import asyncio
import gc
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from email.utils import formatdate
from pathlib import Path
from shutil import which
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any, Self

import pytest

from mockserver.clock import wall
from mockserver.delivery import ANSWER_BYTES, READ_BYTES, Answer, Carrier, Delivery
from mockserver.destinations import Destinations
from mockserver.resolving import look_up
from mockserver.retry_after import retry_after

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = 0.3
"""The time-out where one is waited for."""

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a test's coroutine on either event loop; what is left open is an error."""
    factory = asyncio.new_event_loop if request.param == "asyncio" else pytest.importorskip("uvloop").new_event_loop

    def run(coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.get_loop().set_exception_handler(lambda _, context: unhandled.append(context))
            runner.run(coroutine)
        gc.collect()
        assert unhandled == []

    unhandled: list[Any] = []
    return run


class Visit:
    """A connection as the receiver has it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def request(self) -> bytes:
        """The next request, whole; b"" when the sender closed."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return head + await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def closed(self) -> None:
        """Wait until the sender closes."""
        with suppress(ConnectionError):
            while await self.reader.read(65_536):
                pass


class Receiver:
    """Serves each connection with a coroutine function."""

    port = 0
    scheme = "http"

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.requests: list[bytes] = []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def delivery(self, path: str = "/hook", *, host: str = "127.0.0.1", pause: float = 0.0) -> Delivery:
        headers = ((b"content-type", b"application/json"), (b"x-id", b"7"))
        return Delivery(f"{self.scheme}://{host}:{self.port}{path}", headers, b'{"a":1}', pause)


Serve = Callable[[Visit], Awaitable[None]]
Lookup = Callable[[str], Sequence[str]]


@asynccontextmanager
async def receiving(serve: Serve | bytes, tls: SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a free port; bytes are its answer to every request."""
    receiver = Receiver()
    receiver.scheme = "https" if tls else "http"
    tasks = set()

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        visit = Visit(reader, writer)
        receiver.visits.append(visit)
        if callable(serve):
            await serve(visit)
        else:
            while request := await visit.request():
                receiver.requests.append(request)
                visit.say(serve)
        writer.close()
        with suppress(ConnectionError, TimeoutError):
            await writer.wait_closed()

    server = await asyncio.start_server(visited, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(tasks):
            await asyncio.wait_for(task, 5)


@asynccontextmanager
async def carrying(*allowed: str, timeout: float = 10.0, lookup: Lookup = look_up) -> AsyncIterator[Carrier]:
    carrier = Carrier(Destinations(allowed), timeout=timeout, lookup=lookup)
    try:
        yield carrier
    finally:
        await carrier.close()


async def sent(serve: Serve | bytes, *, timeout: float = 10.0) -> tuple[Answer, str]:
    """What came of one attempt, and the receiver's address."""
    async with receiving(serve) as receiver, carrying(timeout=timeout) as carrier:
        return await carrier.send(receiver.delivery()), receiver.place


def after_request(*parts: bytes, stay: bool = False) -> Serve:
    """A receiver that says these parts after a request, then closes or stays."""

    async def serve(visit: Visit) -> None:
        await visit.request()
        for part in parts:
            visit.say(part)
        if stay:
            await visit.closed()

    return serve


def reset(visit: Visit) -> None:
    visit.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    visit.writer.transport.abort()


class Names:
    """A lookup that finds these addresses for every name, or none; the names are in `asked`."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        self.wait()
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.addresses

    def wait(self) -> None:
        """Nothing, here."""


class Hanging(Names):
    """A lookup that ends when the block does, or when `go` is set."""

    def __init__(self, *addresses: str) -> None:
        super().__init__(*addresses)
        self.go = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.go.set()

    def wait(self) -> None:
        self.go.wait(20)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


def test_request_is_a_post_with_the_body(run: Run) -> None:
    """The target as in the URL, the headers in their order."""

    async def test() -> None:
        async with receiving(OK) as receiver, carrying() as carrier:
            assert await carrier.send(receiver.delivery("/hook?a=%2F&b#c")) == Answer(200, b"ok")
            assert receiver.requests == [
                b"POST /hook?a=%%2F&b HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\nx-id: 7\r\n"
                b'connection: close\r\ncontent-length: 7\r\n\r\n{"a":1}' % receiver.port
            ]

    run(test())


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        OK + b"more",
        OK + OK,
    ],
)
def test_attempt_is_one_call_on_a_connection_of_its_own(run: Run, answer: bytes) -> None:
    """Whatever the receiver says of its connections: we close them."""

    async def test() -> None:
        async def serve(visit: Visit) -> None:
            receiver.requests.append(await visit.request())
            visit.say(answer)
            await visit.closed()

        async with receiving(serve) as receiver, carrying() as carrier:
            for number in range(1, 4):
                assert await carrier.send(receiver.delivery()) == Answer(200, b"ok")
                assert (len(receiver.visits), len(receiver.requests)) == (number, number)

    run(test())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204)),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x\r\nk\r\n0\r\nx: y\r\n\r\n",
            Answer(200, b"ok"),
        ),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", Answer(302)),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone", Answer(410, b"gone")),
        (b"HTTP/1.1 599\r\nContent-Length: 0\r\n\r\n", Answer(599)),
        (b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", Answer(429, retry_after=7.0)),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nRetry-After: 9\r\n\r\n" + OK, Answer(200, b"ok")),
        (b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok", Answer(200, b"ok")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5_000, Answer(200, b"x" * ANSWER_BYTES)),
    ],
)
def test_complete_answer(run: Run, answer: bytes, expected: Answer) -> None:
    """Every status is the receiver's answer; redirects are not followed."""

    async def test() -> None:
        async with receiving(answer) as receiver, carrying() as carrier:
            assert await carrier.send(receiver.delivery()) == expected

    run(test())


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_answer_without_a_length_lasts_to_the_end(run: Run, version: bytes) -> None:
    """The close completes it."""

    async def test() -> None:
        answer, _ = await sent(after_request(b"HTTP/%b 200 OK\r\n\r\n" % version, b"ok"))
        assert answer == Answer(200, b"ok")

    run(test())


@pytest.mark.parametrize("size", [b"", b"Content-Length: 9999999999\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_endless_body_is_cut(run: Run, size: bytes) -> None:
    """So much is read, then the connection is closed and the status counts."""

    async def test() -> None:
        async def serve(visit: Visit) -> None:
            await visit.request()
            visit.say(b"HTTP/1.1 200 OK\r\n%b\r\n" % size)
            with suppress(ConnectionError):
                while True:
                    visit.say(b"1000\r\n%b\r\n" % (b"x" * 4_096) if b"chunked" in size else b"x" * 4_096)
                    await visit.writer.drain()

        answer, _ = await sent(serve)
        assert answer == Answer(200, b"x" * ANSWER_BYTES)

    run(test())


@pytest.mark.parametrize(
    ("first", "again", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x", "answer not complete within 0.3 s"),
        (b"HTTP/1.1 200 OK\r\n", b"x", "answer not complete within 0.3 s"),
        (b"H", b"", "answer not complete within 0.3 s"),
        (b"", b"", "no answer within 0.3 s"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"", "no answer within 0.3 s"),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n", "no answer within 0.3 s"),
    ],
)
def test_slow_answer_is_ended_by_the_timeout(run: Run, first: bytes, again: bytes, words: str) -> None:
    """Though it dribbles; the text says how far it got."""

    async def test() -> None:
        async def serve(visit: Visit) -> None:
            await visit.request()
            visit.say(first)
            closed = asyncio.ensure_future(visit.closed())
            while again and not (await asyncio.wait([closed], timeout=0.02))[0]:
                visit.say(again)
            await closed

        answer, _ = await sent(serve, timeout=SHORT)
        assert answer == Answer(error=words)

    run(test())


@pytest.mark.parametrize("line", [b"x" * 4_096, b"x: y\r\n" * 1_000, b"HTTP/1.1 100 Continue\r\n\r\n" * 100])
def test_endless_head_is_an_error(run: Run, line: bytes) -> None:
    """One long field, many fields, many interim answers."""

    async def test() -> None:
        async def serve(visit: Visit) -> None:
            await visit.request()
            visit.say(b"" if line.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\nx: ")
            with suppress(ConnectionError):
                while True:
                    visit.say(line)
                    await visit.writer.drain()

        answer, place = await sent(serve)
        assert answer == Answer(error=f"{place} sent a head of more than 65,536 bytes")

    assert READ_BYTES == 65_536
    run(test())


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((), "closed the connection without an answer"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n",), "closed the connection without an answer"),
        ((b"HTTP/1.1 2",), "closed the connection in the middle of its answer"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",), "closed the connection in the middle of its answer"),
        (
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",),
            "closed the connection in the middle of its answer",
        ),
        ((b"SSH-2.0-OpenSSH\r\n",), "did not answer in HTTP: Expected HTTP/, RTSP/ or ICE/"),
        ((b"\x15\x03\x01\x00\x02\x02\x46",), "did not answer in HTTP: Expected HTTP/, RTSP/ or ICE/"),
        (
            (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",),
            "did not answer in HTTP: Invalid character in Content-Length",
        ),
        ((b"HTTP/1.1 042 Odd\r\n\r\n",), "did not answer in HTTP: there is no status 42"),
        (
            (b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",),
            "changed to another protocol without being asked",
        ),
    ],
)
def test_broken_answer_is_an_error_in_words(run: Run, parts: tuple[bytes, ...], words: str) -> None:
    """They begin with the address."""

    async def test() -> None:
        answer, place = await sent(after_request(*parts))
        assert answer == Answer(error=f"{place} {words}")

    run(test())


def test_reset_is_an_error_in_words(run: Run) -> None:
    """As a close is."""

    async def test() -> None:
        async def serve(visit: Visit) -> None:
            await visit.request()
            reset(visit)

        answer, place = await sent(serve)
        assert answer == Answer(error=f"{place} closed the connection without an answer")

    run(test())


def test_receiver_may_close_after_each_answer(run: Run) -> None:
    """Without a word of it: each request arrives all the same."""

    async def test() -> None:
        async with receiving(after_request(OK)) as receiver, carrying() as carrier:
            answers = [await carrier.send(receiver.delivery()) for _ in range(20)]
            assert answers == [Answer(200, b"ok")] * 20
            assert len(receiver.visits) == 20

    run(test())


def test_refused_connection_is_an_error_in_words(run: Run) -> None:
    """For each address of the host."""

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        async with carrying(lookup=Names("127.0.0.1", "127.0.0.2")) as carrier:
            answer = await carrier.send(Delivery(f"http://127.0.0.1:{port}/", (), b""))
            assert answer == Answer(error=f"connection refused by 127.0.0.1:{port}")
            answer = await carrier.send(Delivery(f"http://receiver.test:{port}/", (), b""))
            assert answer.error == f"connection refused by 127.0.0.1:{port}; connection refused by 127.0.0.2:{port}"

    run(test())


def test_other_failure_to_connect_is_an_error_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the system's words, not the event loop's."""

    async def test() -> None:
        async def create_connection(*arguments: object, **options: object) -> None:
            raise OSError(101, "Connect call failed ('fd00::7', 80, 0, 0)")

        asyncio.get_running_loop().create_connection = create_connection  # type: ignore[assignment, method-assign]
        async with carrying("fd00::7") as carrier:
            answer = await carrier.send(Delivery("http://[fd00::7]/", (), b""))
            assert answer == Answer(error="no connection to [fd00::7]:80: network is unreachable")

    run(test())


def test_connection_that_never_comes_is_ended_by_the_timeout(run: Run) -> None:
    """So is a lookup; the texts say which."""

    async def test() -> None:
        async def never(*arguments: object, **options: object) -> None:
            await asyncio.Event().wait()

        asyncio.get_running_loop().create_connection = never  # type: ignore[assignment, method-assign]
        with Hanging() as names:
            async with carrying(timeout=0.01, lookup=names) as carrier:
                assert await carrier.send(Delivery("http://127.0.0.1/", (), b"")) == Answer(
                    error="no connection within 0.01 s"
                )
                answer = await carrier.send(Delivery("http://receiver.test/", (), b""))
                assert answer == Answer(error="receiver.test can't be resolved within 0.01 s")

    run(test())


def test_forbidden_address_is_not_called(run: Run) -> None:
    """Written out, or behind a name, or behind a number that resolvers read as an address."""

    async def test() -> None:
        async with carrying(lookup=Names("10.0.0.7")) as carrier:
            answer = await carrier.send(Delivery("http://169.254.169.254/latest", (), b""))
            assert answer == Answer(error="169.254.169.254 is link-local and never called", denied=True)
            answer = await carrier.send(Delivery("http://receiver.test/", (), b""))
            assert answer.denied
            assert answer.error == (
                "receiver.test resolves to 10.0.0.7, which is not loopback; --callback-hosts receiver.test allows it"
            )
            assert (await carrier.send(Delivery("http://167772167/", (), b""))).denied

    run(test())


def test_checked_address_itself_is_called(run: Run) -> None:
    """One lookup; the forbidden address before it is passed over. A second lookup would be answered otherwise."""

    async def test() -> None:
        names = Names("10.0.0.7", "127.0.0.1")
        async with receiving(OK) as receiver, carrying(lookup=names) as carrier:
            assert (await carrier.send(receiver.delivery(host="Receiver.Test"))).status == 200
            assert names.asked == ["receiver.test"]
            assert b"\r\nhost: Receiver.Test:%d\r\n" % receiver.port in receiver.requests[0]

    run(test())


def test_second_address_is_tried_when_the_first_refuses(run: Run) -> None:
    """In the order in which they were found."""

    async def test() -> None:
        async with receiving(OK) as receiver, carrying(lookup=Names("127.0.0.2", "127.0.0.1")) as carrier:
            assert (await carrier.send(receiver.delivery(host="receiver.test"))).status == 200

    run(test())


def test_name_without_an_address_is_an_error_in_words(run: Run) -> None:
    """Not a refusal."""

    async def test() -> None:
        async with carrying(lookup=Names()) as carrier:
            answer = await carrier.send(Delivery("http://receiver.test/", (), b""))
            assert answer == Answer(error="receiver.test can't be resolved")

    run(test())


def test_real_lookup_works() -> None:
    """Of the one name that resolves everywhere."""
    found = look_up("localhost")
    assert found
    assert set(found) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "hooks.localhost", "A.B.LOCALHOST."])
def test_localhost_needs_no_lookup(run: Run, host: str) -> None:
    """It is 127.0.0.1, then ::1."""

    async def test() -> None:
        names = Names("10.0.0.7")
        async with receiving(OK) as receiver, carrying(lookup=names) as carrier:
            assert (await carrier.send(receiver.delivery(host=host))).status == 200
        async with carrying(lookup=names) as carrier:
            answer = await carrier.send(receiver.delivery(host=host))
            assert str(answer.error).startswith(f"connection refused by {receiver.place}; ")
            assert f"[::1]:{receiver.port}" in str(answer.error)
        assert names.asked == []

    run(test())


@pytest.mark.parametrize("host", ["localhost.test", "mylocalhost"])
def test_name_with_localhost_in_it_is_looked_up(run: Run, host: str) -> None:
    """Only the name itself and those under it are loopback."""

    async def test() -> None:
        names = Names("10.0.0.7")
        async with carrying(lookup=names) as carrier:
            assert (await carrier.send(Delivery(f"http://{host}/", (), b""))).denied
        assert names.asked == [host]

    run(test())


def test_lookups_that_hang_hold_up_no_other_host(run: Run) -> None:
    """Those of one host share a thread, and none is the loop's, which other work needs."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        with Hanging() as hanging:

            def lookup(host: str) -> Sequence[str]:
                return ["127.0.0.1"] if host == "receiver.test" else hanging(host)

            async with receiving(OK) as receiver, carrying(lookup=lookup, timeout=5) as carrier:
                hosts = ["dead.test"] * 24 + [f"dead{number}.test" for number in range(24)]
                attempts = [asyncio.create_task(carrier.send(receiver.delivery(host=host))) for host in hosts]
                await until(lambda: len(hanging.asked) == 25)
                names = {thread.name.rpartition("_")[0] for thread in threading.enumerate()}
                assert "callback-lookup" in names
                for host in ("localhost", "receiver.test"):
                    assert (await carrier.send(receiver.delivery(host=host))).status == 200
                assert await loop.run_in_executor(None, lambda: 7) == 7
                hanging.go.set()
                answers = await asyncio.gather(*attempts)
                assert answers == [Answer(error=f"{host} can't be resolved") for host in hosts]
                assert hanging.asked.count("dead.test") == 1

    run(test())


def test_cancelled_attempt_leaves_the_lookup_to_others(run: Run) -> None:
    """Nor does one that timed out end it. Once it has ended, the next attempt looks up again."""

    async def test() -> None:
        with Hanging("127.0.0.1") as names:
            async with receiving(OK) as receiver, carrying(lookup=names) as carrier:
                attempts = [
                    asyncio.create_task(carrier.send(receiver.delivery(host="receiver.test"))) for _ in range(3)
                ]
                await until(lambda: names.asked == ["receiver.test"])
                attempts[0].cancel()
                await asyncio.wait(attempts[:1])
                assert attempts[0].cancelled()
                names.go.set()
                assert await asyncio.gather(*attempts[1:]) == [Answer(200, b"ok")] * 2
                assert names.asked == ["receiver.test"]
                assert (await carrier.send(receiver.delivery(host="receiver.test"))).status == 200
                assert names.asked == ["receiver.test"] * 2

    run(test())


def test_close_waits_for_no_lookup(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """Those who wait are told; what it finds when all is closed, even the loop, goes unheard."""

    async def test() -> None:
        async with carrying(lookup=lookup) as carrier:
            attempts = [
                asyncio.create_task(carrier.send(Delivery(f"http://dead{number}.test/", (), b"")))
                for number in range(40)
            ]
            await until(lambda: len(lookup.asked) == 32)
            await carrier.close()
            for number, attempt in enumerate(attempts):
                assert await attempt == Answer(error=f"dead{number}.test can't be resolved")
            after = await carrier.send(Delivery("http://late.test/", (), b""))
            assert after == Answer(error="late.test can't be resolved")

    def threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name.startswith("callback-lookup")]

    with Hanging("127.0.0.1") as lookup:
        run(test())
        assert len(threads()) == 32
    for thread in threads():
        thread.join(5)
    assert len(lookup.asked) == 32
    assert caplog.records == []


def test_failed_lookup_that_nobody_waits_for_is_no_error(run: Run) -> None:
    """Its attempt timed out before."""

    async def test() -> None:
        with Hanging("127.0.0.1") as names:

            def lookup(host: str) -> Sequence[str]:
                names(host)
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

            async with carrying(lookup=lookup, timeout=0.05) as carrier:
                answer = await carrier.send(Delivery("http://dead.test/", (), b""))
                assert answer == Answer(error="dead.test can't be resolved within 0.05 s")
                names.go.set()
                await until(lambda: not carrier._resolver._pending)

    run(test())


def test_pause_comes_before_the_first_byte(run: Run) -> None:
    """The receiver sees the connection before it; the time-out leaves it out."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        times: list[float] = []

        async def serve(visit: Visit) -> None:
            times.append(loop.time())
            while await visit.request():
                times.append(loop.time())
                visit.say(OK)

        async with receiving(serve) as receiver, carrying(timeout=0.2) as carrier:
            assert (await carrier.send(receiver.delivery())).status == 200
            assert (await carrier.send(receiver.delivery(pause=0.3))).status == 200
            assert len(receiver.visits) == 2
            assert times[3] - times[2] > 0.25

    run(test())


@pytest.mark.parametrize("last", [b"", b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"])
def test_receiver_may_close_during_the_pause(run: Run, last: bytes) -> None:
    """Nothing is sent then, and what it said is no answer."""

    async def test() -> None:
        async def serve(visit: Visit) -> None:
            visit.say(last)

        async with receiving(serve) as receiver, carrying() as carrier:
            answer = await carrier.send(receiver.delivery(pause=0.1))
            assert answer == Answer(error=f"{receiver.place} closed the connection without an answer")

    run(test())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://[::::]/", "not a URL that can be called: '[::::]' is not an IPv6 address"),
        ("http://user:pw@127.0.0.1/", "a replyUrl with user and password is not called"),
        ("gopher://127.0.0.1/", "not a URL that can be called: it must begin with http:// or https://"),
    ],
)
def test_bad_url_is_an_error_in_words(run: Run, url: str, words: str) -> None:
    """More of them in test_destinations.py."""

    async def test() -> None:
        async with carrying("*") as carrier:
            assert await carrier.send(Delivery(url, (), b"")) == Answer(error=words)

    run(test())


def test_hostile_path_adds_no_lines(run: Run) -> None:
    """It arrives percent-encoded, whole."""

    async def test() -> None:
        async with receiving(OK) as receiver, carrying() as carrier:
            path = "/a b\r\nx-evil: 1\r\n\r\n\0ü" + "x" * 5_000
            assert (await carrier.send(receiver.delivery(path))).status == 200
            [request] = receiver.requests
            line, _, rest = request.partition(b"\r\n")
            assert line == b"POST /a%20b%0D%0Ax-evil:%201%0D%0A%0D%0A%00%C3%BC" + b"x" * 5_000 + b" HTTP/1.1"
            assert b"evil" not in rest

    run(test())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-id", b"7\r\nx-evil: 1"),
        (b"x-id", b"7\n"),
        (b"x-id", b"\0"),
        (b"x-id\r\n", b"7"),
        (b"x id", b"7"),
        (b"", b"7"),
        (b"host", b"evil.test"),
        (b"content-length", b"0"),
        (b"transfer-encoding", b"chunked"),
    ],
)
def test_header_that_breaks_the_head_is_refused(run: Run, name: bytes, value: bytes) -> None:
    """So is one that frames the request."""

    async def test() -> None:
        async with receiving(OK) as receiver, carrying() as carrier:
            answer = await carrier.send(Delivery(receiver.delivery().url, ((name, value),), b""))
            assert answer == Answer(error=f"the header {name.decode()!r} can't be sent")
            assert receiver.visits == []

    run(test())


def test_cancelled_attempt_closes_its_connection(run: Run) -> None:
    """And says nothing."""

    async def test() -> None:
        asked, closed = asyncio.Event(), asyncio.Event()

        async def serve(visit: Visit) -> None:
            await visit.request()
            asked.set()
            await visit.closed()
            closed.set()

        async with receiving(serve) as receiver, carrying() as carrier:
            attempt = asyncio.create_task(carrier.send(receiver.delivery()))
            await asked.wait()
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
            async with asyncio.timeout(5):
                await closed.wait()

    run(test())


def test_attempt_under_way_outlives_close(run: Run) -> None:
    """Its connection is closed when it ends."""

    async def test() -> None:
        asked, go = asyncio.Event(), asyncio.Event()

        async def serve(visit: Visit) -> None:
            await visit.request()
            asked.set()
            await go.wait()
            visit.say(OK)
            await visit.closed()

        async with receiving(serve) as receiver:
            carrier = Carrier(Destinations())
            attempt = asyncio.create_task(carrier.send(receiver.delivery()))
            await asked.wait()
            await carrier.close()
            go.set()
            assert (await attempt) == Answer(200, b"ok")

    run(test())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"0", 0.0),
        (b" 120 ", 120.0),
        (b"9" * 400, 30 * 86_400.0),
        (b"Wed, 01 Jan 2025 00:01:00 GMT", 60.0),
        (b"Wednesday, 01-Jan-25 00:01:00 GMT", 60.0),
        (b"Wed Jan  1 00:01:00 2025", 60.0),
        (b"Tue, 31 Dec 2024 00:00:00 GMT", 0.0),
        (b"Wed, 01 Jan 2064 00:00:00 GMT", 30 * 86_400.0),
        (b"-5", None),
        (b"1.5", None),
        (b"soon", None),
        (b"", None),
        (b"\xff\xb2", None),
        (b"Wed, 99 Jan 2025 99:00:00 GMT", None),
        (b"Wed, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        (b"Wed, 01 Jan 2025 00:00:00 +99999999999", None),
    ],
)
def test_retry_after(value: bytes, seconds: float | None) -> None:
    """Seconds or a date, never negative, at most 30 days; nonsense is nothing."""
    assert retry_after({b"retry-after": value, b"date": b"Wed, 01 Jan 2025 00:00:00 GMT"}) == seconds


@pytest.mark.parametrize("fields", [{}, {b"date": b"today"}])
def test_retry_after_date_is_taken_against_the_real_clock(fields: dict[bytes, bytes]) -> None:
    """Where the answer has no date of its own."""
    value = formatdate(wall() + 100, usegmt=True).encode()
    seconds = retry_after({b"retry-after": value, **fields})
    assert seconds is not None
    assert 90 < seconds <= 100


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for receiver.test and 127.0.0.1, with its key."""
    if which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=receiver.test"
    )
    names = ("-addext", "subjectAltName=DNS:receiver.test,IP:127.0.0.1")
    subprocess.run([*command.split(), *names, "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


def server_side(certificate: Path) -> SSLContext:
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_https_with_a_trusted_certificate(run: Run, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, at the address that was checked; and by address."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def test() -> None:
        names = Names("127.0.0.1")
        async with receiving(OK, server_side(certificate)) as receiver, carrying(lookup=names) as carrier:
            for host in ("Receiver.Test.", "receiver.test", "127.0.0.1"):
                assert await carrier.send(receiver.delivery(host=host)) == Answer(200, b"ok")
            assert names.asked == ["receiver.test", "receiver.test"]
            answer = await carrier.send(receiver.delivery(host="other.test"))
            assert str(answer.error).startswith(
                f"TLS with other.test:{receiver.port} failed: certificate not trusted: Hostname mismatch"
            )

    run(test())


def test_https_receiver_may_close_after_each_answer(
    run: Run, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one without TLS."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def test() -> None:
        async def serve(visit: Visit) -> None:
            await visit.request()
            visit.say(OK)
            await visit.request()

        async with receiving(serve, server_side(certificate)) as receiver, carrying() as carrier:
            for _ in range(4):
                assert await carrier.send(receiver.delivery()) == Answer(200, b"ok")
            assert len(receiver.visits) == 4

    run(test())


def test_https_with_an_untrusted_certificate_is_an_error_in_words(run: Run, certificate: Path) -> None:
    """The text says what is wrong with it."""

    async def test() -> None:
        async with receiving(OK, server_side(certificate)) as receiver, carrying() as carrier:
            answer = await carrier.send(receiver.delivery())
            assert answer == Answer(
                error=f"TLS with {receiver.place} failed: certificate not trusted: self-signed certificate"
            )

    run(test())


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_https_to_a_port_without_tls_is_an_error_in_words(run: Run, said: bytes) -> None:
    """Whether it answers in HTTP or hangs up."""

    async def test() -> None:
        async def serve(visit: Visit) -> None:
            await visit.reader.read(1)
            visit.say(said)

        async with receiving(serve) as receiver, carrying() as carrier:
            receiver.scheme = "https"
            answer = await carrier.send(receiver.delivery())
            assert str(answer.error).startswith(f"TLS with {receiver.place} failed: ")

    run(test())


def test_https_to_a_silent_port_is_ended_by_the_timeout(run: Run) -> None:
    """The handshake counts."""

    async def test() -> None:
        async with receiving(Visit.closed) as receiver, carrying(timeout=SHORT) as carrier:
            receiver.scheme = "https"
            assert await carrier.send(receiver.delivery()) == Answer(error="no connection within 0.3 s")

    run(test())

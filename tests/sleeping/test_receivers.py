"""Receivers of callbacks that sleep, or call the mock, while time moves."""

import asyncio
import json
import time
from concurrent.futures import Future
from threading import Event, Thread, get_ident

import pytest

from api.adapters import seam
from api.mock import Mock
from callbacks.receivers import Reply, receiving
from mockserver.api import Api
from mockserver.domain import Outcome
from mockserver.leap import Ahead, Restless
from mockserver.message import Request, Response
from mockserver.receivers import Receivers
from mockserver.sleeping import Slept, sleeping
from sleeping.conftest import MakeApi
from sleeping.sight import HOOK, REAL, clock

PATIENCE = 20
OK = Response(200, (), b"ok")


@pytest.fixture
def received(api: Api) -> Receivers:
    """The receivers of this process, of which there are none yet."""
    api.receivers = Receivers()
    return api.receivers


@pytest.fixture
def mock(api: Api) -> Mock:
    with seam(api) as send:
        return Mock(api, send)


def status(request: Request) -> str:
    """What a callback tells."""
    return str(json.loads(request.body)["video_status_name"])


def test_callbacks_are_delivered_before_the_sleep_ends(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """Each at its own instant, which its receiver is told by every clock."""
    told: list[tuple[float, float, float]] = []

    def receive(_: Request) -> Response:
        told.append((clock(api), slept.slept, round(time.monotonic() - REAL[3]())))
        return OK

    received.register("app.test", receive)
    for _ in range(3):
        mock.accepted(replyUrl=HOOK)
        time.sleep(10)
    time.sleep(1_000)
    assert told == [(600, 600, 600), (610, 610, 610), (620, 620, 620)]


def test_receiver_that_holds_nobody_up_is_called_by_who_sleeps(
    api: Api, received: Receivers, mock: Mock, slept: Slept
) -> None:
    """As long as nobody else has to be waited for; in time order with those who are."""
    told: list[tuple[str, float, bool]] = []
    later = Event()

    def note(name: str) -> Response:
        told.append((name, clock(api), get_ident() == here))
        return OK

    def receive_later(_: Request) -> Future[Response]:
        note("later")
        coming: Future[Response] = Future()
        Thread(target=lambda: later.wait(PATIENCE) and coming.set_result(OK)).start()
        later.set()
        return coming

    here = get_ident()
    received.register_prompt("prompt.test", lambda _: note("prompt"))
    received.register_prompt("later.test", receive_later)
    received.register("app.test", lambda _: note("apart"))
    for host in ("prompt.test", "app.test", "later.test"):
        mock.accepted(replyUrl=f"http://{host}/hook")
        time.sleep(10)
    time.sleep(700)
    assert told == [("prompt", 600, True), ("apart", 610, False), ("later", 620, True)]
    assert [callback.outcome for callback in mock.sandbox.outbox.finished] == [Outcome.DELIVERED] * 3
    assert slept.slept == 730


def test_callbacks_of_the_same_instant(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """Come one after the other, whoever receives them, on whatever thread."""
    told: list[tuple[str, float]] = []

    def note(name: str) -> Response:
        told.append((name, clock(api)))
        return OK

    received.register_prompt("prompt.test", lambda _: note("prompt"))
    received.register("app.test", lambda _: note("apart"))
    for host in ("prompt.test", "app.test", "prompt.test"):
        mock.accepted(replyUrl=f"http://{host}/hook")
    time.sleep(700)
    assert told == [("prompt", 600), ("apart", 600), ("prompt", 600)]


def test_interrupt_of_a_receiver_ends_the_sleep(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """That called it; time goes on in the next."""

    def interrupt(_: Request) -> Response:
        raise KeyboardInterrupt

    received.register_prompt("prompt.test", interrupt)
    mock.accepted(replyUrl="http://prompt.test/hook")
    with pytest.raises(KeyboardInterrupt):
        time.sleep(700)
    time.sleep(50)
    assert (clock(api), slept.slept, api.under_way) == (650, 650, 0)


def test_receiver_that_sleeps_takes_time(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """It is one more that sleeps; who sleeps longer is not held up."""
    told: list[float] = []

    def receive(_: Request) -> Response:
        told.append(clock(api))
        time.sleep(15)
        told.append(clock(api))
        return OK

    received.register("app.test", receive)
    mock.accepted(replyUrl=HOOK)
    time.sleep(700)
    assert told == [600, 615]
    assert clock(api) == slept.slept == 700
    attempt = mock.sandbox.outbox.finished[0].attempts[0]
    assert attempt.receipt is not None
    assert (attempt.receipt.status, len(mock.sandbox.outbox.finished)) == (200, 1)


def test_shorter_sleep_than_the_receivers_ends_first(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """While the callback is still under way; what is due next is delivered when it has ended."""
    told: list[tuple[str, float]] = []

    def receive(_: Request) -> Response:
        told.append(("receiver begins", clock(api)))
        time.sleep(100)
        told.append(("receiver ends", clock(api)))
        return OK

    received.register("app.test", receive)
    mock.accepted(replyUrl=HOOK)
    time.sleep(610)
    told.append(("sleeper", clock(api)))
    time.sleep(200)
    assert told == [("receiver begins", 600), ("sleeper", 610), ("receiver ends", 700)]
    assert clock(api) == 810


def test_receivers_that_sleep_across_each_other(make_api: MakeApi) -> None:
    """What falls due while one sleeps is delivered then; each wakes up at its instant."""
    api = make_api(jobs__shortest="100", jobs__longest="100")
    api.receivers = Receivers()
    told: list[tuple[str, float]] = []

    def receive(request: Request) -> Response:
        name = request.path.strip("/")
        told.append((name, clock(api)))
        time.sleep({"one": 30, "two": 50, "three": 5}[name])
        told.append((name, clock(api)))
        return OK

    api.receivers.register("app.test", receive)
    with seam(api) as send, sleeping(api):
        mock = Mock(api, send)
        for name in ("one", "two", "three"):
            mock.accepted(replyUrl=f"http://app.test/{name}")
            time.sleep(10)
        time.sleep(200)
    assert told == [("one", 100), ("two", 110), ("three", 120), ("three", 125), ("one", 130), ("two", 160)]
    assert clock(api) == 230


def test_receiver_that_calls_the_mock_and_sleeps(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """The next job starts when it has slept."""
    started: list[float] = []

    def receive(_: Request) -> Response:
        if len(started) < 3:
            time.sleep(20)
            mock.accepted(replyUrl=HOOK)
            started.append(clock(api))
        return OK

    received.register("app.test", receive)
    mock.accepted(replyUrl=HOOK)
    time.sleep(3_000)
    assert started == [620, 1240, 1860]


def test_receiver_sleeps_before_the_answer(make_api: MakeApi) -> None:
    """Of the call that it comes before; nobody who sleeps already is woken meanwhile."""
    api = make_api(callbacks__disturbances="[{kind: early}]", callbacks__final_only="false")
    api.receivers = Receivers()
    told: list[tuple[str, float]] = []

    def receive(request: Request) -> Response:
        if status(request) == "GENERATING":
            time.sleep(5)
            told.append(("receiver", clock(api)))
        return OK

    api.receivers.register("app.test", receive)
    with seam(api) as send, sleeping(api):
        mock = Mock(api, send)
        mock.accepted(replyUrl=HOOK)
        told.append(("client", clock(api)))
    assert told == [("receiver", 5), ("client", 5)]


def test_receiver_outside_holds_time_until_it_has_answered(api: Api, mock: Mock) -> None:
    """Whoever else sleeps: it is as real as the socket it is called by."""
    told: list[float] = []
    with receiving() as receiver, sleeping(api) as slept:

        def answer(_: object) -> Reply:
            real = time.perf_counter()
            while time.perf_counter() < real + 0.02:
                pass
            told.append(slept.slept)
            return Reply()

        receiver.answer = answer
        mock.accepted(replyUrl=receiver.url)
        sleepers = [Thread(target=time.sleep, args=(seconds,)) for seconds in (650, 700)]
        for thread in sleepers:
            thread.start()
        for thread in sleepers:
            thread.join()
    assert told == [600]
    assert clock(api) == 700


def test_receiver_on_the_loop_that_sleeps(api: Api, mock: Mock, slept: Slept) -> None:
    """A server among the tasks is called while all of them sleep, and may sleep, too."""
    told: list[tuple[str, float]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        told.append(("called", clock(api)))
        await asyncio.sleep(5)
        told.append(("answers", clock(api)))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            place = server.sockets[0].getsockname()
            mock.accepted(replyUrl=f"http://127.0.0.1:{place[1]}/hook")
            await asyncio.sleep(602)
            told.append(("wakes up", clock(api)))
            await asyncio.sleep(98)

    asyncio.run(story())
    assert told == [("called", 600), ("wakes up", 602), ("answers", 605)]
    assert clock(api) == 700


def test_receiver_of_an_advance_may_sleep(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """The clock goes on from where its sleep has ended, to where it was to go."""
    told: list[float] = []

    def receive(_: Request) -> Response:
        time.sleep(15)
        told.append(clock(api))
        return OK

    received.register("app.test", receive)
    mock.accepted(replyUrl=HOOK)
    api.courier.leap(mock.guarded, Ahead(700_000)).result(PATIENCE)
    assert (told, clock(api), slept.slept) == ([615], 700, 15)


def test_receiver_may_reset_the_sandbox(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """Time goes on in the fresh one, to where it was to go."""

    def receive(_: Request) -> Response:
        api.reset(f"Bearer {mock.token}".encode())
        return OK

    received.register("app.test", receive)
    mock.accepted(replyUrl=HOOK)
    mock.accepted(replyUrl=HOOK)
    time.sleep(700)
    assert clock(api) == slept.slept == 700
    assert mock.sandbox.accepted == 0


def test_sleep_in_which_too_much_happens_says_so(make_api: MakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that begins anew whenever a job ends keeps time where it is; the sleep raises what a leap does."""
    monkeypatch.setattr("mockserver.leap._MOST_EVENTS", 50)
    api = make_api(jobs__shortest="0", jobs__longest="0", limits__credits="false")
    api.receivers = Receivers()
    with seam(api) as send, sleeping(api):
        mock = Mock(api, send)

        def receive(_: Request) -> Response:
            mock.accepted(replyUrl=HOOK)
            return OK

        api.receivers.register("app.test", receive)
        mock.accepted(replyUrl=HOOK)
        with pytest.raises(Restless, match="after 50 events"):
            time.sleep(1)


def test_mock_that_has_ended_holds_up_nobody(api: Api, received: Receivers, mock: Mock, slept: Slept) -> None:
    """Its clock stands, those of the others go on."""
    received.register("app.test", lambda _: OK)
    mock.accepted(replyUrl=HOOK)
    time.sleep(10)
    api.close()
    time.sleep(1_000)
    assert slept.slept == 1_010

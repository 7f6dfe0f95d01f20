"""Tasks that sleep on an event loop, and what else goes on there."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from threading import Thread
from typing import Any

import pytest
import uvloop

from mockserver.api import Api
from mockserver.sleeping import Slept, sleeping
from sleeping.sight import REAL, clock

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine on an event loop of either kind."""
    return asyncio.run if request.param == "asyncio" else uvloop.run


def test_tasks_wake_up_at_their_own_instants(run: Run, api: Api, slept: Slept) -> None:
    """In the order of time, each with what it was to give."""
    woke: list[tuple[str, float]] = []

    async def nap(name: str, pause: float) -> None:
        for _ in range(3):
            assert await asyncio.sleep(pause, name) == name
            woke.append((name, slept.slept))

    async def all_of_them() -> None:
        await asyncio.gather(nap("slow", 25), nap("quick", 10))

    run(all_of_them())
    assert woke == [("quick", 10), ("quick", 20), ("slow", 25), ("quick", 30), ("slow", 50), ("slow", 75)]
    assert clock(api) == 75


def test_tasks_that_wake_up_together_do_so_in_order(run: Run, slept: Slept) -> None:
    """Of their lying down."""
    woke: list[int] = []

    async def nap(number: int) -> None:
        await asyncio.sleep(10)
        woke.append(number)

    async def all_of_them() -> None:
        await asyncio.gather(*(nap(number) for number in range(50)))

    run(all_of_them())
    assert woke == list(range(50))
    assert slept.slept == 10


def test_time_stands_until_every_task_waits(run: Run, slept: Slept) -> None:
    """One that gives way now and then has something to do all the time."""
    told: list[float] = []

    async def work() -> None:
        for _ in range(30):
            await asyncio.sleep(0)
        told.append(slept.slept)

    async def both() -> None:
        await asyncio.gather(asyncio.sleep(10), work())

    run(both())
    assert (told, slept.slept) == ([0], 10)


@pytest.mark.parametrize("delay", [0, -1, 0.0, -0.5])
def test_no_sleep_is_a_turn_for_others(run: Run, slept: Slept, delay: float) -> None:
    """As ever."""
    assert run(asyncio.sleep(delay, "done")) == "done"
    assert slept.slept == 0


@pytest.mark.parametrize("delay", ["1", None])
def test_sleep_that_is_no_number_is_the_usual_error(run: Run, slept: Slept, delay: Any) -> None:
    """That of asyncio.sleep."""
    with pytest.raises(TypeError, match="'<=' not supported"):
        run(asyncio.sleep(delay))


def test_sleep_for_ever_ends_with_its_task(run: Run, slept: Slept) -> None:
    """And holds up nobody."""

    async def story() -> None:
        forever = asyncio.create_task(asyncio.sleep(float("inf")))
        await asyncio.sleep(10)
        assert forever.cancel()
        with pytest.raises(asyncio.CancelledError):
            await forever

    run(story())
    assert slept.slept == 10


def test_sleep_beyond_the_calendar_is_refused(run: Run, api: Api, slept: Slept) -> None:
    """Once centuries have passed."""

    async def story() -> None:
        for _ in range(100):
            await asyncio.sleep(9e9)

    with pytest.raises(OverflowError, match="the calendar of the mock ends"):
        run(story())
    assert slept.slept == 27 * 9e9


def test_cancelled_sleep_takes_no_time(run: Run, slept: Slept) -> None:
    """The others go on."""

    async def story() -> None:
        long = asyncio.create_task(asyncio.sleep(1_000))
        await asyncio.sleep(10)
        long.cancel()
        await asyncio.sleep(10)

    run(story())
    assert slept.slept == 20


async def _wait_for(call: Awaitable[None], seconds: float) -> None:
    await asyncio.wait_for(call, seconds)


async def _timeout(call: Awaitable[None], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await call


@pytest.mark.parametrize("limit", [_wait_for, _timeout])
def test_time_out_comes_in_its_turn(limit: Callable[[Awaitable[None], float], Awaitable[None]], slept: Slept) -> None:
    """On asyncio's own loop, whose time is time.monotonic: a sleep that would go on is ended, one in time is not."""

    async def poll() -> None:
        while True:
            await asyncio.sleep(10)

    async def story() -> None:
        await limit(asyncio.sleep(10), 15)
        with pytest.raises(TimeoutError):
            await limit(poll(), 895)

    asyncio.run(story())
    assert slept.slept == pytest.approx(905, abs=1)


def test_deadline_by_the_loop_ends(slept: Slept) -> None:
    """On asyncio's own loop."""

    async def story() -> int:
        loop, rounds = asyncio.get_running_loop(), 0
        deadline = loop.time() + 900
        while loop.time() < deadline:
            await asyncio.sleep(10)
            rounds += 1
        return rounds

    assert asyncio.run(story()) == 90


def test_timers_come_in_the_order_of_time(slept: Slept) -> None:
    """Among the tasks that sleep, on asyncio's own loop."""
    order: list[str] = []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(15, order.append, "timer at 15")
        loop.call_later(5, order.append, "timer at 5")
        loop.call_later(7, order.append, "cancelled").cancel()
        for pause in (10, 20):
            await asyncio.sleep(pause)
            order.append(f"slept {pause}")

    asyncio.run(story())
    assert order == ["timer at 5", "slept 10", "timer at 15", "slept 20"]
    assert slept.slept == pytest.approx(30, abs=1)


def test_timer_alone_is_real(slept: Slept) -> None:
    """Time moves for those who sleep."""

    async def story() -> None:
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, done.set)
        await done.wait()

    asyncio.run(story())
    assert slept.slept == 0


def test_thread_of_a_task_sleeps_beside_the_others(run: Run, slept: Slept) -> None:
    """What a loop hands to a thread is waited for."""
    woke: list[float] = []

    async def nap() -> None:
        for _ in range(3):
            await asyncio.sleep(10)
            woke.append(slept.slept)

    async def story() -> None:
        await asyncio.gather(asyncio.to_thread(time.sleep, 25), nap())

    run(story())
    assert woke == [10, 20, 30]


def test_loops_of_two_threads_have_one_time(run: Run, slept: Slept) -> None:
    """Each wakes up whom it concerns."""
    woke: list[tuple[str, float]] = []

    async def nap(name: str, pause: float) -> None:
        for _ in range(2):
            await asyncio.sleep(pause)
            woke.append((name, slept.slept))

    async def both() -> None:
        await asyncio.gather(asyncio.to_thread(run, nap("there", 15)), nap("here", 10))

    run(both())
    assert woke == [("here", 10), ("there", 15), ("here", 20), ("there", 30)]


def test_loop_that_is_held_up_by_a_sleep_wakes_its_tasks_late(run: Run, slept: Slept) -> None:
    """As it is with real time."""
    woke: list[float] = []

    async def nap() -> None:
        await asyncio.sleep(10)
        woke.append(slept.slept)

    async def story() -> None:
        task = asyncio.create_task(nap())
        await asyncio.sleep(0)
        time.sleep(30)
        woke.append(slept.slept)
        await task

    run(story())
    assert woke == [30, 30]


def test_loop_that_was_stopped_holds_up_nobody(slept: Slept) -> None:
    """Its tasks go on when it does."""
    woke: list[float] = []

    async def nap() -> None:
        await asyncio.sleep(10)
        woke.append(slept.slept)

    loop = asyncio.new_event_loop()
    task = loop.create_task(nap())
    loop.run_until_complete(asyncio.sleep(0))
    time.sleep(30)
    assert woke == []
    loop.run_until_complete(task)
    assert woke == [30]
    loop.close()


def test_time_stands_while_something_comes_in_by_a_socket(run: Run, slept: Slept) -> None:
    """What a server on the same loop is asked is answered before anybody wakes up."""
    told: list[float] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async def ask(place: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*place)
        for _ in range(20):
            writer.write(b"hello\n")
            assert await reader.readline() == b"hello\n"
        told.append(slept.slept)
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET) as server:
            await asyncio.gather(asyncio.sleep(10), ask(server.sockets[0].getsockname()))

    run(story())
    assert (told, slept.slept) == ([0], 10)


def test_sleep_that_does_not_end_in_time_goes_on_for_real(run: Run, api: Api) -> None:
    """When the mock is closed: for what is left."""

    async def story() -> float:
        with sleeping(api) as slept:
            task = asyncio.create_task(asyncio.sleep(0.03))
            await asyncio.sleep(0)
            real = time.perf_counter()
        await task
        assert slept.slept == 0
        return time.perf_counter() - real

    assert run(story()) >= 0.025


def test_loop_of_a_thread_that_was_there_before_sleeps_for_real(api: Api) -> None:
    """All of it."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    async def story() -> tuple[float, float]:
        real = time.perf_counter()
        await asyncio.sleep(0.02)
        return time.perf_counter() - real, asyncio.get_running_loop().time() - REAL[3]()

    with sleeping(api) as slept:
        time.sleep(1_000)
        took, apart = asyncio.run_coroutine_threadsafe(story(), loop).result(20)
    assert took >= 0.015
    assert apart < 1
    assert slept.slept == 1_000
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

"""Threads that sleep side by side, and those whose sleep does not count."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import Queue
from threading import Event, Thread

import pytest

from mockserver.api import Api
from mockserver.mock_thread import MockThread
from mockserver.sleeping import Slept, sleeping
from mockserver.sleeping import threads as module
from mockserver.sleeping.standing_in import present
from sleeping.sight import REAL, clock

PATIENCE = 20
"""Real seconds after which something that was waited for counts as missing."""


def run(*calls: Callable[[], object]) -> None:
    """Call each on a thread of its own, all at once."""
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_sleeps_beside_each_other_do_not_add_up(api: Api, slept: Slept) -> None:
    """As long as the longest."""
    run(lambda: time.sleep(10), lambda: time.sleep(10), lambda: time.sleep(30))
    assert (slept.slept, clock(api)) == (30, 30)


def test_system_that_does_not_tell_who_works(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then who stays where it is in its code for a moment waits, and does not hold up those who sleep."""
    monkeypatch.setattr(module, "_TASKS", "/nowhere")
    monkeypatch.setattr(module, "_BLIND_GLANCE", 60)
    with sleeping(api) as slept:
        threads = [Thread(target=time.sleep, args=(seconds,)) for seconds in (10, 10, 30)]
        for thread in threads:
            thread.start()
        while not all(_waits(thread) for thread in threads):
            pass
        assert slept.slept == 0
        # No sooner, for it is a guess: on a busy machine one who is about to sleep stays where it is, too.
        sleepers = present()
        assert sleepers is not None
        sleepers.threads.glance = 0.001
        # This thread waits for all of them, and never sleeps.
        run(lambda: time.sleep(1))
        for thread in threads:
            thread.join(PATIENCE)
        assert (slept.slept, clock(api)) == (30, 30)


def test_place_of_a_thread_changes_when_it_gets_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is what can be told without the system."""
    monkeypatch.setattr(module, "_TASKS", "/nowhere")
    threads = module.Threads()
    first, second, here = Event(), Event(), Queue[None]()

    def work() -> None:
        here.put(None)
        first.wait(PATIENCE)
        here.put(None)
        second.wait(PATIENCE)

    def trace() -> module.Trace:
        here.get(timeout=PATIENCE)
        while (frame := sys._current_frames().get(worker.ident or 0)) is None or frame.f_code.co_name != "wait":
            pass
        return threads.traces({threading.get_ident()}, mock=False)[worker]

    worker = Thread(target=work)
    worker.start()
    before = trace()
    first.set()
    after = trace()
    assert before.rests
    assert after.rests
    assert before != after
    second.set()
    worker.join()
    assert threads.traces({threading.get_ident()}, mock=False) == {}


def test_each_thread_wakes_up_at_its_own_instant(slept: Slept) -> None:
    """In the order of time, however the threads take turns."""
    woke: list[tuple[str, float]] = []

    def worker(name: str, pause: float) -> None:
        for _ in range(3):
            time.sleep(pause)
            woke.append((name, slept.slept))

    run(lambda: worker("slow", 25), lambda: worker("quick", 10))
    assert woke == [("quick", 10), ("quick", 20), ("slow", 25), ("quick", 30), ("slow", 50), ("slow", 75)]


def test_pool_sleeps_as_its_workers_do(slept: Slept) -> None:
    """Four sleeps on two threads take as long as two; what is submitted may be the function itself."""
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(time.sleep, 10) for _ in range(4)]:
            done.result(PATIENCE)
    assert slept.slept == 20


def test_time_stands_while_another_thread_works(slept: Slept) -> None:
    """Who sleeps is not woken before."""
    begun, told = Event(), list[float]()

    def work() -> None:
        real = time.perf_counter()
        begun.set()
        while time.perf_counter() < real + 0.03:
            sum(range(100))
        told.append(slept.slept)

    worker = Thread(target=work)
    worker.start()
    begun.wait(PATIENCE)
    time.sleep(10)
    worker.join()
    assert (told, slept.slept) == ([0], 10)


def test_thread_that_never_rests_does_not_hold_time_for_ever(slept: Slept) -> None:
    """Else who waits for one that sleeps by asking again and again would wait in vain."""
    done = Event()

    def spin() -> None:
        while not done.is_set():
            pass

    spinning = Thread(target=spin)
    spinning.start()
    time.sleep(10)
    done.set()
    spinning.join()
    assert slept.slept == 10


def test_who_is_handed_something_gets_to_it_before_time_moves(slept: Slept) -> None:
    """A thread that waits in a queue is not asleep, and what it was given comes first."""
    handed: Queue[int | None] = Queue()
    taken: list[tuple[int, float]] = []

    def take() -> None:
        while (number := handed.get(timeout=PATIENCE)) is not None:
            taken.append((number, slept.slept))

    def hand() -> None:
        for number in range(20):
            handed.put(number)
            time.sleep(10)
        handed.put(None)

    run(take, hand)
    assert taken == [(number, 10.0 * number) for number in range(20)]


@pytest.fixture
def older() -> Iterator[Callable[[Callable[[], object]], object]]:
    """Calls on a thread that is there before anything is patched."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(threading.get_ident).result()
        yield lambda call: pool.submit(call).result(PATIENCE)


def test_thread_that_was_there_before_sleeps_for_real(
    older: Callable[[Callable[[], object]], object], slept: Slept
) -> None:
    """And is told the real time."""

    def sleep() -> tuple[float, float]:
        real = time.perf_counter()
        time.sleep(0.02)
        return time.perf_counter() - real, time.monotonic() - REAL[3]()

    time.sleep(1_000)
    took, apart = older(sleep)  # type: ignore[misc]
    assert took >= 0.02
    assert apart < 1
    assert slept.slept == 1_000


def test_thread_of_the_mock_sleeps_for_real(slept: Slept) -> None:
    """Also one that starts later."""
    time.sleep(1_000)
    told: list[float] = []

    def run() -> None:
        time.sleep(0.01)
        told.append(time.time() - REAL[1]())

    thread = MockThread(target=run)
    thread.start()
    thread.join()
    assert told[0] < 1
    assert slept.slept == 1_000


def test_standard_library_waits_for_real(slept: Slept) -> None:
    """A process that is waited for with a time-out is asked again and again, with a sleep between."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.1)"]) as process:
        assert process.wait(PATIENCE) == 0
    assert slept.slept == 0


def test_waiting_moves_no_time(slept: Slept) -> None:
    """For an Event, a Queue, a thread."""
    assert not Event().wait(0.01)
    assert slept.slept == 0


def test_sleep_that_does_not_end_in_time_goes_on_for_real(api: Api) -> None:
    """When the mock is closed: for what is left."""
    took: list[float] = []

    def sleep() -> None:
        real = time.perf_counter()
        time.sleep(0.05)
        took.append(time.perf_counter() - real)

    thread = Thread(target=sleep)
    with sleeping(api) as slept:
        thread.start()
        while not _waits(thread):
            pass  # while this thread works, time stands
    thread.join()
    assert slept.slept == 0
    assert took[0] >= 0.05


def _waits(thread: Thread) -> bool:
    """Whether a thread has lain down."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code.co_name == "_wait"


@pytest.mark.parametrize("number", range(3))
def test_mocks_beside_each_other_move_together(make_api: Callable[..., Api], number: int) -> None:
    """Those that are open; they may be closed in any order."""
    apis = [make_api() for _ in range(3)]
    with ExitStack() as others:
        stacks = [others.enter_context(ExitStack()) for _ in apis]
        told = []
        for api, stack in zip(apis, stacks, strict=True):
            told.append(stack.enter_context(sleeping(api)))
            time.sleep(10)
        assert [clock(api) for api in apis] == [each.slept for each in told] == [30, 20, 10]
        stacks[number].close()
        time.sleep(10)
        expected = [40.0, 30.0, 20.0]
        expected[number] -= 10
        assert [clock(api) for api in apis] == expected

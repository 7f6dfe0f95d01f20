"""Any program that sleeps ends as it would in real time."""

import asyncio
import json
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.adapters import seam
from api.mock import Mock
from mockserver.api import Api
from mockserver.compiled import shared
from mockserver.domain import Callback, Receipt, Verdict
from mockserver.leap import Ahead, drive, leap
from mockserver.message import Request, Response
from mockserver.receivers import Receivers
from mockserver.settings import Settings
from mockserver.sleeping import Slept, sleeping
from sleeping.sight import HOOK, clock

Program = list[Any]
"""Steps one after the other: seconds to sleep, or programs that run beside each other."""

Log = list[tuple[str, float]]
"""Who came to which instant."""

naps = st.integers(1, 40)
programs: st.SearchStrategy[Program] = st.recursive(
    st.lists(naps, max_size=4),
    lambda inner: st.lists(naps | st.lists(inner, min_size=1, max_size=3), max_size=4),
    max_leaves=6,
)


def expected(program: Program, name: str, at: float, log: Log) -> float:
    """When a program ends that begins at an instant."""
    for number, step in enumerate(program):
        if isinstance(step, int):
            at += step
        else:
            at = max(expected(each, f"{name}.{number}.{index}", at, log) for index, each in enumerate(step))
        log.append((f"{name}.{number}", at))
    return at


def on_threads(program: Program, name: str, slept: Slept, log: Log) -> None:
    for number, step in enumerate(program):
        if isinstance(step, int):
            time.sleep(step)
        else:
            beside = [
                Thread(target=on_threads, args=(each, f"{name}.{number}.{index}", slept, log))
                for index, each in enumerate(step)
            ]
            for thread in beside:
                thread.start()
            for thread in beside:
                thread.join()
        log.append((f"{name}.{number}", slept.slept))


async def as_tasks(program: Program, name: str, slept: Slept, log: Log) -> None:
    for number, step in enumerate(program):
        if isinstance(step, int):
            await asyncio.sleep(step)
        else:
            await asyncio.gather(
                *(as_tasks(each, f"{name}.{number}.{index}", slept, log) for index, each in enumerate(step))
            )
        log.append((f"{name}.{number}", slept.slept))


async def as_both(program: Program, name: str, slept: Slept, log: Log) -> None:
    """Every other sleep on a thread."""
    for number, step in enumerate(program):
        if isinstance(step, int) and number % 2:
            await asyncio.to_thread(time.sleep, step)
        elif isinstance(step, int):
            await asyncio.sleep(step)
        else:
            await asyncio.gather(
                *(as_both(each, f"{name}.{number}.{index}", slept, log) for index, each in enumerate(step))
            )
        log.append((f"{name}.{number}", slept.slept))


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """A mock for all examples."""
    api = Api(Settings(strict=True, clock="manual"), shared())
    yield api
    api.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy with other things a thread may have to wait for its turn."""
    monkeypatch.setattr("mockserver.sleeping.threads._GLANCE", 0.003)


def check(api: Api, program: Program, how: Any) -> None:
    log: Log = []
    foreseen: Log = []
    end = expected(program, "main", 0, foreseen)
    before = clock(api)
    with sleeping(api) as slept:
        how(program, "main", slept, log)
        assert slept.slept == end
    assert sorted(log) == sorted(foreseen)
    assert [at for _, at in log] == sorted(at for _, at in log)
    assert clock(api) == before + end


@given(programs)
@settings(max_examples=100)
def test_tasks_come_to_their_instants(api: Api, program: Program) -> None:
    """In the order of time, and the clock of the mock with them."""
    check(api, program, lambda *arguments: asyncio.run(as_tasks(*arguments)))


@given(programs)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_threads_come_to_their_instants(patient: None, api: Api, program: Program) -> None:
    """The same; while they wait for each other, too."""
    check(api, program, on_threads)


@given(programs)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tasks_and_threads_come_to_their_instants(patient: None, api: Api, program: Program) -> None:
    """The same for both together."""
    check(api, program, lambda *arguments: asyncio.run(as_both(*arguments)))


stories = st.lists(st.tuples(st.floats(0, 700, allow_nan=False), st.integers(0, 2)), max_size=8)
"""Pauses in seconds, each before a job of one of three tokens."""


@given(stories, st.sampled_from(("true", "false")))
@settings(max_examples=30)
def test_sleeping_is_advancing(story: list[tuple[float, int]], final_only: str) -> None:
    """The same callbacks come in the same order at the same instants as when somebody moves the clock."""
    keys = {"callbacks.final_only": final_only, "callbacks.progress": "50", "limits.slots": "false"}
    told: dict[str, list[tuple[float, str, str]]] = {"slept": [], "advanced": []}
    for how, calls in told.items():
        api = Api(Settings(strict=True, clock="manual", changes=keys), shared())
        api.receivers = Receivers()
        api.runtime.unite()

        def send(callback: Callback, api: Api = api, calls: list[tuple[float, str, str]] = calls) -> Receipt:
            calls.append((clock(api), callback.url, callback.status.name))
            return Receipt(Verdict.RECEIVED)

        def receive(request: Request, api: Api = api, calls: list[tuple[float, str, str]] = calls) -> Response:
            url = f"{request.origin}{request.path}"
            calls.append((clock(api), url, json.loads(request.body)["video_status_name"]))
            return Response(200, (), b"ok")

        api.receivers.register("app.test", receive)
        with seam(api) as door, sleeping(api):
            mocks = [Mock(api, door, f"user:12345-demo{number}") for number in range(3)]
            # Made now: of those to be told at the same instant the sandbox comes first that was made first.
            guarded, *_ = [mock.guarded for mock in mocks]
            jobs = [*((round(pause, 3), number) for pause, number in story), (2_000, 0)]
            for job, (pause, number) in enumerate(jobs):
                if how == "slept":
                    time.sleep(pause)
                else:
                    with guarded.leaping():
                        drive(leap(guarded, Ahead(round(pause * 1_000))), send)
                mocks[number].accepted(replyUrl=f"{HOOK}/{job}")
            assert clock(api) == pytest.approx(sum(pause for pause, _ in story) + 2_000, abs=0.01)
        api.close()
    assert told["slept"] == told["advanced"]

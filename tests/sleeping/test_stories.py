"""Code that knows nothing of a mock: it sleeps between its calls, for an hour in all."""

import asyncio
import time
from time import monotonic, sleep

import anyio
import httpx
import pytest
import requests
import tenacity
from urllib3.util import Retry

from mockserver.api import Api
from mockserver.sleeping import Slept
from sleeping.conftest import Connect, MakeApi
from sleeping.sight import HOOK, Received, clock

URL = "https://api.useapi.net"
ONE_SLOT = {"accounts": "[{email: demo@example.com, maxJobs: 1}]"}


@pytest.fixture
def api(make_api: MakeApi) -> Api:
    """One job at a time."""
    return make_api(**ONE_SLOT)


def source(session: requests.Session) -> str:
    """A finished video."""
    return str(session.get(f"{URL}/v2/pixverse/videos").json()["data"][0]["video_id"])


def submit(session: requests.Session, video_id: str, statuses: list[int]) -> str:
    """An upscale, tried until there is a slot."""
    while True:
        answer = session.post(f"{URL}/v2/pixverse/videos/upscale", json={"video_id": video_id, "replyUrl": HOOK})
        statuses.append(answer.status_code)
        if answer.status_code != 429:
            return str(answer.json()["video_id"])
        sleep(20)


def test_retry_loop_waits_for_a_slot(api: Api, slept: Slept, received: Received, session: requests.Session) -> None:
    """Each job takes ten minutes, of which the next one is refused every twenty seconds; each end is told on time."""
    statuses: list[int] = []
    video_id = source(session)
    for _ in range(6):
        submit(session, video_id, statuses)
    assert statuses == [200] + 5 * [*(30 * [429]), 200]
    assert received.calls == [(600.0 * number, "COMPLETED") for number in range(1, 6)]
    time.sleep(600)
    assert received.calls[-1] == (3600.0, "COMPLETED")
    assert (slept.slept, clock(api)) == (3600, 3600)


def test_status_is_polled_until_it_is_final(slept: Slept, session: requests.Session) -> None:
    """With a deadline by the clock, which is not met."""
    name = submit(session, source(session), [])
    seen, deadline = [], monotonic() + 900
    while monotonic() < deadline:
        answer = session.get(f"{URL}/v2/pixverse/videos/{name}")
        seen.append(answer.status_code)
        if answer.status_code == 200:
            break
        time.sleep(10)
    assert seen == [*(60 * [404]), 200]
    assert slept.slept == 600


@pytest.mark.parametrize("now", ["time", "monotonic", "time_ns", "monotonic_ns"])
def test_loop_with_a_deadline_ends(slept: Slept, now: str) -> None:
    """By whatever function of time it tells it."""
    unit = 1_000_000_000 if now.endswith("ns") else 1
    begun, rounds = getattr(time, now)(), 0
    while getattr(time, now)() < begun + 900 * unit:
        time.sleep(10)
        rounds += 1
    assert rounds == 90
    assert slept.slept == 900


def test_tenacity_stops_after_a_delay(slept: Slept, session: requests.Session) -> None:
    """Its sleep and its clock are those of the mock."""
    video_id = source(session)
    submit(session, video_id, [])

    @tenacity.retry(
        wait=tenacity.wait_fixed(20),
        stop=tenacity.stop_after_delay(299),
        retry=tenacity.retry_if_result(lambda status: status == 429),
        retry_error_callback=lambda state: state.attempt_number,
    )
    def attempt() -> int:
        return session.post(f"{URL}/v2/pixverse/videos/upscale", json={"video_id": video_id}).status_code

    assert attempt() == 16
    assert slept.slept == 300


def test_retries_of_urllib3_wait_in_the_time_of_the_mock(slept: Slept, connect: Connect) -> None:
    """As a session's adapter makes them."""
    retry = Retry(20, status_forcelist=[429], allowed_methods=None, backoff_factor=10, backoff_max=60)
    session = connect(max_retries=retry)
    statuses: list[int] = []
    video_id = source(session)
    submit(session, video_id, statuses)
    submit(session, video_id, statuses)
    assert statuses == [200, 200]
    assert 600 <= slept.slept < 660


async def _submit(client: httpx.AsyncClient, video_id: str, statuses: list[int], pause: float) -> None:
    while True:
        answer = await client.post("/v2/pixverse/videos/upscale", json={"video_id": video_id, "replyUrl": HOOK})
        statuses.append(answer.status_code)
        if answer.status_code != 429:
            return
        await asyncio.sleep(pause)


def test_tasks_wait_for_slots(api: Api, slept: Slept, received: Received, client: httpx.AsyncClient) -> None:
    """Side by side, each with a pause of its own; one gets the slot when it is free, the other the next."""
    one: list[int] = []
    other: list[int] = []

    async def story() -> None:
        listed = await client.get("/v2/pixverse/videos")
        video_id = listed.json()["data"][0]["video_id"]
        await _submit(client, video_id, [], 20)
        await asyncio.gather(_submit(client, video_id, one, 20), _submit(client, video_id, other, 35))

    asyncio.run(story())
    assert one == [*(30 * [429]), 200]
    assert other == [*(35 * [429]), 200]
    assert [at for at, _ in received.calls] == [600, 1200]
    assert slept.slept == 1225


def test_anyio_sleeps_in_the_time_of_the_mock(api: Api, slept: Slept) -> None:
    """On asyncio; its deadlines go by that time, too."""

    async def story() -> list[float]:
        instants = []
        await anyio.sleep(30)
        instants.append(slept.slept)
        with anyio.move_on_after(45):
            await anyio.sleep(60)
        instants.append(round(slept.slept))
        return instants

    assert anyio.run(story) == [30, 75]
    assert round(clock(api)) == 75


def test_time_that_is_told_is_the_real_one_and_what_was_slept(slept: Slept) -> None:
    """So differences of real work stay; perf_counter tells nothing but these."""
    real, begun = time.perf_counter(), time.monotonic()
    time.sleep(1000)
    told, passed = time.monotonic() - begun, time.perf_counter() - real
    assert 0 <= told - 1000 <= passed < 1000

"""An answer that has to be waited for: by a thread, or on an event loop that goes on meanwhile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Thread
from typing import Any, Final

import httpx
import pytest
import requests
import trio

from interception.played import BODY, GOOD
from mockserver.api import Api
from mockserver.interception import AsyncHttpxTransport, HttpxTransport, RequestsAdapter
from mockserver.journal import Exchange
from mockserver.message import Request
from mockserver.mock import Mock
from mockserver.settings import Settings

_URL: Final = "https://api.useapi.net/v2/account"
_ANSWER: Final = Exchange(Request("GET", "/v2/account"), GOOD, "", "late")


class Late:
    """A mock whose one answer comes when `coming` is set; `asked` says that it was asked for."""

    def __init__(self, api: Api) -> None:
        self.mock = Mock(api)
        self.coming: Future[Exchange] = Future()
        self.asked = Event()
        self.mock.exchange = self._exchange

    def _exchange(self, _request: Request) -> "Future[Exchange]":
        self.asked.set()
        return self.coming


@pytest.fixture
def late(api: Api) -> Late:
    """A mock that is late, and raises its bugs."""
    return Late(api)


def _by_requests(mock: Mock, timeout: float | None) -> requests.Response:
    with requests.Session() as session:
        session.mount("https://", RequestsAdapter(mock))
        return session.get(_URL, timeout=timeout)


def _by_httpx(mock: Mock, timeout: float | None) -> httpx.Response:
    with httpx.Client(transport=HttpxTransport(mock), timeout=timeout) as client:
        return client.get(_URL)


async def _by_async_httpx(mock: Mock, timeout: float | None) -> httpx.Response:
    async with httpx.AsyncClient(transport=AsyncHttpxTransport(mock), timeout=timeout) as client:
        return await client.get(_URL)


def _on_asyncio(mock: Mock, timeout: float | None) -> httpx.Response:
    return asyncio.run(_by_async_httpx(mock, timeout))


def _on_trio(mock: Mock, timeout: float | None) -> httpx.Response:
    return trio.run(_by_async_httpx, mock, timeout)


_WAYS: Final[dict[str, Callable[[Mock, float | None], Any]]] = {
    "requests": _by_requests,
    "httpx": _by_httpx,
    "asyncio": _on_asyncio,
    "trio": _on_trio,
}
every_way = pytest.mark.parametrize("way", _WAYS.values(), ids=_WAYS)


@every_way
def test_late_answer_is_waited_for(late: Late, way: Callable[[Mock, float | None], Any]) -> None:
    """It comes from another thread."""

    def answer() -> None:
        assert late.asked.wait(10)
        late.coming.set_result(_ANSWER)

    thread = Thread(target=answer)
    thread.start()
    assert way(late.mock, 10).content == BODY
    thread.join()


@every_way
def test_nobody_waits_longer_than_the_timeout(late: Late, way: Callable[[Mock, float | None], Any]) -> None:
    """It is the same error as for a server that is slow; what the mock does goes on."""
    with pytest.raises((requests.ReadTimeout, httpx.ReadTimeout)):
        way(late.mock, 0.02)
    assert not late.coming.cancelled()


@every_way
def test_answer_that_is_called_off_is_a_closed_connection(late: Late, way: Callable[[Mock, float | None], Any]) -> None:
    """So it is when a live server stops."""
    late.coming.cancel()
    with pytest.raises((requests.ConnectionError, httpx.RemoteProtocolError)):
        way(late.mock, None)


@every_way
def test_bug_is_raised_by_a_strict_mock(late: Late, way: Callable[[Mock, float | None], Any]) -> None:
    """In the test that met it."""
    late.coming.set_exception(LookupError("planted"))
    with pytest.raises(LookupError, match="planted"):
        way(late.mock, None)


def test_bug_is_the_answer_of_any_other_mock() -> None:
    """As from the live server."""
    late = Late(Api(Settings(clock="manual")))
    late.coming.set_exception(LookupError("planted"))
    answer = _by_requests(late.mock, None)
    assert answer.status_code == 500
    assert answer.json()["detail"] == "bug in the mock: LookupError: planted"


@pytest.mark.parametrize("loop", [_on_asyncio, _on_trio])
def test_answer_that_comes_when_the_loop_has_ended_reaches_nobody(
    late: Late, loop: Callable[[Mock, float | None], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """And troubles nobody."""
    with pytest.raises(httpx.ReadTimeout):
        loop(late.mock, 0.01)
    late.coming.set_exception(LookupError("planted"))
    assert caplog.records == []


def test_asyncio_goes_on_meanwhile(late: Late) -> None:
    """Another task of the same loop brings the answer about."""

    async def answer() -> None:
        late.coming.set_result(_ANSWER)

    async def both() -> httpx.Response:
        waiting = asyncio.create_task(_by_async_httpx(late.mock, None))
        while not late.asked.is_set():
            await asyncio.sleep(0)
        await answer()
        return await waiting

    assert asyncio.run(both()).content == BODY


def test_trio_goes_on_meanwhile(late: Late) -> None:
    """Another task of the same loop brings the answer about."""
    got: list[httpx.Response] = []

    async def ask() -> None:
        got.append(await _by_async_httpx(late.mock, None))

    async def both() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            while not late.asked.is_set():
                await trio.lowlevel.checkpoint()
            late.coming.set_result(_ANSWER)

    trio.run(both)
    assert got[0].content == BODY


def test_calls_on_one_loop_take_turns(api: Api) -> None:
    """A call that is answered at once still lets others run, as one over a socket does."""
    turns: list[str] = []

    async def call(transport: AsyncHttpxTransport, name: str) -> None:
        async with httpx.AsyncClient(transport=transport) as client:
            for _ in range(2):
                await client.get(_URL)
                turns.append(name)

    async def both() -> None:
        transport = AsyncHttpxTransport(Mock(api))
        await asyncio.gather(call(transport, "one"), call(transport, "two"))

    asyncio.run(both())
    assert turns == ["one", "two", "one", "two"]

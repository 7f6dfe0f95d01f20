"""What the tests of the client share: a mock that runs, and both clients on it behind one face."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import pytest
import requests

from contracts.client import AsyncClient, Client, Policy
from mockserver import Api, Settings
from mockserver.server import running

TOKEN: Final = "user:12345-demo"


@dataclass(frozen=True)
class Live:
    """A mock with a manual clock, and its control API in the sandbox of a token."""

    url: str
    token: str
    session: requests.Session

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """What a control call answers; fails unless it succeeds."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.session.request(method, f"{self.url}/__mock/{path}", json=body, headers=headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, *rules: dict[str, Any]) -> None:
        """Put a fault plan."""
        self.control("PUT", "faults", {"faults": list(rules)})

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.control("POST", "clock/advance", {"seconds": round(seconds, 3)})

    @property
    def jobs(self) -> list[str]:
        """The ids of all jobs that were accepted."""
        return [job["video_id"] for job in self.control("GET", "jobs")["data"]]


@pytest.fixture(scope="session")
def mocks() -> Iterator[Iterator[Live]]:
    """A mock on a socket, in a new sandbox each time."""
    with running(Api(Settings(clock="manual", strict=True))) as url, requests.Session() as session:
        yield (Live(url, f"user:12345-fresh{number}", session) for number in count())


@pytest.fixture
def live(mocks: Iterator[Live]) -> Live:
    """A mock on a socket; its clock is moved by what a client sleeps."""
    return next(mocks)


@pytest.fixture
def calling() -> Iterator[Live]:
    """One of its own, which ends with the test: it calls receivers."""
    with running(Api(Settings(clock="manual", strict=True))) as url, requests.Session() as session:
        yield Live(url, TOKEN, session)


class Sync:
    """The client over requests."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """What a method comes to."""
        return getattr(self.client, method)(*args, **options)

    def watch(self, video_id: str) -> list[str]:
        """The names of the statuses that are seen."""
        return [video.status.name for video in self.client.watch(video_id)]


class Async:
    """The client over httpx, on an event loop of its own."""

    def __init__(self, client: AsyncClient, runner: asyncio.Runner) -> None:
        self.client = client
        self._runner = runner

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """What a method comes to."""
        return self._runner.run(getattr(self.client, method)(*args, **options))

    def watch(self, video_id: str) -> list[str]:
        """The names of the statuses that are seen."""

        async def names() -> list[str]:
            return [video.status.name async for video in self.client.watch(video_id)]

        return self._runner.run(names())


Face = Sync | Async
Connect = Callable[..., AbstractContextManager[Face]]


@contextmanager
def _sync(url: str, sleep: Callable[[float], None], token: str = TOKEN, **options: Any) -> Iterator[Face]:
    with Client(token, url, sleep=sleep, **options) as client:
        yield Sync(client)


@contextmanager
def _async(url: str, sleep: Callable[[float], None], token: str = TOKEN, **options: Any) -> Iterator[Face]:
    async def pause(seconds: float) -> None:
        # Not on this thread: the answer must not wait for the loop.
        await asyncio.to_thread(sleep, seconds)

    with asyncio.Runner() as runner:
        client = AsyncClient(token, url, sleep=pause, **options)
        try:
            yield Async(client, runner)
        finally:
            runner.run(client.aclose())


@pytest.fixture(params=[_sync, _async], ids=["requests", "httpx"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Connects one client or the other to an address."""
    kind: Connect = request.param
    return kind


@pytest.fixture
def client(live: Live, connect: Connect) -> Iterator[Face]:
    """A client of the mock that waits on its clock."""
    with connect(live.url, live.advance, live.token, timeout=(2.0, 0.5), policy=Policy(deadline=7_200)) as face:
        yield face

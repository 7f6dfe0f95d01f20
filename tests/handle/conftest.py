"""A sandbox on a manual clock, as a test holds it: of a mock in this process, and of one that listens."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mockserver import Api, PixverseMock, PixverseSandbox, PixverseServer, Settings
from mockserver.compiled import shared
from mockserver.interception import HttpxTransport
from mockserver.mock import Mock
from mockserver.server import running

SETTINGS = Settings(strict=True, clock="manual")


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[PixverseServer]:
    """A mock that listens; its threads are there before a test looks for some that are left."""
    api = Api(SETTINGS, shared())
    _ = api.courier
    with running(api) as url:
        yield PixverseServer(url)


@pytest.fixture
def local() -> Iterator[PixverseMock]:
    """A mock in this process."""
    mock = PixverseMock(Mock(Api(SETTINGS, shared())), "https://api.useapi.net", "user:12345-demo")
    yield mock
    mock.close()


@pytest.fixture(params=["in process", "live"])
def sandbox(request: pytest.FixtureRequest) -> PixverseSandbox:
    """The same sandbox, either way."""
    if request.param == "live":
        server: PixverseServer = request.getfixturevalue("server")
        return server.sandbox()
    local: PixverseMock = request.getfixturevalue("local")
    return local


Call = Callable[..., httpx.Response]


@pytest.fixture
def client(sandbox: PixverseSandbox) -> Iterator[httpx.Client]:
    """A client of the emulated API in this sandbox."""
    transport = HttpxTransport(sandbox.mock) if isinstance(sandbox, PixverseMock) else None
    with httpx.Client(base_url=sandbox.base_url, headers=sandbox.headers, transport=transport) as client:
        yield client


@pytest.fixture
def upscale(sandbox: PixverseSandbox, client: httpx.Client) -> Call:
    """Upscales the finished video, with further fields."""

    def call(**fields: Any) -> httpx.Response:
        return client.post("/v2/pixverse/videos/upscale", json={"video_id": sandbox.video_id, **fields})

    return call

"""The mock behind each adapter that carries the control API."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import pytest

from api.adapters import ADAPTERS
from api.mock import MakeMock, Mock, Send
from mockserver import Api, Settings
from mockserver.server import running


@pytest.fixture(scope="session", params=["flask", "live"])
def adapter(request: pytest.FixtureRequest) -> str:
    """The name of the way in."""
    return str(request.param)


@contextmanager
def mocking(adapter: str, **settings: Any) -> Iterator[Mock]:
    """A mock whose answers are never bugs of ours: the control API itself looks whether each fits its document."""
    api = Api(Settings(**{"strict": True, "clock": "manual", **settings}))
    api.courier  # noqa: B018 - its thread is there before a test begins that counts them
    try:
        with ADAPTERS[adapter](api) as send:
            yield Mock(api, _sound(send))
    finally:
        api.close()


def _sound(send: Send) -> Send:
    def sound(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        answer = send(method, path, query, headers, body)
        assert answer[0] != 500, answer[2]
        return answer

    return sound


@pytest.fixture
def make_mock(adapter: str) -> Iterator[MakeMock]:
    """Makes a mock of the settings given, reached through the adapter."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(mocking(adapter, **settings))


@pytest.fixture(scope="session")
def shared(adapter: str) -> Iterator[Iterator[Mock]]:
    """One mock with a manual clock; gives it out again and again, each time with a token not seen before."""
    with mocking(adapter) as mock:
        yield (Mock(mock.api, mock.send, token=f"user:12345-test{number}") for number in count())


@pytest.fixture
def mock(shared: Iterator[Mock]) -> Mock:
    """A fresh sandbox with a manual clock. The user's number is 12345."""
    return next(shared)


@pytest.fixture(scope="session")
def receiver() -> Iterator[str]:
    """The address of a mock of its own, whose sinks take callbacks."""
    with running(Api(Settings())) as url:
        yield url

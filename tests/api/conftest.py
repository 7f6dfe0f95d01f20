"""The mock behind each adapter: one behaviour suite runs through all of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest

from api.adapters import ADAPTERS
from api.mock import MakeMock, Mock, Send
from mockserver.api import Api
from mockserver.settings import Settings


@pytest.fixture(scope="session", params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    """The name of the way in."""
    return str(request.param)


@pytest.fixture
def make_mock(adapter: str) -> Iterator[MakeMock]:
    """Makes a mock of the settings given, reached through the adapter; our own bugs are raised."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Mock:
            api = Api(Settings(strict=True, clock="manual", **settings))
            return Mock(api, stack.enter_context(ADAPTERS[adapter](api)))

        yield make


@pytest.fixture(scope="session")
def shared(adapter: str) -> Iterator[Iterator[Mock]]:
    """One mock as it is without any setting; gives it out again and again, each time with a token not seen before."""
    api = Api(Settings(strict=True, clock="manual"))
    with ADAPTERS[adapter](api) as send:
        yield (Mock(api, send, token=f"user:12345-test{number}") for number in count())


@pytest.fixture
def mock(shared: Iterator[Mock]) -> Mock:
    """A fresh sandbox of a mock as it is without any setting. The user's number is 12345."""
    return next(shared)


@pytest.fixture
def send(mock: Mock) -> Send:
    """Sends a request, as it stands, to that mock."""
    return mock.send

"""Receivers, and mocks on the live server that call them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest

from api.adapters import ADAPTERS
from api.mock import Mock
from callbacks.receivers import Answering, Receiver, receiving
from callbacks.staged import Stage
from mockserver.api import Api
from mockserver.courier import Courier
from mockserver.settings import Settings

Receive = Callable[..., Receiver]


@pytest.fixture
def receive() -> Iterator[Receive]:
    """Makes receivers."""
    with ExitStack() as stack:

        def make(*answer: Answering) -> Receiver:
            return stack.enter_context(receiving(*answer))

        yield make


@pytest.fixture
def hanging(receive: Receive) -> Receiver:
    """A receiver that does not answer until it is released."""
    receiver = receive()
    receiver.answer = receiver.hang
    return receiver


@pytest.fixture
def stage(receive: Receive) -> Iterator[Stage]:
    """Makes mocks, on the live server unless another way in is named; they end before the receivers."""
    with ExitStack() as stack:

        def make(*, adapter: str = "live", **settings: Any) -> Mock:
            api = Api(
                Settings(**{"clock": "manual", "strict": True, "changes": {"callbacks.progress": "30"}, **settings})
            )
            stack.callback(api.close)
            return Mock(api, stack.enter_context(ADAPTERS[adapter](api)))

        yield make


@pytest.fixture(scope="session")
def shared() -> Iterator[Iterator[Mock]]:
    """One mock on the live server; gives it out again and again, each time with a token not seen before."""
    api = Api(Settings(clock="manual", strict=True, changes={"callbacks.progress": "30"}))
    # Its thread belongs to no test.
    assert isinstance(api.courier, Courier)
    with ADAPTERS["live"](api) as send:
        yield (Mock(api, send, token=f"user:12345-test{number}") for number in count())


@pytest.fixture
def mock(receive: Receive, shared: Iterator[Mock]) -> Mock:
    """A fresh sandbox of a mock on the live server, with a clock that moves only when told."""
    return next(shared)

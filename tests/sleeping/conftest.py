"""A mock whose time is what the test sleeps, the ways into it, and a watch on what is left patched."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
import requests

from mockserver.api import Api
from mockserver.compiled import shared
from mockserver.interception import AsyncHttpxTransport, RequestsAdapter
from mockserver.mock import Mock
from mockserver.receivers import Receivers
from mockserver.settings import Settings
from mockserver.sleeping import Slept, sleeping
from sleeping.sight import Received, standing

MakeApi = Callable[..., Api]
Connect = Callable[..., requests.Session]


@pytest.fixture(autouse=True)
def nothing_left_patched() -> Iterator[None]:
    """Fail a test after which something stands in for a function that sleeps or tells the time."""
    yield
    assert [place for place, what in standing().items() if what != "real"] == []


@pytest.fixture
def make_api() -> Iterator[MakeApi]:
    """Makes mocks with clocks that stand, whose jobs take ten minutes; bugs of theirs are raised."""
    with ExitStack() as stack:

        def make(**changes: str) -> Api:
            keys = {"jobs.shortest": "600", "jobs.longest": "600", "callbacks.final_only": "true"}
            keys |= {key.replace("__", "."): value for key, value in changes.items()}
            api = Api(Settings(strict=True, clock="manual", changes=keys), shared())
            stack.callback(api.close)
            return api

        yield make


@pytest.fixture
def api(make_api: MakeApi) -> Api:
    return make_api()


@pytest.fixture
def received(api: Api) -> Received:
    """What comes to `sight.HOOK`, by the mock's clock."""
    received = Received(api)
    api.receivers = Receivers()
    api.receivers.register("app.test", received)
    return received


@pytest.fixture
def slept(api: Api, received: Received) -> Iterator[Slept]:
    """Sleeping moves the mock's clock."""
    with sleeping(api) as slept:
        yield slept


@pytest.fixture
def connect(api: Api) -> Iterator[Connect]:
    """Makes sessions of requests whose calls end in the mock, each for a token."""
    with ExitStack() as stack:

        def make(token: str = "user:12345-demo", **options: Any) -> requests.Session:
            session = stack.enter_context(requests.Session())
            session.mount("https://", RequestsAdapter(Mock(api), **options))
            session.headers["Authorization"] = f"Bearer {token}"
            return session

        yield make


@pytest.fixture
def session(connect: Connect) -> requests.Session:
    return connect()


@pytest.fixture
def client(api: Api) -> httpx.AsyncClient:
    """An asynchronous client whose calls end in the mock; nothing of it has to be closed."""
    headers = {"Authorization": "Bearer user:12345-demo"}
    return httpx.AsyncClient(
        transport=AsyncHttpxTransport(Mock(api)), headers=headers, base_url="https://api.useapi.net"
    )

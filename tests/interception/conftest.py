"""A mock, and clients whose calls end in it."""

from collections.abc import Iterator

import httpx
import pytest
import requests

from mockserver.api import Api
from mockserver.interception import HttpxTransport, RequestsAdapter
from mockserver.mock import Mock
from mockserver.settings import Settings


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    """A mock's inside for all tests, on a manual clock; our own bugs are raised."""
    api = Api(Settings(strict=True, clock="manual"))
    yield api
    api.close()


@pytest.fixture
def mock(api: Api) -> Mock:
    """A mock; what tells its tests apart is the token."""
    return Mock(api)


@pytest.fixture
def token(api: Api) -> str:
    """A token that the mock has not seen, of the user 12345."""
    return f"user:12345-test{len(api.runtime)}"


@pytest.fixture
def session(mock: Mock, token: str) -> Iterator[requests.Session]:
    """A session of requests whose every call ends in the mock."""
    with requests.Session() as session:
        session.mount("https://", RequestsAdapter(mock))
        session.mount("http://", RequestsAdapter(mock))
        session.headers["Authorization"] = f"Bearer {token}"
        yield session


@pytest.fixture
def client(mock: Mock, token: str) -> Iterator[httpx.Client]:
    """A client of httpx whose every call ends in the mock."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(transport=HttpxTransport(mock), headers=headers, base_url="https://api.useapi.net") as client:
        yield client

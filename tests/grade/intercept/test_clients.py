"""Unmodified clients get from an intercepted API what they would get from the mock if they asked it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from contracts.grade.intercept import intercepting
from grade.intercept.clients import NAMES, Call, Outcome, calling, without_digest
from grade.intercept.peers import echo
from grade.intercept.peers import serving as serving_bare
from live import serving

VIDEO: Final = "user:12345-pixverse:demo@example.com-video:11223344"
UPSCALE: Final = "/v2/pixverse/videos/upscale"
CALLS: Final = {
    "upscale": Call("POST", UPSCALE, b'{"video_id": "%b"}' % VIDEO.encode()),
    "596": Call("POST", UPSCALE, b'{"video_id": "%b"}' % VIDEO.replace("11223344", "596").encode()),
    "raw id": Call("GET", f"/v2/pixverse/videos/{VIDEO}"),
    "encoded id": Call("GET", f"/v2/pixverse/videos/{VIDEO.replace(':', '%3A')}?a=%7E&b=%20"),
    "reset": Call("GET", "/v2/pixverse/accounts"),
    "cut": Call("GET", "/v2/pixverse/features"),
}
FAULTS: Final = [
    {"operation": "listAccounts", "fault": "connection-reset", "sticky": True},
    {"operation": "getFeatures", "fault": "truncated-body", "sticky": True},
]
RESET: Final = {
    "curl": "curl-56",
    "requests": "ConnectionError",
    # Before Python 3.13 a reset of a TLS connection looks to its clients like an end.
    "httpx": "TransportError",
    "urllib": "ConnectionResetError",
    "fetch": "ECONNRESET",
    "https.request": "ECONNRESET",
}
"""What each client calls a reset."""

CUT: Final = {
    "curl": "curl-18",
    "requests": "ChunkedEncodingError",
    "httpx": "RemoteProtocolError",
    "urllib": "IncompleteRead",
    "fetch": "UND_ERR_SOCKET",
    "https.request": "ECONNRESET",
}
"""What each client calls the end of a connection in the middle of a body."""


@dataclass(frozen=True)
class Met:
    """What a client got for each call, and what the mock saw of it."""

    outcomes: dict[str, Outcome]
    requests: list[dict[str, Any]]


@dataclass(frozen=True)
class Both:
    """A client that was intercepted, and the same one that called the mock itself."""

    name: str
    taken: Met
    direct: Met


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """The address of a mock."""
    with serving() as live:
        yield live.url


@pytest.fixture(scope="module", params=NAMES)
def both(request: pytest.FixtureRequest, mock: str, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """What a client met both ways, each in a sandbox of its own."""
    name, folder = request.param, tmp_path_factory.mktemp("client")

    def met(token: str, variables: dict[str, str], base: str) -> Met:
        headers = {"Authorization": f"Bearer {token}"}
        requests.put(f"{mock}/__mock/faults", json={"faults": FAULTS}, headers=headers, timeout=10).raise_for_status()
        outcomes = calling(name, list(CALLS.values()), folder / token, token, variables, base)
        told = requests.get(f"{mock}/__mock/requests", headers=headers, timeout=10).json()["data"]
        return Met(dict(zip(CALLS, outcomes, strict=True)), told)

    direct = met("user:12345-direct" + name.replace(".", ""), {}, mock)
    with intercepting(mock, folder) as interception:
        taken = met(
            "user:12345-taken" + name.replace(".", ""), dict(interception.environment), "https://api.useapi.net"
        )
        assert interception.elsewhere() == []
    return Both(name, taken, direct)


@pytest.mark.parametrize(("call", "status"), [("upscale", 200), ("596", 596), ("raw id", 200), ("encoded id", 400)])
def test_answer_is_the_mocks(both: Both, call: str, status: int) -> None:
    """Whatever its status; how the id was written in the path is still to be seen."""
    assert both.taken.outcomes[call].status == status
    assert without_digest([both.taken.outcomes[call]]) == without_digest([both.direct.outcomes[call]])


def test_reset_is_a_reset(both: Both) -> None:
    """As the client calls it."""
    assert RESET[both.name] in both.taken.outcomes["reset"].failure.split()


def test_cut_is_a_cut(both: Both) -> None:
    """As the client calls it, by TLS and without."""
    assert CUT[both.name] in both.taken.outcomes["cut"].failure.split()
    assert both.taken.outcomes["cut"] == both.direct.outcomes["cut"]


def test_mock_sees_the_same_requests(both: Both) -> None:
    """In the same order, with the same paths and headers, but for those of the connection and the token."""
    assert seen(both.taken) == seen(both.direct)
    assert {dict(request["headers"])["host"] for request in both.taken.requests} == {"api.useapi.net"}


def seen(met: Met) -> list[tuple[str, ...]]:
    # By TLS, fetch asks for one encoding more.
    own = {"host", "authorization", "accept-encoding"}
    return [
        (
            request["method"],
            request["path"],
            request["query"],
            *(f"{name}: {value}" for name, value in request["headers"] if name not in own),
        )
        for request in met.requests
    ]


@pytest.mark.parametrize("name", NAMES)
def test_large_bodies_come_whole(name: str, tmp_path: Path) -> None:
    """A megabyte each way."""
    body = bytes(range(256)) * 4_096
    with serving_bare(echo) as server, intercepting(server.url, tmp_path) as interception:
        outcomes = calling(
            name, [Call("POST", "/echo", body)], tmp_path / "client", "user:12345-demo", interception.environment
        )
    assert outcomes == [Outcome(200, hashlib.sha256(body).hexdigest())]

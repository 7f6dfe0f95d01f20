"""Providers over real sockets: hostile ones are as hostile as they say, flawed ones are served with their flaw."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from providers.catalogue import CATALOGUE
from providers.hostile import HOSTILE, Hostile, besieging
from providers.provider import serving

_REQUEST = b"GET /v2/account HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer user:12345-demo\r\n\r\n"


@pytest.fixture
def hostile(request: pytest.FixtureRequest) -> Iterator[Hostile]:
    with besieging(HOSTILE[request.param]) as hostile:
        yield hostile


def _answer(hostile: Hostile, most: int = 20_000_000, patience: float = 0.5) -> tuple[bytes, str]:
    """What comes on a connection, and how it ends: closed, reset, or late."""
    host, port = hostile.url.removeprefix("http://").split(":")
    got = bytearray()
    with socket.create_connection((host, int(port)), timeout=patience) as connection:
        connection.sendall(_REQUEST)
        try:
            while len(got) < most:
                piece = connection.recv(1_048_576)
                if not piece:
                    return bytes(got), "closed"
                got += piece
        except TimeoutError:
            return bytes(got), "late"
        except ConnectionResetError:
            return bytes(got), "reset"
    return bytes(got), "too much"


@pytest.mark.parametrize(
    ("hostile", "end", "least"),
    [
        ("hangs", "late", 0),
        ("hangs-in-the-body", "late", 50),
        ("resets", "reset", 0),
        ("closes", "closed", 0),
        ("floods", "closed", 10 * 1_048_576),
        ("floods-for-ever", "too much", 20_000_000),
        ("floods-headers", "closed", 10_000_000),
        ("babbles", "closed", 20),
        ("babbles-in-http", "closed", 50),
        ("nests", "closed", 400_000),
    ],
    indirect=["hostile"],
)
def test_how_a_connection_ends(hostile: Hostile, end: str, least: int) -> None:
    """A request gets what the provider is named for."""
    got, ended = _answer(hostile)
    assert ended == end
    assert len(got) >= least


@pytest.mark.parametrize("hostile", ["drips"], indirect=True)
def test_drips_keep_coming(hostile: Hostile) -> None:
    """Bytes come one by one, for longer than the pause between two of them."""
    got, ended = _answer(hostile, most=80)
    assert ended in ("too much", "late")
    assert got.endswith(b"  ")


@pytest.mark.parametrize("hostile", ["redirects"], indirect=True)
def test_a_redirect_is_recorded(hostile: Hostile) -> None:
    """Who follows with the token is found out, and nobody else."""
    got, _ = _answer(hostile)
    assert b"307" in got.splitlines()[0]
    place = next(line for line in got.splitlines() if line.startswith(b"location: "))[10:].decode()
    assert place == f"{hostile.elsewhere}/v2/account"
    assert not hostile.token_strayed("user:12345-demo")
    host, _, path = place.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(host, timeout=5)) as connection:
        connection.request("GET", f"/{path}", headers={"Authorization": "Bearer user:12345-demo"})
        assert connection.getresponse().status == 200
    assert hostile.token_strayed("user:12345-demo")


def test_a_flawed_provider_is_served() -> None:
    """The flaw is there over a real socket, and the control API goes on working beside it."""
    with serving(CATALOGUE["saved-is-ok"]) as url:
        host = url.removeprefix("http://")
        headers = {"Authorization": "Bearer user:12345-demo", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(host, timeout=5)) as connection:
            body = json.dumps({"email": "demo@example.com", "password": "x", "maxJobs": 3})
            connection.request("POST", "/v2/pixverse/accounts/demo@example.com", body, headers)
            answer = connection.getresponse()
            assert (answer.status, json.loads(answer.read())["maxJobs"]) == (200, 3)
            connection.request("POST", "/__mock/clock/advance", json.dumps({"seconds": 60}), headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()


def test_a_stranger_has_no_control_api() -> None:
    """A provider that is no mock knows nothing under /__mock, and is flawed all the same."""
    with serving(CATALOGUE["any-token"], stranger=True) as url:
        for path, token, status in (("/__mock/health", "user:12345-demo", 404), ("/v2/account", "nonsense", 200)):
            with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)) as connection:
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                assert connection.getresponse().status == status

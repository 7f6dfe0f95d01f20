"""Faults of a plan: in process, a client meets what it meets on the live server."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

import httpx
import pytest
import requests

from interception.played import kinds
from mockserver.api import Api
from mockserver.interception import HttpxTransport, RequestsAdapter
from mockserver.mock import Mock
from mockserver.server import running
from mockserver.settings import Settings

_FAULTS: Final[list[dict[str, Any]]] = [
    {"fault": "connection-reset"},
    {"fault": "connection-reset", "handled": True},
    {"fault": "empty-answer"},
    {"fault": "no-answer"},
    {"fault": "lost-reply"},
    {"fault": "truncated-body"},
    {"fault": "slow-body", "seconds": 60},
    {"fault": "slow-body", "seconds": 0.01},
    {"fault": "malformed-json"},
    {"fault": "wrong-content-type"},
    {"fault": "bad-gateway"},
    {"fault": "service-unavailable"},
    {"fault": "account-busy"},
    {"fault": "pending-error"},
]

Client = requests.Session | httpx.Client


@pytest.fixture(scope="module")
def live() -> Iterator[str]:
    """The address of a live server, set up as the mock in process is."""
    with running(Api(Settings(strict=True, clock="manual"))) as url:
        yield url


@pytest.fixture(scope="module")
def tokens() -> Iterator[str]:
    """Tokens that neither has seen, of one user."""
    return (f"user:12345-fault{number}" for number in count())


def _by_requests(mock: Mock | None) -> requests.Session:
    session = requests.Session()
    if mock is not None:
        session.mount("http://", RequestsAdapter(mock))
    return session


def _by_httpx(mock: Mock | None) -> httpx.Client:
    return httpx.Client(transport=None if mock is None else HttpxTransport(mock))


def _patience(rule: dict[str, Any]) -> float:
    """Seconds of a client's timeout; long where none is met."""
    return 0.3 if rule["fault"] == "no-answer" or rule.get("seconds") == 60 else 30


def _met(client: Client, origin: str, token: str, rule: dict[str, Any]) -> list[Any]:
    """What an upscale under the rule, a look at the jobs and an upscale after it come to."""
    headers, seconds = {"Authorization": f"Bearer {token}"}, _patience(rule)
    found: list[Any] = []
    videos = client.get(f"{origin}/v2/pixverse/videos", headers=headers, timeout=30).json()["data"]
    rules = {"faults": [{**rule, "operation": "upscaleVideo"}]}
    assert client.put(f"{origin}/__mock/faults", json=rules, headers=headers, timeout=30).status_code == 200
    wish = {"video_id": videos[0]["video_id"]}
    for method, path in (("POST", "videos/upscale"), ("GET", "scheduler"), ("POST", "videos/upscale")):
        body: Any = wish if method == "POST" else None
        try:
            answer = client.request(method, f"{origin}/v2/pixverse/{path}", json=body, headers=headers, timeout=seconds)
            found.append((answer.status_code, answer.headers["content-type"], answer.content))
        except (requests.RequestException, httpx.HTTPError) as error:
            found.append((kinds(error), str(error)))
    return found


@pytest.mark.parametrize("make", [_by_requests, _by_httpx], ids=["requests", "httpx"])
@pytest.mark.parametrize("rule", _FAULTS, ids=json.dumps)
def test_fault_is_met_as_on_the_live_server(
    api: Api, live: str, tokens: Iterator[str], make: Callable[[Mock | None], Client], rule: dict[str, Any]
) -> None:
    """The same answers or errors, and the same jobs accepted behind them."""
    token = next(tokens)
    with make(None) as real, make(Mock(api)) as inside:
        assert _met(inside, live, token, rule) == _met(real, live, token, rule)


@pytest.mark.parametrize("make", [_by_requests, _by_httpx], ids=["requests", "httpx"])
@pytest.mark.parametrize(("seconds", "passed"), [(3600, 30.0), (20, 20.0)])
def test_delay_passes_on_the_clock_of_the_sandbox(
    api: Api, tokens: Iterator[str], make: Callable[[Mock | None], Client], seconds: float, passed: float
) -> None:
    """As far as the client waits for it, and in no time at all."""
    token = next(tokens)
    headers = {"Authorization": f"Bearer {token}"}
    guarded = api.runtime.guarded(f"Bearer {token}".encode())
    started = guarded.clock.now()
    rules = {"faults": [{"fault": "latency", "seconds": seconds}]}
    with make(Mock(api)) as client:
        client.put("http://127.0.0.1/__mock/faults", json=rules, headers=headers)
        if seconds > passed:
            with pytest.raises((requests.ReadTimeout, httpx.ReadTimeout)):
                client.get("http://127.0.0.1/v2/account", headers=headers, timeout=30)
        else:
            assert client.get("http://127.0.0.1/v2/account", headers=headers, timeout=30).status_code == 200
    assert guarded.clock.now() - started == passed * 1_000

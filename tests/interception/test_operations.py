"""Every operation answers a client in process with the bytes that the seam gives."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest
import requests

from mockserver.api import Api
from mockserver.interception import AsyncHttpxTransport, HttpxTransport, RequestsAdapter
from mockserver.message import Request
from mockserver.mock import Mock
from mockserver.settings import Settings

_ORIGIN: Final = "https://api.useapi.net"
_HEADERS: Final = {"Authorization": "Bearer user:12345-demo", "Content-Type": "application/json"}
_P: Final = "/v2/pixverse"
_NEW: Final = f"{_P}/accounts/new@example.com"

_CALLS: Final = [
    ("GET", f"{_P}/features", b""),
    ("GET", f"{_P}/accounts", b""),
    ("POST", _NEW, b'{"email": "new@example.com", "password": "secret", "maxJobs": 2}'),
    ("GET", _NEW, b""),
    ("GET", f"{_P}/videos?email=new@example.com&limit=2", b""),
    ("POST", f"{_P}/videos/upscale", b'{"video_id": "VIDEO", "replyRef": "Gr\xc3\xb6\xc3\x9fe"}'),
    ("GET", f"{_P}/scheduler", b""),
    ("GET", f"{_P}/scheduler/available", b""),
    ("DELETE", f"{_P}/scheduler/MADE", b""),
    ("GET", f"{_P}/videos/VIDEO", b""),
    ("DELETE", f"{_P}/videos/VIDEO", b""),
    ("GET", f"{_P}/videos/VIDEO", b""),
    ("DELETE", _NEW, b""),
    ("GET", "/v2/account", b""),
    ("POST", "/v2/account", b"{}"),
    ("POST", "/v2/account", b"{"),
    ("GET", "/v2/nowhere", b""),
    ("PUT", "/v2/account", b""),
]

Send = Callable[[str, str, bytes], tuple[int, bytes]]
"""Method, target and body, in; status and body, out. VIDEO and MADE stand for ids that earlier answers told."""


def _requests(mock: Mock) -> Send:
    session = requests.Session()
    session.mount("https://", RequestsAdapter(mock))

    def send(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        response = session.request(method, _ORIGIN + target, headers=_HEADERS, data=body)
        return response.status_code, response.content

    return send


def _httpx(mock: Mock) -> Send:
    client = httpx.Client(transport=HttpxTransport(mock))

    def send(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        response = client.request(method, _ORIGIN + target, headers=_HEADERS, content=body)
        return response.status_code, response.content

    return send


def _async_httpx(mock: Mock) -> Send:
    client = httpx.AsyncClient(transport=AsyncHttpxTransport(mock))

    def send(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        response = asyncio.run(client.request(method, _ORIGIN + target, headers=_HEADERS, content=body))
        return response.status_code, response.content

    return send


def _seam(mock: Mock) -> Send:
    headers = [(b"host", b"api.useapi.net")]
    headers += [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]

    def send(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        response = mock.api.answer(Request(method, path, query, headers, body, "https"))
        return response.status, response.body

    return send


def _tour(way: Callable[[Mock], Send]) -> tuple[list[tuple[int, bytes]], set[str]]:
    """What the calls are answered by a fresh mock, and the operations that they reached."""
    mock = Mock(Api(Settings(strict=True, clock="manual")))
    send, known, answers = way(mock), {"VIDEO": "", "MADE": ""}, []
    for method, template, content in _CALLS:
        target, body = template, content
        for name, value in known.items():
            target, body = target.replace(name, value), body.replace(name.encode(), value.encode())
        answers.append(send(method, target, body))
        told: Any = json.loads(answers[-1][1])
        if "limit=2" in target:
            known["VIDEO"] = told["data"][0]["video_id"]
        elif target.endswith("/upscale"):
            known["MADE"] = told["video_id"]
    journal = mock.api.runtime.guarded(_HEADERS["Authorization"].encode()).journal
    return answers, {exchange.operation for exchange in journal}


@pytest.mark.parametrize("way", [_requests, _httpx, _async_httpx])
def test_answers_are_those_of_the_seam(way: Callable[[Mock], Send]) -> None:
    """To a tour that visits every operation."""
    answers, visited = _tour(way)
    assert set(Api(Settings()).contract.operations) <= visited
    assert answers == _tour(_seam)[0]

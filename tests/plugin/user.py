"""A test file as a typed user writes it: checked under mypy --strict and pyright, and never run."""

import time
from datetime import datetime
from typing import assert_type

import flask
import pytest
import requests

import mockserver
from mockserver import MakePixverseMock, PixverseMock, PixverseSandbox, PixverseServer, Settings, Sink


def submit(sandbox: PixverseSandbox, reply_url: str | None = None) -> str:
    body = {"video_id": sandbox.video_id, "replyUrl": reply_url}
    url = f"{sandbox.base_url}/v2/pixverse/videos/upscale"
    return str(requests.post(url, json=body, headers=sandbox.headers, timeout=10).json()["video_id"])


@pytest.mark.pixverse(scenario="lost-reply")
def test_in_process(pixverse_mock: PixverseMock, pixverse_callbacks: Sink) -> None:
    video_id = submit(pixverse_mock, pixverse_callbacks.url)
    time.sleep(600)
    assert_type(pixverse_mock.clock.now, datetime)
    assert pixverse_mock.jobs[0]["video_id"] == video_id
    assert [each["body"] for each in pixverse_callbacks.wait(2, timeout=1)]
    assert_type(pixverse_mock.requests.count(operation="upscaleVideo", status="4xx"), int)
    assert pixverse_mock.requests.verify(body={"replyRef": {"absent": True}}, exactly=1)["verified"]
    assert pixverse_mock.requests.list(status=429)[0]["violations"][0]["sentence"]
    assert pixverse_mock.accounts.adjust(credits=0, pending_error=True)["credits"] == 0
    assert pixverse_mock.faults.trigger("account-busy", times=2)["data"][0]["left"] == 2
    for event in pixverse_mock.clock.advance("idle"):
        assert event["status"] in ("GENERATING", "COMPLETED")


def test_live(pixverse_server: PixverseServer, pixverse_sandbox: PixverseSandbox) -> None:
    other = pixverse_server.sandbox(scenario={"limits": {"credits": False}})
    assert submit(other) != submit(pixverse_sandbox)
    pixverse_sandbox.scenario.put("outage")


def test_further(make_pixverse_mock: MakePixverseMock) -> None:
    mock = make_pixverse_mock(base_url="https://other.test", seed=7, settings=Settings(explain=True))
    mock.register_app("app.test", flask.Flask("receiver"))
    assert_type(mock, PixverseMock)


@mockserver.intercept(clock="auto")
def test_decorated(mock: PixverseMock) -> None:
    assert_type(mock.token, str)


async def context() -> None:
    with mockserver.intercept(refuse_others=True) as mock:
        assert_type(mock, PixverseMock)

"""Clients that are functions of a mock's handle: good ones, and such with a fault that only an order shows."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import httpx
import requests

from contracts.client import Client

ENDS = ("COMPLETED", "FAILED", "MODERATED")
POLLS = 200


class Failed(Exception):  # noqa: N818 - what became of a job
    """The job did not complete, or nobody knows."""


class Api:
    """The calls, each tried again where that is harmless."""

    def __init__(self, mock: Any) -> None:
        self.session = requests.Session()
        self.session.headers.update(mock.headers)
        self.url = f"{mock.base_url}/v2/pixverse/videos"
        self.video_id = mock.video_id

    def submit(self, **more: str) -> requests.Response:
        """One request for the upscale; waits while there is no slot."""
        while True:
            answer = self.session.post(f"{self.url}/upscale", json={"video_id": self.video_id, **more})
            if answer.status_code != 429:
                answer.raise_for_status()
                answer.json()
                return answer
            time.sleep(max(10, float(answer.headers.get("Retry-After", 0))))

    def read(self, path: str = "") -> Any:
        """A read, None for a 404; tried again after trouble."""
        while True:
            try:
                answer = self.session.get(f"{self.url}{path}")
                if answer.status_code == 404:
                    return None
                answer.raise_for_status()
                return answer.json()
            except requests.RequestException:
                time.sleep(10)

    def follow(self, job: str) -> None:
        """Look every 10 s until the end. Raises Failed."""
        for _ in range(POLLS):
            video = self.read(f"/{job}")
            if video is not None and video["video_status_name"] in ENDS:
                if video["video_status_name"] != "COMPLETED":
                    raise Failed(video["video_status_name"])
                return
            time.sleep(10)
        raise Failed("no end")


def careful(mock: Any) -> None:
    """Looks in the list after a lost answer."""
    api = Api(mock)
    while True:
        try:
            job = api.submit(replyRef="mine").json()["video_id"]
        except requests.RequestException:
            found = [video for video in api.read()["data"] if video.get("replyRef") == "mine"]
            if not found:
                time.sleep(10)
                continue
            job = found[0]["video_id"]
        return api.follow(job)


def submits_again(mock: Any) -> None:
    """Takes a lost answer for a refusal."""
    api = Api(mock)
    while True:
        try:
            return api.follow(api.submit().json()["video_id"])
        except requests.RequestException:
            time.sleep(10)


def submits_again_if_the_list_fails(mock: Any) -> None:
    """Looks after a lost answer, and takes a look that fails for one that found nothing."""
    api = Api(mock)
    while True:
        try:
            job = api.submit(replyRef="mine").json()["video_id"]
        except requests.RequestException:
            try:
                listed = api.session.get(api.url).json()["data"]
            except requests.RequestException:
                listed = []
            found = [video for video in listed if video.get("replyRef") == "mine"]
            if not found:
                time.sleep(10)
                continue
            job = found[0]["video_id"]
        return api.follow(job)


def listening(keep: Callable[[dict[str, Any], dict[str, Any]], None]) -> Callable[[Any], None]:
    """A client that polls nothing: a receiver hands each callback, and the state there is, to `keep`."""

    def client(mock: Any) -> None:
        state: dict[str, Any] = {}
        lock = Lock()

        def receiver(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
            body = json.loads(environ["wsgi.input"].read())
            with lock:
                keep(state, body)
            start_response("200 OK", [("Content-Length", "0")])
            return iter(())

        mock.register_app("client.test", receiver)
        Api(mock).submit(replyUrl="http://client.test/told")
        for _ in range(POLLS):
            time.sleep(10)
            with lock:
                status = state.get("video_status_name")
            if status in ENDS:
                if status != "COMPLETED":
                    raise Failed(status)
                return
        raise Failed("heard nothing of the end")

    return client


def _last(state: dict[str, Any], video: dict[str, Any]) -> None:
    """What came last is what is."""
    state.update(video)


def _until_the_end(state: dict[str, Any], video: dict[str, Any]) -> None:
    """Nothing comes after the end."""
    if state.get("video_status_name") not in ENDS:
        state.update(video)


believes_the_last = listening(_last)
listens_well = listening(_until_the_end)


def reference(mock: Any) -> None:
    """The client of this distribution."""
    with Client(mock.token, mock.base_url, random=lambda low, _: low) as client:
        if client.upscale_and_wait(mock.video_id).status.name != "COMPLETED":
            raise Failed


async def asynchronous(mock: Any) -> None:
    """Gives up with the first trouble."""
    async with httpx.AsyncClient(headers=mock.headers) as client:
        url = f"{mock.base_url}/v2/pixverse/videos"
        job = (await client.post(f"{url}/upscale", json={"video_id": mock.video_id})).raise_for_status().json()
        while True:
            await asyncio.sleep(10)
            answer = await client.get(f"{url}/{job['video_id']}")
            if answer.status_code != 404 and answer.raise_for_status().json()["video_status_name"] in ENDS:
                return

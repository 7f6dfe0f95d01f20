"""The client over requests: submits, waits for a slot, looks every 10 s, downloads. Bad ones change its steps."""

import os
import sys
import time
from typing import Any
from uuid import uuid4

import requests

SCALE = float(os.environ.get("CLIENT_SCALE", "1"))
"""What its waits are divided by."""

BROKEN = (500, 502, 503, 504)
"""Statuses that may pass by themselves."""


class GaveUp(Exception):  # noqa: N818 - not always an error
    """It ends without a video."""


class Upscaler:
    """Upscales one video and waits for the end."""

    api = "/v2/pixverse"
    busy_wait = 10.0
    poll_wait = 10.0
    read_wait = 10.0
    submits = 120
    polls = 360
    reads = 20

    def __init__(self) -> None:
        self.base_url = os.environ["USEAPI_BASE_URL"] + self.api
        self.token = os.environ["USEAPI_TOKEN"]
        self.source = os.environ["USEAPI_VIDEO_ID"]
        self.ref = uuid4().hex
        self.session = requests.Session()

    def run(self) -> int:
        """Do it all; the exit status."""
        try:
            video = self.follow(self.submit())
        except GaveUp as why:
            print(why, file=sys.stderr)
            return 1
        print(video["video_id"], video["video_status_name"])
        return self.status(video)

    def submit(self) -> str:
        """The id of the job. Waits for a slot; after a lost answer it looks before it asks again."""
        for _ in range(self.submits):
            answer = self.post()
            if answer is None or answer.status_code in BROKEN:
                job = self.lost()
                if job is not None:
                    return job
            elif answer.ok:
                return str(answer.json()["video_id"])
            elif answer.status_code != 429:
                self.refused(answer)
            self.pause(self.wait_when_busy(answer))
        raise GaveUp("no slot for too long")

    def post(self) -> requests.Response | None:
        """The answer to one request for the upscale; None if it can't be had."""
        try:
            answer = self.session.post(
                self.base_url + "/videos/upscale", json=self.body(), headers=self.headers(), timeout=30
            )
            if answer.ok:
                answer.json()
        except requests.RequestException:
            return None
        return answer

    def body(self) -> dict[str, Any]:
        """What is asked for."""
        return {"video_id": self.source, "replyRef": self.ref}

    def headers(self) -> dict[str, str]:
        """Of every call."""
        return {"Authorization": f"Bearer {self.token}"}

    def lost(self) -> str | None:
        """The job whose answer was lost, if there is one: told by its replyRef in the list of videos."""
        listed = self.read("/videos", limit="100")
        found = [video["video_id"] for video in listed["data"] if video.get("replyRef") == self.ref] if listed else []
        return found[0] if found else None

    def refused(self, answer: requests.Response) -> None:
        """The answer will not change by itself."""
        raise GaveUp(f"refused: {answer.status_code} {answer.text}")

    def wait_when_busy(self, answer: requests.Response | None) -> float:
        """Seconds until it asks again: 10, or what the answer says."""
        asked = "" if answer is None else answer.headers.get("Retry-After", "")
        return max(self.busy_wait, float(asked if asked.isdigit() else 0))

    def follow(self, job: str) -> dict[str, Any]:
        """The video at its end."""
        for _ in range(self.polls):
            video = self.look(job)
            if video is not None and self.ended(video):
                self.download(video)
                return video
            self.pause(self.poll_wait)
        raise GaveUp(f"no end of {job} for too long")

    def look(self, job: str) -> dict[str, Any] | None:
        """The video; None while it is a 404."""
        return self.read(f"/videos/{job}")

    def read(self, path: str, **query: str) -> Any:
        """The JSON of a GET, None for a 404. What fails is tried again after a wait."""
        for _ in range(self.reads):
            try:
                answer = self.session.get(self.base_url + path, params=query, headers=self.headers(), timeout=30)
                if answer.ok:
                    return answer.json()
            except requests.RequestException:
                self.pause(self.read_wait)
                continue
            if answer.status_code == 404:
                return None
            if answer.status_code not in BROKEN:
                self.refused(answer)
            self.pause(self.read_wait)
        raise GaveUp(f"no answer to GET {path}")

    def ended(self, video: dict[str, Any]) -> bool:
        """Whether its status is final."""
        return video["video_status_name"] in ("COMPLETED", "FAILED", "MODERATED")

    def download(self, video: dict[str, Any]) -> None:
        """Get the file, if there is one; the host of files needs no token, and gets none."""
        if video["video_status_name"] == "COMPLETED":
            content = requests.get(video["url"], timeout=30).content
            print(len(content), "bytes")

    def status(self, video: dict[str, Any]) -> int:
        """The exit status."""
        return 0 if video["video_status_name"] == "COMPLETED" else 1

    def pause(self, seconds: float) -> None:
        """Let time go by."""
        time.sleep(seconds / SCALE)


if __name__ == "__main__":
    sys.exit(Upscaler().run())

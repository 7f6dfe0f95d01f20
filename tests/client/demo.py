"""The vendor's demo client, as a subject: written anew from the description of what it does.

It submits, sleeps 10 s after each 429 and tries again without end, gives up after three network errors, and then only
waits for callbacks: done at a true `video_status_final` or at COMPLETED, failed at FAILED or a truthy `errCode`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import requests

_PAUSE: Final = 10
_TRIES: Final = 3


@dataclass
class Demo:
    """`outcomes` are what it takes for the ends of videos, by id: "done" or "failed"."""

    url: str
    token: str
    sleep: Callable[[float], None]
    outcomes: dict[str, str] = field(default_factory=dict)

    def upscale(self, video_id: str, reply_url: str) -> str:
        """The id of the new video. Raises RuntimeError for any refusal but 429."""
        errors = 0
        while True:
            try:
                answer = requests.post(
                    f"{self.url}/v2/pixverse/videos/upscale",
                    json={"video_id": video_id, "replyUrl": reply_url},
                    headers={"Authorization": f"Bearer {self.token}"},
                    timeout=10,
                )
            except requests.RequestException:
                errors += 1
                if errors == _TRIES:
                    raise
                continue
            if answer.status_code == 200:
                return str(answer.json()["video_id"])
            if answer.status_code != 429:
                raise RuntimeError(answer.text)
            self.sleep(_PAUSE)

    def called(self, job: dict[str, Any]) -> None:
        """Take a callback."""
        if job.get("video_status_name") == "FAILED" or job.get("errCode"):
            self.outcomes[job["video_id"]] = "failed"
        elif job.get("video_status_final") or job.get("video_status_name") == "COMPLETED":
            self.outcomes.setdefault(job["video_id"], "done")

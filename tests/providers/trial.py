"""A fresh sandbox of a provider in this process, with the questions that show a flaw."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from api.adapters import seam
from api.mock import ACCOUNTS, EMAIL, FEATURES, OTHER, SCHEDULER, TOKEN, UPSCALE, USER, VIDEOS, Answer, Mock
from mockserver.api import Api
from mockserver.leap import Ahead
from mockserver.message import Request, Response
from mockserver.receivers import Receivers

__all__ = ["ACCOUNTS", "EMAIL", "FEATURES", "OTHER", "SCHEDULER", "UPSCALE", "USER", "VIDEOS", "Trial", "trying"]

HOOK: Final = "http://receiver.test/hook"
DEFAULT: Final = "http://receiver.test/default"


@dataclass(frozen=True, kw_only=True)
class Trial(Mock):
    """`delivered` are the callbacks that came, oldest first; `answers` what the receiver says to the next ones."""

    delivered: list[Request]
    answers: list[int]

    def other(self, token: str = "user:12345-other") -> "Trial":
        """The same provider, asked with another token of the same user."""
        return replace(self, token=token)

    def ask(self, method: str, path: str, **more: Any) -> Answer:
        """An answer to an object with these fields, to none without any."""
        return self.call(method, path, more or None)

    def save(self, email: str = EMAIL, max_jobs: int = 3, **more: Any) -> Answer:
        """Link or update an account."""
        return self.ask("POST", f"{ACCOUNTS}/{email}", email=email, password="swordfish", maxJobs=max_jobs, **more)

    def when_full(self, **fields: Any) -> Answer:
        """The answer to an upscale while three jobs run on an account of three slots."""
        for _ in range(3):
            self.accepted()
        return self.upscale(**fields)

    def ended(self, number: int | None = None, **fields: Any) -> str:
        """The id of an upscale that has come to its end; of the video of this number, which may name the end."""
        video_id = self.accepted(None if number is None else self.number(number), **fields)
        self.finish()
        return video_id

    def listed(self, query: str = "") -> list[dict[str, Any]]:
        """The videos in the list."""
        videos: list[dict[str, Any]] = self.get(VIDEOS, query)["data"]
        return videos

    def ids(self, query: str = "") -> list[str]:
        """The ids in the list."""
        return [video["video_id"] for video in self.listed(query)]

    def in_list(self, video_id: str) -> dict[str, Any]:
        """The video as the list has it."""
        return next(video for video in self.listed() if video["video_id"] == video_id)

    def single(self, video_id: str) -> Answer:
        """The answer about a video by itself."""
        return self.call("GET", f"{VIDEOS}/{video_id}")

    def delete(self, video_id: str) -> Answer:
        """The answer to its deletion."""
        return self.call("DELETE", f"{VIDEOS}/{video_id}")

    def cancel(self, video_id: str) -> Answer:
        """The answer to the end of its being followed."""
        return self.call("DELETE", f"{SCHEDULER}/{video_id}")

    def scheduled(self) -> list[str]:
        """The ids of the jobs that run."""
        return [job["id"] for job in self.get(SCHEDULER)]

    def slots(self) -> dict[str, Any]:
        """The slots of the first account."""
        slots: dict[str, Any] = self.get(f"{SCHEDULER}/available")["available"][0]
        return slots

    def credits(self) -> int:
        """The balance of the only account."""
        features = self.get(FEATURES)
        return int(features["credit_daily"] + features["credit_monthly"] + features["credit_package"])

    def account(self, email: str = EMAIL) -> Any:
        """The account as it is shown."""
        return self.get(f"{ACCOUNTS}/{email}")

    def adjust(self, **values: Any) -> None:
        """Set what the control API can set of the account."""
        self.sandbox.accounts.adjust(EMAIL, **values)

    def told(self, number: int | None = None, **fields: Any) -> list[Any]:
        """The bodies that come for a job until its end, to `replyUrl`, or to HOOK."""
        self.ended(number, **{"replyUrl": HOOK, **fields})
        return self.bodies()

    def bodies(self) -> list[Any]:
        """The bodies that came until now."""
        return [json.loads(request.body) for request in self.delivered]

    def statuses(self) -> list[str]:
        """The statuses that they tell."""
        return [body["video_status_name"] for body in self.bodies()]

    def advance(self, seconds: float) -> None:
        """Let time go by in the token's sandbox; callbacks are sent, and arrive here."""
        self.api.courier.leap(self.guarded, Ahead(round(seconds * 1_000))).result(10)


@contextmanager
def trying(api: Api) -> Iterator[Trial]:
    """A fresh sandbox of a provider whose clocks stand still."""
    delivered: list[Request] = []
    answers: list[int] = []

    def receive(request: Request) -> Response:
        delivered.append(request)
        return Response(answers.pop(0) if answers else 200, (), b"ok")

    api.receivers = Receivers()
    api.receivers.register_prompt("receiver.test", receive)
    with seam(api) as send:
        try:
            yield Trial(api, send, TOKEN, delivered=delivered, answers=answers)
        finally:
            api.close()

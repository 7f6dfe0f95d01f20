"""A world to set a situation in."""

import re
from typing import Any, Final

from contracts.findings import Call
from contracts.provider.http import value_of
from contracts.provider.world import World
from contracts.verify.situation import Situation

_STEPS_MOVED: Final = (60.0, 240.0, 900.0, 3_600.0, 18_000.0)
_STEP_WAITED: Final = 5.0
_PASSWORD: Final = "correcthorsebattery17"  # noqa: S105 - made up


class Impossible(Exception):  # noqa: N818 - it is an outcome
    """The situation can't be set; `args[0]` says why."""


class Scene:
    """A world with what every situation needs: an account, a finished video, jobs."""

    def __init__(self, situation: Situation, world: World) -> None:
        self.situation = situation
        self.world = world
        self._waited = 0.0

    def emails(self) -> list[str]:
        """The linked accounts."""
        value = value_of(self.world.call("listAccounts").got)
        return list(value) if isinstance(value, dict) and all("@" in key for key in value) else []

    def email(self) -> str:
        """A linked account. Raises Impossible."""
        if not (emails := self.emails()):
            raise Impossible("no account is linked")
        return emails[0]

    def videos(self, email: str | None = None) -> list[dict[str, Any]]:
        """The newest videos of an account."""
        value = value_of(self.world.call("listVideos", email=email or self.email()).got)
        data = value.get("data") if isinstance(value, dict) else None
        return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []

    def finished(self, email: str | None = None) -> str:
        """The id of a video that can be upscaled. Raises Impossible."""
        name = self.situation.contract.lifecycle
        for video in self.videos(email):
            status = name.statuses.get(video.get("video_status", -1))
            if status is not None and status.name == "COMPLETED":
                return str(video.get("video_id"))
        raise Impossible("the account has no finished video")

    def upscale(self, video_id: str | None = None, **fields: Any) -> Call:
        """Ask for an upscale."""
        return self.world.call("upscaleVideo", json={"video_id": video_id or self.finished(), **fields})

    def job(self, **fields: Any) -> str:
        """The id of an accepted upscale. Raises Impossible."""
        call = self.upscale(**fields)
        while call.got.status == 429 and self.world.control is None and not self.situation.impatient:
            self._wait_a_little()
            call = self.upscale(**fields)
        value = value_of(call.got)
        if call.got.status != 200 or not isinstance(value, dict) or not isinstance(value.get("video_id"), str):
            raise Impossible(f"an upscale was answered {call.got.status}, not accepted")
        return str(value["video_id"])

    def ended(self, **fields: Any) -> str:
        """The id of a job that has ended. Raises Impossible."""
        job = self.job(**fields)
        self.wait_for_end(job)
        return job

    def wait_for_end(self, video_id: str) -> None:
        """Let time go by until a video is final. Raises Impossible after some hours of moved time, or after a part of
        the time that there is, and then at once.
        """
        steps = list(_STEPS_MOVED)
        while not self._is_final(video_id):
            if self.world.control is None:
                self._wait_a_little()
            elif steps:
                self.world.pass_time(steps.pop(0))
            else:
                raise Impossible("the job did not end within hours")

    def _wait_a_little(self) -> None:
        """Wait, all in all for a part of the time that there was. Raises Impossible once that is used up."""
        if self.situation.impatient or self._waited > self.situation.budget.seconds / 4:
            self.situation.impatient = True
            raise Impossible("jobs take longer than can be waited for (--max-time)")
        self.world.pass_time(_STEP_WAITED)
        self._waited += _STEP_WAITED

    def unknown(self) -> str:
        """An id of a linked account that no video has."""
        return re.sub(r"[0-9]+$", str(10**17 + self.situation.seed % 10**6), self.finished())

    def foreign(self) -> str:
        """An id that names another user."""
        return re.sub(r"^user:([0-9]+)", lambda found: f"user:{int(found[1]) + 1}", self.finished())

    def unlinked(self) -> str:
        """An id that names an account that is not linked."""
        return re.sub(r"pixverse:.*-video", f"pixverse:{self.stranger}-video", self.finished())

    @property
    def stranger(self) -> str:
        """An email that is not linked."""
        return "nobody@example.invalid"

    def save(self, email: str, max_jobs: int = 3, **fields: Any) -> Call:
        """Link or update an account."""
        body = {"email": email, "password": _PASSWORD, "maxJobs": max_jobs, **fields}
        return self.world.call("saveAccount", email=email, json=body)

    def second_account(self) -> str:
        """The email of a further account. Raises Impossible."""
        email = "second@example.com"
        if self.save(email).got.status != 201:
            raise Impossible("a second account was not linked")
        return email

    def adjust(self, **values: Any) -> None:
        """Set credits, slots, concurrency or the pending error. Raises Impossible where nothing can do that."""
        if not self.world.adjust(self.email(), **values):
            raise Impossible("there is no control API that sets it")

    def number(self, call: Call, key: str) -> int:
        """A number of an answer. Raises Impossible."""
        value = value_of(call.got)
        found = value.get(key) if isinstance(value, dict) else None
        if not isinstance(found, int):
            raise Impossible(f"{call.operation} does not tell {key}")
        return found

    def fill(self, email: str | None = None) -> int:
        """Start jobs until every slot of an account is taken; its maxJobs. Raises Impossible."""
        email = email or self.email()
        most = self.number(self.world.call("getAccount", email=email), "maxJobs")
        video = self.finished(email)
        for _ in range(most):
            if self.upscale(video).got.status != 200:
                break
        return most

    def _is_final(self, video_id: str) -> bool:
        email = re.sub(r"^.*pixverse:|-video:.*$", "", video_id)
        for video in self.videos(email):
            if video.get("video_id") == video_id:
                return video.get("video_status_final") is True
        raise Impossible("the video of an accepted job is not in the list")

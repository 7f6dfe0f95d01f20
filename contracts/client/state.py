"""What `contracts upscale` has done so far, in a small file, so that a second run goes on and submits nothing twice.

The reference of a video's job is written before the job is submitted: whatever ends the run, the next one looks for the
job by it.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from contracts.client.arguments import is_video_id
from contracts.client.status import Status

_VERSION: Final = 1


class StateError(Exception):
    """The file can't be used; the text says why in one sentence."""


@dataclass(slots=True, kw_only=True)
class Job:
    """The upscale of one video. None stands for what is not known yet.

    source: the id of the video to upscale. video_id: of the new one, once accepted. status: by name, as last seen.
    file: where it was saved.
    """

    source: str
    reply_ref: str
    video_id: str | None = None
    status: str | None = None
    file: str | None = None

    @property
    def ended(self) -> bool:
        """Whether its status is final."""
        return Status.of(None, self.status).final


class State:
    """The jobs of a file, by source. `save` writes all of them, by rename."""

    def __init__(self, path: Path, api: str) -> None:
        self.path = path
        self._api = api
        self.jobs: dict[str, Job] = {}

    @classmethod
    @contextmanager
    def opened(cls, path: Path, api: str) -> Iterator["State"]:
        """The state in `path` of what was done at the address `api`, for one process at a time. Raises StateError."""
        if path.is_dir():
            raise StateError(f"{path} is a folder: give a file")
        state = cls(path, api)
        with _lock(path):
            state._read()
            state.save()
            yield state

    def job(self, source: str) -> Job:
        """The job of a video; a new one is in the file before this returns."""
        if source not in self.jobs:
            self.jobs[source] = Job(source=source, reply_ref=uuid4().hex)
            self.save()
        return self.jobs[source]

    def save(self) -> None:
        """Write the file, whole or not at all. Raises StateError."""
        content = {"version": _VERSION, "api": self._api, "jobs": [asdict(job) for job in self.jobs.values()]}
        part = self.path.with_name(f".{self.path.name}.part")
        with _telling(self.path, "written"):
            with part.open("w", encoding="utf-8") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)

    def _read(self) -> None:
        if not self.path.exists():
            return
        try:
            with _telling(self.path, "read"):
                text = self.path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise StateError(f"{self.path} is no state of `contracts upscale`: not UTF-8") from None
        try:
            content = json.loads(text)
            if content["version"] != _VERSION:
                raise StateError(f"{self.path} was written by another version of `contracts upscale`")
            if content["api"] != self._api:
                raise StateError(f"{self.path} is of {content['api']}, not of {self._api}: give another --state")
            jobs = [_job(each) for each in content["jobs"]]
        except (ValueError, KeyError, TypeError, RecursionError) as why:
            raise StateError(f"{self.path} is no state of `contracts upscale`: {type(why).__name__} {why}") from None
        self.jobs = {job.source: job for job in jobs}


def _job(value: dict[str, Any]) -> Job:
    job = Job(**value)
    if not all(isinstance(text := getattr(job, each.name), str) or text is None for each in fields(job)):
        raise ValueError("a value that is no text")
    if not job.reply_ref or not is_video_id(job.source) or not is_video_id(job.video_id or job.source):
        raise ValueError("an id that is none")
    return job


@contextmanager
def _telling(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(f"{path} can't be {what}: {error.strerror}") from None


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Nobody else has the file. Two runs at once would submit what they don't know of each other."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with _telling(path, "locked"):
        file = path.with_name(f".{path.name}.lock").open("w")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(f"{path} is in use by another run of `contracts upscale`") from None
        yield

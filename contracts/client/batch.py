"""The work of `contracts upscale`: every video submitted once, watched to its end, saved."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.client.arguments import account_of, number_of
from contracts.client.asynchronous import AsyncClient
from contracts.client.display import Display
from contracts.client.download import DownloadError, download
from contracts.client.errors import (
    ClientError,
    InsufficientCredits,
    PendingError,
    SubscriptionRequired,
    Unauthorized,
    plain,
)
from contracts.client.results import Video
from contracts.client.state import Job, State, StateError
from contracts.client.status import Status

_HOPELESS: Final = (Unauthorized, SubscriptionRequired, StateError)
"""What everything further would meet, too."""

_OF_ACCOUNT: Final = (InsufficientCredits, PendingError)
"""What every further upscale on the account would meet, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """wait: for the end of the jobs. folder: where the files go, None for nowhere. max_jobs: as in the request."""

    wait: bool
    folder: Path | None
    max_jobs: int | None


class Batch:
    """Works on the jobs of a state. `failed` counts the videos that did not come to what was ordered."""

    def __init__(self, client: AsyncClient, state: State, display: Display, orders: Orders) -> None:
        self._client = client
        self._state = state
        self._display = display
        self._orders = orders
        self._fresh: set[str] = set()
        self.failed = 0

    async def run(self, sources: Sequence[str]) -> None:
        """Work on these videos, in their order. Raises StateError, or ClientError for what stops every video."""
        accounts: dict[str, list[Job]] = {}
        hopeless: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                self._fresh = set(sources) - set(self._state.jobs)
                for source in sources:
                    job = self._state.job(source)
                    if job.video_id is not None:
                        tasks.create_task(self._follow(job, job.video_id))
                    else:
                        accounts.setdefault(account_of(source), []).append(job)
                for jobs in accounts.values():
                    tasks.create_task(self._submit(jobs, tasks))
        except* _HOPELESS as several:
            hopeless = several.exceptions[0]
        if hopeless is not None:
            raise hopeless

    async def _submit(self, jobs: list[Job], tasks: asyncio.TaskGroup) -> None:
        """Submit the jobs of one account, one after the other: the next has a slot no sooner than this one."""
        refusal: ClientError | None = None
        for job in jobs:
            if refusal is not None:
                self._fail(job, f"not submitted: {refusal}")
                continue
            self._display.doing(_name(job), "waiting for a slot")
            try:
                # An earlier run may have submitted it, and not lived to see the answer.
                accepted = await self._client.upscale_video(
                    job.source,
                    reply_ref=job.reply_ref,
                    max_jobs=self._orders.max_jobs,
                    once=job.source not in self._fresh,
                )
            except _HOPELESS:
                raise
            except ClientError as error:
                refusal = error if isinstance(error, _OF_ACCOUNT) else None
                self._fail(job, f"not accepted: {error}")
                continue
            job.video_id = accepted.video_id
            self._state.save()
            tasks.create_task(self._follow(job, accepted.video_id))

    async def _follow(self, job: Job, video_id: str) -> None:
        """See an accepted job to its end, as far as was ordered."""
        if not self._orders.wait:
            self._succeed(job, f"ACCEPTED {video_id}")
            return
        self._display.doing(_name(job), "ACCEPTED")
        video = None
        try:
            if saved(job, self._orders.folder):
                self._succeed(job, f"COMPLETED {job.file}")
                return
            async for video in self._client.watch(video_id):
                job.status = video.status.name
                self._state.save()
                self._display.doing(_name(job), job.status)
            await self._finish(job, video)
        except _HOPELESS:
            raise
        except (ClientError, DownloadError, OSError) as error:
            self._fail(job, plain(str(error)))

    async def _finish(self, job: Job, video: Video | None) -> None:
        if video is None or video.status is not Status.COMPLETED:
            self._fail(job, f"{job.status} {job.video_id}")
            return
        if self._orders.folder is None:
            self._succeed(job, f"COMPLETED {plain(video.url or video.video_id)}")
            return
        file = self._orders.folder / f"{number_of(video.video_id)}.mp4"
        if not video.url:
            raise DownloadError("it is COMPLETED and has no url")
        await download(
            video.url, file, progress=lambda come, total: self._display.doing(_name(job), "downloading", come, total)
        )
        job.file = str(file)
        self._state.save()
        self._succeed(job, f"COMPLETED {file}")

    def _succeed(self, job: Job, text: str) -> None:
        self._display.result(_name(job), f"{job.source} {text}")

    def _fail(self, job: Job, text: str) -> None:
        self.failed += 1
        self._display.result(_name(job), f"{job.source} {text}")


def saved(job: Job, folder: Path | None) -> bool:
    """Whether the file of a job is there; with a folder, in that."""
    return job.file is not None and Path(job.file).exists() and folder in (None, Path(job.file).parent)


async def finished_videos(client: AsyncClient) -> list[str]:
    """The ids of all COMPLETED videos that are no upscales and have none, over all accounts, newest first."""
    found: list[str] = []
    for email in await client.list_accounts():
        videos: dict[str, Video] = {}
        while fresh := [
            video
            for video in await client.list_videos(email=email, limit=100, offset=len(videos))
            if video.video_id not in videos
        ]:
            videos |= {video.video_id: video for video in fresh}
        taken = {video.source for video in videos.values() if video.status not in (Status.MODERATED, Status.FAILED)}
        found += [
            video.video_id
            for video in videos.values()
            if video.status is Status.COMPLETED and video.source is None and video.video_id not in taken
        ]
    return found


def _name(job: Job) -> str:
    return number_of(job.source)

"""Which callbacks a job's progress makes owed: one for each thing that is told, unless the scenario disturbs it."""

from typing import Final

from mockserver.domain.model import Job, Video
from mockserver.domain.outbox import Callback, Outbox
from mockserver.domain.rules import Disturbance, Disturbing

_MOST_WAITING: Final = 100
"""Callbacks of a job that wait for a slow receiver, beyond which progress is no longer told."""


def is_early(job: Job) -> bool:
    """Whether the job's first callback is to come before the answer to the request."""
    return job.telling and any(found.kind is Disturbing.EARLY for found in job.disturbances)


def report(outbox: Outbox, video: Video, job: Job, at: int, *, progress: bool, final_only: bool) -> Callback | None:
    """Owe the receiver of a job a callback about what its video is at the instant `at`; `progress`: again.

    Returns the callback if the scenario drops it. The job has a receiver.
    """
    if job.receiver is None or (final_only and not video.final):
        return None
    if progress and len(outbox.waiting.get(video.number, ())) >= _MOST_WAITING:
        return None
    callback = Callback(outbox.new_number(), video, video.status, job.receiver, at, at, progress)
    if not job.disturbances:
        outbox.owe(callback)
        return None
    return _disturbed(outbox, callback, job)


def _disturbed(outbox: Outbox, callback: Callback, job: Job) -> Callback | None:
    video = callback.video
    meant = _suffered(job, final=video.final)
    dropped = Disturbing.DROPPED in meant
    if dropped:
        callback.disturbed = Disturbing.DROPPED
        outbox.drop(callback)
    else:
        _send_disturbed(outbox, callback, job, meant)
    if video.final and (overtaken := outbox.release(video.number, callback.at)) is not None:
        _duplicate(outbox, overtaken, _suffered(job, final=False))
    return callback if dropped else None


def _suffered(job: Job, *, final: bool) -> dict[Disturbing, Disturbance]:
    """The disturbances that such a callback of the job suffers, one of each kind."""
    return {found.kind: found for found in job.disturbances if found.concerns(final=final)}


def _send_disturbed(outbox: Outbox, callback: Callback, job: Job, meant: dict[Disturbing, Disturbance]) -> None:
    kinds = {found.kind for found in job.disturbances}
    early = Disturbing.EARLY in kinds and job.started == callback.at
    if (late := meant.get(Disturbing.LATE)) and not early:
        callback.disturbed = Disturbing.LATE
        callback.due += late.delay
    if slow := meant.get(Disturbing.SLOW):
        callback.disturbed = Disturbing.SLOW
        callback.pause = slow.delay
    if early:
        callback.disturbed = Disturbing.EARLY
    if Disturbing.SWAPPED in kinds and _is_last_before_the_end(callback, job):
        callback.disturbed = Disturbing.SWAPPED
        outbox.hold(callback)
        return
    outbox.owe(callback)
    _duplicate(outbox, callback, meant)


def _duplicate(outbox: Outbox, callback: Callback, meant: dict[Disturbing, Disturbance]) -> None:
    if Disturbing.DUPLICATE in meant:
        outbox.owe(_copy(outbox, callback))


def _is_last_before_the_end(callback: Callback, job: Job) -> bool:
    """Whether the job's next callback is the final one."""
    return not callback.video.final and len(job.steps) == 1 and job.next_at == job.steps[0][0]


def _copy(outbox: Outbox, callback: Callback) -> Callback:
    return Callback(
        outbox.new_number(),
        callback.video,
        callback.status,
        callback.url,
        callback.at,
        callback.due,
        callback.progress,
        callback.pause,
        Disturbing.DUPLICATE,
        copy_of=callback.number,
    )

"""What holds at every instant, by what can be read at it."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from contracts.verify.behaviour import rules
from contracts.verify.behaviour.memory import Broken, Job, Memory, account_of, running_on, upstream_of
from contracts.verify.behaviour.snapshot import Object, Snapshot

_TOLERANCE: Final = 2.0
"""Seconds by which an instant that is told may differ from one that is reckoned."""


def judge(memory: Memory, seen: Snapshot) -> Iterator[Broken]:
    """Judge one instant."""
    yield from _scheduler(memory, seen)
    yield from _slots(memory, seen)
    yield from _list(memory, seen)
    yield from _jobs(memory, seen)
    yield from _accounts(memory, seen)


def _scheduler(memory: Memory, seen: Snapshot) -> Iterator[Broken]:
    shown = seen.told("running", "available", "videos")
    running, executing = [job["id"] for job in seen.running], [job["id"] for job in seen.executing]
    memory.checks(rules.SAME_JOBS, rules.AGREES)
    if not memory.standing and sorted(running) != sorted(executing):
        # Between the two reads a job may have ended.
        return
    if running != executing:
        yield Broken(rules.SAME_JOBS, "listAvailable", f"executing {running}", f"{executing}", shown)
    elif different := next(
        (
            pair
            for pair in zip(seen.running, seen.executing, strict=True)
            if _fixed(memory, pair[0]) != _fixed(memory, pair[1])
        ),
        None,
    ):
        yield Broken(rules.SAME_JOBS, "listAvailable", f"{different[0]}", f"{different[1]}", shown)
    if len(set(running)) != len(running):
        yield Broken(rules.AGREES, "listRunning", "each job once", f"{running}", shown)
    started = [str(job.get("started", "")) for job in seen.running]
    if len(started) > 1:
        memory.checks(rules.JOBS_ORDER)
    if started != sorted(started):
        yield Broken(rules.JOBS_ORDER, "listRunning", "jobs in the order of their start", f"{started}", shown)
    for _, video in seen.all_videos():
        video_id, final = video["video_id"], video.get("video_status_final") is True
        if final and video_id in running and memory.standing:
            memory.checks(rules.FREED)
            expected = f"no {video_id}, as it is {video.get('video_status_name')}"
            yield Broken(rules.FREED, "listRunning", expected, "it still runs", shown)
        elif final and video_id in memory.jobs:
            memory.checks(rules.FREED)
        elif not final and video_id in memory.jobs and memory.standing:
            cancelled = video_id in memory.known.cancelled
            if cancelled == (video_id in running):
                expected = f"{'no ' if cancelled else ''}{video_id}"
                why = "it was cancelled" if cancelled else f"it is {video.get('video_status_name')}"
                got = "it is there" if cancelled else "it is not there"
                rule = rules.CANCEL_FREES if cancelled else rules.AGREES
                yield Broken(rule, "listRunning", f"{expected} among the running jobs, as {why}", got, shown)
    listed = {video["video_id"] for _, video in seen.all_videos()}
    for video_id in running:
        if (
            video_id not in listed
            and account_of(video_id) in seen.videos
            and len(seen.videos[account_of(video_id)]) < 100
        ):
            yield Broken(
                rules.AGREES, "listRunning", "jobs whose video is in the list", f"{video_id}, which is not", shown
            )


def _slots(memory: Memory, seen: Snapshot) -> Iterator[Broken]:
    shown = seen.told("available", "running", "accounts", "videos", "features")
    memory.checks(rules.COUNTS)
    if sorted(seen.available) != sorted(seen.accounts):
        expected = f"a line for each of {', '.join(seen.accounts) or 'no account'}"
        yield Broken(rules.COUNTS, "listAvailable", expected, f"{', '.join(seen.available) or 'none'}", shown)
        return
    if not memory.standing:
        return
    for email, line in seen.available.items():
        running, most = running_on(email, seen), int(seen.accounts[email].get("maxJobs", 0))
        left = max(0, min(most - running, seen.plan(email) - upstream_of(email, seen)))
        wanted = {"maxJobs": most, "executing": running, "available": left}
        for name, value in wanted.items():
            if line.get(name) != value:
                yield Broken(rules.COUNTS, "listAvailable", f"{name} {value} for {email}", f"{line.get(name)}", shown)
                break


def _list(memory: Memory, seen: Snapshot) -> Iterator[Broken]:
    for email, videos in seen.videos.items():
        shown = seen.told("videos")
        ids = [video["video_id"] for video in videos]
        memory.checks(rules.NEWEST_FIRST, rules.OWN_IDS)
        if len(set(ids)) != len(ids):
            yield Broken(rules.PAGING, "listVideos", "each video once", f"{ids}", shown)
        dates = [instant for video in videos if (instant := _instant(video.get("created_at"))) is not None]
        ordered = [video_id for video_id in reversed(memory.jobs) if video_id in ids]
        if dates != sorted(dates, reverse=True) or ordered != [each for each in ids if each in memory.jobs]:
            told = ", ".join(f"{video['video_id'].rpartition(':')[2]} of {video.get('created_at')}" for video in videos)
            yield Broken(rules.NEWEST_FIRST, "listVideos", "the newest first", told, shown)
        for video_id in ids:
            if account_of(video_id) != email:
                yield Broken(rules.OWN_IDS, "listVideos", f"videos of {email}", video_id, shown)
        for gone in memory.known.deleted:
            if gone in ids and gone not in memory.jobs:
                yield Broken(rules.DELETED, "listVideos", f"no {gone}, as it was deleted", "it is there", shown)


def _jobs(memory: Memory, seen: Snapshot) -> Iterator[Broken]:
    shown = seen.told("videos", "running")
    for video_id, job in memory.jobs.items():
        video = seen.video(video_id)
        if video is None:
            if video_id not in memory.known.deleted and len(seen.videos.get(job.email, [])) < 100:
                memory.checks(rules.KEPT)
                yield Broken(rules.KEPT, "listVideos", f"{video_id} in the list", "it is not there", shown)
            continue
        if video_id in memory.known.deleted:
            yield Broken(rules.DELETED, "listVideos", f"no {video_id}, as it was deleted", "it is there", shown)
        yield from _result(memory, video, seen)
        yield from _reply(memory, job, video, "listVideos", seen)
        for running in seen.running:
            if running["id"] == video_id:
                yield from _reply(memory, job, running, "listRunning", seen)
        yield from _dates(memory, video_id, job, video, seen)
        if memory.passed - job.at > 24 * 3_600 and memory.standing:
            memory.checks(rules.ENDS)
            if video.get("video_status_final") is False:
                got = (
                    f"{video_id} is {video.get('video_status_name')} after {(memory.passed - job.at) / 3_600:.0f} hours"
                )
                yield Broken(rules.ENDS, "listVideos", "a final status within a day", got, shown)


def _result(memory: Memory, video: Object, seen: Snapshot) -> Iterator[Broken]:
    status = memory.contract.lifecycle.statuses.get(video["video_status"])
    size = video.get("output_width"), video.get("output_height")
    if status is None or size == (None, None):
        return
    memory.checks(rules.RESULT)
    if not status.final and size != (0, 0):
        yield Broken(
            rules.RESULT, "listVideos", "a size of 0 x 0, as it is not finished", f"{size}", seen.told("videos")
        )
    if status.name == "COMPLETED":
        if not all(isinstance(each, int) and each > 0 for each in size):
            yield Broken(rules.RESULT, "listVideos", "a size, as it is COMPLETED", f"{size}", seen.told("videos"))
        if not re.match(r"https?://.", str(video.get("url", ""))):
            got = f"url {video.get('url', 'missing')!r}"
            yield Broken(rules.RESULT, "listVideos", "a url, as it is COMPLETED", got, seen.told("videos"))


def _reply(memory: Memory, job: Job, told: Object, operation: str, seen: Snapshot) -> Iterator[Broken]:
    for name in ("replyRef", "replyUrl"):
        wanted, got = job.fields.get(name), told.get(name)
        memory.checks(rules.REPLY)
        if name == "replyUrl" and wanted is None:
            # It may be the user's default.
            continue
        if got != wanted:
            yield Broken(rules.REPLY, operation, f"{name} {wanted!r}", repr(got), seen.told("videos", "running"))


def _dates(memory: Memory, video_id: str, job: Job, video: Object, seen: Snapshot) -> Iterator[Broken]:
    created = _instant(video.get("created_at"))
    if created is None:
        return
    memory.checks(rules.CREATED)
    shown = seen.told("videos", "running")
    if "." in str(video.get("created_at")):
        yield Broken(rules.CREATED, "listVideos", "no milliseconds", str(video.get("created_at")), shown)
    if not memory.standing:
        return
    now = next((call.now for call in seen.told("videos") if call.now), "")
    instant = _instant(now)
    if instant is not None:
        age = (instant - created).total_seconds()
        if abs(age - (memory.passed - job.at)) > _TOLERANCE:
            expected = f"created_at {memory.passed - job.at:.0f} s before {now}"
            yield Broken(rules.CREATED, "listVideos", expected, str(video.get("created_at")), shown)
    for running in seen.running:
        started = _instant(running.get("started")) if running["id"] == video_id else None
        if started is not None and abs((started - created).total_seconds()) > _TOLERANCE:
            memory.checks(rules.ELAPSED)
            expected = f"started {video.get('created_at')}, when it was accepted"
            yield Broken(rules.ELAPSED, "listRunning", expected, str(running.get("started")), shown)


def _accounts(memory: Memory, seen: Snapshot) -> Iterator[Broken]:
    for email, account in seen.accounts.items():
        memory.checks(rules.PENDING_SHOWN)
        if account.get("email") != email:
            yield Broken(
                rules.SAME_ACCOUNT, "listAccounts", f"email {email}", f"{account.get('email')}", seen.told("accounts")
            )
        if bool(account.get("error")) != (email in memory.pending):
            expected = f"{'an' if email in memory.pending else 'no'} error for {email}"
            yield Broken(
                rules.PENDING_SHOWN,
                "listAccounts",
                expected,
                f"error {account.get('error', 'missing')!r}",
                seen.told("accounts"),
            )
    accounts = seen.user.get("accounts")
    if isinstance(accounts, dict):
        memory.checks(rules.USER_ACCOUNTS)
        told = sorted(str(email) for emails in accounts.values() if isinstance(emails, list) for email in emails)
        if told != sorted(seen.accounts):
            expected = ", ".join(sorted(seen.accounts)) or "none"
            yield Broken(
                rules.USER_ACCOUNTS, "getUser", expected, ", ".join(told) or "none", seen.told("user", "accounts")
            )


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _fixed(memory: Memory, job: Object) -> Object:
    """A running job without what goes on between two reads."""
    return job if memory.standing else {name: value for name, value in job.items() if name != "elapsed"}

"""What may differ between two instants: what the deed concerns, and what time brings."""

from collections.abc import Iterator
from typing import Any, Final

from contracts.findings import Rule
from contracts.provider.http import value_of
from contracts.verify.behaviour import rules
from contracts.verify.behaviour.actions import Deed
from contracts.verify.behaviour.memory import Broken, Memory, account_of
from contracts.verify.behaviour.snapshot import Object, Snapshot

_READS: Final = {"get", "sweep"}
_IDENTITY: Final = (
    "account_id",
    "created_at",
    "original_video_id",
    "upscaled",
    "replyRef",
    "replyUrl",
    "seed",
    "prompt",
)
_CREDITS: Final = ("credit_daily", "credit_monthly", "credit_package")
_PARTS: Final = ("accounts", "features", "videos", "running", "available", "user")

Change = tuple[str, str, Any, Any]
"""A part of a snapshot, a place in it, and what was and is there."""


def nothing_else(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    """At a standing clock, what a deed does not concern is as it was."""
    rule, operation = _rule(deed)
    memory.checks(rule)
    for part, place, old, new in all_changes(before, after):
        if _may(part, place, deed, before):
            continue
        if part == "features" and place.rpartition("/")[2] in _CREDITS and rule is not rules.REFUSAL_CHANGES_NOTHING:
            rule = rules.STEADY
        shown = (*before.told(part), *deed.calls, *after.told(part))
        yield Broken(rule, operation, f"{part} {place}: {old!r}, as before", repr(new), shown)
        return


def _rule(deed: Deed) -> tuple[Rule, str]:
    if deed.action.name in _READS:
        return rules.READS_CHANGE_NOTHING, deed.call.operation if len(deed.calls) == 1 else ""
    operation = deed.calls[0].operation if deed.calls else ""
    return (rules.REFUSAL_CHANGES_NOTHING if deed.status >= 400 else rules.NOTHING_ELSE), operation


def _may(part: str, place: str, deed: Deed, before: Snapshot) -> bool:
    """Whether a deed may change a place."""
    if deed.status >= 400 or deed.action.name in _READS:
        return False
    email = account_of(deed.target) or deed.target
    of_account = place.startswith(f"/{email}")
    match deed.action.name:
        case "upscale":
            value = value_of(deed.call.got)
            made = f"/{value.get('video_id')}" if isinstance(value, dict) else "/?"
            return (
                (part in {"videos", "running"} and place == made)
                or (part == "features" and place in {f"/{email}/{name}" for name in _CREDITS})
                or (part == "available" and place in {f"/{email}/executing", f"/{email}/available"})
            )
        case "delete":
            return part == "videos" and place == f"/{deed.target}"
        case "cancel":
            return (part == "running" and place == f"/{deed.target}") or (part == "available" and of_account)
        case "save" | "adjust":
            if email not in before.accounts:
                return of_account or part in {"videos", "user"}
            # What was not asked for stays, credits above all.
            return of_account and (part in {"accounts", "available"} or (part == "features" and not deed.calls))
        case "unlink":
            return part != "user" or place.startswith("/accounts")
        case "user":
            return part == "user" and place in {f"/{name}" for name in deed.fields}
    return False


def all_changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """Every place in which two snapshots differ."""
    for part in ("accounts", "features", "available"):
        yield from _of_objects(part, getattr(before, part), getattr(after, part))
    yield from _fields("user", "", before.user, after.user)
    yield from _of_objects("videos", _by_id(before), _by_id(after), whole=True)
    yield from _of_objects(
        "running",
        {each["id"]: each for each in before.running},
        {each["id"]: each for each in after.running},
        whole=True,
    )


def _by_id(snapshot: Snapshot) -> dict[str, Object]:
    return {str(video["video_id"]): video for _, video in snapshot.all_videos()}


def _of_objects(
    part: str, before: dict[str, Object], after: dict[str, Object], *, whole: bool = False
) -> Iterator[Change]:
    for key in dict.fromkeys([*before, *after]):
        if key not in before or key not in after:
            yield part, f"/{key}", "there" if key in before else "not there", "there" if key in after else "gone"
        elif whole:
            for _, place, old, new in _fields(part, "", before[key], after[key]):
                yield part, f"/{key}{place}", old, new
        else:
            yield from _fields(part, f"/{key}", before[key], after[key])


def _fields(part: str, place: str, before: Object, after: Object) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, "missing"), after.get(name, "missing")
        if old != new:
            yield part, f"{place}/{name}", old, new


def waited(memory: Memory, before: Snapshot, after: Snapshot) -> Iterator[Broken]:
    """What time may bring: jobs go on and end, credits of failed ones come back."""
    memory.checks(rules.KEPT, rules.STEADY)
    old, new = _by_id(before), _by_id(after)
    for video_id in old:
        if video_id not in new:
            yield Broken(
                rules.KEPT, "listVideos", f"{video_id} in the list", "it is gone", _both(before, after, "videos")
            )
            break
    for video_id in new:
        if video_id not in old and memory.standing:
            yield Broken(
                rules.NOTHING_ELSE, "listVideos", "no new video", f"{video_id}", _both(before, after, "videos")
            )
            break
    for part in ("accounts", "user"):
        changed = (
            list(_fields("user", "", before.user, after.user))
            if part == "user"
            else list(_of_objects(part, before.accounts, after.accounts))
        )
        if changed and memory.standing:
            _, place, was, now = changed[0]
            yield Broken(
                rules.NOTHING_ELSE, "", f"{part} {place}: {was!r}, as before", repr(now), _both(before, after, part)
            )
    if memory.standing:
        # Else a job may end between the read of its video and that of the credits.
        yield from _refunds(memory, before, after)


def _refunds(memory: Memory, before: Snapshot, after: Snapshot) -> Iterator[Broken]:
    failed = {memory.contract.lifecycle.named(name).number for name in ("MODERATED", "FAILED")}
    for email in before.features:
        if email not in after.features:
            continue
        old = {video["video_id"]: video for video in before.videos.get(email, [])}
        lost = [
            str(video["video_id"])
            for video in after.videos.get(email, [])
            if video["video_status"] in failed
            and video["video_id"] in old
            and old[video["video_id"]]["video_status"] not in failed
        ]
        # What of a cancelled job comes back, or of one that we did not pay, is not said.
        sure = sum(video_id in memory.jobs and video_id not in memory.known.cancelled for video_id in lost)
        back = after.balance(email) - before.balance(email)
        rule = rules.REFUNDED if lost or any(old) else rules.STEADY
        memory.checks(rule)
        if not memory.cost * sure <= back <= memory.cost * len(lost) or back % max(memory.cost, 1):
            expected = f"{memory.cost * sure} credits back, for {sure} jobs that ended MODERATED or FAILED"
            shown = (*before.told("features", "videos"), *after.told("features", "videos"))
            yield Broken(rule, "getFeatures", expected, f"{back} credits", shown)


def steps(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    """What may become of a video: legal steps only, and nothing once it is final."""
    lifecycle = memory.contract.lifecycle
    old = _by_id(before)
    for video_id, video in _by_id(after).items():
        if (was := old.get(video_id)) is None:
            continue
        first, second = was["video_status"], video["video_status"]
        if first not in lifecycle.statuses or second not in lifecycle.statuses:
            continue
        shown = _both(before, after, "videos")
        memory.checks(rules.STEPS, rules.IDENTITY)
        if not lifecycle.reaches(first, second):
            rule = rules.FINAL_STAYS if lifecycle.statuses[first].final else rules.STEPS
            names = lifecycle.statuses[first].name, lifecycle.statuses[second].name
            yield Broken(rule, "listVideos", f"{names[0]}, or what may follow it", names[1], shown)
        elif lifecycle.statuses[first].final:
            memory.checks(rules.FINAL_STAYS)
            for _, place, value, now in _fields("videos", "", was, video):
                yield Broken(rules.FINAL_STAYS, "listVideos", f"{place} {value!r}, as before", repr(now), shown)
                break
        for name in _IDENTITY:
            if not lifecycle.statuses[first].final and was.get(name) != video.get(name):
                yield Broken(rules.IDENTITY, "listVideos", f"{name} {was.get(name)!r}", repr(video.get(name)), shown)
    yield from _running(memory, before, deed, after)


def _running(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    old = {job["id"]: job for job in before.running}
    for job in after.running:
        if (was := old.get(job["id"])) is None or not memory.standing:
            continue
        memory.checks(rules.ELAPSED)
        passed = _seconds(job) - _seconds(was)
        shown = _both(before, after, "running")
        if was.get("started") != job.get("started"):
            expected = f"started {was.get('started')}, as before"
            yield Broken(rules.ELAPSED, "listRunning", expected, f"{job.get('started')}", shown)
        elif abs(passed - deed.action.seconds) > 1:
            expected = f"elapsed {deed.action.seconds:.0f} s more than {was.get('elapsed')}"
            yield Broken(rules.ELAPSED, "listRunning", expected, f"{job.get('elapsed')}", shown)


def _seconds(job: Object) -> int:
    minutes, _, seconds = str(job.get("elapsed", "")).partition(":")
    return int(minutes) * 60 + int(seconds) if minutes.isdigit() and seconds.isdigit() else 0


def _both(before: Snapshot, after: Snapshot, part: str) -> tuple[Any, ...]:
    return (*before.told(part), *after.told(part))

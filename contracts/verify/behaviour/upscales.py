"""Upscales judged: what they must be answered, and what an accepted one must do."""

from collections.abc import Iterator

from contracts.contract import Trigger
from contracts.findings import Rule
from contracts.provider.http import value_of
from contracts.verify.behaviour import rules
from contracts.verify.behaviour.actions import Deed, fits
from contracts.verify.behaviour.memory import Broken, Memory, account_of, answered, running_on, upstream_of
from contracts.verify.behaviour.snapshot import Object, Snapshot


def judge(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    """Judge an upscale by what was read before and after it."""
    email = account_of(deed.target)
    wanted, got = _expected(memory, deed, before), deed.status
    rule = _rule(deed, wanted, got, email, before)
    memory.checks(rule)
    if wanted == {200}:
        memory.checks(rules.ACCEPTED, rules.FREE_ACCEPTED)
    elif 429 not in wanted:
        memory.checks(rules.ORDER)
    if got not in wanted and (memory.standing or (wanted, got) != ({429}, 200)):
        # At a running clock a job may have ended since the read.
        why = f"{' or '.join(map(str, sorted(wanted)))}, {_why(memory, deed, wanted, email, before)}"
        shown = before.told("available", "running", "features", "accounts", "videos")
        yield Broken(rule, "upscaleVideo", why, answered(deed.call), (*shown, deed.call))
    if got == 200:
        yield from _accepted(memory, before, deed, after)


def _expected(memory: Memory, deed: Deed, before: Snapshot) -> set[int]:
    """The statuses that an upscale may be answered with, by the contract's order of checks."""
    video = before.video(deed.target)
    email = next((mail for mail, each in before.all_videos() if each["video_id"] == deed.target), "")
    fields = {key: int(value) if deed.action.form and key == "maxJobs" else value for key, value in deed.fields.items()}
    if not fits(memory.contract, fields):
        return {400}
    trigger = _trigger(memory, deed.target)
    if trigger is not None and trigger.status:
        return {trigger.status}
    if trigger is not None:
        email = account_of(deed.target)
    elif video is None:
        return {400, 404}
    elif video["video_status"] != memory.contract.lifecycle.named("COMPLETED").number:
        return {400}
    if email in memory.pending:
        return {596}
    if before.balance(email) < memory.cost:
        return {412}
    return {429} if _full(fields, email, before) else {200}


def _trigger(memory: Memory, video_id: str) -> Trigger | None:
    """The trigger that the number of a video is, for providers that have them."""
    number = video_id.rpartition(":")[2]
    triggers = memory.contract.operations["upscaleVideo"].triggers
    return next((each for each in triggers if str(each.number) == number), None)


def _full(fields: Object, email: str, before: Snapshot) -> bool:
    """Whether no slot is free, of the account or upstream."""
    running = running_on(email, before)
    return running >= _limit(fields, email, before) or upstream_of(email, before) >= before.plan(email)


def _limit(fields: Object, email: str, before: Snapshot) -> int:
    """Jobs that may hold a slot for an upscale to be accepted."""
    named = fields.get("maxJobs")
    return int(named) if named is not None else int(before.accounts[email].get("maxJobs", 0))


def _rule(deed: Deed, wanted: set[int], got: int, email: str, before: Snapshot) -> Rule:
    """The rule that an answer to an upscale speaks about."""
    status = min(wanted)
    if 400 in wanted:
        return rules.REFUSED if got in {200, *wanted} else rules.ORDER
    if got in {400, 404}:
        return rules.ACCEPTED
    if 596 in {status, got}:
        return rules.PENDING if got in {200, 596} or status == 200 else rules.ORDER
    if 412 in {status, got}:
        return rules.ENOUGH if {status, got} & {200} or status == got else rules.ORDER
    if 429 in {status, got}:
        running = running_on(email, before)
        if "maxJobs" in deed.fields and deed.fields["maxJobs"] != before.accounts[email].get("maxJobs"):
            return rules.REQUEST_MAX_JOBS
        if upstream_of(email, before) >= before.plan(email) and running < _limit(deed.fields, email, before):
            return rules.UPSTREAM
        return rules.FULL_REFUSED if status == 429 else rules.FREE_ACCEPTED
    return rules.ACCEPTED


def _why(memory: Memory, deed: Deed, wanted: set[int], email: str, before: Snapshot) -> str:
    if 400 in wanted:
        return "as the request can't be met"
    if 596 in wanted:
        return f"as {email} has a pending error"
    running = running_on(email, before)
    return (
        f"as {running} jobs hold a slot of {email}, {_limit(deed.fields, email, before)} may; "
        f"{upstream_of(email, before)} run upstream, {before.plan(email)} may; "
        f"it has {before.balance(email)} credits, an upscale costs {memory.cost}"
    )


def _accepted(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    value = value_of(deed.call.got)
    made = value.get("video_id") if isinstance(value, dict) else None
    if not isinstance(made, str):
        return
    email = account_of(deed.target)
    shown = (deed.call, *after.told("videos"))
    memory.checks(rules.NEW_IDS, rules.OWN_IDS, rules.APPEARS, rules.STARTS)
    if made in memory.seen or before.video(made) is not None:
        yield Broken(rules.NEW_IDS, "upscaleVideo", "an id that never was", made, (deed.call,))
        return
    if made.rpartition(":")[0] != deed.target.rpartition(":")[0]:
        expected = f"{deed.target.rpartition(':')[0]}:..."
        yield Broken(rules.OWN_IDS, "upscaleVideo", expected, made, (deed.call,))
    video = after.video(made)
    if video is None:
        yield Broken(rules.APPEARS, "listVideos", f"{made} in the list", "it is not there", shown)
        return
    facts = {"original_video_id": deed.target, "upscaled": 1}
    for name, wanted in facts.items():
        if name in video and video[name] != wanted:
            yield Broken(rules.APPEARS, "listVideos", f"{name} {wanted!r}", repr(video[name]), shown)
    status = memory.contract.lifecycle.statuses.get(video["video_status"])
    if memory.standing and status is not None and status.final:
        yield Broken(rules.STARTS, "listVideos", "a status that is not final", str(status.name), shown)
    if email in before.features and email in after.features and memory.standing:
        memory.checks(rules.CHARGED)
        paid = before.balance(email) - after.balance(email)
        if paid != memory.cost:
            told = (*before.told("features"), deed.call, *after.told("features"))
            yield Broken(rules.CHARGED, "upscaleVideo", f"{memory.cost} credits less", f"{paid} credits less", told)

"""Deletions, cancellations, and changes of accounts and the user, judged."""

from collections.abc import Iterator

from contracts.provider.http import value_of
from contracts.verify.behaviour import rules
from contracts.verify.behaviour.actions import Deed
from contracts.verify.behaviour.memory import Broken, Memory, answered
from contracts.verify.behaviour.snapshot import Snapshot


def delete(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    """A deletion of a video."""
    video = before.video(deed.target)
    shown = (*before.told("videos"), deed.call, *after.told("videos"))
    if video is None:
        if deed.action.which == "deleted":
            memory.checks(rules.DELETED)
        if deed.status == 200:
            yield Broken(rules.DELETED, "deleteVideo", "404, as there is no such video", answered(deed.call), shown)
    elif video.get("video_status_final") is False:
        memory.checks(rules.UNFINISHED_KEPT)
        if deed.status == 200:
            yield Broken(rules.UNFINISHED_KEPT, "deleteVideo", "404, as it is not finished", answered(deed.call), shown)
    else:
        memory.checks(rules.DELETED)
        if deed.status != 200:
            yield Broken(rules.DELETED, "deleteVideo", "200, as the video is finished", answered(deed.call), shown)
        elif after.video(deed.target) is not None:
            yield Broken(rules.DELETED, "listVideos", "a list without it", f"{deed.target} is in the list", shown)


def cancel(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    """The end of the tracking of a job."""
    shown = (*before.told("running"), deed.call, *after.told("running", "available"))
    memory.checks(rules.CANCEL)
    runs = before.runs(deed.target)
    if runs != (deed.status == 200) and (memory.standing or not runs):
        expected = "200, as it runs" if runs else "a refusal, as no such job runs"
        yield Broken(rules.CANCEL, "cancelJob", expected, answered(deed.call), shown)
    if runs and deed.status == 200:
        memory.checks(rules.CANCEL_FREES)
        if after.runs(deed.target):
            yield Broken(rules.CANCEL_FREES, "cancelJob", "no slot for it", "it still holds one", shown)


def save(memory: Memory, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    """An account linked or updated."""
    if deed.status != 201:
        return
    memory.checks(rules.SAVED)
    shown = (deed.call, *after.told("accounts"))
    for source, account in (
        ("saveAccount", value_of(deed.call.got)),
        ("listAccounts", after.accounts.get(deed.target)),
    ):
        for name in ("email", "maxJobs"):
            told = account.get(name) if isinstance(account, dict) else "no account"
            if told != deed.fields[name]:
                yield Broken(rules.SAVED, source, f"{name} {deed.fields[name]!r}", repr(told), shown)


def unlink(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    """An account unlinked."""
    shown = (*before.told("accounts"), deed.call, *after.told("accounts"))
    memory.checks(rules.UNLINKED)
    if (deed.status == 200) != (deed.target in before.accounts):
        expected = "200" if deed.target in before.accounts else "404, as it is not linked"
        yield Broken(rules.UNLINKED, "deleteAccount", expected, answered(deed.call), shown)
    elif deed.status == 200:
        value = value_of(deed.call.got)
        remaining = value.get("remaining") if isinstance(value, dict) else None
        if deed.target in after.accounts:
            yield Broken(rules.UNLINKED, "listAccounts", f"no {deed.target}", "it is still there", shown)
        elif remaining != len(before.accounts) - 1:
            expected = f"remaining {len(before.accounts) - 1}"
            yield Broken(rules.UNLINKED, "deleteAccount", expected, f"remaining {remaining}", shown)


def user(memory: Memory, before: Snapshot, deed: Deed, after: Snapshot) -> Iterator[Broken]:
    """The user updated."""
    if deed.status != 200:
        return
    memory.checks(rules.USER)
    for name in ("name", "replyUrl"):
        wanted = deed.fields.get(name, before.user.get(name)) or None
        for source, user in (("updateUser", value_of(deed.call.got)), ("getUser", after.user)):
            told = (user.get(name) if isinstance(user, dict) else None) or None
            if told != wanted:
                shown = (*before.told("user"), deed.call, *after.told("user"))
                yield Broken(rules.USER, source, f"{name} {wanted!r}", repr(told), shown)

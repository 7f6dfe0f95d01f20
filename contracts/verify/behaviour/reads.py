"""Reads of one thing, and of pages, judged by what the lists have."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from contracts.findings import Call
from contracts.provider.http import value_of
from contracts.verify.behaviour import rules
from contracts.verify.behaviour.memory import Broken, Memory, answered
from contracts.verify.behaviour.snapshot import Snapshot


def judge(memory: Memory, before: Snapshot, call: Call) -> Iterator[Broken]:
    """Judge one read."""
    match call.operation:
        case "getVideo":
            yield from _video(memory, before, call)
        case "getAccount":
            yield from _account(memory, before, call)
        case "listVideos":
            yield from _page(memory, before, call)


def _last(call: Call) -> str:
    return unquote(urlsplit(call.sent.url).path.rpartition("/")[2])


def _video(memory: Memory, before: Snapshot, call: Call) -> Iterator[Broken]:
    video_id = _last(call)
    video = before.video(video_id)
    value = value_of(call.got)
    shown = (*before.told("videos"), call)
    if video is None:
        gone = video_id in memory.known.deleted
        memory.checks(*([rules.DELETED] if gone else [rules.PROCESSING]))
        if call.got.status == 200:
            rule = rules.DELETED if gone else rules.LIST_AND_SINGLE
            yield Broken(rule, "getVideo", "404, as it is in no list", answered(call), shown)
        return
    final = video.get("video_status_final") is True
    memory.checks(rules.PROCESSING)
    if call.got.status not in ({200} if final else {200, 404}):
        expected = "200, as it is final" if final else "404 or 200, as it is processed"
        yield Broken(rules.PROCESSING, "getVideo", expected, answered(call), shown)
    elif call.got.status == 200 and isinstance(value, dict):
        memory.checks(rules.LIST_AND_SINGLE)
        if different := _difference(video, value):
            name, listed, single = different
            yield Broken(
                rules.LIST_AND_SINGLE, "getVideo", f"{name} {listed!r}, as in the list", f"{name} {single!r}", shown
            )


def _account(memory: Memory, before: Snapshot, call: Call) -> Iterator[Broken]:
    account = before.accounts.get(_last(call))
    value = value_of(call.got)
    if account is None or not isinstance(value, dict):
        return
    memory.checks(rules.SAME_ACCOUNT)
    shown = (*before.told("accounts"), call)
    if call.got.status != 200:
        yield Broken(rules.SAME_ACCOUNT, "getAccount", "200, as it is in the list", answered(call), shown)
    elif different := _difference(account, value):
        name, listed, single = different
        yield Broken(
            rules.SAME_ACCOUNT, "getAccount", f"{name} {listed!r}, as in the list", f"{name} {single!r}", shown
        )


def _page(memory: Memory, before: Snapshot, call: Call) -> Iterator[Broken]:
    query = dict(parse_qsl(urlsplit(call.sent.url).query))
    videos = before.videos.get(query.get("email", ""))
    value = value_of(call.got)
    data = value.get("data") if isinstance(value, dict) else None
    if videos is None or call.got.status != 200 or not isinstance(data, list):
        return
    memory.checks(rules.PAGING)
    limit = int(query.get("limit", _default(memory, "limit")))
    offset = int(query.get("offset", _default(memory, "offset")))
    wanted = [video["video_id"] for video in videos[offset : offset + limit]]
    told = [each.get("video_id") if isinstance(each, dict) else None for each in data]
    if told != wanted:
        place = f"limit {limit}, offset {offset}"
        yield Broken(
            rules.PAGING,
            "listVideos",
            f"with {place}: {_numbers(wanted)}",
            _numbers(told),
            (*before.told("videos"), call),
        )


def _default(memory: Memory, name: str) -> int:
    parameters = memory.contract.operations["listVideos"].parameters
    return next(int(each.schema.node["default"]) for each in parameters if each.name == name)


def _numbers(ids: list[Any]) -> str:
    return f"{len(ids)} videos: " + ", ".join(str(each).rpartition(":")[2] for each in ids)


def _difference(first: Any, second: Any) -> tuple[str, Any, Any] | None:
    """The first field in which two objects differ, and its values."""
    for name in dict.fromkeys([*first, *second]):
        one, other = first.get(name, "missing"), second.get(name, "missing")
        if one != other or type(one) is not type(other):
            return str(name), one, other
    return None

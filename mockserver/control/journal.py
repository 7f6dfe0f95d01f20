"""The journal of a sandbox as one document: all that a judge of its client is given."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar
from urllib.parse import unquote_plus

from mockserver.control.call import ControlCall, Handler, Lengthy, Piecewise
from mockserver.control.clock import shown_clock
from mockserver.control.entries import Entries, Kept, secrets_of
from mockserver.control.requests import AT_ONCE
from mockserver.control.state import shown_account
from mockserver.control.story import hide, jobs_kept, seen_callback, seen_job, shown_callback, shown_job
from mockserver.domain import Callback, Video
from mockserver.downloads import Download
from mockserver.instants import real
from mockserver.masking import Mask, masked
from mockserver.message import Request
from mockserver.runtime import SLICE, GuardedSandbox

_FORM: Final = 1
"""Of the document: another one when something of it changes its meaning."""

_WORD: Final = re.compile(r"[^\s\"'&;,=]+")

_T = TypeVar("_T")


def _get(call: ControlCall) -> Any:
    guarded, runtime = call.guarded, call.api.runtime
    outside = Kept.outside(call.api)
    with runtime.lock:
        downloads = list(runtime.downloads)
    with guarded.now() as sandbox:
        kept = Kept.locked(guarded)
        videos = list(sandbox.videos.values())
        few = len(kept.exchanges) + len(outside.exchanges) + len(kept.callbacks) + jobs_kept(sandbox) <= AT_ONCE
        document: dict[str, Any] = {
            "form": _FORM,
            "sandbox": sandbox.user,
            "scenario": guarded.scenario.shown,
            "clock": shown_clock(guarded.clock),
            "cost": sandbox.rules.cost if sandbox.rules.credits else 0,
            "accounts": [shown_account(sandbox, account) for account in sandbox.accounts.values()],
            "total": kept.total,
            "lost": kept.lost(),
        }
    secrets = secrets_of(call.token)

    def tell() -> Any:
        causes = {exchange.accepted: exchange.number for exchange in kept.exchanges if exchange.accepted is not None}
        numbers = {video.number for video in videos} | set(causes)
        others = {token for token, _ in runtime} - {call.token}
        own = [each for each in downloads if each.number in numbers and each.received >= guarded.begun]
        # Whose token it bears, it is that one's, though videos of several sandboxes have the same number.
        own = [each for each in own if others.isdisjoint(_words(each.request))]
        mask = _masking(secrets)
        lists: dict[str, Iterable[dict[str, Any]]] = {
            "requests": Entries(call.api, kept, call.token).of(kept.exchanges),
            "outside": Entries(call.api, outside, call.token).of(outside.exchanges),
            "downloads": (_download(each, secrets) for each in own),
            "jobs": _jobs(guarded, videos, mask),
            "callbacks": _callbacks(guarded, kept.callbacks, causes, mask),
        }
        return Piecewise(document, lists)

    return tell() if few else Lengthy(tell)


def _jobs(guarded: GuardedSandbox, videos: Sequence[Video], mask: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    """The jobs of these videos as they are now, in the order in which they were accepted."""
    made = [(video, video.job) for video in videos if video.job is not None]
    for seen in _looked_at(guarded, made, lambda each: seen_job(*each)):
        shown = shown_job(guarded.sandbox.user, seen)
        yield shown | {name: mask(shown[name]) for name in ("replyUrl", "replyRef") if shown[name] is not None}


def _callbacks(
    guarded: GuardedSandbox,
    callbacks: Collection[Callback],
    causes: Mapping[int, int],
    mask: Callable[[str], str],
) -> Iterator[dict[str, Any]]:
    """These as they are now, in the order in which they came to be owed."""
    in_order = sorted(callbacks, key=lambda each: each.number)
    for seen in _looked_at(guarded, in_order, seen_callback):
        shown = shown_callback(guarded.sandbox.user, seen, causes.get(seen.callback.video.number))
        hide(shown, mask)
        yield shown


def _looked_at(guarded: GuardedSandbox, things: Sequence[Any], look: Callable[[Any], _T]) -> Iterator[_T]:
    """What `look` sees of each; the lock is held for a few at a time."""
    for start in range(0, len(things), SLICE):
        with guarded.lock:
            seen = [look(thing) for thing in things[start : start + SLICE]]
        yield from seen


def _masking(secrets: Mapping[str, str]) -> Callable[[str], str]:
    """Masks texts, many of which are the same."""
    mask = Mask(secrets)
    return lru_cache(maxsize=1_000)(lambda text: mask.text(text, ""))


def _download(download: Download, secrets: Mapping[str, str]) -> dict[str, Any]:
    request = download.request

    def tell(mask: Mask) -> dict[str, Any]:
        return {
            "real": real(download.received),
            "method": mask.text(request.method, "method"),
            "path": mask.text(request.path, "path"),
            "query": mask.query(request.query),
            "headers": mask.headers(request.headers),
            "status": download.status,
        }

    told, mask = masked(secrets, tell)
    return {**told, "masked": sorted(mask.places)}


def _words(request: Request) -> Iterator[str]:
    """All in a request that may be a token."""
    for text in (request.path, request.query, *(value.decode("latin-1") for _, value in request.headers)):
        yield from _WORD.findall(unquote_plus(text))


HANDLERS: Final[Mapping[str, Handler]] = {"getJournal": _get}

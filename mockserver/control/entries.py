"""Exchanges as they are told: the entries of the journal, with what followed from each, and without secrets."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from mockserver.api import Api
from mockserver.control.story import hide, kept_callbacks, seen_callback, shown_callback, shown_events
from mockserver.domain import Callback, Event, Kind, VideoId
from mockserver.instants import milliseconds, real
from mockserver.journal import Exchange
from mockserver.masking import SHORTEST, Mask, mask_tokens, masked
from mockserver.message import Headers, Request, Response
from mockserver.nearest import Near, nearest
from mockserver.runtime import GuardedSandbox
from mockserver.spec import Violation

_MOST_CAUSED: Final = 100
"""Callbacks that are shown of one exchange."""

_PHRASES: Final[Mapping[int, str]] = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a journal keeps: its exchanges, oldest first; `total` counts all that there ever were.

    For those of a sandbox, what its jobs came to.
    """

    exchanges: Sequence[Exchange]
    total: int
    guarded: GuardedSandbox | None = None
    callbacks: Collection[Callback] = ()
    events: Collection[Event] = ()

    @classmethod
    def of(cls, guarded: GuardedSandbox) -> "Kept":
        """What the journal of a sandbox keeps now."""
        with guarded.now():
            return cls.locked(guarded)

    @classmethod
    def locked(cls, guarded: GuardedSandbox) -> "Kept":
        """The same while its lock is held."""
        sandbox, journal = guarded.sandbox, guarded.journal
        callbacks = kept_callbacks(sandbox.outbox)
        return cls(list(journal), journal.total, guarded, callbacks, list(sandbox.story.events))

    @classmethod
    def outside(cls, api: Api) -> "Kept":
        """What is kept of the exchanges that reached no sandbox."""
        with api.runtime.lock:
            journal = api.runtime.outside
            return cls(list(journal), journal.total)

    def lost(self, since: int = 0) -> int:
        """How many exchanges behind this number are no longer kept."""
        first = self.exchanges[0].number if self.exchanges else self.total + 1
        return max(0, first - 1 - since)


class Entries:
    """Makes entries of exchanges. `token` is that of who asks, which no entry repeats."""

    def __init__(self, api: Api, kept: Kept, token: str) -> None:
        self._kept = kept
        self._guarded = kept.guarded
        self._user = None if kept.guarded is None else kept.guarded.sandbox.user
        self._secrets = secrets_of(token)
        self._near: dict[tuple[str, str], Near | None] = {}
        self._operations = [(found.id, found.method, found.path) for found in api.contract.operations.values()]

    def of(self, exchanges: Sequence[Exchange]) -> Iterator[dict[str, Any]]:
        """The entry of each."""
        callbacks: dict[int, list[Callback]] = {each.accepted: [] for each in exchanges if each.accepted is not None}
        events: dict[int, list[Event]] = {number: [] for number in callbacks}
        if events:
            for callback in self._kept.callbacks:
                if (of_job := callbacks.get(callback.video.number)) is not None:
                    of_job.append(callback)
            for event in self._kept.events:
                if event.kind is not Kind.CALLBACK and (of_video := events.get(event.number)) is not None:
                    of_video.append(event)
        for exchange in exchanges:
            entry, mask = self._told(exchange)
            if self._guarded is not None and (number := exchange.accepted) is not None:
                caused = sorted(callbacks[number], key=lambda each: each.number)
                entry |= _caused(self._guarded, exchange, events[number], caused, mask)
            yield {**entry, "masked": sorted(mask.places)}

    def mask(self, exchange: Exchange) -> Mask:
        """What masks all that is told of an exchange."""
        return self._told(exchange)[1]

    def brief(self, exchange: Exchange) -> dict[str, Any]:
        """Enough to find an exchange among the others."""
        mask = self.mask(exchange)
        return {
            "number": exchange.number,
            "method": mask.text(exchange.request.method, "method"),
            "path": mask.text(exchange.request.path, "path"),
            "status": exchange.response.status,
        }

    def _told(self, exchange: Exchange) -> tuple[dict[str, Any], Mask]:
        """The entry without what followed, and what masked it."""
        return masked(self._secrets, lambda mask: self._entry(exchange, mask))

    def _entry(self, exchange: Exchange, mask: Mask) -> dict[str, Any]:
        entry = {
            "number": exchange.number,
            "sandbox": self._user,
            "at": milliseconds(exchange.at) if exchange.at is not None else None,
            "real": real(exchange.received),
            "answered": real(exchange.answered) if exchange.answered is not None else None,
            "latency": exchange.latency / 1_000,
            "operation": exchange.operation,
            **_asked(exchange, mask),
            "status": exchange.response.status,
            "answer": _answered(exchange.response, mask),
            "why": mask.text(exchange.why, "why"),
            "refusal": exchange.refusal,
            "violations": [_violation(violation, mask) for violation in exchange.violations],
            "faults": [
                {"name": fault.name, "rule": fault.rule, "provenance": fault.provenance} for fault in exchange.faults
            ],
            "accepted": None,
            "events": [],
            "callbacks": [],
        }
        if not exchange.operation:
            entry["nearest"] = self._nearest(exchange.request, mask)
        return entry

    def _nearest(self, request: Request, mask: Mask) -> dict[str, str] | None:
        asked = (request.method, request.path)
        if asked not in self._near:
            self._near[asked] = nearest(*asked, self._operations)
        near = self._near[asked]
        if near is None:
            return None
        differs = mask.text(near.differs, "path")
        return {"operation": near.operation, "method": near.method, "path": near.path, "differs": differs}


def secrets_of(token: str) -> dict[str, str]:
    """What is masked besides all that shows to be a secret: the token of who asks."""
    # One of the documented form is masked anyway.
    return {token: "token"} if len(token) >= SHORTEST and mask_tokens(token) == token else {}


def _asked(exchange: Exchange, mask: Mask) -> dict[str, Any]:
    request = exchange.request
    return {
        "method": mask.text(request.method, "method"),
        "origin": mask.text(request.origin, "header"),
        "path": mask.text(request.path, "path"),
        "query": mask.query(request.query),
        "headers": mask.headers(request.headers),
        "body": mask.body(request.body, _content_type(request.headers)),
        "body_omitted": exchange.body_omitted,
    }


def _answered(response: Response, mask: Mask) -> dict[str, Any]:
    return {
        "status": response.status,
        "reason": _PHRASES.get(response.status, "") if response.reason is None else response.reason,
        "headers": mask.headers(response.headers, "answer"),
        "body": mask.body(response.body, _content_type(response.headers), "answer"),
        "wire": response.wire.suffers.value if response.wire is not None else None,
    }


def _violation(violation: Violation, mask: Mask) -> dict[str, str]:
    texts = {"pointer": violation.pointer, "sentence": violation.sentence, "value": violation.value}
    shown = {name: mask.text(text, "why") for name, text in texts.items()}
    return {"where": violation.where, "rule": violation.rule, **shown}


def _caused(
    guarded: GuardedSandbox, exchange: Exchange, events: Sequence[Event], callbacks: Sequence[Callback], mask: Mask
) -> dict[str, Any]:
    """What came of an accepted job: its id, its events, the last of its callbacks."""
    user, number = guarded.sandbox.user, exchange.accepted
    # The lock each time only for these few: all of them at once could be more than 10,000.
    with guarded.lock:
        video = guarded.sandbox.videos.get(number or 0)
        last = [seen_callback(callback) for callback in callbacks[-_MOST_CAUSED:]]
    email = video.email if video is not None else next((event.email for event in events), "")
    shown = [shown_callback(user, callback, exchange.number) for callback in last]
    for callback in shown:
        hide(callback, lambda text: mask.text(text, "callback"))
    caused: dict[str, Any] = {
        "accepted": str(VideoId(user, email, number or 0)),
        "events": shown_events(user, events),
        "callbacks": shown,
    }
    if len(callbacks) > len(last):
        caused["callbacks_omitted"] = len(callbacks) - len(last)
    return caused


def _content_type(headers: Headers) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == b"content-type"), "")

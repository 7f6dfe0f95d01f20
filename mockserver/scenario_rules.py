"""A scenario's data as the rules of a sandbox."""

from collections.abc import Mapping
from itertools import cycle, islice
from typing import Any, Final

from mockserver.domain import (
    AccountRules,
    CallbackRules,
    Disturbance,
    Disturbing,
    Durations,
    Endings,
    Rules,
    Status,
    Which,
)
from mockserver.domain.footage import CATALOGUE

RETRIES: Final[Mapping[str, tuple[float, ...]]] = {
    "none": (),
    "standard-webhooks": (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400),
}
"""Retry schedules by name, in seconds after each failed attempt. The second is the example of Standard Webhooks."""

_DELAYS: Final = {Disturbing.LATE: 60.0, Disturbing.SLOW: 1.0}
"""Seconds of a disturbance that names none. LATE: longer than the longest pause that the vendor advises to pollers."""

_LONG_NUMBER: Final = 900_719_925_474_099_267
"""Of the first video with long ids: the next ones differ in digits that a number in JavaScript has lost."""


def rules(data: Mapping[str, Any], cost: int) -> Rules:
    """The rules of a sandbox by a scenario that keeps the form; an upscale costs `cost` credits."""
    limits = data.get("limits", {})
    default = Rules(cost=cost)
    accounts = tuple(_account(account) for account in data.get("accounts", ()))
    return Rules(
        cost=cost,
        accounts=accounts if "accounts" in data else default.accounts,
        durations=_durations(data.get("jobs", {})),
        endings=_endings(data.get("jobs", {}).get("endings", ())),
        callbacks=_callbacks(data.get("callbacks", {})),
        slots=limits.get("slots", True),
        credits=limits.get("credits", True),
        retention=limits.get("retention", default.retention),
        first_number=_LONG_NUMBER if data.get("answers", {}).get("long_ids") else default.first_number,
    )


def _account(data: Mapping[str, Any]) -> AccountRules:
    default = AccountRules()
    videos = data.get("videos")
    return AccountRules(
        email=data["email"],
        max_jobs=data.get("maxJobs", default.max_jobs),
        concurrency=data.get("concurrency", default.concurrency),
        credits=data.get("credits", default.credits),
        pending_error=data.get("pendingError", False),
        running=data.get("running", 0),
        footage=default.footage if videos is None else tuple(islice(cycle(CATALOGUE), videos)),
    )


def _durations(jobs: Mapping[str, Any]) -> Durations:
    default = Durations()
    return Durations(
        shortest=round(jobs["shortest"] * 1_000) if "shortest" in jobs else default.shortest,
        longest=round(jobs["longest"] * 1_000) if "longest" in jobs else default.longest,
    )


def _endings(data: Any) -> Endings:
    if isinstance(data, Mapping):
        return Endings(shares=tuple((Status[name], share) for name, share in data.items() if share))
    return Endings(listed=tuple(Status[name] for name in data))


def _callbacks(data: Mapping[str, Any]) -> CallbackRules:
    default = CallbackRules()
    progress = default.progress if "progress" not in data else round(data["progress"] * 1_000) or None
    retries = data.get("retries", ())
    seconds = RETRIES[retries] if isinstance(retries, str) else retries
    return CallbackRules(
        progress=progress,
        final_only=data.get("final_only", False),
        retries=tuple(round(wait * 1_000) for wait in seconds),
        disturbances=tuple(_disturbance(found) for found in data.get("disturbances", ())),
    )


def _disturbance(data: Mapping[str, Any]) -> Disturbance:
    kind = Disturbing(data["kind"])
    return Disturbance(
        kind=kind,
        jobs=frozenset(data.get("jobs", ())),
        of=Which(data.get("of", "final")),
        delay=round(data.get("seconds", _DELAYS.get(kind, 0)) * 1_000),
    )

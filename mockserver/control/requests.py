"""The journal told: which exchanges there were, what each was about, and what followed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from mockserver.control.call import ControlCall, Handler, Lengthy, Refused
from mockserver.control.criteria import Criteria, CriteriaReader
from mockserver.control.entries import Entries, Kept
from mockserver.control.pattern import PatternError
from mockserver.har import archive
from mockserver.journal import Exchange

AT_ONCE: Final = 50
"""Exchanges that are told without holding up the server."""

_NEWEST: Final = 1_000
"""Exchanges that are told if nothing else is said."""


def criteria_of(call: ControlCall, data: Mapping[str, Any]) -> Criteria:
    """The criteria that a call names. Raises Refused."""
    try:
        return CriteriaReader(call.api).read(data)
    except PatternError as error:
        raise Refused(400, str(error)) from None


def entries_of(call: ControlCall, kept: Kept) -> Entries:
    """What makes entries for who calls."""
    return Entries(call.api, kept, call.token)


def lengthy(kept: Kept, make: Callable[[], Any]) -> Any:
    """What `make` gives: at once if that does not take long."""
    return make() if len(kept.exchanges) <= AT_ONCE else Lengthy(make)


def _list(call: ControlCall) -> Any:
    return _told(call, Kept.of(call.guarded), criteria_of(call, call.parameters))


def _find(call: ControlCall) -> Any:
    return _told(call, Kept.of(call.guarded), criteria_of(call, call.body), call.body.get("limit", _NEWEST))


def _count(call: ControlCall) -> Any:
    criteria, kept = criteria_of(call, call.parameters), Kept.of(call.guarded)
    return lengthy(kept, lambda: {"count": len(_fitting(kept, criteria))})


def _list_unmatched(call: ControlCall) -> Any:
    kept = Kept.of(call.guarded)
    without = [exchange for exchange in kept.exchanges if not exchange.operation]
    return _told(call, kept, criteria_of(call, call.parameters), among=without)


def _list_outside(call: ControlCall) -> Any:
    return _told(call, Kept.outside(call.api), criteria_of(call, call.parameters))


def _export(call: ControlCall) -> Any:
    return _exported(call, lambda told: b"".join(orjson.dumps(entry) + b"\n" for entry in told))


def _get_har(call: ControlCall) -> Any:
    return _exported(call, archive)


def _exported(call: ControlCall, make: Callable[[Any], Any]) -> Any:
    criteria, kept = criteria_of(call, call.parameters), Kept.of(call.guarded)
    limit = int(call.parameters["limit"])
    return lengthy(kept, lambda: make(entries_of(call, kept).of(_fitting(kept, criteria)[-limit:])))


def _told(
    call: ControlCall,
    kept: Kept,
    criteria: Criteria,
    limit: float | None = None,
    among: Sequence[Exchange] | None = None,
) -> Any:
    newest = int(call.parameters["limit"] if limit is None else limit)

    def tell() -> Any:
        found = _fitting(kept, criteria, among)
        return {
            "data": list(entries_of(call, kept).of(found[-newest:])),
            "total": kept.total,
            "omitted": kept.lost(criteria.since) + max(0, len(found) - newest),
        }

    return lengthy(kept, tell)


def _fitting(kept: Kept, criteria: Criteria, among: Sequence[Exchange] | None = None) -> list[Exchange]:
    return [exchange for exchange in (kept.exchanges if among is None else among) if criteria.fits(exchange)]


HANDLERS: Final[Mapping[str, Handler]] = {
    "listRequests": _list,
    "countRequests": _count,
    "findRequests": _find,
    "listUnmatched": _list_unmatched,
    "listOutside": _list_outside,
    "exportRequests": _export,
    "getHar": _get_har,
}

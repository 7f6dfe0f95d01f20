"""Whether a client that still runs only repeats itself, so that nothing more is to be learnt from waiting for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

LOOKED_AT: Final = 40
"""The newest entries of a journal that are needed."""

_NEVER_CHANGES: Final = frozenset({400, 401, 412, 596})
_FEWEST: Final = 4
_SECONDS: Final = 40.0
"""Of the client's own time, for which it has to have done nothing else."""


def repeats_itself(entries: Sequence[Mapping[str, Any]], scale: float) -> bool:
    """Whether the newest entries of a journal, oldest first, are the same again and again, and can't but stay so.

    That is a request whose answer never changes, or the look at a job that was shown to have ended. The client's waits
    were divided by `scale`.
    """
    if not entries or not _is_settled(entries[-1]):
        return False
    last = _essence(entries[-1])
    same = list(takewhile(lambda entry: _is_settled(entry) and _essence(entry) == last, reversed(entries)))
    if len(same) < _FEWEST:
        return False
    span = datetime.fromisoformat(same[0]["real"]) - datetime.fromisoformat(same[-1]["real"])
    return span.total_seconds() * scale >= _SECONDS


def _is_settled(entry: Mapping[str, Any]) -> bool:
    if entry["status"] in _NEVER_CHANGES:
        return True
    answer = entry["answer"]["body"]
    return entry["operation"] == "getVideo" and isinstance(answer, Mapping) and answer.get("video_status_final") is True


def _essence(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return entry["method"], entry["path"], entry["query"], str(entry["body"]), entry["status"]

"""The story of a sandbox for a person: what stands under a test that failed."""

from collections.abc import Sequence
from typing import Any, Final

from mockserver.handle.asking import Ask, with_query
from mockserver.handle.told import Event, Exchange
from mockserver.timeline import merge, story

_WIDTH: Final = 160
"""Columns of a line."""


def timeline(ask: Ask, lines: int) -> str:
    """The last lines of the story of a sandbox. Raises MockError."""
    requests = ask("GET", with_query("/__mock/requests", {"limit": lines}))["data"]
    told = ask("GET", with_query("/__mock/events", {"limit": lines}))
    events: list[Event] = told["data"]
    text = list(story(merge(requests, events), width=_WIDTH))
    if len(text) > lines or told["omitted"] or (requests and requests[0]["number"] > 1):
        text = ["(the beginning is left out)", *text[-lines:]]
    return "\n".join(text)


def outside(exchanges: Sequence[Exchange], lines: int) -> str:
    """Requests that reached no sandbox, in lines."""
    items: list[dict[str, Any]] = [{**each, "at": "", "event": "request"} for each in exchanges[-lines:]]
    return "\n".join(line.strip() for line in story(items, width=_WIDTH))

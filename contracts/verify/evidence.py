"""Findings with the story that shows them."""

from collections.abc import Iterable

from contracts.contract import UNSET
from contracts.findings import Call, Event, Finding, Got, Ledger, Rule
from contracts.provider.http import value_of
from contracts.report.curl import script

_LONGEST = 400


def finding(
    rule: Rule, operation: str, expected: str, got: str, story: Iterable[Event] = (), prelude: tuple[Event, ...] = ()
) -> Finding:
    """A finding whose last call is what is wrong; the lines that reproduce it are made of the story, after those of
    `prelude`, which make its world.
    """
    events = tuple(story)
    at = next((index for index in reversed(range(len(events))) if isinstance(events[index], Call)), None)
    return Finding(rule, operation, expected, shortened(got), events, at, script((*prelude, *events)))


def note(ledger: Ledger, rule: Rule, operation: str, expected: str, got: str, story: Iterable[Event] = ()) -> None:
    """Write a finding down; one that would only be counted is not made at length."""
    if ledger.full(rule, operation):
        ledger.fails(Finding(rule, operation, expected, got))
    else:
        ledger.fails(finding(rule, operation, expected, got, story))


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events once each, in time order."""
    return tuple(sorted(dict.fromkeys(events), key=lambda event: event.at))


def words(got: Got) -> str:
    """An answer in words: "429 {"error": ...}"."""
    if got.error:
        return got.error
    if value_of(got) is UNSET and not got.body:
        return f"{got.status} without a body"
    return shortened(f"{got.status} {got.body.decode('utf-8', 'backslashreplace')}")


def shortened(text: str, most: int = _LONGEST) -> str:
    """The text, or its beginning and how long it is."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"

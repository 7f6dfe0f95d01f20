"""Journals are files that anybody may write: what is none is told, and what is one is judged, whatever stands in it."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.grade.journal import Journal, JournalError
from contracts.grade.judging import judge
from grade.journals import Script

_ODD: Final = (
    *(None, True, 3, -1, 1e308, "", "x", "\ud800", [], {}, [[]], {"a": 1}, ["a", "b"], "user:1-x"),
    *("9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z", "reset", "COMPLETED"),
)
"""What is put in the place of something else."""


def rich() -> dict[str, Any]:
    """A journal in which every part is there."""
    script = Script("awkward-but-legal", answers={"extra_fields": True})
    script.submit(0, 429).submit(10, makes=7, fields={"replyUrl": "http://127.0.0.1:1/x"})
    script.get(20, 7, 502).get(21, 7, 502, wire="reset").get(30, 7, "COMPLETED").list(31, {7: "COMPLETED"})
    script.callback(12, 7, "GENERATING").callback(13, 7, "COMPLETED", copy=True).download(31, 7, token=True)
    return script.document(33)


def places(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document but its root."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*place, key)
        yield from places(value, (*place, key))


_PLACES: Final = list(places(rich()))


@settings(max_examples=settings.get_profile("suite").max_examples * 6)
@given(st.lists(st.tuples(st.sampled_from(_PLACES), st.sampled_from(_ODD), st.booleans()), min_size=1, max_size=3))
def test_a_spoiled_journal_is_refused_or_judged(spoils: list[tuple[tuple[Any, ...], Any, bool]]) -> None:
    """There is no third way."""
    document = rich()
    for place, value, gone in spoils:
        node: Any = document
        try:
            for key in place[:-1]:
                node = node[key]
            if gone:
                del node[place[-1]]
            else:
                node[place[-1]] = deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier spoil took the place away
    try:
        journal = Journal.of(document)
    except JournalError:
        return
    verdict = judge([journal], subject="x")
    assert verdict.judged

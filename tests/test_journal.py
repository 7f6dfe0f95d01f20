"""What a journal keeps, and what it tells to who listens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.journal import KEPT_BYTES, Exchange, Journal
from mockserver.message import Request, Response

MIB = 1_048_576


def exchange(body: bytes = b"", answer: bytes = b"", **request: Any) -> Exchange:
    return Exchange(Request("POST", "/v2", body=body, **request), Response(200, (), answer), "op", "why")


def journal(*exchanges: Exchange, bound: int = 1_000) -> Journal:
    made = Journal(bound)
    for each in exchanges:
        made.append(each)
    return made


def test_of_a_long_body_the_start_is_kept() -> None:
    """And how much is not."""
    (kept,) = journal(exchange(b"x" * (KEPT_BYTES + 7)))
    assert (len(kept.request.body), kept.body_omitted) == (KEPT_BYTES, 7)
    (kept,) = journal(exchange(b"x" * KEPT_BYTES))
    assert (len(kept.request.body), kept.body_omitted) == (KEPT_BYTES, 0)


@given(st.integers(1, 5), st.integers(0, 12), st.integers(0, 15))
def test_what_is_new_since_a_number(bound: int, many: int, number: int) -> None:
    """As far as it is kept, oldest first."""
    made = journal(*(exchange() for _ in range(many)), bound=bound)
    assert len(made) == min(bound, many)
    assert [each.number for each in made.since(number)] == [each.number for each in made if each.number > number]


@pytest.mark.parametrize(
    "request_of",
    [
        {"headers": [(b"x-long", b"v" * 60_000)]},
        {"headers": [(b"n" * 60_000, b"")]},
        {"headers": [(b"x-short", b"v" * 100)] * 560},
        {"path": "/" + "p" * 60_000},
        {"query": "q" * 60_000},
        {"body": b"b" * 60_000},
    ],
    ids=["value", "name", "many", "path", "query", "body"],
)
def test_long_requests_take_no_more_than_sixteen_mebibytes(request_of: dict[str, Any]) -> None:
    """Whatever of them is long; what is weighed as it comes is taken off as it goes."""
    made = Journal(1_000)
    for _ in range(1_500):
        made.append(Exchange(Request(**{"method": "GET", "path": "/", **request_of}), Response(200, (), b""), "op", ""))
    assert 16 * MIB * 0.9 < len(made) * 60_000 < 16 * MIB * 1.1
    for _ in range(1_500):
        made.append(exchange())
    assert len(made) == 1_000


@pytest.mark.parametrize(
    ("bound", "mebibytes"), [(1, 16), (1_000, 16), (1_500, 24), (10_000, 160), (16_000, 256), (1_000_000, 256)]
)
def test_room_grows_with_the_bound(bound: int, mebibytes: int) -> None:
    """In proportion to a thousand exchanges, which have sixteen mebibytes; fewer have as much, the most 256."""
    assert Journal(bound).most_bytes == mebibytes * MIB


def test_longer_journal_keeps_more_of_what_is_long() -> None:
    """Exchanges that a journal of the usual length would not have room for."""
    made = Journal(2_000)
    for _ in range(2_000):
        made.append(exchange(answer=b"a" * 16_000))
    assert len(made) == 2_000


def test_one_monster_leaves_the_others() -> None:
    """Its head counts for others, but not for all."""
    made = journal(*(exchange(headers=[(b"a", b"b" * 10 * MIB)] if number == 15 else ()) for number in range(40)))
    assert len(made) == 40


def test_answers_count_too() -> None:
    """Their bodies."""
    assert len(journal(*(exchange(answer=b"a" * (MIB - 100)) for _ in range(20)))) == 16


def test_listeners_are_told() -> None:
    """Of each exchange once it is kept, and when they are told that something else is new."""
    made = Journal(10)
    heard: list[int] = []
    made.append(exchange())
    made.listeners.append(lambda: heard.append(len(made)))
    made.append(exchange())
    made.tell()
    made.listeners.clear()
    made.append(exchange())
    assert heard == [2, 2]

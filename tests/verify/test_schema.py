"""The schema-driven phase against the mock, as it is and with a flaw that is in no catalogue."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

import live
from contracts.findings import Call
from contracts.provider import Provider, Safety
from contracts.verify import schema
from contracts.verify.schema import probing
from contracts.verify.schema.answers import Examiner
from contracts.verify.situation import Situation
from providers.flaw import answering
from providers.provider import serving
from providers.told import Told
from situations import failed, run, situation, unexercised

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with live.serving() as running:
        yield running.url


@pytest.fixture(scope="module")
def judged(mock: str) -> Situation:
    """What a run against the mock as it is wrote down."""
    given = situation(mock, schema)
    run(schema, given)
    return given


def calls(provider: Provider) -> list[Call]:
    return [event for event in provider.events if isinstance(event, Call)]


def probe(given: Any, *parts: str) -> set[str]:
    """The rules that fail when only these parts of the phase run."""
    prober = probing.Prober(given, Examiner(given.contract, given.ledger))
    try:
        for part in parts:
            getattr(prober, part)()
    finally:
        given.provider.close()
    return failed(given.ledger)


def test_mock_as_it_is_gives_no_finding(judged: Situation) -> None:
    assert failed(judged.ledger) == set()
    assert set(unexercised(judged.ledger)) <= {"schema/response-headers-conformance"}


def test_same_seed_sends_the_same(mock: str, judged: Situation) -> None:
    """But for the boundaries of forms, which are drawn by the library that writes them."""
    again = situation(mock, schema)
    run(schema, again)
    first, second = (
        [(call.sent.method, call.sent.url, call.got.status) for call in calls(each.provider)]
        for each in (judged, again)
    )
    assert first == second


def test_only_reads_are_sent_where_nothing_else_is_allowed(mock: str) -> None:
    given = situation(mock, schema, control=False, safety=Safety(reads_only=True))
    ledger = run(schema, given)
    token = ("Authorization", f"Bearer {given.tokens[0]}")
    changing = [call for call in calls(given.provider) if call.sent.method not in {"GET", "HEAD", "OPTIONS"}]
    assert [call.operation for call in changing if token in call.sent.headers] == []
    assert "schema/ids-never-reused" in unexercised(ledger)


def test_budget_ends_it(mock: str) -> None:
    given = situation(mock, schema, calls=50)
    run(schema, given)
    assert len(calls(given.provider)) == 50


@pytest.mark.parametrize(
    ("parts", "operation", "spoil", "rules"),
    [
        (("tokens",), "listRunning", {"status": 200}, {"schema/unauthorized-first"}),
        (("ids",), "upscaleVideo", {"video_id": "user:1-pixverse:a@b-video:1"}, {"schema/ids-well-formed"}),
        (("secrets",), "getAccount", {"note": "correct-horse-8f2b1c"}, {"schema/secrets-masked"}),
        (("gone",), "getVideo", {"status": 200}, {"schema/use-after-free"}),
        (("refusals",), "upscaleVideo", {"code": 1}, {"schema/code-key"}),
    ],
)
def test_flaw_is_found(parts: tuple[str, ...], operation: str, spoil: dict[str, Any], rules: set[str]) -> None:
    """Each part of the phase sees what only it looks for."""

    def spoiled(told: Told) -> None:
        if told.operation == operation:
            told.status = spoil.get("status", told.status)
            value = orjson.loads(told.body)
            told.body = orjson.dumps({**value, **{k: v for k, v in spoil.items() if k != "status"}})

    flaw = answering("A flaw of a test.", "*", shows=lambda _: True)(spoiled)
    with serving(flaw) as url:
        assert rules <= probe(situation(url, schema), *parts)

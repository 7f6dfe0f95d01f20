"""The callbacks phase against the mock, as it is and where it can't be judged."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

import live
from contracts.findings import Told
from contracts.provider import Safety
from contracts.verify import callbacks
from providers.catalogue import CATALOGUE
from providers.provider import serving
from situations import failed, run, situation, unexercised


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with live.serving() as running:
        yield running.url


@pytest.mark.slow
def test_mock_as_it_is_gives_no_finding_and_leaves_no_rule_out(mock: str) -> None:
    ledger = run(callbacks, situation(mock, callbacks))
    assert failed(ledger) == set()
    assert unexercised(ledger) == {}


@pytest.mark.slow
def test_finding_tells_the_story_of_one_job() -> None:
    """It begins with the request, has no other job's callbacks, and names the callback that is wrong."""
    with serving(CATALOGUE["told-after-the-end"]) as url:
        ledger = run(callbacks, situation(url, callbacks))
    finding = ledger.judged["callbacks/order"].findings[0]
    heard = [event for event in finding.story if isinstance(event, Told)]
    assert len({told.sent.url for told in heard}) == 1
    assert finding.at is not None
    assert finding.story[finding.at] is heard[-1]
    assert "upscale" in finding.curl
    assert "clock/advance" in finding.curl


def test_nothing_is_judged_where_nothing_may_be_changed(mock: str) -> None:
    given = situation(mock, callbacks, control=False, safety=Safety(reads_only=True))
    reasons = unexercised(run(callbacks, given))
    assert len(reasons) == len(callbacks.RULES)
    assert reasons["callbacks/final-told"] == "only reads are allowed (--safe)"


def test_taken_address_is_a_reason(mock: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        given = situation(mock, callbacks, callback_address=("127.0.0.1", taken.getsockname()[1]))
        reasons = unexercised(run(callbacks, given))
    assert "can't be listened on" in reasons["callbacks/final-told"]


def test_provider_elsewhere_needs_an_address(mock: str) -> None:
    given = situation(mock, callbacks, control=False)
    given.provider.host = "provider.example.com"
    assert "--callback-address" in unexercised(run(callbacks, given))["callbacks/final-told"]
    assert given.provider.calls == 0

"""Signed calls as Standard Webhooks has them, for receivers that check; and each body as the contract has it."""

from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from api.changed import contract
from api.mock import Mock
from callbacks.conftest import Receive
from callbacks.receivers import Reply, in_turn
from callbacks.staged import Stage, callbacks, control, outcomes, play, run_out

SECRET = "whsec_" + "QUJD" * 8
SIGNED = {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_signed_call_verifies(mock: Mock, receive: Receive) -> None:
    """Its raw body with its headers, against the real clock."""
    receiver = receive()
    play(mock, secret=SECRET)
    mock.accepted(replyUrl=receiver.url, replyRef="Ünïcödé ✓")
    run_out(mock)
    for received in receiver.received:
        assert Webhook(SECRET).verify(received.content, received.headers) == received.body


def test_signature_covers_the_body_and_the_id(mock: Mock, receive: Receive) -> None:
    """Whatever was changed on the way is found."""
    receiver = receive()
    play(mock, secret=SECRET)
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    first, second, _ = receiver.received
    for content, headers in (
        (first.content + b" ", first.headers),
        (first.content, {**first.headers, "webhook-id": second.headers["webhook-id"]}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(content, headers)


def test_calls_are_told_apart_by_their_ids(mock: Mock, receive: Receive) -> None:
    """Also those that repeat a status."""
    receiver = receive()
    play(mock, secret=SECRET)
    for _ in range(2):
        mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 6


def test_duplicates_share_their_id(mock: Mock, receive: Receive) -> None:
    """So that a receiver can tell them."""
    receiver = receive()
    play(mock, secret=SECRET, final_only=True, disturbances=[{"kind": "duplicate"}])
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    one, other = receiver.received
    assert one.headers["webhook-id"] == other.headers["webhook-id"]
    assert one.content == other.content


def test_retries_share_their_id(mock: Mock, receive: Receive) -> None:
    """They are the same call."""
    receiver = receive(in_turn(Reply(500), Reply(200)))
    play(mock, secret=SECRET, final_only=True, retries=[5])
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    one, other = receiver.received
    assert one.headers["webhook-id"] == other.headers["webhook-id"]


def test_nothing_is_signed_by_default(mock: Mock, receive: Receive) -> None:
    """As with the vendor."""
    receiver = receive()
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert all(not SIGNED & set(received.headers) for received in receiver.received)


def test_secret_is_not_shown(mock: Mock) -> None:
    """Not by the control API."""
    play(mock, secret=SECRET)
    answer = control(mock, "GET", "scenario")
    assert SECRET.encode() not in answer.content
    assert answer.body["callbacks"]["secret"] == "whsec_…"


@pytest.mark.parametrize("secret", ["whsec_", "secret", "whsec_!!!!!!!!", ""])
def test_bad_secret_is_refused(mock: Mock, secret: str) -> None:
    """When it is set, not when it is used."""
    answer = mock.call("PUT", "/__mock/scenario", {"callbacks": {"secret": secret}})
    assert answer.status == 400
    assert "/callbacks/secret" in answer.body["detail"]


# A body that breaks the contract never leaves


def wanting(data: Any) -> None:
    """A contract whose callback has a field that no body of ours has."""
    operation = data["paths"]["/v2/pixverse/videos/upscale"]["post"]["callbacks"]["videoProgress"]
    media = operation["{$request.body#/replyUrl}"]["post"]["requestBody"]["content"]["application/json"]
    media["schema"] = {"allOf": [media["schema"], {"type": "object", "required": ["surprise"]}]}
    media["examples"] = {}


BUG = "bug in the mock: callback of user:12345-pixverse:demo@example.com-video:"


def test_misfit_is_never_sent(stage: Stage, receive: Receive, tmp_path: Path) -> None:
    """The attempt says what is wrong; the job and the other calls go on."""
    receiver, mock = receive(), stage(contract=contract(tmp_path, wanting), strict=False)
    play(mock, retries=[5])
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert receiver.received == []
    assert outcomes(mock) == [("GENERATING", "bug"), ("GENERATING", "bug"), ("COMPLETED", "bug")]
    for callback in callbacks(mock):
        (attempt,) = callback["attempts"]
        assert attempt["result"] == "bug"
        assert attempt["error"].startswith(BUG)
        assert "surprise is required, got none" in attempt["error"]


def test_misfit_ends_the_advance_of_a_strict_mock(stage: Stage, receive: Receive, tmp_path: Path) -> None:
    """With a 500 that says the same; nothing stays on its way."""
    receiver, mock = receive(), stage(contract=contract(tmp_path, wanting))
    play(mock, final_only=True)
    mock.accepted(replyUrl=receiver.url)
    answer = mock.call("POST", "/__mock/clock/advance", {"until": "idle"})
    assert answer.status == 500
    assert "surprise is required, got none" in answer.body["detail"]
    assert receiver.received == []
    assert outcomes(mock) == [("COMPLETED", "bug")]
    assert callbacks(mock)[0]["attempts"][0]["error"].startswith(BUG)
    assert run_out(mock) == []


def test_misfit_in_the_background_is_logged(
    stage: Stage, receive: Receive, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for it: the log is loud."""
    receiver, mock = receive(), stage(contract=contract(tmp_path, wanting), clock="real", speed=10_000)
    play(mock, final_only=True)
    mock.accepted(replyUrl=receiver.url)
    while not control(mock, "GET", "callbacks").body["totals"]["bug"]:
        pass
    assert outcomes(mock) == [("COMPLETED", "bug")]
    assert "surprise is required, got none" in caplog.text

"""Where calls may go: loopback, and what --callback-hosts names."""

import pytest
import requests

from api.mock import UPSCALE, Mock
from callbacks.staged import Stage, attempts, callbacks, control, outcomes, play, run_out
from live import TOKEN, serving

FOREIGN = "http://10.255.255.1/hook"


def called(mock: Mock, url: str) -> Mock:
    """The mock, after a job that had only its end to tell."""
    play(mock, final_only=True, retries=[5])
    mock.accepted(replyUrl=url)
    run_out(mock)
    return mock


def test_foreign_address_is_denied_with_the_option_that_allows_it(mock: Mock) -> None:
    """At once, and not tried again."""
    called(mock, FOREIGN)
    words = "10.255.255.1 is not loopback; --callback-hosts 10.255.255.1 allows it"
    assert attempts(mock) == [(0, "denied", words)]
    assert outcomes(mock) == [("COMPLETED", "denied")]
    assert control(mock, "GET", "callbacks").body["totals"]["denied"] == 1


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://[fe80::1]/", "http://0.0.0.0/", "http://[::ffff:a9fe:a9fe]/"]
)
@pytest.mark.parametrize("allowed", [(), ("*",)])
def test_some_addresses_are_never_called(stage: Stage, url: str, allowed: tuple[str, ...]) -> None:
    """Whatever the options say; so the sentence names none."""
    mock = called(stage(callback_hosts=allowed), url)
    ((_, result, error),) = attempts(mock)
    assert result == "denied"
    assert error.endswith("never called")


@pytest.mark.parametrize("allowed", ["10.0.0.0/8", "10.255.255.1", "*"])
def test_allowed_address_is_attempted(stage: Stage, allowed: str) -> None:
    """Nobody is there, but it is not denied."""
    mock = called(stage(callback_hosts=(allowed,), callback_timeout=0.2), FOREIGN)
    assert [result for _, result, _ in attempts(mock)] == ["failed", "failed"]
    assert outcomes(mock) == [("COMPLETED", "given up")]


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/hook", "file:///etc/passwd", "127.0.0.1:9000/hook", "javascript:alert(1)"]
)
def test_other_schemes_are_a_400(mock: Mock, url: str) -> None:
    """Before there is a job."""
    answer = mock.upscale(replyUrl=url)
    assert (answer.status, callbacks(mock)) == (400, [])
    assert "replyUrl" in answer.body["error"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_log_names_the_option(form: str) -> None:
    """Where a person looks first."""
    jobs = ("--set", "jobs.shortest=1", "--set", "jobs.longest=1")
    with serving("--speed", "100", "--log-format", form, *jobs) as mock:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        source = requests.get(f"{mock.url}/v2/pixverse/videos", headers=headers, timeout=10).json()["data"][0]
        body = {"video_id": source["video_id"], "replyUrl": FOREIGN}
        requests.post(f"{mock.url}{UPSCALE}", json=body, headers=headers, timeout=10).raise_for_status()
        printed = mock.wait_printed("--callback-hosts 10.255.255.1 allows it")
    assert FOREIGN in printed

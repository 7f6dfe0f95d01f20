"""Providers that mean no good: a verdict all the same, in time, and the token goes nowhere else."""

import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.verify.command import verify
from providers.hostile import HOSTILE, besieging
from providers.provider import serving

pytestmark = pytest.mark.slow

TOKEN = "user:12345-demo0123456789"
MAX_TIME = 10


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_verdict_comes_in_time_and_the_token_stays(name: str, tmp_path: Path) -> None:
    """Findings and exit 1; the reports are written, and small."""
    report = tmp_path / "verdict.html"
    with besieging(HOSTILE[name]) as hostile:
        begun = time.monotonic()
        options = ["--token", TOKEN, "--max-time", str(MAX_TIME), "--report", f"html={report}"]
        done = CliRunner().invoke(verify, [hostile.url, *options], standalone_mode=False)
        seconds = time.monotonic() - begun
        strayed = hostile.token_strayed(TOKEN)
    assert (done.return_value, done.exception) == (1, None), done.output
    assert "api/recognised" in done.output or "answers/" in done.output
    assert not strayed
    # What a call takes that is under way, and the report.
    assert seconds < MAX_TIME + 10
    page = report.read_text(encoding="utf-8")
    assert len(page) < 5_000_000
    assert TOKEN not in page


def test_mock_off_loopback_is_verified_with_its_control_token() -> None:
    """Without it the sandboxes can't be made, and a token is asked for."""
    with serving(control_token="the-word-of-the-day") as url:
        options = [url, "--only", "documented/getUser/*"]
        shut = CliRunner().invoke(verify, options, standalone_mode=False)
        let_in = CliRunner().invoke(verify, [*options, "--control-token", "the-word-of-the-day"], standalone_mode=False)
    assert "wants a token" in str(shut.exception)
    assert (let_in.return_value, let_in.exception) == (0, None), let_in.output
    assert "the-word-of-the-day" not in let_in.output

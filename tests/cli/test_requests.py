"""`mockserver requests` against a mock that runs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import requests

from archives import check
from cli import running
from live import TOKEN, Live, serving

VIDEO = "user:12345-pixverse:demo@example.com-video"
UPSCALE = "/v2/pixverse/videos/upscale"
BUSY = f"00:00:00.000  POST {UPSCALE} 429  video number 429 asks for this answer"
MISSED = f"00:00:00.000  GET {UPSCALE} 405  the path takes POST; did you mean POST {UPSCALE}: you sent GET"


def run(*arguments: str, **variables: str) -> CompletedProcess[str]:
    return running.run("requests", *arguments, **variables)


def call(live: Live, method: str, path: str, body: Any = None, token: str | None = TOKEN) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    requests.request(method, f"{live.url}{path}", json=body, headers=headers, timeout=10)


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """A mock that was asked for a few things."""
    with serving("--clock", "manual") as live:
        call(live, "POST", UPSCALE, {"video_id": f"{VIDEO}:429"})
        call(live, "GET", f"{UPSCALE}?token={TOKEN}")
        call(live, "PUT", "/__mock/faults", {"faults": [{"fault": "bad-gateway"}]})
        call(live, "GET", "/v2/pixverse/scheduler")
        call(live, "GET", "/v2/pixverse/scheduler", token=None)
        yield live


def printed(live: Live, *arguments: str) -> str:
    done = run("--url", live.url, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_line_for_each_request(live: Live) -> None:
    """With the answer, the reason, and the fault that it suffered."""
    date, busy, missed, struck = printed(live).splitlines()
    assert date == "2025-01-01"
    assert busy.startswith(BUSY)
    assert missed == MISSED
    assert struck.startswith("00:00:00.000  GET /v2/pixverse/scheduler 502  ")
    assert "bad-gateway" in struck


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--status", "4xx"], ["2025-01-01", BUSY, MISSED]),
        (["--operation", "listRunning", "--status", "200"], []),
        (["--method", "post"], ["2025-01-01", BUSY]),
        (["--path", "upscale", "--since", "1"], ["2025-01-01", MISSED]),
        (["--unmatched"], ["2025-01-01", MISSED]),
        (["--limit", "1", "--method", "post"], ["2025-01-01", BUSY]),
        (
            ["--limit", "1", "--status", "4xx"],
            ["(not shown: 1 others, no longer kept or beyond --limit)", "2025-01-01", MISSED],
        ),
        (["--token", "user:777-abc"], []),
        (["--count"], ["3"]),
        (["--count", "--fault", "bad-gateway"], ["1"]),
    ],
)
def test_filters(live: Live, arguments: list[str], lines: list[str]) -> None:
    """As those of the control API."""
    found = printed(live, *arguments).splitlines()
    assert [line[: len(wanted)] for line, wanted in zip(found, lines, strict=True)] == lines


def test_outside_has_real_times(live: Live) -> None:
    """There is no other clock."""
    date, line = printed(live, "--outside").splitlines()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", date)
    assert date != "2025-01-01"
    assert line.endswith("GET /v2/pixverse/scheduler 401  no Authorization header")


def test_json_is_one_entry_a_line(live: Live) -> None:
    """The same as in the export, in ASCII alone, without a secret."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    exported = requests.get(f"{live.url}/__mock/requests/export", headers=headers, timeout=10).text.splitlines()
    found = printed(live, "--json")
    assert [json.loads(line) for line in found.splitlines()] == [json.loads(line) for line in exported]
    assert found.isascii()
    assert TOKEN not in found
    assert [json.loads(line)["number"] for line in printed(live, "--json", "--unmatched").splitlines()] == [2]


def test_har(live: Live, tmp_path: Path) -> None:
    """To a file, or printed; nothing else is said then."""
    file = tmp_path / "out.har"
    assert printed(live, "--har", str(file), "--status", "4xx") == ""
    har = json.loads(file.read_text(encoding="utf-8"))
    check(har)
    assert [entry["response"]["status"] for entry in har["log"]["entries"]] == [429, 405]
    assert json.loads(printed(live, "--har", "-", "--status", "4xx")) == har


def test_log_shows_no_token(live: Live) -> None:
    """The path says where one stood."""
    token = "user:777-hidden"
    call(live, "GET", f"/v2/{token}/x", token=token)
    printed = live.wait_printed("GET /v2/user:777-***/x 404 ")
    assert token not in printed


def test_options_have_variables_of_their_own(live: Live) -> None:
    """By the command's name."""
    done = run(MOCKSERVER_REQUESTS_URL=live.url, MOCKSERVER_REQUESTS_STATUS="429", MOCKSERVER_REQUESTS_COUNT="1")
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--status", "busy"], "says 400: status must be a status as 429, or 4xx for all of a hundred"),
        (["--operation", "\x1b"], "says 400: operation must be one of upscaleVideo"),
        (["--fault", "nothing"], "says 400: fault must be one of"),
        (["--since", "-1"], "Invalid value for '--since'"),
        (["--limit", "0"], "Invalid value for '--limit'"),
        (["--json", "--count"], "--json and --count exclude each other"),
        (["--har", "-", "--json"], "--json and --har exclude each other"),
        (["--unmatched", "--outside"], "--unmatched and --outside exclude each other"),
        (["--outside", "--count"], "--outside and --count exclude each other"),
        (["--unmatched", "--har", "x"], "--unmatched and --har exclude each other"),
        (["--har", "/nowhere/at/all.har"], "--har /nowhere/at/all.har can't be written: No such file or directory"),
        (["--token", "x"], "says 401: token 'x' is not of the form user:123-abc"),
        (["more"], "unexpected extra argument"),
    ],
)
def test_bad_call_is_one_line(live: Live, arguments: list[str], said: str) -> None:
    """With exit code 2, and without control characters."""
    done = run("--url", live.url, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr


def test_no_mock_is_one_line() -> None:
    """With exit code 2."""
    done = run("--url", "http://127.0.0.1:1")
    assert (done.returncode, done.stderr) == (
        2,
        "mockserver: no mock answers at http://127.0.0.1:1: connection refused\n",
    )

"""`mockserver advance` and `reset` against a mock that runs."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cli.running import run
from live import TOKEN, Live, serving

VIDEO = "user:12345-pixverse:demo@example.com-video:11223344"


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """A mock with a manual clock."""
    with serving("--clock", "manual") as live:
        yield live


def call(live: Live, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.request(method, f"{live.url}{path}", json=body, headers=headers, timeout=10)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


@pytest.fixture
def mock(live: Live) -> Live:
    """The same, as if nobody had used it."""
    call(live, "POST", "/__mock/reset")
    return live


def advance(mock: Live, *arguments: str) -> list[str]:
    done = run("advance", "--url", mock.url, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_advance_by_seconds(mock: Live) -> None:
    """Fractions, too; nothing happened, and that is where the clock is."""
    assert advance(mock, "90.5") == ["it is 2025-01-01T00:01:30.500Z (manual)"]
    assert advance(mock, "0") == ["it is 2025-01-01T00:01:30.500Z (manual)"]
    assert call(mock, "GET", "/__mock/clock")["now"] == "2025-01-01T00:01:30.500Z"


def test_advance_tells_what_happened(mock: Live) -> None:
    """As the timeline does, callbacks among it."""
    body = {"video_id": VIDEO, "replyUrl": f"{mock.url}/__mock/sink/told"}
    name = call(mock, "POST", "/v2/pixverse/videos/upscale", body)["video_id"].rpartition(":")[2]
    date, reached, called, clock = advance(mock, "next-event")
    assert date == "2025-01-01"
    assert re.fullmatch(rf"00:\d\d:\d\d\.\d{{3}}  {name} GENERATING", reached)
    sent = rf"00:\d\d:\d\d\.\d{{3}}  {name} callback GENERATING 200 in \d+\.\d ms -> {mock.url}/__mock/sink/told"
    assert re.fullmatch(sent, called)
    assert clock == f"it is 2025-01-01T{reached[:12]}Z (manual)"
    lines = advance(mock, "idle")
    assert re.search(rf"{name} callback COMPLETED 200 in ", lines[-2])
    assert lines[-1] == f"it is 2025-01-01T{lines[-2][:12]}Z (manual)"
    received = call(mock, "GET", "/__mock/sink/told")["data"]
    assert received[-1]["body"]["video_status_name"] == "COMPLETED"


def test_clock_that_runs_tells_its_speed(mock: Live) -> None:
    """Beside its mode."""
    call(mock, "POST", "/__mock/clock/speed", {"speed": 2.5})
    (clock,) = advance(mock, "3600")
    assert re.fullmatch(r"it is 2025-01-01T01:00:\d\d\.\d{3}Z \(real, speed 2\.5\)", clock)


def test_events_too_many_to_tell_are_counted(mock: Live) -> None:
    """The last ones are told."""
    scenario = {
        "jobs": {"shortest": 20_000, "longest": 20_000},
        "callbacks": {"progress": 1, "disturbances": [{"kind": "dropped", "of": "all"}]},
    }
    call(mock, "PUT", "/__mock/scenario", scenario)
    call(mock, "POST", "/v2/pixverse/videos/upscale", {"video_id": VIDEO, "replyUrl": "http://127.0.0.1:1/"})
    lines = advance(mock, "idle")
    assert re.fullmatch(r"\(not shown: the first \d+ events\)", lines[0])
    assert len(lines) == 10_003
    told = run("timeline", "--url", mock.url).stdout.splitlines()
    assert re.fullmatch(r"\(no longer kept: the first \d+ events\)", told[0])
    assert len(told) == 10_003


def test_reset(mock: Live) -> None:
    """The token's sandbox is fresh; nothing is printed. Another token's stays."""
    advance(mock, "5")
    advance(mock, "7", "--token", "user:777-abc")
    done = run("reset", "--url", mock.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert call(mock, "GET", "/__mock/clock")["now"] == "2025-01-01T00:00:00.000Z"
    assert advance(mock, "0", "--token", "user:777-abc") == ["it is 2025-01-01T00:00:07.000Z (manual)"]
    assert run("reset", "--url", mock.url, "--token", "user:777-abc").returncode == 0


def test_options_have_variables_of_their_own(mock: Live) -> None:
    """By the command's name."""
    variables = {"MOCKSERVER_ADVANCE_URL": mock.url, "MOCKSERVER_ADVANCE_TOKEN": "user:12345-demo"}
    assert run("advance", "1", **variables).stdout == "it is 2025-01-01T00:00:01.000Z (manual)\n"
    assert run("reset", MOCKSERVER_RESET_URL=mock.url).returncode == 0
    assert call(mock, "GET", "/__mock/clock")["now"] == "2025-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["advance"], "Missing argument"),
        (["advance", "tomorrow"], "'tomorrow' is neither a number of seconds nor next-event nor idle"),
        (["advance", "nan"], "'nan' is neither a number of seconds"),
        (["advance", "inf"], "'inf' is neither a number of seconds"),
        (["advance", "\x1b"], r"'\x1b' is neither a number of seconds"),
        (["advance", "1e10"], "says 400: seconds must be from -1000000000 to 1000000000"),
        (["advance", "--", "-5"], "says 400: time never goes backwards: it is 2025-01-01T00:00:00.000Z"),
        (["advance", "-5"], "No such option"),
        (["advance", "1", "2"], "unexpected extra argument"),
        (["advance", "1", "--token", "x"], "says 401: token 'x' is not of the form user:123-abc"),
        (["reset", "--token", "x"], "says 401: token 'x' is not of the form user:123-abc"),
        (["reset", "--url", "http://127.0.0.1/x"], "--url takes scheme, host and port only"),
    ],
)
def test_bad_call_is_one_line(mock: Live, arguments: list[str], said: str) -> None:
    """With exit code 2; nothing has moved."""
    done = run(arguments[0], "--url", mock.url, *arguments[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert call(mock, "GET", "/__mock/clock")["now"] == "2025-01-01T00:00:00.000Z"


@pytest.mark.parametrize("arguments", [["advance", "1"], ["reset"]])
def test_no_mock_is_one_line(arguments: list[str]) -> None:
    """With exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    done = run(*arguments, "--url", url)
    assert (done.returncode, done.stderr) == (2, f"mockserver: no mock answers at {url}: connection refused\n")

"""`mockserver timeline`: the steps from data to text, and the command against a mock that runs."""

import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from cli import running
from live import TOKEN, Live, serving
from mockserver.timeline import MOST_BARS, Words, bars, cut, json_line, line, merge, missing, story, words

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
VIDEO = "user:12345-pixverse:demo@example.com-video"
URL = "http://127.0.0.1:9000/cb"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202e\x7f"
STYLES = re.compile(r"\x1b\[\d+m")


def at(seconds: int) -> str:
    return f"2025-01-01T00:{seconds // 60:02}:{seconds % 60:02}.000Z"


def asked(seconds: int = 0, **values: Any) -> dict[str, Any]:
    """A request as the control API has it."""
    shown = {"number": 1, "at": at(seconds), "operation": "upscaleVideo", "method": "POST", "path": "/upscale"}
    return {**shown, "status": 200, "why": "accepted", **values}


def happened(kind: str, job: int = 7, status: str = "QUEUED", when: int = 0, **values: Any) -> dict[str, Any]:
    """An event as the control API has it."""
    return {"at": at(when), "event": kind, "video_id": f"{VIDEO}:{job}", "status": status, **values}


def attempted(**values: Any) -> dict[str, Any]:
    shown = {"callback": 1, "url": URL, "attempt": 1, "result": "received", "seconds": 0.0017, "answered": 200}
    return happened("callback", status="GENERATING", **{**shown, **values})


def told(item: dict[str, Any]) -> str:
    return line(words(item))


# Order


def test_requests_come_before_what_else_happened_then() -> None:
    """Each with the job that it started right behind it; all else in the order in which it was told."""
    requests = [
        asked(0, number=1),
        asked(0, number=2, status=429),
        asked(0, number=3),
        asked(5, number=4, operation="getVideo"),
    ]
    events = [
        happened("accepted", 1),
        happened("accepted", 2),
        happened("status", 1, "GENERATING", 5),
        happened("callback", 1, "GENERATING", 5),
        happened("status", 2, "GENERATING", 4),
    ]
    found = [item.get("number") or (item["event"], item["video_id"][-1]) for item in merge(requests, events)]
    assert found == [
        1,
        ("accepted", "1"),
        2,
        3,
        ("accepted", "2"),
        ("status", "2"),
        4,
        ("status", "1"),
        ("callback", "1"),
    ]


def test_jobs_whose_request_is_not_kept_are_told() -> None:
    """And requests whose job is not."""
    items = merge([asked(9)], [happened("accepted", 1), happened("accepted", 2, when=8)])
    assert [item["event"] for item in items] == ["accepted", "accepted", "request"]


def test_callbacks_of_a_request_are_left_to_the_events() -> None:
    """They are told once."""
    assert merge([asked(callbacks=[{"number": 1}])], []) == [{**asked(), "event": "request"}]


# Bars


@st.composite
def lives(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events of jobs whose lives overlap at random; some have begun before the first, some don't end."""
    queues: dict[int, list[tuple[str, str]]] = {}
    for job in range(draw(st.integers(1, 14))):
        between = draw(st.lists(st.sampled_from([("callback", "GENERATING"), ("cancelled", "QUEUED")]), max_size=3))
        end = draw(st.sampled_from(["COMPLETED", "MODERATED", "FAILED"]))
        whole = [("accepted", "QUEUED"), ("status", "GENERATING"), *between, ("status", end), ("callback", end)]
        queues[job] = whole[draw(st.integers(0, 2)) : draw(st.integers(3, len(whole)))]
    order = draw(st.permutations([job for job, queue in queues.items() for _ in queue]))
    events = []
    for job in order:
        kind, status = queues[job].pop(0)
        dropped = {"url": URL, "attempt": 0, "outcome": "dropped"} if kind == "callback" else {}
        events.append(happened(kind, job, status, **dropped))
    return [
        item for event in events for item in ([{**asked(), "event": "request"}] * draw(st.integers(0, 1)) + [event])
    ]


FOLLOWING = {" ": " ┌", "┌": "│├└", "│": "│├└", "├": "│├└", "└": " ┌"}
"""What may stand below each mark."""


def unbroken(lines: list[str]) -> bool:
    """Whether each column is made of whole bars, or of bars that are cut off by the last line."""
    above = " " * len(lines[0])
    for marks in lines:
        if not all(mark in FOLLOWING[before] for before, mark in zip(above, marks, strict=True)):
            return False
        above = marks
    return True


@given(lives())
def test_bars_never_break_and_no_two_jobs_share_one(items: list[dict[str, Any]]) -> None:
    """Each job has its column from start to end, no other job has it meanwhile, and a line belongs to one job."""
    lines = bars(items)
    assert len({len(marks) for marks in lines}) == 1
    assert len(lines[0]) <= MOST_BARS
    assert unbroken(lines)
    columns: dict[str, int] = {}
    ended: set[str] = set()
    for item, marks in zip(items, lines, strict=True):
        own = [place for place, mark in enumerate(marks) if mark in "┌├└"]
        job = item.get("video_id")
        if job is None:
            assert own == []
        elif own:
            assert own == [columns.setdefault(job, own[0])]
            assert job not in ended
            assert list(columns.values()).count(own[0]) == 1
            if marks[own[0]] == "└":
                ended.add(job)
                del columns[job]
        assert {place for place, mark in enumerate(marks) if mark != " "} == set(columns.values()) | set(own)


def test_more_jobs_than_columns_are_not_drawn() -> None:
    """From their start to their end, also when there is room again; the next one has a bar."""
    items = [happened("accepted", job) for job in range(10)]
    items += [happened("status", 3, "COMPLETED"), happened("status", 9, "GENERATING"), happened("accepted", 10)]
    items += [happened("status", 9, "FAILED"), happened("status", 10, "FAILED")]
    assert bars(items)[8:] == ["││││││││", "││││││││", "│││└││││", "│││ ││││", "│││┌││││", "││││││││", "│││└││││"]


def test_bars_of_an_end_alone_and_of_what_follows_it() -> None:
    """There is nothing to draw."""
    assert bars([happened("status", 1, "COMPLETED"), happened("callback", 1, "COMPLETED")]) == ["", ""]
    assert bars([]) == []


# Words


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (asked(event="request", status=429, why="account is busy"), "POST /upscale 429  account is busy"),
        (happened("accepted"), "7 accepted"),
        (happened("cancelled", status="GENERATING"), "7 cancelled"),
        (happened("status", status="GENERATING"), "7 GENERATING"),
        (attempted(), f"7 callback GENERATING 200 in 1.7 ms -> {URL}"),
        (attempted(result="failed", answered=500), f"7 callback GENERATING 500 in 1.7 ms -> {URL}"),
        (
            attempted(result="failed", answered=503, retry_after=90.0, attempt=3),
            f"7 callback GENERATING 503 in 1.7 ms, asks for 90 s (attempt 3) -> {URL}",
        ),
        (
            {**attempted(result="failed", error="connection refused by 127.0.0.1:9000", attempt=2), "answered": None},
            f"7 callback GENERATING failed: connection refused by 127.0.0.1:9000 (attempt 2) -> {URL}",
        ),
        (
            {**attempted(result="denied", error="not allowed"), "answered": None},
            f"7 callback GENERATING denied: not allowed -> {URL}",
        ),
        (
            happened("callback", status="COMPLETED", callback=1, url=URL, attempt=0, outcome="dropped"),
            f"7 callback COMPLETED dropped -> {URL}",
        ),
        ({**attempted(result="in flight"), "answered": None}, f"7 callback GENERATING in flight -> {URL}"),
    ],
)
def test_words_say_what_happened(item: dict[str, Any], said: str) -> None:
    """In one line."""
    assert told(item) == said


def test_colours_tell_good_from_bad() -> None:
    """Of statuses, answers and attempts."""
    colours = {
        "COMPLETED": "green",
        "MODERATED": "red",
        "FAILED": "red",
        "GENERATING": "cyan",
    }
    for status, colour in colours.items():
        assert Words(status, colour) in words(happened("status", status=status))
    for status, colour in ((200, "green"), (412, "yellow"), (596, "red")):
        assert Words(str(status), colour) in words(asked(event="request", status=status))
    assert Words("200", "green") in words(attempted())
    assert Words("500", "red") in words(attempted(result="failed", answered=500))


anything = st.text() | st.just(ESCAPES) | st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp"]))


@given(path=anything, why=anything, url=anything, error=anything, job=anything)
def test_nothing_that_a_client_sent_is_a_command_to_a_terminal(
    path: str, why: str, url: str, error: str, job: str
) -> None:
    """It is shown as Python writes it; a line is one line."""
    items = [
        asked(event="request", path=path, why=why),
        {**attempted(url=url, error=error, result="failed"), "answered": None, "video_id": job},
    ]
    for text in story(items):
        assert text.isprintable()
    for text in story(items, drawn=True, width=80):
        assert STYLES.sub("", text).isprintable()
    for text in map(json_line, items):
        assert text.isascii()
        assert text.isprintable()
        assert json.loads(text) in items


def test_secret_in_a_reply_url_does_not_show() -> None:
    """Lines are copied into issues and logs of CI."""
    assert told(attempted(url="http://127.0.0.1:9000/a?token=hunter2&order=17")).endswith("/a?token=***&order=17")


# Lines


def test_date_stands_where_it_changes() -> None:
    """On a line of its own, which bars go through."""
    items = [
        happened("accepted", 1),
        happened("accepted", 2),
        {**happened("status", 1, "COMPLETED"), "at": "2025-01-02T00:00:00.001Z"},
        {**happened("status", 2, "FAILED"), "at": "2025-01-03T00:00:00.000Z"},
    ]
    assert list(story(items)) == [
        "2025-01-01",
        "00:00:00.000  1 accepted",
        "00:00:00.000  2 accepted",
        "2025-01-02",
        "00:00:00.001  1 COMPLETED",
        "2025-01-03",
        "00:00:00.000  2 FAILED",
    ]
    drawn = [STYLES.sub("", text) for text in story(items, drawn=True)]
    assert [text[:2] for text in drawn] == ["  ", "┌ ", "│┌", "││", "└│", " │", " └"]
    assert [text[2:] for text in drawn] == [f"  {text}" for text in story(items)]


@given(lives(), st.lists(st.integers(0, 3)))
def test_no_line_breaks_a_bar(items: list[dict[str, Any]], days: list[int]) -> None:
    """Not that of a date either."""
    day = 1
    for item, more in zip(items, days, strict=False):
        day = min(day + more, 28)
        item["at"] = f"2025-01-{day:02}T00:00:00.000Z"
    items.sort(key=lambda item: item["at"])
    width = len(bars(items)[0])
    assert unbroken([text[:width] for text in story(items, drawn=True)])


@given(
    st.lists(st.text(st.characters(categories=["L", "N", "P", "Zs"]) | st.sampled_from("한字｡｢😀"))), st.integers(1, 60)
)
def test_a_line_fits_its_width(texts: list[str], width: int) -> None:
    """Nothing is lost that has room, and wide characters count twice."""
    from unicodedata import east_asian_width

    def columns(text: str) -> int:
        return sum(2 if east_asian_width(mark) in "WF" else 1 for mark in text)

    pieces = [Words(text) for text in texts]
    shown, whole = line(cut(pieces, width)), "".join(texts)
    assert columns(shown) <= width
    if columns(whole) <= width:
        assert shown == whole
    else:
        assert shown.endswith("…")
        assert whole.startswith(shown[:-1])
        assert columns(shown) >= width - 1


def test_colours_take_no_room() -> None:
    """A cut line keeps the colour of what is left, and ends it."""
    text = line([Words("ab"), Words("COMPLETED", "green"), Words("z")], drawn=True, width=6)
    assert text == "ab\x1b[32mCOM\x1b[0m…"


def test_what_is_no_longer_kept_is_said() -> None:
    """Only where there is something."""
    assert missing([], 0) is None
    assert missing([asked(number=1)], 0) is None
    assert missing([asked(number=8)], 0) == "(no longer kept: the first 7 requests)"
    assert missing([asked(number=8)], 5) == "(no longer kept: the first 7 requests and 5 events)"


# The command


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return running.run("timeline", *arguments, **variables)


@pytest.fixture(scope="module")
def mock() -> Iterator[Live]:
    """A mock with a story: two jobs, one of them with a receiver and a day late, one refused request."""
    with serving("--clock", "manual", "--set", "callbacks.final_only=true") as live:
        upscale(live, "11223344", replyUrl=f"{live.url}/__mock/sink/a")
        upscale(live, "429")
        advance(live, {"until": "idle"})
        advance(live, {"seconds": 86_400})
        upscale(live, "7")
        advance(live, {"until": "idle"})
        yield live


def upscale(live: Live, number: str, **fields: str) -> None:
    body = {"video_id": f"{VIDEO}:{number}", **fields}
    requests.post(f"{live.url}/v2/pixverse/videos/upscale", json=body, headers=HEADERS, timeout=10)


def advance(live: Live, body: dict[str, Any]) -> None:
    requests.post(f"{live.url}/__mock/clock/advance", json=body, headers=HEADERS, timeout=10).raise_for_status()


STORY = [
    r"2025-01-01",
    r"00:00:00\.000  POST /v2/pixverse/videos/upscale 200  accepted: 1 running on demo@example\.com, 9980 credits left",
    r"00:00:00\.000  \d+ accepted",
    r"00:00:00\.000  POST /v2/pixverse/videos/upscale 429  video number 429 asks for this answer",
    r"00:\d\d:\d\d\.\d{3}  \d+ GENERATING",
    r"00:\d\d:\d\d\.\d{3}  \d+ COMPLETED",
    r"00:\d\d:\d\d\.\d{3}  \d+ callback COMPLETED 200 in \d+\.\d ms -> http://127\.0\.0\.1:\d+/__mock/sink/a",
    r"2025-01-02",
    r"00:\d\d:\d\d\.\d{3}  POST /v2/pixverse/videos/upscale 200  accepted: 1 running on .*",
    r"00:\d\d:\d\d\.\d{3}  \d+ accepted",
    r"00:\d\d:\d\d\.\d{3}  \d+ GENERATING",
    r"00:\d\d:\d\d\.\d{3}  \d+ MODERATED",
]
BARS = ["   ", "   ", "┌  ", "│  ", "├  ", "└  ", "   ", "   ", "   ", "┌  ", "├  ", "└  "]


@pytest.mark.parametrize("form", ["auto", "text"])
def test_prints_the_story(mock: Live, form: str) -> None:
    """Plain, where nobody looks on."""
    done = run("--url", mock.url, "--format", form)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == len(STORY)
    for pattern, text in zip(STORY, lines, strict=True):
        assert re.fullmatch(pattern, text), text


def test_prints_json(mock: Live) -> None:
    """An object a line: the requests and events as the control API has them."""
    done = run("--url", mock.url, "--format", "json")
    items = [json.loads(text) for text in done.stdout.splitlines()]
    assert [item["event"] for item in items] == [
        *("request", "accepted", "request", "status", "status", "callback"),
        *("request", "accepted", "status", "status"),
    ]
    events = requests.get(f"{mock.url}/__mock/events", headers=HEADERS, timeout=10).json()["data"]
    assert [item for item in items if item["event"] != "request"] == events


def on_terminal(*arguments: str, **variables: str) -> str:
    """What the command prints on a terminal."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "timeline", *arguments],
        stdout=writer,
        stderr=subprocess.STDOUT,
        env={**os.environ, **variables},
    )
    os.close(writer)
    printed = b""
    try:
        while True:
            try:
                part = os.read(reader, 65_536)
            except OSError:  # how Linux tells the end of a terminal
                break
            if not part:
                break
            printed += part
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait(timeout=5)
        os.close(reader)
    return printed.decode().replace("\r\n", "\n")


def test_a_terminal_without_colours_gets_bars(mock: Live) -> None:
    """NO_COLOR is heeded."""
    printed = on_terminal("--url", mock.url, COLUMNS="60", PYTHONIOENCODING="utf-8", NO_COLOR="1")
    assert "┌" in printed
    assert "\x1b" not in printed


def test_a_terminal_gets_bars_and_colours(mock: Live) -> None:
    """Each line no wider than it."""
    printed = on_terminal("--url", mock.url, COLUMNS="60", PYTHONIOENCODING="utf-8")
    assert "\x1b[32mCOMPLETED\x1b[0m" in printed
    lines = STYLES.sub("", printed).splitlines()
    assert [text[:3] for text in lines] == BARS
    assert max(map(len, lines)) == 60
    assert lines[1].endswith("…")
    for pattern, text in zip(STORY, lines, strict=True):
        assert text.endswith("…") or re.fullmatch(pattern, text[3:])


def test_a_terminal_without_such_characters_gets_none(mock: Live) -> None:
    """The story is told all the same."""
    printed = on_terminal("--url", mock.url, COLUMNS="60", PYTHONIOENCODING="latin-1")
    assert printed.isascii()
    assert printed == run("--url", mock.url).stdout
    assert on_terminal("--url", mock.url, "--format", "text", COLUMNS="60") == printed


def test_another_token_has_another_story(mock: Live) -> None:
    """None yet: nothing is printed. Both options have variables of their own."""
    done = run("--url", mock.url, "--token", "user:777-abc")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    variables = {"MOCKSERVER_TIMELINE_URL": mock.url, "MOCKSERVER_TOKEN": "user:1-a user:2-b"}
    assert run(**variables).stdout == run("--url", mock.url).stdout
    assert run(**variables, MOCKSERVER_TIMELINE_TOKEN="user:777-abc").stdout == ""
    assert len(run(**variables, MOCKSERVER_TIMELINE_FORMAT="json").stdout.splitlines()) == 10


def test_ends_quietly_once_nobody_reads(mock: Live) -> None:
    """As in `mockserver timeline | head -1`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "timeline", "--url", mock.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, b"")


def test_says_that_no_mock_answers() -> None:
    """In one line, with exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    done = run("--url", url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"mockserver: no mock answers at {url}: connection refused\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--token", "nonsense"], "says 401: token 'nons'... is not of the form user:123-abc"),
        (["--token", "é"], "--token takes printable ASCII"),
        (["--token", ""], "--token takes printable ASCII"),
        (["--url", "127.0.0.1:8596"], "--url takes scheme, host and port only, as http://127.0.0.1:8596, got"),
        (["--url", "http://127.0.0.1:8596/__mock"], "--url takes scheme, host and port only"),
        (["--url", "http://user@127.0.0.1"], "--url takes scheme, host and port only"),
        (["--url", "http://127.0.0.1:99999"], "--url takes scheme, host and port only"),
        (["--url", "ftp://127.0.0.1"], "--url takes scheme, host and port only"),
        (["--format", "xml"], "Invalid value for '--format'"),
    ],
)
def test_bad_option_is_one_line(mock: Live, options: list[str], said: str) -> None:
    """With exit code 2."""
    done = run("--url", mock.url, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.isascii()

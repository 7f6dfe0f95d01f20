"""What a person sees in a terminal, and a program in a pipe."""

import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.findings import Grade, Judged, Verdict
from contracts.report import terminal
from contracts.report.masking import masked
from contracts.report.progress import Lines, Live, Progress, Silent, progress
from report import clients, verdicts
from sources import ROOT

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def printed(stream: io.StringIO) -> str:
    """What a verdict with flaws looks like there."""
    terminal.show(masked(verdicts.failing(cut_short="60 s were over")), stream)
    return stream.getvalue()


def test_pipe_gets_plain_lines() -> None:
    """Findings with their stories, then a summary; the last line is the verdict."""
    lines = printed(io.StringIO()).splitlines()
    assert all(line.isprintable() for line in lines)
    assert "failed  behaviour/slot-freed (upscaleVideo)" in lines
    assert "        >   7 POST /v2/pixverse/videos/upscale -> 429" in lines
    assert lines[-4:] == [
        "rules: 5 failed, 10 passed, 2 not exercised",
        "calls: 1,204 in 41.3 s, seed 7",
        "cut short: 60 s were over",
        "http://127.0.0.1:8596 breaks 5 of the 15 rules it was tested on.",
    ]
    assert "  documented/upstream-limit: the provider has no fault plan, and its own limit was never met" in lines


def test_notes_come_last() -> None:
    """The last thing that is read of the findings, not the first."""
    text = printed(io.StringIO())
    assert text.index("note    answers/reason") > text.index("failed  isolation/videos")


def test_terminal_gets_a_table_and_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red for what failed."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    text = printed(Terminal())
    assert "\x1b[1;31mfailed" in text
    assert re.search("rule .*operation .*expected .*got", _ESCAPE.sub("", text))


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table stays, the colours go."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    text = printed(Terminal())
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", text)
    assert "─" in text


def test_good_verdict_is_short() -> None:
    """No findings, no table."""
    stream = io.StringIO()
    terminal.show(masked(verdicts.clean()), stream)
    assert stream.getvalue().splitlines()[0] == "not exercised:"
    assert stream.getvalue().endswith("keeps all 9 rules it was tested on.\n")


def told(verdict: Verdict, stream: io.StringIO | None = None) -> list[str]:
    """The lines of a verdict in a pipe, or elsewhere."""
    stream = stream or io.StringIO()
    terminal.show(masked(verdict), stream)
    return _ESCAPE.sub("", stream.getvalue()).splitlines()


def test_finding_on_a_client_says_why_and_what_to_do() -> None:
    """And when each thing happened, with the gap between them."""
    lines = told(clients.careless())
    start = lines.index("failed  busy/wait (upscaleVideo) in upstream-limit")
    assert lines[start + 4].startswith("        why:      The vendor asks for 10 to 30 s.")
    assert lines[start + 5].startswith("        instead:  Sleep at least 10 s after each 429")
    assert lines[start + 6 : start + 10] == [
        "            +0.20 s  POST /v2/pixverse/videos/upscale -> 429",
        "        >            gap: 2 s, Retry-After says 15 s",
        "        >   +2.23 s  POST /v2/pixverse/videos/upscale -> 429",
        "        again:    contracts grade --scenario upstream-limit -- bash upscale.sh",
    ]


def test_runs_of_a_client_are_a_table_and_the_grade_comes_last() -> None:
    """Scenario, calls, findings, how it ended."""
    lines = told(clients.careless())
    assert "  scenario           calls  findings  how it ended" in lines
    assert "  busy-then-free        17         2  exit status 0 after 31 s" in lines
    assert "  awkward-but-legal      4         -  exit status 0 after 4.5 s" in lines
    assert lines[-3:] == [
        "calls: 56 in 31 s, seed 0",
        "It spends credits twice, and asks for more than the vendor allows.",
        "D, 58 of 100: bash upscale.sh breaks 4 of the 19 rules it was tested on.",
    ]
    assert told(clients.good())[-1] == "A, 100 of 100: python client.py --wait keeps all 16 rules it was tested on."
    assert told(clients.idle())[-1] == "F, 0 of 100: true breaks the one rule it was tested on."


def test_table_of_a_client_has_its_scenarios(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of operations."""
    monkeypatch.setenv("TERM", "xterm-256color")
    assert re.search("rule .*scenario .*expected .*got", "\n".join(told(clients.careless(), Terminal())))


def test_thousands_of_calls_are_few_lines() -> None:
    """What repeats itself is one."""
    lines = told(clients.flooding())
    assert len(lines) < 60
    assert any(line.endswith("-> 429, 35 times, every 3.1 ms, until +0.41 s") for line in lines)


def test_client_that_called_nobody_is_quoted() -> None:
    """What it printed last, in the first such run, may say why."""
    verdict = clients.idle()
    courses = [
        replace(course, output="1\n" * 20 + f"no module named {course.scenario}\n") for course in verdict.courses
    ]
    lines = told(replace(verdict, courses=courses))
    start = lines.index("what it printed in accepted:")
    assert lines[start + 1 : start + 9] == ["  1"] * 7 + ["  no module named accepted"]
    assert "what it printed in failed:" not in lines


def test_long_story_of_a_client_keeps_what_is_wrong() -> None:
    """And its start."""
    run = clients.Run("long")
    for number in range(200):
        run.call(number, "x", "GET", f"/{number}", 200)
    found = run.finding(verdicts.SLOTS, "a", "b", run.events, at=150)
    verdict = clients.verdict("x", [], [run.course("x", 200)], Grade("B", 80))
    lines = told(replace(verdict, judged=[Judged(verdicts.SLOTS, 1, [found])]))
    assert sum(" GET /" in line for line in lines) == 30
    assert "        >  +150.0 s  GET /150 -> 200" in lines
    assert "            +0.00 s  GET /0 -> 200" in lines
    assert "              (170 more steps)" in lines


def test_console_of_few_characters_is_no_obstacle(tmp_path: Path) -> None:
    """Where the encoding has no such character, its number is shown."""
    code = (
        "from report import verdicts; from contracts.report import terminal;"
        "from contracts.report.masking import masked;"
        "terminal.show(masked(verdicts.failing()))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, cwd=tmp_path)
    assert b"\\u2039password\\u203a" in done.stdout


def work(shown: Progress) -> None:
    """A run in small: two parts, calls from two threads, a finding."""
    with shown:
        shown.phase("behaviour")
        threads = [threading.Thread(target=lambda: [shown.call() for _ in range(500)]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shown.finding(verdicts.findings()[2])
        shown.phase("callbacks")


def test_progress_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each part and finding, without secrets, on standard error."""
    work(Lines())
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert [lines[0], lines[2]] == ["behaviour ...", "callbacks ..."]
    assert lines[1] == "  schema/secrets (saveAccount): the password ‹password›"


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line moves: the part, the calls, the findings; findings stay above it."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    shown = progress()
    assert isinstance(shown, Live)
    work(shown)
    text = _ESCAPE.sub("", stream.getvalue())
    assert "callbacks: 1,000 calls, 1 finding" in text
    assert "  schema/secrets (saveAccount): the password" in text


@pytest.mark.parametrize("make", [Silent, Lines])
def test_progress_ends_after_an_error(make: Callable[[], Progress]) -> None:
    """Whatever was raised goes on."""
    with pytest.raises(ZeroDivisionError), make():
        raise ZeroDivisionError


def test_github_obeys_nothing_that_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both streams are quiet while a provider's words are on them."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with Lines() as shown:
        shown.phase("x")
    terminal.show(masked(verdicts.failing()))
    for text in capsys.readouterr():
        lines = text.splitlines()
        assert lines[0] == f"::stop-commands::{lines[-1].strip(':')}"

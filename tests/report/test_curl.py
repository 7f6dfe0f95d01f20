"""A curl line, pasted into a shell, sends just what was sent."""

import json
import os
import re
import stat
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.findings import Sent
from contracts.report.curl import curl, script
from report import verdicts

URL = f"{verdicts.BASE}/v2/pixverse/videos"
BEARER = ("Authorization", f"Bearer {verdicts.TOKEN}")
VISIBLE = st.text(st.characters(min_codepoint=0x20, exclude_categories=["C", "Zl", "Zp"]), max_size=40)


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose curl says what it was given."""
    folder = tmp_path_factory.mktemp("bin")
    fake = folder / "curl"
    fake.write_text('#!/bin/sh\nfor each; do printf \'%s\\0\' "$each"; done\ncase "$*" in *@-*) cat;; esac\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "USEAPI_TOKEN": "T1", "USEAPI_TOKEN_2": "T2"}


def run(line: str, environment: dict[str, str]) -> list[bytes]:
    """The words that curl was called with, and behind them what it read."""
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.split(b"\0")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VISIBLE, VISIBLE, st.dictionaries(st.sampled_from(["a", "b$", "`c`"]), VISIBLE))
def test_shell_takes_nothing_for_a_command(shell: dict[str, str], path: str, value: str, body: dict[str, str]) -> None:
    """Quotes, dollars, backticks and whatever else arrive as they are."""
    sent = Sent("POST", f"{URL}/{path}", (("X-Odd", f"v{value}"),), json.dumps(body, ensure_ascii=False).encode())
    words = run(curl(sent), shell)
    assert f"{URL}/{path}".encode() in words
    assert f"X-Odd: v{value}".encode() in words
    assert words[words.index(b"--data-raw") + 1] == sent.body


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=200).filter(lambda data: not data.isascii() or b"\n" in data))
def test_any_bytes_arrive(shell: dict[str, str], body: bytes) -> None:
    """A body that is no text goes through a pipe."""
    line = curl(Sent("POST", URL, (), body))
    assert "\n" not in line
    if "--data-binary @-" in line:
        words = b"\0".join(run(line, shell))
        assert words.endswith(b"\0" + body)


def test_token_stands_in_a_variable(shell: dict[str, str]) -> None:
    """It is nowhere in the line, and the shell puts it in."""
    line = curl(Sent("GET", URL, (BEARER,)))
    assert line == f'curl -i {URL} -H "Authorization: Bearer $USEAPI_TOKEN"'
    assert b"Authorization: Bearer T1" in run(line, shell)


def test_token_in_other_places_is_the_same_variable(shell: dict[str, str]) -> None:
    """Also where the rest of the word needs quotes."""
    sent = Sent("POST", f"{URL}?t={verdicts.TOKEN}", (BEARER,), json.dumps({"x": verdicts.TOKEN}).encode())
    line = curl(sent)
    assert verdicts.TOKEN not in line
    assert {f"{URL}?t=T1".encode(), b'{"x": "T1"}'} <= set(run(line, shell))


@pytest.mark.parametrize(
    ("sent", "part"),
    [
        (Sent("HEAD", URL), "curl -i --head"),
        (Sent("DELETE", URL), "curl -i -X DELETE"),
        (Sent("POST", URL), "-X POST"),
        (Sent("GET", f"{URL}?x[]={{1}}"), "--globoff"),
        (Sent("GET", f"{URL}/../x"), "--path-as-is"),
        (Sent("GET", URL, (("X-Empty", ""),)), "-H 'X-Empty;'"),
        (Sent("POST", URL, (), b"x"), "-H Content-Type:"),
        (Sent("POST", URL, (), b"x" * 5_000), "--data-binary @body.bin  # 5,000 bytes"),
        (Sent("X;Y", URL), "-X 'X;Y'"),
    ],
)
def test_what_curl_needs_to_be_told(sent: Sent, part: str) -> None:
    """It guesses otherwise."""
    assert part in curl(sent)


def test_what_curl_adds_by_itself_is_left_out() -> None:
    """Host, lengths and the like would only be in the way."""
    headers = (("Host", "x"), ("Content-Length", "3"), ("User-Agent", "y"), ("Accept", "*/*"), ("Accept-Encoding", "z"))
    assert curl(Sent("GET", URL, headers)) == f"curl -i {URL}"


def test_passwords_are_masked() -> None:
    """Only the token has a variable."""
    line = curl(Sent("POST", URL, (), b'{"password": "hunter2!"}'))
    assert "hunter2" not in line
    assert "‹password›" in line


def test_script_tells_a_whole_story(shell: dict[str, str]) -> None:
    """Each call is a line; time passes as the provider lets it; two tokens are two variables."""
    story = verdicts.Story().upscale(200).passed(60).passed(5, moved=False).told("QUEUED")
    story.call("listVideos", "GET", "/v2/pixverse/videos", 200, token=verdicts.OTHER)
    lines = script(story.events).splitlines()
    assert lines[:2] == ["# $USEAPI_TOKEN stands for user:12345-…", "# $USEAPI_TOKEN_2 stands for user:777-…"]
    assert lines[3].startswith(f"curl -i {verdicts.BASE}/__mock/clock/advance")
    assert lines[3].endswith("""--data-raw '{"seconds": 60}'""")
    assert lines[4:6] == ["sleep 5", "# now the provider calls http://127.0.0.1:9000/callback"]
    assert b"Authorization: Bearer T2" in run(lines[6], shell)


def test_script_is_the_same_of_a_masked_story() -> None:
    """Reports have no others."""
    from contracts.report.masking import masked

    verdict = verdicts.failing()
    for before, after in zip(verdict.findings, masked(verdict).findings, strict=True):
        assert re.sub("‹.*?›", "‹›", script(before.story)) == re.sub("‹.*?›", "‹›", script(after.story))


def test_control_characters_stay_in_their_line() -> None:
    """A line break in an address does not begin a new command."""
    assert "\n" not in curl(Sent("GET", f"{URL}/\nrm -rf x\x1b[31m", (("X", "a\nb"),)))
    assert "\n" not in script([*verdicts.Story().told("x").events])[2:]

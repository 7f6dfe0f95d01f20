"""The control token of `mockserver serve`, and what else guards its control API."""

import json
import re

import pytest
import requests

from cli.running import run
from live import TOKEN, Live, serving

EVERYWHERE = ("--host", "0.0.0.0")
KEY = "open-sesame-demo"


def status(mock: Live, token: str | None = None, **headers: str) -> int:
    """That of a control call."""
    given = {"Authorization": f"Bearer {TOKEN}", **headers}
    if token is not None:
        given["X-Mock-Control-Token"] = token
    return requests.get(f"{mock.url}/__mock/clock", headers=given, timeout=10).status_code


def test_token_is_made_and_printed_once_where_others_can_call() -> None:
    """It is needed then, and it is the one that was printed."""
    with serving(*EVERYWHERE) as mock:
        printed = mock.wait_printed("Ctrl-C")
        line = r"^mockserver: control token \(send it as X-Mock-Control-Token\): (\S+)$"
        (token,) = re.findall(line, printed, re.MULTILINE)
        assert len(token) >= 32
        assert (status(mock), status(mock, "guess"), status(mock, token)) == (401, 401, 200)
        assert status(mock, token, Host="mock:8596") == 200
        mock.wait_printed("/__mock/clock 200")
        assert mock.printed().count(token) == 1
    with serving(*EVERYWHERE) as other:
        assert token not in other.wait_printed("Ctrl-C")


def test_token_stands_in_the_first_object_of_a_json_log() -> None:
    """And nowhere else, so that every line is JSON."""
    with serving(*EVERYWHERE, "--log-format", "json") as mock:
        first = json.loads(mock.wait_printed("listening").splitlines()[0])
        assert set(first) == {"listening", "control_token"}
        assert status(mock, first["control_token"]) == 200
        assert mock.printed().count(first["control_token"]) == 1


def test_own_token_is_not_printed() -> None:
    """Whoever gave it knows it."""
    with serving(*EVERYWHERE, "--control-token", KEY) as mock:
        assert (status(mock), status(mock, KEY)) == (401, 200)
        mock.wait_printed("/__mock/clock 200")
        assert KEY not in mock.printed()
        assert "control token" not in mock.printed()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.9.9"])
def test_loopback_is_open(host: str) -> None:
    """Nobody else gets there; only a name that is not the mock's is refused."""
    with serving("--host", host, "--allow-host", "mock, *.example.com") as mock:
        assert "control token" not in mock.wait_printed("Ctrl-C")
        there = Live(mock.url.replace("127.0.0.1", host), mock.process, mock.output)
        assert status(there) == 200
        assert [status(there, Host=name) for name in ("mock", "a.example.com", "evil.test")] == [200, 200, 403]


def test_token_is_kept_on_loopback_too_if_given() -> None:
    """There it is asked for as well."""
    with serving("--control-token", KEY) as mock:
        assert (status(mock), status(mock, KEY)) == (401, 200)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--control-token", ""], "control_token must be printable ASCII, and neither empty"),
        (["--control-token", "a\x07b"], "control_token must be printable ASCII"),
        (["--allow-host", "http://mock"], "got 'http://mock'"),
        (["--cors", "http://front.test/"], "got 'http://front.test/'"),
        (["--cors", "null"], "got 'null'"),
        (["--max-sandboxes", "0"], "0 is not in the range x>=1"),
    ],
)
def test_bad_option_is_one_line(arguments: list[str], said: str) -> None:
    """It names the option and the value, but no token; nothing listens."""
    done = run("serve", "--port", "0", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert "\x07" not in done.stderr

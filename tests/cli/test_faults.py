"""`mockserver faults`, and `mockserver trigger` against a mock that runs."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import click
import pytest

from cli.running import run
from cli.test_remote import VIDEO, call
from live import TOKEN, Live, serving
from mockserver.cli import cli
from mockserver.faults import Catalogue, Listed
from mockserver.spec import Contract

CONTRACT = Contract.load()
LISTED = list(Catalogue(CONTRACT))
UPSCALE = "/v2/pixverse/videos/upscale"


# The list


@cache
def listed(*arguments: str) -> str:
    """What `faults` prints."""
    done = run("faults", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def rows(*arguments: str) -> list[list[str]]:
    """The lines of the list, each in words."""
    return [line.split() for line in listed(*arguments).splitlines() if line.startswith("  ")]


def head(fault: Listed) -> list[str]:
    """How the line of a fault begins."""
    return [fault.name, *([str(fault.status)] if fault.status else []), fault.provenance, *fault.summary.split()]


def test_every_fault_is_listed() -> None:
    """By its kind, with what it does and how that is known; operations where not all can suffer it."""
    lines = rows()
    assert len(lines) == len(LISTED)
    for fault, words in zip(LISTED, lines, strict=True):
        start = head(fault)
        assert words[: len(start)] == start
        every = len(fault.operations) == len(CONTRACT.operations)
        assert " ".join(words[len(start) :]) == ("" if every else f"({', '.join(fault.operations)})")
    titles = [line for line in listed().splitlines() if not line.startswith(" ")]
    assert titles == [
        "answers of the contract:",
        "answers that the contract does not have:",
        "what happens to an answer on its way:",
    ]


@pytest.mark.parametrize("provenance", ["documented", "third-party"])
def test_list_of_what_is_known_in_one_way(provenance: str) -> None:
    """No title stands without a fault below it."""
    wanted = [fault for fault in LISTED if fault.provenance == provenance]
    assert wanted
    assert [words[0] for words in rows("--provenance", provenance)] == [fault.name for fault in wanted]
    assert listed("--provenance", provenance).count(":\n") == len({fault.kind for fault in wanted})


@pytest.mark.parametrize("operation", ["upscaleVideo", "getVideo"])
def test_list_of_what_an_operation_can_suffer(operation: str) -> None:
    """Of names with several codes only its own."""
    wanted = [fault for fault in LISTED if operation in fault.operations]
    assert [words[: len(head(fault))] for words, fault in zip(rows("--operation", operation), wanted, strict=True)] == [
        head(fault) for fault in wanted
    ]


def test_filters_of_the_list_work_together() -> None:
    """Both have to fit."""
    names = [words[0] for words in rows("--provenance", "documented", "--operation", "listRunning")]
    assert names == ["unauthorized", "subscription-required"]


def test_list_as_json() -> None:
    """An array of all that the list has, for programs."""
    data = json.loads(listed("--json"))
    assert [(each["name"], each["status"], each["kind"]) for each in data] == [
        (fault.name, fault.status, fault.kind) for fault in LISTED
    ]
    assert all(list(each) == ["name", "kind", "status", "summary", "provenance", "operations"] for each in data)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--operation", "pay"], "--operation: 'pay' is no operation of the contract; there are upscaleVideo, "),
        (["--operation", "\x1b[31m"], r"'\x1b[31m' is no operation of the contract"),
        (["--provenance", "rumour"], "'rumour' is not one of 'documented', "),
        (["account-busy"], "unexpected extra argument"),
    ],
)
def test_bad_list_is_one_line(arguments: list[str], said: str) -> None:
    """With exit code 2."""
    done = run("faults", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


# Trigger


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """A mock with a manual clock."""
    with serving("--clock", "manual") as live:
        yield live


@pytest.fixture
def mock(live: Live) -> Live:
    """The same, as if nobody had used it."""
    call(live, "POST", "/__mock/reset")
    return live


def trigger(mock: Live, *arguments: str) -> str:
    done = run("trigger", "--url", mock.url, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def curl(mock: Live, token: str = TOKEN) -> tuple[int, str]:
    """Exit code of curl, and status, of an upscale."""
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    headers = [f"Authorization: Bearer {token}", "Content-Type: application/json"]
    named = [part for header in headers for part in ("-H", header)]
    body = json.dumps({"video_id": VIDEO})
    command = [
        "curl",
        "-s",
        "-m",
        "10",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        *named,
        "-d",
        body,
        mock.url + UPSCALE,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return done.returncode, done.stdout


def faults(mock: Live) -> Any:
    return call(mock, "GET", "/__mock/faults")


def test_two_refusals_and_then_an_answer(mock: Live) -> None:
    """What a retry loop has to get through."""
    assert trigger(mock, "account-busy", "--times", "2") == "account-busy will happen 2 times\n"
    assert [curl(mock) for _ in range(3)] == [(0, "429"), (0, "429"), (0, "200")]
    assert faults(mock)["exhausted"] is True
    whys = [request["why"] for request in call(mock, "GET", "/__mock/requests")["data"]]
    assert re.match(r"fault account-busy \(rule /faults/0, 1 of 2\)", whys[0])


def test_trigger_acts_before_what_stands_there(mock: Live) -> None:
    """The last one that was asked for is the first to happen."""
    assert trigger(mock, "account-busy") == "account-busy will happen once\n"
    assert trigger(mock, "lost-reply", "--operation", "upscaleVideo") == "lost-reply will happen once\n"
    assert [curl(mock)[0], curl(mock)] == [56, (0, "429")]
    assert [each["name"] for each in faults(mock)["data"]] == ["lost-reply", "account-busy"]
    assert len(call(mock, "GET", "/__mock/jobs")["data"]) == 1


def test_every_option_is_a_key_of_the_rule(mock: Live) -> None:
    """And none stands there that was not given."""
    assert trigger(mock, "bad-gateway", "--sticky") == "bad-gateway will happen for ever\n"
    trigger(mock, "connection-reset", "--handled", "--share", "0.25", "--operation", "getVideo")
    trigger(mock, "latency", "--seconds", "1.5", "--times", "3")
    assert [each["rule"] for each in faults(mock)["data"]] == [
        {"fault": "latency", "seconds": 1.5, "times": 3},
        {"fault": "connection-reset", "operation": "getVideo", "share": 0.25, "handled": True},
        {"fault": "bad-gateway", "sticky": True},
    ]


def test_trigger_is_for_one_token(mock: Live) -> None:
    """Others go on."""
    trigger(mock, "bad-gateway", "--token", "user:777-abc", "--sticky")
    assert faults(mock)["data"] == []
    variables = {"MOCKSERVER_TRIGGER_URL": mock.url, "MOCKSERVER_TRIGGER_TOKEN": TOKEN}
    assert run("trigger", "gateway-timeout", **variables).stdout == "gateway-timeout will happen once\n"
    assert [each["name"] for each in faults(mock)["data"]] == ["gateway-timeout"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument 'NAME'"),
        (["\x1b[31m"], r"\u001b[31m"),
        (["account-busy", "--operation", "pay"], "/faults/0/operation: "),
        (["account-busy", "--operation", "getVideo"], "must be an answer of getVideo, got account-busy"),
        (["account-busy", "--seconds", "3"], "seconds means nothing for account-busy, an answer of the contract"),
        (["account-busy", "--handled"], "handled means nothing for account-busy"),
        (["account-busy", "--times", "2", "--sticky"], "must have either times or sticky"),
        (["account-busy", "--times", "0"], "0 is not in the range x>=1"),
        (["account-busy", "--share", "2"], "2.0 is not in the range 0<=x<=1"),
        (["account-busy", "--share", "nan"], "must be a finite number, got nan"),
        (["latency"], "latency must have seconds, got none"),
        (["latency", "--seconds", "-1"], "-1.0 is not in the range x>=0"),
        (["latency", "--seconds", "2000000"], "/faults/0/seconds: must be from 0 to 1000000, got 2000000"),
        (["latency", "--seconds", "nan"], "must be a finite number, got nan"),
        (["latency", "--seconds", "1e999"], "must be a finite number, got inf"),
        (["account-busy", "--token", "x"], "says 401: token 'x' is not of the form user:123-abc"),
        (["account-busy", "--url", "http://127.0.0.1/x"], "--url takes scheme, host and port only"),
    ],
)
def test_bad_trigger_is_one_line(mock: Live, arguments: list[str], said: str) -> None:
    """And nothing will happen."""
    with pytest.raises(click.ClickException) as caught:
        cli.main(["trigger", "--url", mock.url, *arguments], standalone_mode=False)
    message = caught.value.format_message()
    assert said in message
    assert message.isprintable()
    assert faults(mock)["data"] == []


def test_unknown_fault_ends_the_command(mock: Live) -> None:
    """With exit code 2, one line, and the name that may have been meant."""
    done = run("trigger", "acount-busy", "--url", mock.url)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"mockserver: the mock at {mock.url} says 400: fault plan: /faults/0/fault: ")
    assert "(did you mean account-busy?)" in done.stderr


def test_no_mock_is_one_line() -> None:
    """With exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    done = run("trigger", "account-busy", "--url", url)
    assert (done.returncode, done.stderr) == (2, f"mockserver: no mock answers at {url}: connection refused\n")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": []},
        {"data": [{"name": "x"}]},
        {"data": [{"name": 5, "left": 1}]},
        {"data": [{"name": "x", "left": "often"}]},
        [],
    ],
)
def test_what_is_no_mock_is_one_line(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It listens, and answers in a way that no mock does."""
    monkeypatch.setattr("mockserver.control_client.ControlClient.ask", lambda *_: answer)
    with pytest.raises(click.ClickException) as caught:
        cli.main(["trigger", "bad-gateway"], standalone_mode=False)
    assert "is no mock that this version knows: its answer has another form" in caught.value.format_message()

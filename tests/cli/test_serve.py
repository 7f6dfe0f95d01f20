"""`mockserver serve` as a person meets it in a terminal."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from cli.running import run
from live import TOKEN, serving

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def test_prints_where_it_listens() -> None:
    """The address stands in the first line."""
    with serving() as mock:
        assert mock.url in mock.wait_printed("Ctrl-C").splitlines()[0]


def test_printed_curl_lines_work_when_pasted() -> None:
    """The three things to try answer as they say: 200, 200 and 429."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with serving() as mock:
        lines = [line.strip() for line in mock.wait_printed("429").splitlines() if line.strip().startswith("curl")]
        statuses = [
            subprocess.run(
                [*shlex.split(line), "-o", "/dev/null", "-w", "%{http_code}"],
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            ).stdout
            for line in lines
        ]
    assert statuses == ["200", "200", "429"]


def test_prints_one_line_for_each_request() -> None:
    """Method, path, status, why and milliseconds."""
    with serving() as mock:
        requests.get(f"{mock.url}/v2/pixverse/videos", headers=HEADERS, timeout=10)
        line = mock.wait_printed("5 videos").splitlines()[-1]
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    assert re.fullmatch(r"\d\d:\d\d:\d\d GET /v2/pixverse/videos 200 5 videos \(\d+\.\d ms\)", plain)


def test_log_format_json_prints_json_alone() -> None:
    """Every line is a JSON object; a request's has what the text line has."""
    with serving("--log-format", "json") as mock:
        requests.get(f"{mock.url}/v2/account", headers={"Authorization": "Bearer secret-thing"}, timeout=10)
        lines = [json.loads(line) for line in mock.wait_printed("getUser").splitlines()]
    assert lines[0]["listening"] == mock.url
    assert (lines[1]["method"], lines[1]["path"], lines[1]["status"]) == ("GET", "/v2/account", 401)
    assert "--any-token accepts it" in lines[1]["why"]


def test_a_refused_token_is_masked() -> None:
    """The log says why a token is refused without repeating it."""
    with serving() as mock:
        requests.get(f"{mock.url}/v2/account", headers={"Authorization": "Bearer secret-thing"}, timeout=10)
        assert "secret-thing" not in mock.wait_printed("/v2/account")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_once_and_cleanly(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it within a second, with exit code 0, also while a connection is open."""
    with serving() as mock, requests.Session() as session:
        session.get(f"{mock.url}/__mock/health", timeout=10)
        asked = time.monotonic()
        mock.process.send_signal(number)
        assert mock.process.wait(timeout=10) == 0
        assert time.monotonic() - asked < 1
        assert "Traceback" not in mock.printed()


def test_ends_at_once_while_a_request_is_half_sent() -> None:
    """Nobody's unfinished body holds the end up."""
    with serving() as mock:
        host, port = mock.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /__mock/reset HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
            requests.get(f"{mock.url}/openapi.json", timeout=10)
            asked = time.monotonic()
            mock.process.send_signal(signal.SIGTERM)
            assert mock.process.wait(timeout=10) == 0
            assert time.monotonic() - asked < 1


def test_who_does_not_read_the_log_is_served_all_the_same() -> None:
    """A test harness often starts a server with a pipe that it never reads."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "mockserver", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+:\d+", process.stdout.readline())
        assert found
        with requests.Session() as session:
            statuses = {
                session.get(f"{found[0]}/v2/pixverse/{'x' * 1_000}", timeout=10).status_code for _ in range(1_000)
            }
        assert statuses == {404}
    finally:
        process.terminate()
        assert process.wait(timeout=5) == 0
        process.stdout.close() if process.stdout else None


def test_ends_quietly_where_nobody_reads_from_the_start(tmp_path: Path) -> None:
    """As in `mockserver serve | true`: not a word, and no port file is left."""
    file = tmp_path / "port"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--port-file", str(file)],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=20,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
    assert not file.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_full_disk_is_one_line() -> None:
    """It does not blame the port file."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mockserver", "serve", "--port", "0"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=20,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"mockserver: standard output can't be written: No space left on device\n"


def test_every_request_leaves_a_line() -> None:
    """Files, the control API, pages and what is no HTTP, too."""
    with serving("--log-format", "json") as mock:
        for path in ("/media/1-3840x2160.mp4", "/__mock/health", "/openapi.json", "/nowhere"):
            requests.get(f"{mock.url}{path}", timeout=10)
        host, port = mock.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 400"
        lines = [json.loads(line) for line in mock.wait_printed("well-formed").splitlines()[1:]]
    assert [(line["path"], line["status"]) for line in lines] == [
        ("/media/1-3840x2160.mp4", 200),
        ("/__mock/health", 200),
        ("/openapi.json", 200),
        ("/nowhere", 404),
        ("", 400),
    ]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_password_never_reaches_the_log(form: str) -> None:
    """Nor the answer, however wrong it is."""
    with serving("--log-format", form) as mock:
        for body in ('{"email": "a@b.co", "maxJobs": 3, "password": 7734}', "password=hunter2&x", '["hunter2"]'):
            answer = requests.post(
                f"{mock.url}/v2/pixverse/accounts/a@b.co",
                data=body,
                headers={**HEADERS, "Content-Type": "application/json"},
                timeout=10,
            )
            assert answer.status_code == 400
            assert "hunter2" not in answer.text
            assert "7734" not in answer.text
        requests.get(f"{mock.url}/nowhere", timeout=10)
        printed = mock.wait_printed("/nowhere")
    assert "hunter2" not in printed
    assert "7734" not in printed


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_in_a_reply_url_never_reaches_the_log(form: str) -> None:
    """People put them there, to know the call; the line of the callback shows where it went all the same."""
    with serving("--log-format", form, "--clock", "manual") as mock:
        answer = requests.post(
            f"{mock.url}/v2/pixverse/videos/upscale",
            json={
                "video_id": "user:12345-pixverse:demo@example.com-video:11223344",
                "replyUrl": f"{mock.url}/__mock/sink/a?api_key=hunter2&order=17",
            },
            headers=HEADERS,
            timeout=10,
        )
        assert answer.status_code == 200
        requests.post(f"{mock.url}/__mock/clock/advance", json={"until": "idle"}, headers=HEADERS, timeout=10)
        printed = mock.wait_printed("COMPLETED")
    assert "/__mock/sink/a?api_key=***&order=17" in printed
    assert "hunter2" not in printed


def test_lines_to_try_fit_the_scenario_and_the_tokens(tmp_path: Path) -> None:
    """Two accounts, one token: the printed lines work with that token."""
    scenario = tmp_path / "two.yaml"
    scenario.write_text("accounts: [{email: a@b.co}, {email: c@d.co}]", encoding="utf-8")
    with serving("--scenario", str(scenario), "--token", "user:777-abc") as mock:
        printed = mock.wait_printed("429")
        listed = re.search(r'"(http://\S+limit=2)"', printed)
        made = re.search(r"-d '(\{.*\})'", printed)
        assert listed
        assert made
        headers = {"Authorization": "Bearer user:777-abc"}
        assert requests.get(listed[1], headers=headers, timeout=10).status_code == 200
        upscale = requests.post(
            f"{mock.url}/v2/pixverse/videos/upscale", json=json.loads(made[1]), headers=headers, timeout=10
        )
        assert upscale.status_code == 200
    assert "any token" not in printed


def test_public_url_is_the_base_of_the_videos_url() -> None:
    """With --public-url, media is found there."""
    with serving("--public-url", "http://mock.test:1234/") as mock:
        videos = requests.get(f"{mock.url}/v2/pixverse/videos", headers=HEADERS, timeout=10).json()["data"]
    assert videos[0]["url"].startswith("http://mock.test:1234/media/")


def test_url_is_built_on_the_host_of_the_jobs_request() -> None:
    """A job that was asked for by another name of the mock has its video there."""
    with serving("--speed", "10000") as mock:
        host = mock.url.removeprefix("http://127.0.0.1").join(["localhost", ""])
        source = requests.get(f"{mock.url}/v2/pixverse/videos", headers=HEADERS, timeout=10).json()["data"][0]
        answer = requests.post(
            f"http://{host}/v2/pixverse/videos/upscale",
            json={"video_id": source["video_id"]},
            headers=HEADERS,
            timeout=10,
        )
        made = answer.json()["video_id"]
        for _ in range(1_000):
            video = requests.get(f"{mock.url}/v2/pixverse/videos/{made}", headers=HEADERS, timeout=10)
            if video.status_code == 200:
                break
    assert video.json()["url"].startswith(f"http://{host}/media/")


def test_environment_sets_options() -> None:
    """Every option has a variable; here the shown default of the help proves that they are read."""
    environment = {"MOCKSERVER_SEED": "abc", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", "serve"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env=environment,
    )
    assert done.returncode == 2
    assert "'abc' is not a valid integer" in done.stderr


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("mockserver: ")
    return done.stderr


def test_port_in_use_is_one_line() -> None:
    """It names the address and what is wrong with it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = one_line(run("serve", "--port", str(port)))
    assert f"can't listen on 127.0.0.1:{port}: Address already in use" in line


def changed_contract(change: str) -> str:
    """Our own contract with one line of it changed; `change` is "old => new"."""
    text = (Path(__file__).parents[2] / "openapi.yaml").read_text(encoding="utf-8")
    old, new = change.split(" => ")
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("        cost: 20 =>         price: 20", "x-credits must name a whole cost"),
        ("'7': {ends: MODERATED} => '7': {ends: BOGUS}", "trigger 7 ends in no status: 'BOGUS'"),
        ("    malformed-request: {status => x-nothing: {status", "x-unmatched lacks the example 'malformed-request'"),
        ("example: upstream-limit} => example: nowhere}", "trigger 4293 names no response and example"),
        ("  - url: https://api.useapi.net =>   - url: https://api.useapi.net/base", "base path"),
        ("      operationId: getUser =>       security: []\n      operationId: getUser", "without security"),
        ("      operationId: getUser =>       operationId: getNobody", "operations and handlers differ"),
    ],
)
def test_incomplete_contract_is_one_line(tmp_path: Path, change: str, said: str) -> None:
    """What a request would stumble over is found at the start."""
    contract = tmp_path / "contract.yaml"
    contract.write_text(changed_contract(change), encoding="utf-8")
    assert said in one_line(run("serve", "--contract", str(contract), "--port", "0"))


def test_new_status_of_the_contract_is_served_with_no_change_of_code(tmp_path: Path) -> None:
    """A response, an example and a trigger are all it takes."""
    contract = tmp_path / "contract.yaml"
    trigger = "'596': {response: '596', example: pending-error}"
    text = changed_contract(f"{trigger} => '597': {{response: '597', example: new}}")
    response = """        '597':
          description: New
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Refused'}
              examples:
                new: {value: {error: Something new}}
"""
    contract.write_text(text.replace("        '596':\n", response + "        '596':\n", 1), encoding="utf-8")
    with serving("--contract", str(contract)) as mock:
        answer = requests.post(
            f"{mock.url}/v2/pixverse/videos/upscale",
            json={"video_id": "user:12345-pixverse:demo@example.com-video:597"},
            headers=HEADERS,
            timeout=10,
        )
        assert (answer.status_code, answer.json()) == (597, {"error": "Something new"})
        assert requests.get(f"{mock.url}/openapi.yaml", timeout=10).status_code == 200


BROKEN = [
    ("a: [1", "not YAML"),
    ("a: 1", "not an OpenAPI 3.1 document"),
    (
        "openapi: 3.1.0\ninfo: {}\nwebhooks: {}\npaths: {}",
        "/webhooks: keyword 'webhooks' of a document is not honoured",
    ),
    ("openapi: 3.1.0\ninfo: {}\npaths: {}", "operations and handlers differ"),
    (
        "openapi: 3.1.0\ninfo: {}\npaths: {/a: {get: {operationId: b, responses: {'200': {$ref: '#/c'}}}}}",
        "points nowhere",
    ),
    ("- openapi", "not an OpenAPI 3.1 document"),
    ("openapi: 3.1.0\npaths: {/a: 3}", "must be an object"),
    ("openapi: 3.1.0", "paths"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_broken_contract_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    """It names the file and the place."""
    contract = tmp_path / "contract.yaml"
    contract.write_text(text, encoding="utf-8")
    assert said in one_line(run("serve", "--contract", str(contract), "--port", "0"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--nonsense"], "No such option"),
        (["serve", "--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["serve", "--speed", "0"], "0.0 is not in the range"),
        (["serve", "--set", "answers"], "'answers' is not of the form KEY=VALUE"),
        (["serve", "--set", "answers.processing=500"], "/answers/processing: must be one of 404, 200, got 500"),
        (["serve", "--scenario", "nowhere"], "there is no ready-made scenario nowhere"),
        (["serve", "--public-url", "mock"], "public_url must be an http or https URL without query, got 'mock'"),
        (["serve", "--token", ""], "a token must not be empty"),
        (["serve", "--contract", "nowhere.yaml"], "nowhere.yaml: can't be read"),
        (["nonsense"], "No such command 'nonsense'"),
    ],
)
def test_bad_option_is_one_line(arguments: list[str], said: str) -> None:
    """It names the option and the value."""
    assert said in one_line(run(*arguments))


def test_port_file_that_can_not_be_written_is_one_line(tmp_path: Path) -> None:
    """Before anything says that the mock listens."""
    line = one_line(run("serve", "--port", "0", "--port-file", str(tmp_path / "nowhere" / "port")))
    assert "can't be written: No such file or directory" in line
    line = one_line(run("serve", "--port", "0", "--port-file", str(tmp_path)))
    assert line.startswith(f"mockserver: --port-file {tmp_path} can't be written: ")


def test_port_file_is_gone_after_the_end() -> None:
    """Nobody takes an old port for a new one."""
    with serving() as mock:
        file = mock.output.with_name("port")
        assert file.exists()
        mock.process.terminate()
        mock.process.wait(timeout=5)
        assert not file.exists()


def test_spec_prints_the_contract() -> None:
    """As it stands in the file, comments and all."""
    printed = run("spec").stdout
    assert printed == (Path(__file__).parents[2] / "openapi.yaml").read_text(encoding="utf-8")


def test_spec_prints_json_on_demand() -> None:
    """The same document."""
    assert json.loads(run("spec", "--format", "json").stdout)["openapi"] == "3.1.0"


def test_version_is_printed() -> None:
    """Name and version, by `python -m` as a person starts it."""
    command = [sys.executable, "-m", "mockserver", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert re.fullmatch(r"mockserver, version \d+\.\d+\.\d+\n", done.stdout)

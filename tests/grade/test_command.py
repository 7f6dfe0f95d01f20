"""`contracts grade` as a user runs it: a mock and a client as processes, reports, exit statuses."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from grade.journals import Script
from live import TOKEN, serving

GOOD = """
import json, os, sys, time, urllib.error, urllib.request

API, SCALE = os.environ["USEAPI_BASE_URL"] + "/v2/pixverse", float(os.environ.get("SCALE", "1"))

def call(method, path, body=None):
    headers = {"Authorization": "Bearer " + os.environ["USEAPI_TOKEN"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(API + path, data, headers, method=method)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, {}

def wait(seconds):
    time.sleep(seconds / SCALE)
"""

CLIENT = (
    GOOD
    + """
status, answer = call("POST", "/videos/upscale", {"video_id": os.environ["USEAPI_VIDEO_ID"]})
while status == 429:
    wait(BUSY)
    status, answer = call("POST", "/videos/upscale", {"video_id": os.environ["USEAPI_VIDEO_ID"]})
if status != 200:
    sys.exit(f"refused: {status}")
while True:
    wait(10)
    status, video = call("GET", "/videos/" + answer["video_id"])
    if status == 200 and video["video_status_final"]:
        print(video["video_status_name"])
        sys.exit(video["video_status_name"] != "COMPLETED")
"""
)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clients as files."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "good.py").write_text(CLIENT.replace("BUSY", "10"), encoding="utf-8")
    (folder / "hasty.py").write_text(CLIENT.replace("BUSY", "2"), encoding="utf-8")
    (folder / "flood.py").write_text(FLOOD, encoding="utf-8")
    return folder


FLOOD = """
import http.client, os, urllib.parse
url = urllib.parse.urlsplit(os.environ["USEAPI_BASE_URL"])
connection = http.client.HTTPConnection(url.hostname, url.port)
headers = {"Authorization": "Bearer " + os.environ["USEAPI_TOKEN"]}
for _ in range(10_000):
    connection.request("GET", "/v2/pixverse/videos", headers=headers)
    connection.getresponse().read()
"""


def grade(*arguments: str | Path, scale: float = 20, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a run of the command says."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("CONTRACTS_", "GITHUB_"))}
    return subprocess.run(
        [sys.executable, "-m", "contracts.cli", "grade", *map(str, arguments)],
        env={**known, "SCALE": str(scale), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def scaled(*arguments: str | Path) -> tuple[str | Path, ...]:
    """The arguments for a client whose waits are divided by 20."""
    return ("--client-scale", "20", "--timeout", "10", *arguments)


def python(program: Path) -> tuple[str, str, Path]:
    """The command behind the dashes."""
    return "--", sys.executable, program


def test_a_good_client_passes_and_reports_are_written(programs: Path, tmp_path: Path) -> None:
    """Exit status 0, the best grade, and every kind of report; the progress goes to standard error."""
    names = {kind: tmp_path / f"report.{kind}" for kind in ("junit", "har", "json", "html")}
    reports = ",".join(f"{kind}={path}" for kind, path in names.items())
    found = grade(
        *scaled("--scenario=accepted", "--scenario=failed", "--report", reports), *python(programs / "good.py")
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.splitlines()[-1].startswith("A, 100 of 100: ")
    assert re.search(r"accepted: [2-5] calls, exit status 0", found.stderr)
    assert all(path.stat().st_size > 500 for path in names.values())
    document = json.loads(names["json"].read_text(encoding="utf-8"))
    assert [course["scenario"] for course in document["courses"]] == ["accepted", "failed"]
    assert "-graded0" not in names["html"].read_text(encoding="utf-8"), "the token is masked"


def test_a_bad_client_fails_with_the_rule(programs: Path) -> None:
    """Exit status 1, what is wrong and what to do instead."""
    found = grade(*scaled("--scenario=busy-then-free"), *python(programs / "hasty.py"))
    assert found.returncode == 1, found.stdout + found.stderr
    assert "busy/wait" in found.stdout
    assert "the next try came after 2." in found.stdout


def test_a_client_that_does_nothing_gets_no_good_grade() -> None:
    """Whatever its exit status."""
    found = grade("--scenario=accepted", "--", sys.executable, "-c", "pass")
    assert found.returncode == 1
    assert found.stdout.splitlines()[-1].startswith("F, 0 of 100: ")
    assert "submit/made" in found.stdout


def test_arguments_and_variables_are_filled_in(tmp_path: Path) -> None:
    """What a program of its own calls ${token} stays."""
    out = tmp_path / "out"
    code = "import os, sys; open(sys.argv[1], 'w').write(repr((sys.argv[2:], dict(os.environ))))"
    arguments = [sys.executable, "-c", code, out, "{base_url}|{token}|{video_id}|{reply_url}|${token}|{other}"]
    found = grade("--scenario=accepted", "--", *arguments)
    assert found.returncode == 1
    [filled], environment = eval(out.read_text(encoding="utf-8"))
    url, token, video, reply, own, other = filled.split("|")
    assert (url, token, video) == tuple(environment[f"USEAPI_{name}"] for name in ("BASE_URL", "TOKEN", "VIDEO_ID"))
    assert reply == environment["USEAPI_REPLY_URL"]
    assert (own, other) == ("${token}", "{other}")
    assert url.startswith("http://127.0.0.1:")
    assert not any(name.startswith(("MOCKSERVER_", "CONTRACTS_GRADE_S")) for name in environment)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--", "no-such-program-here"), "no-such-program-here"),
        (("--scenario=nonsense", "--", "true"), "no scenario and no file 'nonsense'"),
        (("--scenario=accepted", "--scenario=accepted", "--", "true"), "two scenarios have the name 'accepted'"),
        (("--only=nonsense", "--", "true"), "no rule, group or pattern 'nonsense'"),
        (("--journal=no-such-file",), "no-such-file"),
        (("--attach=http://127.0.0.1:9",), "no mock answers at http://127.0.0.1:9"),
        (("--attach=127.0.0.1",), "an address is http:// or https://"),
        ((), "one of: a client behind --, --journal FILE, --attach URL"),
        (("--attach=http://127.0.0.1:9", "--", "true"), "one of: a client behind --, --journal FILE, --attach URL"),
        (("--report=pdf=x", "--", "true"), "a report is KIND=FILE"),
        (("--client-scale=0", "--", "true"), "--client-scale"),
    ],
)
def test_what_can_not_be_done_is_told_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    """Exit status 2, and no trace."""
    found = grade(*arguments)
    assert found.returncode == 2, found.stdout + found.stderr
    assert said in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2]", "a scenario is an object"),
        ("a: [", "not YAML"),
        ("jobs: {shortest: -1}", "/jobs/shortest: must be from 0 to"),
        ("accounts: []", "no finished video"),
    ],
)
def test_a_scenario_file_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    """What the mock says of it is told."""
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    found = grade("--scenario", file, "--", "true")
    assert found.returncode == 2
    assert said in found.stderr


def test_journals_that_were_kept_are_judged_the_same(programs: Path, tmp_path: Path) -> None:
    """What passes between mock and rubric is a file."""
    kept = tmp_path / "kept"
    first = grade(*scaled("--scenario=busy-then-free", "--keep", kept), *python(programs / "hasty.py"))
    again = grade("--journal", kept / "busy-then-free.json")
    assert (first.returncode, again.returncode) == (1, 1)

    def rules(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("failed")]

    assert rules(first.stdout) == rules(again.stdout) != []


def test_a_form_and_a_hostile_journal(tmp_path: Path) -> None:
    """Lines of an export are taken, and what is neither is told with its place."""
    document = Script().submit(0, 429).submit(2, makes=7).get(12, 7, "COMPLETED").document()
    lines, wrong, broken = tmp_path / "lines.ndjson", tmp_path / "wrong.json", tmp_path / "broken.json"
    lines.write_text("\n".join(map(json.dumps, document["requests"])), encoding="utf-8")
    found = grade("--journal", lines)
    assert (found.returncode, "busy/wait" in found.stdout) == (1, True), found.stderr
    document["requests"][0]["status"] = "429"
    wrong.write_text(json.dumps(document), encoding="utf-8")
    found = grade("--journal", wrong)
    assert (found.returncode, "/requests/0/status" in found.stderr) == (2, True)
    entry = Script().submit(0, makes=7).document()["requests"][0]
    odd = [
        {**entry, name: value} for name, value in (("callbacks", 3), ("events", [{"event": "status"}]), ("number", {}))
    ]
    for text in ("{", "[" * 100_000, "\x00\xff", "{}", "null", "", "3\n[]", *map(json.dumps, odd[1:])):
        broken.write_text(text, encoding="utf-8")
        found = grade("--journal", broken)
        assert found.returncode == 2, text[:20]
        assert "Traceback" not in found.stderr


def test_a_mock_that_runs_already_is_attached_to() -> None:
    """The sandbox of a token is judged as it is; one in which nothing happened can't be."""
    import requests

    with serving() as mock:
        found = grade("--attach", mock.url, "--token", TOKEN)
        assert found.returncode == 2, found.stdout
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for _ in range(2):
            requests.post(f"{mock.url}/v2/pixverse/videos/upscale", json={"maxJobs": 3}, headers=headers, timeout=5)
        found = grade("--attach", f"{mock.url}/", "--token", TOKEN)
    assert found.returncode == 1
    assert {"requests/valid", "refused/bad-request"} <= set(found.stdout.split())
    assert TOKEN not in found.stdout


def test_a_flood_is_judged(programs: Path) -> None:
    """Ten thousand requests are a verdict, and kept whole."""
    found = grade("--scenario=accepted", "--timeout=60", *python(programs / "flood.py"))
    assert found.returncode == 1
    assert "calls: 10,000" in found.stdout
    assert "submit/made" in found.stdout


def test_a_client_that_only_repeats_itself_is_not_waited_for() -> None:
    """Nothing more is to be learnt from it."""
    code = GOOD + textwrap.dedent("""
        while True:
            call("POST", "/videos/upscale", {"video_id": os.environ["USEAPI_VIDEO_ID"]})
            wait(10)
    """)
    began = time.monotonic()
    scenario = ("--scenario=credits-run-out", "--client-scale=20", "--timeout=60")
    found = grade(*scenario, "--", sys.executable, "-c", code)
    assert time.monotonic() - began < 30
    assert found.returncode == 1
    assert "as it only repeated itself" in found.stdout
    assert "refused/credits" in found.stdout


def test_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    """The clients and the mock, at once."""
    marks = tmp_path / "pids"
    code = f"import os, time; open({str(marks)!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(60)"
    # Whoever runs the tests in the background may have had SIGINT ignored.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    start = f"{heed}; from contracts.cli import main; main()"
    command = [sys.executable, "-c", start, "grade", "--jobs=2", "--", sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and (not marks.exists() or marks.read_text().count("\n") < 2):
                process.poll()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    for pid in marks.read_text(encoding="utf-8").split():
        assert not Path(f"/proc/{pid}").exists(), "a client is left"


def test_the_verdict_in_json_has_its_form(programs: Path, tmp_path: Path) -> None:
    """As the schema beside it says."""
    from importlib.resources import files

    schema: Any = json.loads(files("contracts.report").joinpath("verdict.schema.json").read_text(encoding="utf-8"))
    out = tmp_path / "verdict.json"
    options = scaled("--scenario=awkward-but-legal", "--scenario=lost-reply", "--report", f"json={out}")
    grade(*options, *python(programs / "hasty.py"))
    jsonschema_rs.validator_for(schema).validate(json.loads(out.read_text(encoding="utf-8")))


HOSTILE = {
    "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "hangs": "import time; time.sleep(3_600)",
    "ignores SIGTERM": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3_600)",
    "forks": """
        import os, signal, time
        for _ in range(5):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    time.sleep(3_600)
                os._exit(0)
    """,
    "prints binary": "import os; [os.write(1, os.urandom(65_536)) for _ in range(500)]",
    "raises": "raise RuntimeError('its own reason')",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_client_is_a_verdict(name: str, tmp_path: Path) -> None:
    """Whatever it does, and nothing of it is left behind."""
    program, out = tmp_path / "hostile.py", tmp_path / "verdict.json"
    program.write_text(textwrap.dedent(HOSTILE[name]), encoding="utf-8")
    found = grade("--scenario=accepted", "--timeout=2", "--report", f"json={out}", *python(program))
    assert found.returncode == 1, found.stdout + found.stderr
    assert "submit/made" in found.stdout
    assert found.stdout.splitlines()[-1].startswith("F, 0 of 100: ")
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["courses"][0]["ended"]
    if name == "forks":
        assert "left processes behind" in found.stdout
    left = [each for each in Path("/proc").glob("[0-9]*/cmdline") if str(program).encode() in _read(each)]
    assert left == []


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""

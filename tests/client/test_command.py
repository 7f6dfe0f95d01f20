"""`contracts upscale` as a process of its own, against a mock that runs sixty times as fast, or faster."""

import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any, Final

import pytest
import requests

from client.playing import NEW, SOURCE
from contracts.cli import main
from mockserver import Api, Settings
from mockserver.server import running
from sources import ROOT

SPEED: Final = 300
PREFIX: Final = SOURCE.rpartition(":")[0]


@dataclass(frozen=True)
class Done:
    """What came of a run."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Shop:
    """A mock that runs, and a folder to work in."""

    url: str
    token: str
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def variables(self) -> dict[str, str]:
        """What a run needs to know of its surroundings."""
        return {"USEAPI_TOKEN": self.token, "USEAPI_BASE_URL": self.url, "CONTRACTS_UPSCALE_SPEED": str(SPEED)}

    def run(self, *arguments: str, **variables: str) -> Done:
        """In this process, by the way that the installed command goes."""
        with self.monkeypatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["contracts", "upscale", *arguments])
            for name, value in {**self.variables, **variables}.items():
                patch.setenv(name, value)
            self.capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        shown = self.capsys.readouterr()
        return Done(int(ended.value.code or 0), shown.out, shown.err)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """In a process of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("USEAPI_", "CONTRACTS_"))}
        return subprocess.Popen(
            [sys.executable, "-m", "contracts.cli", "upscale", *arguments],
            cwd=self.folder,
            env={**kept, **self.variables, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
            **options,
        )

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """What a control call answers."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, f"{self.url}/__mock/{path}", json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    @property
    def jobs(self) -> list[str]:
        """The ids of all jobs that were accepted."""
        return [job["video_id"] for job in self.control("GET", "jobs")["data"]]

    @property
    def state(self) -> list[dict[str, Any]]:
        """The jobs in the state file."""
        text = (self.folder / "contracts-upscale.json").read_text(encoding="utf-8")
        jobs: list[dict[str, Any]] = json.loads(text)["jobs"]
        return jobs


@pytest.fixture(scope="session")
def tokens() -> Iterator[tuple[str, Iterator[str]]]:
    """A mock in which a minute is a fifth of a second, and no job takes longer; and tokens, each of a new sandbox."""
    brief = {"jobs.shortest": "10", "jobs.longest": "60"}
    with running(Api(Settings(clock="real", speed=SPEED, changes=brief, strict=True))) as url:
        yield url, (f"user:12345-shop{number}" for number in count())


@pytest.fixture
def shop(
    tokens: tuple[str, Iterator[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shop:
    """A mock that runs fast."""
    url, fresh = tokens
    return Shop(url, next(fresh), tmp_path, monkeypatch, capsys)


def test_accepted_is_enough_without_wait(shop: Shop) -> None:
    """One line for each video, on standard output alone; by the real process."""
    process = shop.start(SOURCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert out.decode() == f"{SOURCE} ACCEPTED {shop.jobs[0]}\n"


def test_second_run_submits_nothing_twice(shop: Shop) -> None:
    """It goes on with what was accepted, also when it is not named again."""
    assert shop.run(SOURCE).returncode == 0
    for arguments in ((SOURCE, "--wait"), ("--wait",), ("--wait",)):
        done = shop.run(*arguments)
        assert done.returncode == 0, done.stderr
    assert len(shop.jobs) == 1
    assert [job["status"] for job in shop.state] == ["COMPLETED"]


def test_all_finished_videos_are_upscaled_and_saved(shop: Shop) -> None:
    """Five, with three slots; the files are whole."""
    done = shop.run("--all-finished", "--download", "out/4k")
    assert done.returncode == 0, done.stderr
    files = sorted((shop.folder / "out/4k").iterdir())
    assert len(files) == len(shop.jobs) == len(done.stdout.splitlines()) == 5
    assert [file.stem for file in files] == sorted(job.rpartition(":")[2] for job in shop.jobs)
    assert all(file.read_bytes()[4:8] == b"ftyp" for file in files)
    again = shop.run("--all-finished", "--download", "out/4k")
    assert (again.returncode, again.stdout, len(shop.jobs)) == (0, "", 5)


def test_failures_are_told_and_are_exit_code_1(shop: Shop) -> None:
    """Each with its reason; the others go on."""
    done = shop.run(f"{PREFIX}:8", f"{PREFIX}:400", SOURCE, "--wait")
    assert done.returncode == 1
    lines = sorted(done.stdout.splitlines())
    assert re.fullmatch(rf"{PREFIX}:11223344 COMPLETED http\S+", lines[0])
    assert lines[1].startswith(f"{PREFIX}:400 not accepted: upscaleVideo: 400 ")
    assert lines[2].startswith(f"{PREFIX}:8 FAILED {PREFIX}:")


def test_pending_error_ends_the_submissions_to_its_account(shop: Shop) -> None:
    """The vendor asks for no further calls before it is resolved."""
    shop.control("PATCH", "accounts/demo@example.com", {"pendingError": True})
    done = shop.run("--all-finished")
    assert done.returncode == 1
    assert sum(line.split(" ")[1:3] == ["not", "submitted:"] for line in done.stdout.splitlines()) == 4
    assert "POST /v2/pixverse/accounts/{email}" in done.stdout


def test_lost_answers_are_no_second_jobs(shop: Shop) -> None:
    """Every submission's answer is lost."""
    shop.control("PUT", "faults", {"faults": [{"fault": "lost-reply", "operation": "upscaleVideo", "call": [1, 2, 3]}]})
    done = shop.run(SOURCE, f"{PREFIX}:8", f"{PREFIX}:7")
    assert done.returncode == 0, done.stdout
    assert len(shop.jobs) == 3


@pytest.mark.slow
def test_ctrl_c_leaves_a_line_and_a_run_to_go_on_with(shop: Shop) -> None:
    """What was accepted is neither lost nor submitted again."""
    shop.control("POST", "clock/freeze", {})
    with shop.start("--all-finished", "--wait", stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"waiting for a slot" in line and len(shop.jobs) == 3:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"stopped: 3 accepted jobs not ended yet. The same command goes on with them" in errors
    shop.control("POST", "clock/speed", {"speed": SPEED})
    done = shop.run("--all-finished", "--wait")
    assert done.returncode == 0, done.stdout
    assert len(shop.jobs) == 5


@pytest.mark.slow
def test_killed_run_is_gone_on_with(shop: Shop) -> None:
    """Even between the submission and its answer: the job is known by the reference that was written before."""
    shop.control("PUT", "faults", {"faults": [{"fault": "no-answer", "handled": True, "operation": "upscaleVideo"}]})
    with shop.start(SOURCE, stderr=subprocess.DEVNULL) as process:
        while not shop.jobs:
            Event().wait(0.02)
        process.kill()
    assert shop.state[0]["video_id"] is None
    done = shop.run()
    assert done.stdout == f"{SOURCE} ACCEPTED {shop.jobs[0]}\n"
    assert len(shop.jobs) == 1


def test_two_runs_at_once_are_refused(shop: Shop) -> None:
    """The second one would submit what it does not know of."""
    with (shop.folder / ".contracts-upscale.json.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = shop.run(SOURCE)
    assert done.returncode == 2
    assert done.stderr == "contracts: contracts-upscale.json is in use by another run of `contracts upscale`\n"


@pytest.mark.slow
def test_bars_move_on_a_terminal(shop: Shop) -> None:
    """One for each video that is worked on; results stay above them."""
    shop.control("POST", "clock/speed", {"speed": 60})  # slow enough to be seen
    main_end, side = pty.openpty()
    termios.tcsetwinsize(side, (30, 120))
    shown = b""
    with shop.start("--all-finished", "--download", "out", stdout=side, stderr=side) as process:
        os.close(side)
        # A terminal fails when all at its other end are gone.
        with suppress(OSError), os.fdopen(main_end, "rb", buffering=0) as screen:
            while piece := screen.read(65_536):
                shown += piece
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert process.returncode == 0, text
    assert {"waiting for a slot", "GENERATING"} <= set(re.findall("waiting for a slot|GENERATING", text))
    # Runs to and fro: its colours are elsewhere in the next picture.
    assert len(set(re.findall(r"11225070 (\S*━[^\r\n]*?) GENERATING", shown.decode()))) > 1
    assert len(re.findall(r"COMPLETED out/[0-9]+\.mp4", text)) == 5


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        ((), {}, "nothing to do: give a VIDEO_ID or --all-finished"),
        (("x",), {}, "video_id must be an id of the form user:"),
        ((SOURCE,), {"USEAPI_TOKEN": "user:1-a\n"}, "token must be printable ASCII"),
        ((SOURCE,), {"USEAPI_BASE_URL": "http://a/v2"}, "base_url takes scheme, host and port only"),
        ((SOURCE,), {"USEAPI_BASE_URL": "https://api.useapi.net"}, "--speed is for a mock"),
        ((SOURCE, "--speed", "nan"), {}, "--speed must be above 0"),
        ((SOURCE, "--max-jobs", "9"), {}, "9 is not in the range"),
        ((SOURCE, "--state", "."), {}, ". is a folder: give a file"),
        ((SOURCE, "--state", "no/such/folder"), {}, "no/such/folder can't be locked"),
        ((SOURCE, "--download", "/dev/null/x"), {}, "--download /dev/null/x can't be made"),
        ((SOURCE,), {"USEAPI_TOKEN": "nonsense"}, "listAvailable: 401 Unauthorized. Next: check the API token"),
    ],
)
def test_what_can_not_be_run_is_exit_code_2(
    shop: Shop, arguments: tuple[str, ...], variables: dict[str, str], words: str
) -> None:
    """With one line, and nothing is submitted."""
    done = shop.run(*arguments, **variables)
    assert done.returncode == 2, done.stdout
    assert words in done.stderr.splitlines()[-1]
    assert done.stderr.splitlines()[-1].startswith("contracts: ")
    assert "Traceback" not in done.stderr
    assert shop.jobs == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"version": 2}',
        b'{"version": 1, "api": "http://elsewhere", "jobs": []}',
        b'{"version": 1, "api": "URL", "jobs": [{"source": "x", "reply_ref": "y"}]}',
        b'{"version": 1, "api": "URL", "jobs": [{"source": "SOURCE", "reply_ref": "y", "file": 5}]}',
        b'{"version": 1, "api": "URL", "jobs": [{"source": "SOURCE", "reply_ref": "y", "more": "z"}]}',
    ],
)
def test_state_that_is_none_is_refused_and_kept(shop: Shop, content: bytes) -> None:
    """Somebody else's file, or of another address: it stays as it is."""
    content = content.replace(b"URL", shop.url.encode()).replace(b"SOURCE", SOURCE.encode())
    file = shop.folder / "contracts-upscale.json"
    file.write_bytes(content)
    done = shop.run(SOURCE)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert file.read_bytes() == content


def test_file_that_does_not_come_is_a_failure_that_can_be_repeated(shop: Shop) -> None:
    """The video is there; the next run saves it."""
    (shop.folder / "out").mkdir()
    assert shop.run(SOURCE, "--wait").returncode == 0
    number = shop.jobs[0].rpartition(":")[2]
    (shop.folder / "out" / f"{number}.mp4").mkdir()
    done = shop.run("--download", "out")
    assert done.returncode == 1
    (shop.folder / "out" / f"{number}.mp4").rmdir()
    done = shop.run("--download", "out")
    assert done.stdout == f"{SOURCE} COMPLETED out/{number}.mp4\n"
    assert [file.name for file in (shop.folder / "out").iterdir()] == [f"{number}.mp4"]


def test_help_needs_none_of_the_libraries(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the command says what to install."""
    monkeypatch.delitem(sys.modules, "contracts.client.command", raising=False)
    monkeypatch.setitem(sys.modules, "httpx", None)
    for name in [name for name in sys.modules if name.startswith("contracts.client.")]:
        monkeypatch.delitem(sys.modules, name)
    done = shop.run(SOURCE)
    assert done.returncode == 2
    assert done.stderr == "contracts: `contracts upscale` needs httpx: pip install 'pixverse-mock[client]'\n"


def test_another_folder_gets_the_file_too(shop: Shop) -> None:
    """What was saved elsewhere is saved there."""
    for folder in ("one", "other"):
        assert shop.run(SOURCE, "--download", folder).returncode == 0
        assert len(list((shop.folder / folder).iterdir())) == 1
    assert len(shop.jobs) == 1


def test_new_id_is_not_submitted_for_an_old_one(shop: Shop) -> None:
    """An id that is none of the account's is a refusal of its own."""
    done = shop.run(NEW)
    assert done.returncode == 1
    assert "not accepted: upscaleVideo: 400" in done.stdout

"""`contracts explore` as a user runs it: what it finds, and that its file plays it again with `contracts grade`."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest
import yaml

from sources import ROOT

CLIENTS = ROOT / "tests" / "explore" / "clients"
SCALE = "20"
NAIVE = ("bash", str(CLIENTS / "naive.sh"))
LISTENER = (sys.executable, str(CLIENTS / "listener.py"))


def contracts(*arguments: str, folder: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """The command line, in a folder of its own."""
    environment = {**os.environ, "CLIENT_SCALE": SCALE, "NO_COLOR": "1"}
    environment.pop("GITHUB_ACTIONS", None)
    return subprocess.run(
        [sys.executable, "-m", "contracts.cli", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def explore(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`contracts explore` with the divisor of the clients' waits."""
    return contracts("explore", "--client-scale", SCALE, *arguments, folder=folder)


def grade(file: Path, client: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """`contracts grade` with one scenario."""
    arguments = ("grade", "--client-scale", SCALE, "--scenario", file.name, "--", *client)
    return contracts(*arguments, folder=file.parent)


@pytest.mark.slow
def test_double_submit_of_a_bash_loop_is_found_and_its_file_plays_it_again(tmp_path: Path) -> None:
    """With the story, the file, and the command that replays it."""
    found = explore("--only", "submit/once", "--", *NAIVE, folder=tmp_path)
    assert found.returncode == 1, found.stderr
    assert "failed  submit/once (upscaleVideo) in explored" in found.stdout
    assert "20 credits were paid twice" in found.stdout
    file = tmp_path / "submit-once.yaml"
    scenario = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert scenario["faults"] == [{"operation": "upscaleVideo", "fault": "lost-reply"}]
    command = f"contracts grade --scenario submit-once.yaml --client-scale {SCALE} -- bash {CLIENTS / 'naive.sh'}"
    assert command in scenario["description"]
    assert command in found.stdout
    again = grade(file, NAIVE)
    assert again.returncode == 1
    assert "failed  submit/once (upscaleVideo) in submit-once" in again.stdout


@pytest.mark.slow
def test_final_state_that_a_listener_loses_is_found_and_its_file_plays_it_again(tmp_path: Path) -> None:
    """It ignores the order of callbacks."""
    file = tmp_path / "lost" / "order.yaml"
    found = explore("--out", str(file), "--", *LISTENER, folder=tmp_path)
    assert found.returncode == 1, found.stderr
    assert "failed  callbacks/late-progress" in found.stdout
    scenario = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert scenario["callbacks"] == {"disturbances": [{"kind": "swapped"}]}
    again = grade(file, LISTENER)
    assert again.returncode == 1
    assert "failed  callbacks/late-progress" in again.stdout


@pytest.mark.slow
def test_client_without_a_fault_has_nothing_found(tmp_path: Path) -> None:
    """In the rules that it is asked about; nothing is written."""
    found = explore("--runs", "3", "--only", "token/*", "--", *NAIVE, folder=tmp_path)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("no rule was broken: 3 cases tried, 4 runs in ")
    assert list(tmp_path.iterdir()) == []
    assert found.stderr.splitlines()[:2] == ["nothing goes wrong ...", "searching ..."]
    assert "    2  the first upscale: it is accepted and its answer lost" in found.stderr


@pytest.mark.slow
def test_what_is_broken_anyway_is_told_and_another_rule_searched_for(tmp_path: Path) -> None:
    """Its status tells nothing, always; and it submits again after a lost answer."""
    client = tmp_path / "client.sh"
    client.write_text(f"bash {NAIVE[1]}\nexit 7\n")
    file = tmp_path / "found.yaml"
    options = ("--out", str(file), "--only", "submit/once", "--only", "process/status")
    found = explore(*options, "--", "bash", str(client), folder=tmp_path)
    assert found.returncode == 1, found.stderr
    assert "failed  process/status in accepted" in found.stdout
    assert "failed  submit/once (upscaleVideo) in explored" in found.stdout
    assert "submit/once is broken where this happens" in found.stdout
    assert file.exists()


def test_client_that_does_nothing_can_not_be_explored(tmp_path: Path) -> None:
    """What it said last is told."""
    found = explore("--", sys.executable, "-c", "raise SystemExit('no such module')", folder=tmp_path)
    assert found.returncode == 2
    assert "asks for no upscale where nothing goes wrong" in found.stderr
    assert "(it ended with status 1 and said: no such module)" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--", "/no/such/client"), "/no/such/client"),
        (("--only", "busy/wai", "--", "true"), "no rule, group or pattern 'busy/wai'"),
        (("--out", "/dev/null/found.yaml", "--", "true"), "/dev/null/found.yaml can't be written"),
        ((), "Missing argument"),
        (("--runs", "0", "--", "true"), "'--runs'"),
        (("--jobs", "0", "--", "true"), "'--jobs'"),
        (("--seed", "one", "--", "true"), "'--seed'"),
        (("--timeout", "0", "--", "true"), "'--timeout'"),
    ],
)
def test_what_can_not_be_done_is_said_in_one_line(arguments: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    """With status 2, at once."""
    found = explore(*arguments, folder=tmp_path)
    assert found.returncode == 2
    assert found.stdout == ""
    assert reason in found.stderr.splitlines()[-1]
    assert "Traceback" not in found.stderr


def test_interrupt_ends_clients_and_all(tmp_path: Path) -> None:
    """Nothing is left running."""
    client = tmp_path / "client.sh"
    client.write_text("sleep 1000 & echo $! > pid.new; mv pid.new pid; wait\n")
    command = [sys.executable, "-m", "contracts.cli", "explore", "--", "bash", str(client)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pid = int(_content(tmp_path / "pid"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert not Path(f"/proc/{pid}").exists()


def _content(file: Path) -> str:
    """What is in a file, once it is there."""
    pause = Event()
    for _ in range(1_000):
        if file.exists():
            return file.read_text(encoding="utf-8")
        pause.wait(0.02)
    raise AssertionError(f"{file} does not come")

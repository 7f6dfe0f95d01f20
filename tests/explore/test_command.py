"""`contracts explore` as a user runs it: what it finds, and that its file plays it again with `contracts grade`."""

import os
import subprocess
import sys
from pathlib import Path

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

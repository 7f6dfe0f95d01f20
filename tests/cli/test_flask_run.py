"""`flask --app mockserver run` serves the same."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
import requests

from mockserver import Api

HEADERS = {"Authorization": "Bearer user:12345-demo"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a `flask run`."""
    output: Path = tmp_path_factory.mktemp("flask") / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "mockserver", "run", "--port", "0"],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "MOCKSERVER_SEED": "7"},
        )
    try:
        yield address(output, process)
    finally:
        process.terminate()
        process.wait(timeout=5)


def address(output: Path, process: subprocess.Popen[bytes]) -> str:
    pause = Event()
    for _ in range(500):
        if found := re.search(r"Running on (http://\S+)", output.read_text(encoding="utf-8")):
            return found[1]
        assert process.poll() is None, output.read_text(encoding="utf-8")
        pause.wait(0.02)
    raise AssertionError(output.read_text(encoding="utf-8"))


def test_emulated_api_is_served(url: str) -> None:
    """An upscale of the first finished video is accepted, settings come from the environment."""
    videos = requests.get(f"{url}/v2/pixverse/videos", headers=HEADERS, timeout=10).json()["data"]
    answer = requests.post(
        f"{url}/v2/pixverse/videos/upscale", json={"video_id": videos[0]["video_id"]}, headers=HEADERS, timeout=10
    )
    assert answer.status_code == 200
    assert videos[0]["video_id"] != Api().example_id("user:12345-demo"), "the seed of the environment was not used"


def test_contracts_reason_phrase_is_served(url: str) -> None:
    """596 comes with its phrase."""
    answer = requests.post(
        f"{url}/v2/pixverse/videos/upscale",
        json={"video_id": "user:12345-pixverse:demo@example.com-video:596"},
        headers=HEADERS,
        timeout=10,
    )
    assert (answer.status_code, answer.reason) == (596, "Pending mod message")


def test_encoded_ids_are_told_from_raw_ones(url: str) -> None:
    """The development server hands over the path as it was sent."""
    video_id = requests.get(f"{url}/v2/pixverse/videos", headers=HEADERS, timeout=10).json()["data"][-1]["video_id"]
    raw = requests.get(f"{url}/v2/pixverse/videos/{video_id}", headers=HEADERS, timeout=10)
    encoded = requests.get(f"{url}/v2/pixverse/videos/{video_id.replace(':', '%3A')}", headers=HEADERS, timeout=10)
    assert (raw.status_code, encoded.status_code) == (200, 400)


def test_control_api_is_served(url: str) -> None:
    """Health without a token, accounts with one."""
    assert requests.get(f"{url}/__mock/health", timeout=10).json()["status"] == "ok"
    assert requests.get(f"{url}/__mock/accounts", headers=HEADERS, timeout=10).json()["data"]


def test_page_is_served(url: str) -> None:
    """The page to read and try."""
    assert "text/html" in requests.get(f"{url}/", timeout=10).headers["Content-Type"]


def test_bad_settings_are_one_line() -> None:
    """As with `mockserver serve`."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "mockserver", "run", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "MOCKSERVER_SCENARIO": "nowhere"},
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "scenario 'nowhere' can't be read" in done.stderr

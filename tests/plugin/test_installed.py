"""The plugin from the installed wheel, in an environment with nothing else."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]

TESTS = """
import time
import requests

def test_in_process(pixverse_mock, pixverse_callbacks):
    body = {"video_id": pixverse_mock.video_id, "replyUrl": pixverse_callbacks.url}
    url = "https://api.useapi.net/v2/pixverse/videos/upscale"
    assert requests.post(url, headers=pixverse_mock.headers, json=body).status_code == 200
    time.sleep(600)
    assert pixverse_callbacks.received[-1]["body"]["video_status_name"] == "COMPLETED"

def test_live(pixverse_sandbox):
    assert requests.get(f"{pixverse_sandbox.base_url}/v2/account", headers=pixverse_sandbox.headers).ok
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and its extra for pytest."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    subprocess.run(build, check=True, timeout=300)
    venv.create(folder / "environment", with_pip=True)
    interpreter = folder / "environment" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wheel = next(folder.glob("*.whl"))
    install = [interpreter, "-m", "pip", "install", "--quiet", f"pixverse-mock[pytest] @ {wheel.as_uri()}"]
    subprocess.run(install, check=True, timeout=300)
    return interpreter


def test_fixtures_are_there(python: Path, tmp_path: Path) -> None:
    """Without a line of configuration."""
    (tmp_path / "test_user.py").write_text(TESTS, encoding="utf-8")
    command = [python, "-I", "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    assert "2 passed" in done.stdout, done.stdout + done.stderr

"""The wheel, installed alone in an empty environment."""

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from live import Live, serving_with

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT],
        check=True,
        timeout=300,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with nothing but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([interpreter, "-m", "pip", "install", "--quiet", wheel], check=True, timeout=300)
    return interpreter


@pytest.fixture(scope="module")
def mock(python: Path) -> Iterator[Live]:
    """The installed mock, serving."""
    with serving_with(python) as live:
        yield live


def test_wheel_carries_what_the_packages_need(wheel: Path) -> None:
    """Contract, markers of types, media, scenarios and the viewer's files."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "mockserver/openapi.yaml",
        "contracts/openapi.yaml",
        "mockserver/control/control.yaml",
        "mockserver/py.typed",
        "contracts/py.typed",
        "contracts/grade/journal.schema.json",
        "contracts/grade/intercept/preload.cjs",
        "contracts/grade/python_waits/sitecustomize.py",
        "mockserver/media/3840x2160.mp4",
        "mockserver/scenarios/schema.yaml",
        "mockserver/scenarios/unlimited.yaml",
        "mockserver/web/viewer/viewer.js",
    } <= names


def test_wheel_carries_no_tests(wheel: Path) -> None:
    """Nor anything else beside the two packages."""
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.startswith("pixverse_mock-")} == {"mockserver", "contracts"}


def test_installed_packages_are_ours(python: Path, tmp_path: Path) -> None:
    """Both names are generic; what is loaded is what the wheel brought."""
    code = "import contracts, mockserver; print(contracts.__file__); print(mockserver.__file__)"
    printed = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60
    ).stdout.splitlines()
    home = str(python.parents[1].resolve())
    assert all(str(Path(line).resolve()).startswith(home) for line in printed), printed


def test_installed_mock_answers(mock: Live) -> None:
    """It emulates the API."""
    headers = {"Authorization": "Bearer user:12345-demo"}
    assert requests.get(f"{mock.url}/v2/pixverse/videos", headers=headers, timeout=10).status_code == 200


def test_installed_mock_shows_its_page(mock: Live) -> None:
    """The viewer's files came along."""
    assert requests.get(f"{mock.url}/", timeout=10).status_code == 200
    assert requests.get(f"{mock.url}/openapi.json", timeout=10).json()["servers"][0]["url"] == mock.url


def test_installed_mock_plays_videos(mock: Live) -> None:
    """The media came along."""
    answer = requests.get(f"{mock.url}/media/1-3840x2160.mp4", headers={"Range": "bytes=0-99"}, timeout=10)
    assert (answer.status_code, len(answer.content)) == (206, 100)


def test_installed_command_prints_the_contract(python: Path) -> None:
    """`mockserver spec` finds the wheel's copy."""
    command = python.with_name("mockserver")
    printed = subprocess.run([command, "spec"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert printed == (ROOT / "openapi.yaml").read_text(encoding="utf-8")

"""A typed user's file under the type checkers."""

import sys
from pathlib import Path
from typing import Final

import pytest

from toolchain import tools

pytestmark = pytest.mark.slow

USER: Final = Path(__file__).with_name("user.py")
WRONG: Final = """
from mockserver import PixverseMock, Sink

def test(pixverse_mock: PixverseMock, pixverse_callbacks: Sink) -> None:
    pixverse_mock.clock.advance("nextevent")
    pixverse_mock.requests.count(stauts=429)
    pixverse_mock.jobs[0]["videoid"]
    pixverse_mock.accounts.adjust(credits="1")
    pixverse_callbacks.recieved
"""


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A file with a mistake in each of its last five lines."""
    file = tmp_path / "test_wrong.py"
    file.write_text(WRONG, encoding="utf-8")
    return file


def test_mypy_passes_and_sees_mistakes(wrong: Path) -> None:
    """With --strict."""
    found = tools.python("mypy", "--strict", USER)
    assert found.returncode == 0, found.stdout
    assert tools.python("mypy", "--strict", wrong).stdout.count("error:") == 5


def test_pyright_passes_and_sees_mistakes(wrong: Path) -> None:
    """As it comes."""
    python = ("--pythonpath", sys.executable)
    found = tools.npm("pyright", *python, USER)
    assert found.returncode == 0, found.stdout
    assert tools.npm("pyright", *python, wrong).stdout.count(" - error:") >= 5

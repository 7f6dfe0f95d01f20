"""The README's example of a test, run from the README's text."""

import re
from pathlib import Path

import pytest

from plugin.project import run

pytest_plugins = ["pytester"]

README = Path(__file__).parents[2] / "README.md"


def example() -> str:
    """The blocks of Python that use the fixture, one after the other."""
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return "\n\n".join(block for block in blocks if "pixverse_mock" in block)


def test_example_passes(pytester: pytest.Pytester) -> None:
    """As it stands there; what is left of the client is judged, too."""
    run(pytester, example()).assert_outcomes(passed=2)


def test_example_fails_where_its_client_does_not_wait(pytester: pytest.Pytester) -> None:
    """And its story is told: a client that takes the first 429 for the end."""
    result = run(pytester, example().replace("if answer.status_code != 429:", "if True:"))
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines("00:00:00.000  POST /v2/pixverse/videos/upscale 429  fault account-busy *")


def test_example_is_judged_where_its_client_hurries(pytester: pytest.Pytester) -> None:
    """Its tests pass, and the verdict fails one of them."""
    result = run(pytester, example().replace("time.sleep(20)", "time.sleep(9)"))
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines("*busy/wait*")

"""Scenarios as a person writes them: files, and the line that a bad one gets."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from mockserver.scenario import Scenario, ScenarioError
from sources import ROOT

SCHEMA: Final[dict[str, Any]] = yaml.safe_load((ROOT / "mockserver/scenarios/schema.yaml").read_bytes())
TOP: Final = ", ".join(SCHEMA["properties"])
ANSWERS: Final = ", ".join(SCHEMA["properties"]["answers"]["properties"])


def load(folder: Path, text: str | bytes) -> Scenario:
    """The scenario of a file with this text."""
    path = folder / "s.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Scenario.load(path)


def refusal(folder: Path, text: str | bytes) -> str:
    """The line that a scenario gets, without the file's name."""
    with pytest.raises(ScenarioError) as caught:
        load(folder, text)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    start = f"scenario '{folder / 's.yaml'}'"
    assert line.startswith(start)
    return line.removeprefix(start)

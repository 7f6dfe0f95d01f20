"""`mockserver scenarios`, and scenarios as `mockserver serve` takes them."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockserver.cli import cli
from mockserver.scenario import Scenario, names
from mockserver.scenario_file import FOLDER, ready_made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def refused(*arguments: str) -> str:
    """What a mock says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def test_scenarios_are_listed_with_what_they_are_for() -> None:
    """A line each, in the order of their names."""
    lines = run("scenarios").output.splitlines()
    assert [line.split()[0] for line in lines] == names()
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        str(Scenario.load(name).data["description"]) for name in names()
    ]
    assert max(map(len, lines)) <= 140


def test_scenario_is_printed_as_it_is_written(tmp_path: Path) -> None:
    """With its comments, to the last byte, so that a copy is a scenario."""
    output = run("scenarios", "busy-then-free").output
    assert output.encode() == ready_made("busy-then-free") == (FOLDER / "busy-then-free.yaml").read_bytes()
    copy = tmp_path / "mine.yaml"
    copy.write_text(output)
    assert Scenario.load(copy) == Scenario.load("busy-then-free")


@pytest.mark.parametrize("name", ["busy-then-fre", "schema", "../cli", "", "busy-then-free.yaml"])
def test_unknown_name_gets_a_line(name: str) -> None:
    """It lists the names there are; nothing else is printed."""
    result = run("scenarios", name)
    assert result.output == ""
    assert f"there is no ready-made scenario {name}" in str(result.exception)
    assert ", ".join(names()) in str(result.exception)


def test_serve_lists_the_names_for_an_unknown_one() -> None:
    """And says which may be meant."""
    said = refused("serve", "--port", "0", "--scenario", "busy-then-fre")
    assert said.startswith("mockserver: scenario 'busy-then-fre' can't be read: No such file or directory; ")
    assert "(did you mean busy-then-free?)" in said
    assert ", ".join(names()) in said
    assert len(said.splitlines()) == 1


def test_serve_names_the_line_of_a_bad_file(tmp_path: Path) -> None:
    """Under the name that it was given."""
    path = tmp_path / "mine.yaml"
    path.write_text("accounts:\n  - email: a@b\n    maxJobs: 9\n")
    said = refused("serve", "--port", "0", "--scenario", str(path))
    assert said == f"mockserver: scenario '{path}': line 3: /accounts/0/maxJobs: must be from 1 to 8, got 9\n"


def test_serve_names_the_option_that_sets_a_bad_value() -> None:
    """Not the file."""
    said = refused("serve", "--port", "0", "--scenario", "busy-then-free", "--set", "accounts.0.credits=-5")
    assert said.startswith("mockserver: --set accounts.0.credits: /accounts/0/credits: must be from 0 to ")

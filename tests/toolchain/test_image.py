"""What runs elsewhere than here: the image, the service, the step of a workflow."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Context

from contracts.verify.command import verify
from mockserver.cli import cli
from sources import ROOT

_DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def _data(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.slow
def test_dockerfile_has_no_complaints() -> None:
    """Of hadolint, at its strictest."""
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [linter, "--failure-threshold", "style", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_what_the_image_copies_is_there_and_let_through() -> None:
    """By .dockerignore, which leaves out all else."""
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", _DOCKERFILE, re.MULTILINE) for name in line.split()
    }
    through = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    assert copied == through
    assert all((ROOT / name).exists() for name in copied)


def test_step_of_a_workflow_calls_verify_with_options_that_it_has() -> None:
    """And what comes from an input is never part of the script."""
    steps = _data("action.yml")["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert not any("${{" in script for script in scripts)
    known = {name for each in verify.get_params(Context(verify)) for name in each.opts}
    used = set(re.findall(r"(?<![\w-])--[a-z-]+", "\n".join(scripts))) - {"--quiet"}
    assert used <= known
    variables = {variable for each in verify.params for variable in _names(each.envvar)}
    assert "CONTRACTS_VERIFY_TOKEN" in variables


def _names(variable: Any) -> list[str]:
    return [variable] if isinstance(variable, str) else list(variable or ())


def test_variables_of_image_and_service_are_options_of_serve() -> None:
    """A name that is none would go unnoticed."""
    serve = cli.commands["serve"]
    known = {name for each in serve.params for name in _names(each.envvar)}
    known |= {f"MOCKSERVER_{each.name.upper()}" for each in serve.params if each.name}
    service = _data("compose.yaml")["services"]["pixverse"]
    used = {name for name in service["environment"] if name.startswith("MOCKSERVER_")}
    used |= set(re.findall(r"(MOCKSERVER_[A-Z_]+)=", _DOCKERFILE))
    assert used <= known, used - known
    assert len(used) > 4

"""The tools: those from npm as `.ci/node-tools` installs them, those in Python as the extra `dev` does."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final, NoReturn

import pytest

from sources import ROOT

_NPM: Final = ROOT / ".cache" / "npm" / "node_modules" / ".bin"
_QUIET: Final = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "DO_NOT_TRACK": "1"}
_LISTENS: Final = re.compile(r"Prism is listening on (http://127\.0\.0\.1:[0-9]+)")
_PATIENCE: Final = 120.0
"""Seconds: these tools take two or three on an idle machine."""


def npm(name: str, *arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A tool's run in `folder`. Skips the test if the tool is missing."""
    return _run([_npm_tool(name), *arguments], folder)


def python(module: str, *arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The run of a Python module as a program in `folder`. Skips the test if the module is missing."""
    need(module)
    return _run([sys.executable, "-m", module, *arguments], folder)


def need(module: str) -> None:
    """Skip the test if a Python module is missing."""
    if importlib.util.find_spec(module) is None:
        _missing(f"needs {module}: install the extra dev")


@contextmanager
def prism(*arguments: str | Path) -> Iterator[str]:
    """The address of a Prism that was started so; it ends with the context. Skips the test if it is missing."""
    command = [_npm_tool("prism"), *arguments, "--port", "0"]
    with TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **_QUIET}, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        try:
            yield _address(process, output)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=10)


def _run(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **_QUIET},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    pause = Event()
    for _ in range(int(_PATIENCE / 0.05)):
        if found := _LISTENS.search(output.read_text(encoding="utf-8")):
            return found[1]
        if process.poll() is not None:
            break
        pause.wait(0.05)
    raise AssertionError(f"Prism does not listen: {output.read_text(encoding='utf-8')}")


def _npm_tool(name: str) -> Path:
    path = _NPM / name
    if not (shutil.which("node") and path.exists()):
        _missing(f"needs {name} from npm: run .ci/node-tools")
    return path


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI_REQUIRES_TOOLS"):
        pytest.fail(reason)
    pytest.skip(reason)

"""What `contracts grade` says of a client of the catalogue, run as a user runs it: a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from clients.catalogue import CATALOGUE, FOLDER, Program, scenario_options

_PATIENCE = 900
"""Seconds after which a run that has not ended counts as one that never does."""


_SIDE_BY_SIDE = 4
"""Scenarios of a client at the same time."""


@dataclass(frozen=True)
class Verdict:
    """What came of one run: `found` are the ids of the rules with findings, notes, too; `passed` of those that held."""

    status: int
    seconds: float
    printed: str
    found: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    errors: int = 0

    def wrong(self, program: Program) -> str:
        """What is wrong with it as a verdict on this program, in words; empty for nothing."""
        missed = [rule for rule in program.trips if rule not in self.found]
        beside = [rule for rule in self.found if rule not in (*program.trips, *program.besides)]
        if self.status != (1 if self.errors else 0):
            return f"exit status {self.status}: {self.printed.strip()[-600:]}"
        said = [f"not caught by {', '.join(missed)}"] if missed else []
        said += [f"found, too: {', '.join(beside)}"] if beside else []
        return "; ".join(said)


def grade(program: Program, scale: float, *, quick: bool = False, keep: Path | None = None) -> Verdict:
    """Grade a client with its waits divided by `scale`, or by as much as it needs.

    `quick` is in those scenarios alone in which its fault shows. `keep` is a folder for the journals. A run that does
    not end is ended, with the status 124.
    """
    scale = max(scale, program.scale)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CONTRACTS_", "GITHUB_"))}
    environment |= {"CLIENT_SCALE": f"{scale:g}", "PYTHONPATH": str(FOLDER.parent), "NO_COLOR": "1"}
    with TemporaryDirectory() as folder:
        report = Path(folder) / "verdict.json"
        command = [sys.executable, "-m", "contracts.cli", "grade", f"--client-scale={scale:g}"]
        # Short waits want a machine that is not too busy to keep them.
        command += [f"--jobs={_SIDE_BY_SIDE if scale > 1 else 0}"]
        command += [f"--report=json={report}", *scenario_options((quick and program.shown_by) or program.scenarios)]
        command += [f"--timeout={program.patience / scale:g}"] if program.patience is not None else []
        command += [f"--keep={keep / program.name}"] if keep is not None else []
        begun = monotonic()
        try:
            done = subprocess.run(
                [*command, "--", *program.command],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return Verdict(124, monotonic() - begun, (late.stdout or b"").decode("utf-8", "replace"))
        seconds = monotonic() - begun
        document: dict[str, Any] = json.loads(report.read_bytes()) if report.exists() else {}
    rules = document.get("rules", ())
    return Verdict(
        done.returncode,
        seconds,
        done.stdout.decode("utf-8", "replace"),
        found=tuple(rule["id"] for rule in rules if rule["findings"]),
        passed=tuple(rule["id"] for rule in rules if rule["outcome"] == "passed"),
        errors=sum(rule["severity"] == "error" and bool(rule["findings"]) for rule in rules),
    )


def verdicts(
    names: Iterable[str], scale: float, *, quick: bool = False, keep: Path | None = None, at_once: int = 2
) -> Iterator[tuple[str, Verdict]]:
    """The verdicts on these clients of the catalogue, in this order."""
    names = list(names)
    with ThreadPoolExecutor(at_once) as pool:
        told = pool.map(lambda name: grade(CATALOGUE[name], scale, quick=quick, keep=keep), names)
        yield from zip(names, told, strict=True)

"""What `contracts verify` says of a provider, run as a user runs it: a process of its own, over HTTP."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

from providers.catalogue import CATALOGUE, SEEN_FIRST
from providers.flaw import Flaw
from providers.provider import serving

PRISTINE: Final = "pristine"
_PATIENCE: Final = 180
"""Seconds after which a run that has not ended counts as one that never does."""


@dataclass(frozen=True)
class Verdict:
    """What came of one run: `found` are the ids of the rules with findings that make the verdict bad."""

    status: int
    seconds: float
    printed: str
    found: tuple[str, ...] = ()
    document: dict[str, Any] = field(default_factory=dict)

    def caught(self, flaw: Flaw) -> bool:
        """Whether it says what is wrong with a provider of this flaw."""
        globs = (*flaw.expected, SEEN_FIRST.get(flaw.name, ""))
        return self.status == 1 and any(fnmatchcase(rule, glob) for rule in self.found for glob in globs)

    @property
    def last_words(self) -> str:
        """The end of what was printed."""
        return self.printed.strip()[-2_000:]


def verify(url: str, *options: str) -> Verdict:
    """Run `contracts verify URL` with these options. A run that does not end is ended, with the status 124."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CONTRACTS_", "GITHUB_"))}
    with TemporaryDirectory() as folder:
        report = Path(folder) / "verdict.json"
        command = [sys.executable, "-m", "contracts.cli", "verify", url, "--report", f"json={report}", *options]
        begun = monotonic()
        try:
            done = subprocess.run(
                command,
                env={**environment, "NO_COLOR": "1"},
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return Verdict(124, monotonic() - begun, (late.stdout or b"").decode("utf-8", "replace"))
        seconds = monotonic() - begun
        document = json.loads(report.read_bytes()) if report.exists() else {}
    found = tuple(rule["id"] for rule in document.get("rules", ()) if rule["severity"] == "error" and rule["findings"])
    return Verdict(done.returncode, seconds, done.stdout.decode("utf-8", "replace"), found, document)


def verdicts(
    names: Iterable[str], *options: str, at_once: int = 2, focused: bool = False
) -> Iterator[tuple[str, Verdict]]:
    """The verdicts on these providers of the catalogue, or on the mock as it is, in this order.

    With `focused`, each is judged by no other rules than those that its flaw breaks.
    """

    def judge(name: str) -> Verdict:
        flaw = None if name == PRISTINE else CATALOGUE[name]
        only = [f"--only={rule}" for rule in flaw.expected] if flaw is not None and focused else []
        with serving(flaw) as url:
            return verify(url, *options, *only)

    yield from _in_order(judge, list(names), at_once)


def _in_order(judge: Callable[[str], Verdict], names: list[str], at_once: int) -> Iterator[tuple[str, Verdict]]:
    with ThreadPoolExecutor(at_once) as pool:
        yield from zip(names, pool.map(judge, names), strict=True)

"""What is seen of a run while it goes on."""

import os
import sys
from threading import Lock
from types import TracebackType
from typing import Protocol, Self

import click

from contracts.findings import Finding
from contracts.report import github
from contracts.report.masking import Masking
from contracts.report.shown import line
from contracts.report.words import amount, title


class Progress(Protocol):
    """Told what a run does, from any thread."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def phase(self, name: str) -> None:
        """A part of the run begins."""

    def call(self) -> None:
        """A call was made."""

    def finding(self, finding: Finding) -> None:
        """Something was found."""


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def phase(self, name: str) -> None:
        """Nothing."""

    def call(self) -> None:
        """Nothing."""

    def finding(self, finding: Finding) -> None:
        """Nothing."""


class Lines(Silent):
    """For a file or a pipe: a line on standard error for each part and each finding."""

    def __init__(self) -> None:
        self._quiet = github.quiet(err=True)
        self._lock = Lock()
        self._masking = Masking()

    def __enter__(self) -> Self:
        self._quiet.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._quiet.__exit__(None, None, None)

    def phase(self, name: str) -> None:
        """A line."""
        click.echo(f"{line(name, 60)} ...", err=True)

    def finding(self, finding: Finding) -> None:
        """A line."""
        with self._lock:
            click.echo(f"  {_told(finding, self._masking)}", err=True)


class Live:
    """For a terminal: one line that moves, below the findings. Standard error, so that the verdict can be piped."""

    def __init__(self) -> None:
        # Imported here: who pipes the output needs none of it.
        from rich.console import Console
        from rich.progress import Progress as Bars
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._bars = Bars(*columns, console=Console(stderr=True, no_color=no_colour() or None), transient=True)
        self._task = self._bars.add_task("starts", total=None)
        self._lock = Lock()
        self._masking = Masking()
        self._phase, self._calls, self._findings = "starts", 0, 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def phase(self, name: str) -> None:
        """The line says so."""
        with self._lock:
            self._phase = name
        self._show()

    def call(self) -> None:
        """The line counts it."""
        with self._lock:
            self._calls += 1
        self._show()

    def finding(self, finding: Finding) -> None:
        """A line stays, and the moving one counts it."""
        with self._lock:
            self._findings += 1
            text = _told(finding, self._masking)
        self._bars.console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
        self._show()

    def _show(self) -> None:
        with self._lock:
            found = f", {amount(self._findings, 'finding')}" if self._findings else ""
            text = f"{line(self._phase, 60)}: {amount(self._calls, 'call')}{found}"
        self._bars.update(self._task, description=text)


def progress() -> Progress:
    """The one that fits standard error."""
    return Live() if sys.stderr.isatty() else Lines()


def no_colour() -> bool:
    """Whether the user asked for no colours, as many commands heed it."""
    return bool(os.environ.get("NO_COLOR"))


def _told(finding: Finding, masking: Masking) -> str:
    for event in finding.story:
        masking.learn(event)
    return f"{title(finding)}: {line(masking.text(finding.got), 300)}"

"""What is seen of a search while it goes on: one line that moves on a terminal, a line for each run in a pipe."""

import sys
from typing import Final

import click

from contracts.explore.atoms import Atoms
from contracts.report import progress
from contracts.report.shown import line
from contracts.report.words import amount

_LONGEST: Final = 150


class Lines(progress.Lines):
    """For a file or a pipe: standard error."""

    def __init__(self) -> None:
        super().__init__()
        self._runs = 0

    def tried(self, atoms: Atoms) -> None:
        """A line with what happens in the run."""
        self._runs += 1
        if atoms:
            click.echo(f"  {self._runs:>3}  {line(told(atoms), _LONGEST)}", err=True)


class Live(progress.Live):
    """For a terminal: standard error, so that the verdict can be piped."""

    def tried(self, atoms: Atoms) -> None:
        """The line says what happens in the run, and counts it."""
        with self._lock:
            self._phase = told(atoms) or self._phase
        self.call()

    def _show(self) -> None:
        with self._lock:
            text = f"{amount(self._calls, 'run')}: {line(self._phase, _LONGEST)}"
        self._bars.update(self._task, description=text)


def shown() -> Lines | Live:
    """The one that fits standard error."""
    return Live() if sys.stderr.isatty() else Lines()


def told(atoms: Atoms) -> str:
    """What happens, in words."""
    return "; ".join(atom.words for atom in atoms)

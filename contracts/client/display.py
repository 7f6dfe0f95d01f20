"""How a run of `contracts upscale` is shown: a moving bar for each video on a terminal, else lines."""

from types import TracebackType
from typing import Protocol, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Display(Protocol):
    """Names are those of videos, short; texts are without control characters."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def doing(self, name: str, text: str, done: int | None = None, total: int | None = None) -> None:
        """What is being done with a video, and how much of it, if that is known."""

    def result(self, name: str, line: str) -> None:
        """What came of it: there will be no more of this video."""


class Lines:
    """For a file or a pipe: results to standard output, everything else to standard error."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def doing(self, name: str, text: str, done: int | None = None, total: int | None = None) -> None:  # noqa: ARG002
        """A line for each change."""
        if self._last.get(name) != text:
            self._last[name] = text
            click.echo(f"{name}: {text}", err=True)

    def result(self, name: str, line: str) -> None:  # noqa: ARG002 - the line has it
        """A line."""
        click.echo(line)


class Bars:
    """For a terminal: a bar for each video that is worked on, below the results."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[text]}", markup=False),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def doing(self, name: str, text: str, done: int | None = None, total: int | None = None) -> None:
        """The bar runs to and fro where it is not known how much is done."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=None, text=text)
        self._progress.update(self._tasks[name], text=text, total=total, completed=done or 0)

    def result(self, name: str, line: str) -> None:
        """The line stays, the bar goes."""
        if name in self._tasks:
            self._progress.remove_task(self._tasks.pop(name))
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


def display() -> Display:
    """The one that fits standard output."""
    console = Console()
    return Bars(console) if console.is_terminal else Lines()

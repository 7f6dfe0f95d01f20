"""`contracts explore`: search for an order and a timing that make a client break a rule."""

import tempfile
import time
from pathlib import Path
from typing import Any

import click

from contracts.explore import file
from contracts.explore.client import Command, replay, story
from contracts.explore.exploring import Found
from contracts.explore.exploring import explore as search
from contracts.explore.observed import CannotExplore
from contracts.explore.shown import shown
from contracts.grade.client_process import CannotStart
from contracts.grade.fast_forward import CannotFastForward
from contracts.grade.journal import JournalError
from contracts.grade.judging import rules
from contracts.grade.mock_process import CannotRun
from contracts.grade.run import Options, runner
from contracts.grade.world import WorldError
from contracts.options import of_client, options_of
from contracts.report import github, terminal
from contracts.report.masking import masked
from contracts.verify.selection import Selection, SelectionError

_option = options_of("explore")
_ERRORS = (CannotStart, CannotRun, CannotFastForward, WorldError, JournalError, SelectionError, CannotExplore)


@click.command(short_help="Search for an order of events that makes a client break a rule.")
@click.argument("command", metavar="-- COMMAND [ARGS]...", nargs=-1, required=True)
@_option("--runs", type=click.IntRange(1), default=100, help="Cases that are tried; a few more make one smaller.")
@_option("--seed", type=int, default=0, help="Of what is tried by chance. The same seed tries the same.")
@_option("--only", multiple=True, metavar="RULE", help="Look for these rules: an id, a group, or a pattern.")
@_option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The scenario that was found. Default: the name of the rule, as in submit-once.yaml.",
)
@_option("--jobs", type=click.IntRange(1, 100), default=4, help="Runs side by side.")
@of_client(_option)
def explore(
    *, command: tuple[str, ...], runs: int, seed: int, only: tuple[str, ...], out: Path | None, jobs: int, **how: Any
) -> int:
    """Search for what makes a client break a rule: lost answers, resets, full slots, jobs that end, callbacks that
    overtake each other, each alone and together.

    The client is run as by `contracts grade`, once in each scenario. What is found is made as small as it gets, and
    written as a scenario file that plays it again.

    Exits with 0 if nothing was found, 1 if something was, 2 if it could not be searched.
    """
    options = Options(command=command, jobs=jobs, **how)
    selection = Selection(only)
    try:
        selection.check(rules())
        _prepare(out or Path("found.yaml"))
        began = time.monotonic()
        with runner(options, jobs) as running, shown() as progress:
            client = Command(running, options, selection)
            explored = search(
                client.attempt,
                lambda: client.cases(seed),
                runs=runs,
                jobs=jobs,
                watch=progress,
                stop=running.cancelled.set,
            )
        seconds = time.monotonic() - began
        notes = story(explored, seconds)
        if explored.found is not None:
            path = out or Path(explored.found.rule.id.replace("/", "-") + ".yaml")
            again = replay(options, path)
            _write(path, explored.found, again)
            notes += [f"written to {path}", f"again: {again}"]
        if explored.found is None and not explored.always:
            click.echo("\n".join(notes))
            return 0
        clean = masked(client.verdict(explored, seed, seconds, notes))
    except _ERRORS as error:
        raise click.ClickException(str(error)) from None
    terminal.show(clean)
    if github.is_there():
        github.annotate(clean)
    return 1


def _prepare(path: Path) -> None:
    """Make sure before a run that a file can be written; makes missing folders."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _cannot(path, error) from None


def _write(path: Path, found: Found, again: str) -> None:
    try:
        path.write_text(file.text(found.rule.id, found.rule.sentence, found.atoms, again), encoding="utf-8")
    except OSError as error:
        raise _cannot(path, error) from None


def _cannot(path: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"{path} can't be written: {error.strerror or error}")

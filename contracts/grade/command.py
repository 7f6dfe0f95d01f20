"""`contracts grade`: run a client, watch it, and say what it does wrong."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from contracts.contract import ContractError, default_path
from contracts.findings import Verdict
from contracts.grade.client_process import CannotStart
from contracts.grade.fast_forward import CannotFastForward
from contracts.grade.journal import Journal, JournalError
from contracts.grade.judging import judge, rules
from contracts.grade.mock_process import CannotRun
from contracts.grade.run import Options, run_all, runner
from contracts.grade.scenarios import DEFAULT, Scenario, ScenarioError
from contracts.grade.telling import ended
from contracts.grade.world import World, WorldError
from contracts.options import of_client, of_verdict, options_of
from contracts.provider.http import BadAddress, base_address
from contracts.report import files, github, terminal
from contracts.report.masking import masked
from contracts.report.shown import line
from contracts.report.words import amount
from contracts.verify import baseline as expected
from contracts.verify.selection import Selection, SelectionError

_option = options_of("grade")
_ERRORS = (
    *(CannotStart, CannotRun, CannotFastForward, WorldError, ScenarioError, JournalError, BadAddress, ContractError),
    *(SelectionError, expected.BaselineError, files.ReportError),
)
_LONGEST_WORD = 60
_TOKEN = "user:12345-demo"  # noqa: S105 - of the documented form, and nobody's


@click.command(short_help="Judge what a client does wrong, by watching it.")
@click.argument("command", metavar="-- COMMAND [ARGS]...", nargs=-1)
@_option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME|FILE",
    help="What it is put through; repeatable. `mockserver scenarios` lists the ready-made ones. Default: "
    f"{', '.join(DEFAULT)}.",
)
@of_client(_option)
@_option("--jobs", type=click.IntRange(0), default=0, help="Runs side by side; 0 for all.")
@_option("--journal", "journals", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="Judge this.")
@_option("--attach", metavar="URL", help="Judge a sandbox of a mock that runs already, and its --token.")
@_option("--token", default=_TOKEN, envvar=["CONTRACTS_GRADE_TOKEN", "USEAPI_TOKEN"], help="With --attach: whose.")
@_option("--control-token", help="With --attach: what a mock asks for that is not on loopback.")
@of_verdict(_option, "busy/*")
@_option("--seed", type=int, default=0, help="Of the mock: how long jobs take.")
@_option("--keep", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Keep the journals there.")
def grade(
    *,
    command: tuple[str, ...],
    journals: tuple[Path, ...],
    attach: str | None,
    token: str,
    control_token: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    baseline: Path | None,
    reports: tuple[str, ...],
    **how: Any,
) -> int:
    """Run a client against a mock, once for each scenario, and judge what it does.

    The client finds the mock by USEAPI_BASE_URL (scheme, host and port only), its token in USEAPI_TOKEN, the id of a
    finished video to upscale in USEAPI_VIDEO_ID, and a receiver of callbacks, should it have none, in USEAPI_REPLY_URL;
    {base_url}, {token}, {video_id} and {reply_url} in its arguments are filled in. It has to wait for the end of the
    job, and to exit with 0 if that is COMPLETED, with another status for anything else.

    Exits with 0 if all is well, 1 for findings, 2 if it could not be judged.
    """
    if sum((bool(command), bool(journals), attach is not None)) != 1:
        raise click.UsageError("one of: a client behind --, --journal FILE, --attach URL")
    try:
        targets = files.parse(reports)
        files.prepare(targets)
        keys = expected.read(baseline) if baseline else None
        selection = Selection(only, skip)
        selection.check(rules())
        options = Options(command=command, **how)
        if journals:
            found = [_named(Journal.read(path), path) for path in journals]
            verdict = judge(found, subject=_subject(found, journals), selection=selection)
        elif attach is not None:
            base_address(attach.rstrip("/"))
            journal = Journal.of(World(attach, control_token).journal(token))
            verdict = judge([journal], subject=f"the client of user {journal.user} at {attach}", selection=selection)
        else:
            verdict = _graded(options, selection)
        if keys is not None:
            verdict = expected.applied(verdict, keys)
        clean = masked(verdict, () if control_token is None else (control_token,))
        terminal.show(clean)
        files.write(clean, targets, default_path().read_text(encoding="utf-8"))
        if github.is_there():
            github.annotate(clean)
    except _ERRORS as error:
        raise click.ClickException(str(error)) from None
    if verdict.errors:
        return 1
    return 0 if verdict.grade is not None else 2


def _graded(options: Options, selection: Selection) -> Verdict:
    """Run the client in all scenarios, and judge it."""
    if options.keep is not None:
        try:
            options.keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.ClickException(f"--keep {options.keep} can't be made: {error.strerror}") from None
    side_by_side = options.jobs or max(len(options.scenarios), len(DEFAULT) if not options.scenarios else 1)
    with runner(options, side_by_side) as running:
        scenarios = running.chosen()

        def tell(journal: Journal) -> None:
            client = journal.client
            how = ended(client, client.ended - client.started if client is not None else 0.0)
            click.echo(f"  {journal.name}: {amount(len(journal.requests), 'call')}, {line(how)}", err=True)

        click.echo(f"{amount(len(scenarios), 'scenario')}, up to {options.timeout:g} s each:", err=True)
        found = run_all(running, scenarios, side_by_side, tell)
    again = {scenario.name: _again(options, scenario) for scenario in scenarios}
    return judge(found, subject=_shown(options.command), selection=selection, seed=options.seed, again=again)


def _again(options: Options, scenario: Scenario) -> str:
    """The line that runs the client in this scenario alone."""
    changed = {
        "--client-scale": (options.scale, 1.0),
        "--fast-forward": (options.fast_forward, 1.0),
        "--speed": (options.speed, 60.0),
        "--seed": (options.seed, 0),
    }
    words = ["contracts", "grade", "--scenario", scenario.source]
    words += [word for name, (value, usual) in changed.items() if value != usual for word in (name, f"{value:g}")]
    words += ["--intercept"] if options.intercept else []
    return shlex.join([*words, "--", *options.command])


def _shown(command: Sequence[str]) -> str:
    """The command in one line; of an argument that is a program its start."""
    words = [" ".join(word.split()) if "\n" in word else word for word in command]
    return shlex.join(word if len(word) <= _LONGEST_WORD else f"{word[:_LONGEST_WORD]}…" for word in words)


def _named(journal: Journal, path: Path) -> Journal:
    return journal if journal.name else replace(journal, name=path.stem)


def _subject(journals: list[Journal], paths: tuple[Path, ...]) -> str:
    commands = {journal.client.command for journal in journals if journal.client is not None}
    return commands.pop() if len(commands) == 1 else ", ".join(str(path) for path in paths)

"""The options of the commands: each is an environment variable, too, named for its command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Option(Protocol):
    """Gives a command an option, with the arguments of click.option."""

    def __call__(self, name: str, *names: str, **attributes: Any) -> Callable[[_Function], _Function]: ...


def options_of(command: str) -> Option:
    """What gives the options of one command: `--speed` of `grade` is CONTRACTS_GRADE_SPEED."""

    def option(name: str, *names: str, **attributes: Any) -> Callable[[_Function], _Function]:
        word = name.removeprefix("--").split("/")[0].upper().replace("-", "_")
        told = {"envvar": f"CONTRACTS_{command.upper()}_{word}", "show_default": True, "show_envvar": True}
        return click.option(name, *names, **{**told, **attributes})

    return option


_REPORTS: Final = "Write junit=, har=, json= or html=; several with commas."

FASTEST: Final = 50
"""Beyond it nothing was measured of clients that are fast-forwarded."""


def of_client(option: Option) -> Callable[[_Function], _Function]:
    """The options that say how a client is run."""

    def give(function: _Function) -> _Function:
        speed, seconds = click.FloatRange(0, 10_000, min_open=True), click.FloatRange(0, min_open=True)
        for each in (
            option("--intercept", is_flag=True, help="For a client that calls the API's own host."),
            option("--timeout", type=seconds, default=150.0, help="Real seconds for each run."),
            option(
                "--fast-forward",
                type=click.IntRange(1, FASTEST),
                default=1,
                help="Let the client itself run so many times faster, by libfaketime.",
            ),
            option(
                "--client-scale",
                "scale",
                type=click.FloatRange(1, 1_000),
                default=1.0,
                help="The client's own waits were divided by this; the jobs run as much faster.",
            ),
            option("--speed", type=speed, default=60.0, help="Of the jobs: a minute a second."),
        ):
            function = each(function)
        return function

    return give


def of_verdict(option: Option, example: str) -> Callable[[_Function], _Function]:
    """The options that say what is judged, what is expected, and which reports are written."""

    def give(function: _Function) -> _Function:
        path = click.Path(path_type=Path)
        for each in (
            option("--report", "reports", multiple=True, metavar="KIND=FILE", help=_REPORTS),
            option("--baseline", type=path, metavar="FILE", help="Findings that are expected, one key a line."),
            option("--skip", multiple=True, metavar="RULE", help="Don't judge these."),
            option(
                "--only",
                multiple=True,
                metavar="RULE",
                help=f"Judge these rules: an id, a group, or a pattern like '{example}'.",
            ),
        ):
            function = each(function)
        return function

    return give

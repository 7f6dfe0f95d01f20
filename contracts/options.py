"""The options of the commands: each is an environment variable, too, named for its command."""

from collections.abc import Callable
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

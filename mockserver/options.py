"""The options that say which mock is wanted: those of `serve`, or the environment alone for `flask run`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from mockserver.api import Api
from mockserver.clock import ClockFactory
from mockserver.scenario import ScenarioError
from mockserver.settings import MAX_SPEED, Settings
from mockserver.spec import ContractError

_Function = TypeVar("_Function", bound=Callable[..., Any])


def option(*names: str, **attributes: Any) -> Callable[[_Function], _Function]:
    """A click option with its environment variable."""
    long = names[0].removeprefix("--").split("/")[0]
    attributes.setdefault("envvar", f"MOCKSERVER_{long.upper().replace('-', '_')}")
    attributes.setdefault("show_default", True)
    return click.option(*names, **attributes)


def _changes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    changes = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise click.BadParameter(f"{text!r} is not of the form KEY=VALUE")
        changes[key] = value
    return changes


_OPTIONS: Final = (
    option("--speed", type=click.FloatRange(0, MAX_SPEED, min_open=True), default=1.0, help="60: a minute a second."),
    option("--seed", type=int, default=0, help="Of every sandbox's content and durations."),
    option("--scenario", help="A file, or the name of a ready-made scenario."),
    option(
        "--set", "changes", multiple=True, callback=_changes, metavar="KEY=VALUE", help="Set one key of the scenario."
    ),
    option("--token", "tokens", multiple=True, help="The only tokens that get in; default: every well-formed one."),
    option("--any-token", is_flag=True, help="Let malformed tokens in, too."),
    option("--public-url", help="Base of the videos' url; default: the address that the client used."),
    option("--contract", type=click.Path(path_type=Path), help="An OpenAPI file in the place of our own."),
)


def mock_options(function: _Function) -> _Function:
    """Give a command the options of a mock, in their order."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


def make_api(options: dict[str, Any], clock: ClockFactory | None = None) -> Api:
    """The API that the values of these options ask for. Raises click.ClickException for one that can't be had."""
    try:
        return Api(Settings(**{**options, "tokens": frozenset(options["tokens"])}), clock)
    except (ContractError, ScenarioError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def api_from_environment(clock: ClockFactory | None = None) -> Api:
    """The API that MOCKSERVER_SEED and the other variables ask for. Raises click.ClickException for a bad value."""
    command = click.command("mockserver")(mock_options(lambda **_: None))
    return make_api(command.make_context("mockserver", []).params, clock)

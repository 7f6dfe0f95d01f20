"""The options that say which mock is wanted: those of `serve`, or the environment alone for `flask run`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from mockserver.api import Api
from mockserver.clock import MAX_SPEED, MODES
from mockserver.scenario import ScenarioError
from mockserver.settings import Settings
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


def _hosts(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(host for text in values for host in text.replace(",", " ").split())


_OPTIONS: Final = (
    option(
        "--clock",
        type=click.Choice(MODES),
        help="real runs; manual moves only when told; auto runs and makes a step of 10 s at each call. Default: the "
        "scenario's, else real.",
    ),
    option(
        "--speed",
        type=click.FloatRange(0, MAX_SPEED, min_open=True),
        help="60: a minute a second. Default: the scenario's, else 1.",
    ),
    option("--seed", type=int, default=0, help="Of every sandbox's content and durations."),
    option("--scenario", help="A file, or the name of a ready-made scenario."),
    option(
        "--set", "changes", multiple=True, callback=_changes, metavar="KEY=VALUE", help="Set one key of the scenario."
    ),
    option("--token", "tokens", multiple=True, help="The only tokens that get in; default: every well-formed one."),
    option("--any-token", is_flag=True, help="Let malformed tokens in, too."),
    option("--public-url", help="Base of the videos' url; default: the address that the client used."),
    option(
        "--callback-hosts",
        multiple=True,
        callback=_hosts,
        metavar="HOST",
        help="Names, addresses or networks that callbacks may go to, besides loopback; * for any.",
    ),
    option(
        "--callback-timeout",
        type=click.FloatRange(0, 600, min_open=True),
        default=10.0,
        help="Real seconds that an attempt to deliver a callback may take.",
    ),
    option("--max-sandboxes", type=click.IntRange(1), default=10_000, help="For one more, an idle one goes."),
    option("--control-token", help="What /__mock/ asks for in X-Mock-Control-Token; off loopback there is always one."),
    option(
        "--allow-host",
        "allow_hosts",
        multiple=True,
        callback=_hosts,
        metavar="HOST",
        help="A name by which /__mock/ may be called, besides localhost and addresses; or *.name.",
    ),
    option(
        "--cors",
        multiple=True,
        callback=_hosts,
        metavar="ORIGIN",
        help="Pages of this origin may call the emulated API; * for any.",
    ),
    option("--prefer/--no-prefer", default=True, help="Whether requests may ask for an answer by `Prefer: code=`."),
    option("--explain", is_flag=True, help="Say in X-Mock-Explain why each answer is this one."),
    option(
        "--journal",
        type=click.IntRange(1, 1_000_000),
        default=1_000,
        help="Exchanges that each sandbox's journal keeps, if they fit into 16 MiB; more in proportion, up to 256 MiB.",
    ),
    option("--contract", type=click.Path(path_type=Path), help="An OpenAPI file in the place of our own."),
)


def mock_options(function: _Function) -> _Function:
    """Give a command the options of a mock, in their order."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


def make_api(options: dict[str, Any]) -> Api:
    """The API that the values of these options ask for. Raises click.ClickException for one that can't be had."""
    try:
        return Api(Settings(**{**options, "tokens": frozenset(options["tokens"])}))
    except (ContractError, ScenarioError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def api_from_environment() -> Api:
    """The API that MOCKSERVER_SEED and the other variables ask for. Raises click.ClickException for a bad value."""
    command = click.command("mockserver")(mock_options(lambda **_: None))
    return make_api(command.make_context("mockserver", []).params)

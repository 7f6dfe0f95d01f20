"""The command line: `contracts verify`, `contracts grade`, `contracts rules`, `contracts upscale` and others."""

import sys
from importlib import import_module
from typing import Final, NoReturn

import click

_COMMANDS: Final = {
    "explore": ("contracts.explore.command", "contracts"),
    "grade": ("contracts.grade.command", "contracts"),
    "rules": ("contracts.rules", "contracts"),
    "upscale": ("contracts.client.command", "client"),
    "verify": ("contracts.verify.command", "contracts"),
}
"""Where a command lives, and the extra that brings what it needs."""


class _Commands(click.Group):
    """Loads a command when it is asked for: `contracts --help` needs none of their libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the base class's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, extra = _COMMANDS[cmd_name]
        try:
            found: click.Command = getattr(import_module(module), cmd_name)
        except ModuleNotFoundError as error:
            needs = f"`contracts {cmd_name}` needs {error.name}: pip install 'pixverse-mock[{extra}]'"
            raise click.ClickException(needs) from None
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Contract tests and a client for the PixVerse upscale API that useapi.net sells."""


def main() -> NoReturn:
    """Run the command line. Exits as the command says, with 2 and one line if it could not run."""
    try:
        status = cli(prog_name="contracts", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        status = 0
    except click.ClickException as error:
        click.echo(f"contracts: {error.format_message()}", err=True)
        status = 2
    except click.Abort:
        status = 130
    sys.exit(status or 0)


if __name__ == "__main__":
    main()

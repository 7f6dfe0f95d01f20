"""`mockserver scenarios`: the ready-made scenarios, and each as a file to copy."""

import click

from mockserver.scenario_file import ScenarioError, names, read, ready_made


@click.command(short_help="List the ready-made scenarios, or print one.")
@click.argument("name", required=False)
def scenarios(*, name: str | None) -> None:
    """List the ready-made scenarios; with a NAME, print the file of that one, to copy and change.

    Both NAME and a file are what `mockserver serve --scenario` takes.
    """
    if name is None:
        known = names()
        width = max(map(len, known))
        for each in known:
            click.echo(f"{each:{width}}  {read(each)[0]['description']}")
        return
    try:
        text = ready_made(name)
    except ScenarioError as error:
        raise click.ClickException(str(error)) from None
    click.echo(text.decode(), nl=False)

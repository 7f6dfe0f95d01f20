"""`mockserver requests`: what a client asked of a mock that runs, and why it was answered so."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import click

from mockserver.control_client import ControlClient, client_options
from mockserver.options import option
from mockserver.terminal import Printer, shows_colours, words
from mockserver.timeline import Item, json_line, story

_SECONDS: Final = 60.0
"""How long a mock may take: a long journal takes its time to tell."""


def _option(name: str, *names: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option with a variable of its own: MOCKSERVER_PORT is that of `serve`."""
    variable = f"MOCKSERVER_REQUESTS_{name.removeprefix('--').upper()}"
    return option(name, *names, envvar=variable, **attributes)


@click.command(short_help="Print what a client asked for, and why it was answered so.")
@_option("--operation", help="Only those of this operation (operationId).")
@_option("--method", help="Only those with this method.")
@_option("--path", help="Only those with this in their path.")
@_option("--status", help="Only those answered so: 429, or 4xx.")
@_option("--refusal", help="Only those that the domain refused so, as account-busy.")
@_option("--fault", help="Only those that suffered this fault.")
@_option("--since", type=click.IntRange(0), help="Only those behind the one with this number.")
@_option("--limit", type=click.IntRange(1, 10_000), default=1_000, help="How many of the newest.")
@_option("--unmatched", is_flag=True, help="Only those for no operation, with the nearest one.")
@_option("--outside", is_flag=True, help="Those that reached no sandbox, of the whole mock.")
@_option("--json", "as_json", is_flag=True, help="All there is to each, one a line (NDJSON).")
@_option(
    "--har", type=click.Path(path_type=Path, dir_okay=False), help="Write an HTTP Archive to this file; - prints it."
)
@_option("--count", is_flag=True, help="Only how many there were.")
@client_options("requests")
def requests(
    *, client: ControlClient, unmatched: bool, outside: bool, as_json: bool, har: Path | None, count: bool, **asked: Any
) -> None:
    """Print what a client asked for: a line for each request, with its answer, the reason, and the faults it suffered.

    The mock must run; it keeps the last 1,000 requests. Times are those of the sandbox's clock, real ones outside.
    Secrets are masked. Every option can be given as an environment variable, too: --url as MOCKSERVER_REQUESTS_URL.
    """
    _exclude({"--json": as_json, "--har": har is not None, "--count": count})
    _exclude({"--unmatched": unmatched, "--outside": outside, "--har": har is not None, "--count": count})
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    if har is not None:
        archive = client.ask("GET", f"/__mock/har?{query}", seconds=_SECONDS)
        _write(har, json.dumps(archive, indent=2))
        return
    if count:
        answer = client.ask("GET", f"/__mock/requests/count?{query}", seconds=_SECONDS)
        with client.reading():
            lines = [f"{answer['count']:d}"]
    else:
        place = "/unmatched" if unmatched else "/outside" if outside else ""
        answer = client.ask("GET", f"/__mock/requests{place}?{query}", seconds=_SECONDS)
        entries = client.rows(answer, "data")
        with client.reading():
            lines = list(map(json_line, entries)) if as_json else list(_lines(entries, answer["omitted"]))
    printer = Printer(sys.stdout)
    for line in lines:
        printer.line(line)


def _exclude(given: dict[str, bool]) -> None:
    """Raise UsageError if more than one of these options is given."""
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise click.UsageError(f"{' and '.join(names)} exclude each other")


def _lines(entries: Iterable[Item], omitted: int) -> Iterator[str]:
    if omitted:
        yield f"(not shown: {omitted:d} others, no longer kept or beyond --limit)"
    yield from story([_item(entry) for entry in entries], drawn=shows_colours(sys.stdout))


def _item(entry: Item) -> Item:
    """The entry as the timeline tells it, with the faults."""
    faults = ", ".join(fault["name"] for fault in entry["faults"] if fault["name"] not in entry["why"])
    why = f"{entry['why']} [{faults}]" if faults else entry["why"]
    return {**entry, "event": "request", "at": entry["at"] or entry["real"], "why": why}


def _write(file: Path, text: str) -> None:
    if str(file) == "-":
        Printer(sys.stdout).line(text)
        return
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"--har {file} can't be written: {words(error)}") from None

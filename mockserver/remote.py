"""Commands for a mock that runs, each one call of its control API: `mockserver advance`, `reset`."""

import math
import sys
from collections.abc import Mapping
from typing import Any, Final

import click

from mockserver.control_client import ControlClient, client_options
from mockserver.terminal import Printer, plain
from mockserver.timeline import story

_WORDS: Final = ("next-event", "idle")


def _how_far(_: click.Context, __: click.Parameter, value: str) -> dict[str, Any]:
    """The body of clock/advance."""
    if value in _WORDS:
        return {"until": value}
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise click.BadParameter(f"{value!a} is neither a number of seconds nor {' nor '.join(_WORDS)}")
    return {"seconds": seconds}


@click.command(short_help="Move a sandbox's clock forward.")
@click.argument("far", metavar="SECONDS|next-event|idle", callback=_how_far)
@client_options("advance")
def advance(*, client: ControlClient, far: dict[str, Any]) -> None:
    """Move a sandbox's clock forward; print what happened on the way, and where the clock is then.

    By so many SECONDS; as far as something happens (next-event); or until nothing is left to happen (idle). Callbacks
    that fall due are delivered before the command ends.
    """
    # Without a time-out: receivers of callbacks may take their time, and Ctrl-C ends.
    answer = client.ask("POST", "/__mock/clock/advance", far, seconds=None)
    events = client.rows(answer, "events")
    with client.reading():
        omitted = answer["omitted"]
        lines = [f"(not shown: the first {omitted:d} events)"] if omitted else []
        lines += [*story(events), _clock(answer)]
    printer = Printer(sys.stdout)
    for line in lines:
        printer.line(line)


@click.command(short_help="Put a fresh sandbox in the place of a token's.")
@client_options("reset")
def reset(*, client: ControlClient) -> None:
    """Put a fresh sandbox in the place of a token's, as if the token had never been seen."""
    client.ask("POST", "/__mock/reset")


def _clock(answer: Mapping[str, Any]) -> str:
    """What a clock shows, and how it runs."""
    mode = plain(answer["mode"])
    runs = "" if mode == "manual" else f", speed {answer['speed']:g}"
    return f"it is {plain(answer['now'])} ({mode}{runs})"

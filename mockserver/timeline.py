"""`mockserver timeline`: the story of a sandbox, a line for each request and event, with a bar for each job.

From data to text in pure steps: `merge` puts requests and events in order, `bars` draws the jobs, `words` says what
one of them is, `story` makes the lines of it all.
"""

import json
import shutil
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, TextIO
from unicodedata import east_asian_width

import click

from mockserver.control_client import ControlClient, client_options
from mockserver.masking import mask_secrets
from mockserver.options import option
from mockserver.terminal import Printer, plain, shows_colours

Item = Mapping[str, Any]
"""An event as the control API has it; or a request, whose `event` is "request"."""

MOST_BARS: Final = 8
"""Jobs that are drawn at the same time; bars of more would leave no room for words."""

_STARTS, _GOES_ON, _HAS_LINE, _ENDS = "┌│├└"
_OF_REQUESTS: Final = ("number", "operation", "method", "path", "status", "why", "refusal", "violations", "faults")
_FINAL: Final = frozenset({"COMPLETED", "MODERATED", "FAILED"})
_COLOURS: Final = {"COMPLETED": "green", "MODERATED": "red", "FAILED": "red", "GENERATING": "cyan", "QUEUED": "blue"}
_HUNDREDS: Final = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


class Words(NamedTuple):
    """A piece of a line and its colour on a terminal."""

    text: str
    colour: str | None = None


def merge(requests: Iterable[Item], events: Iterable[Item]) -> list[Item]:
    """All of it in time order; of one instant the requests first, each with the job that it started right behind."""
    rest: list[Item] = []
    accepted: dict[str, deque[Item]] = {}
    for event in events:
        if event["event"] == "accepted":
            accepted.setdefault(event["at"], deque()).append(event)
        else:
            rest.append(event)
    items: list[Item] = []
    for request in requests:
        at = request["at"] or ""
        # The events tell the callbacks, each attempt at its own instant.
        told = {key: request[key] for key in _OF_REQUESTS if request.get(key) not in (None, [])}
        items.append({"at": at, "event": "request", **told})
        if request["operation"] == "upscaleVideo" and request["status"] == 200 and accepted.get(at):
            items.append(accepted[at].popleft())
    items += [event for started in accepted.values() for event in started]
    # The order of each instant stays: what was accepted comes before what became of it.
    return sorted([*items, *rest], key=itemgetter("at"))


def bars(items: Iterable[Item], most: int = MOST_BARS) -> list[str]:
    """For each item the bars beside it, all of the same width: a column for each of up to `most` jobs that run.

    A column is free again for another job behind the line at which its job ended. A job for which there is no free one
    when it starts is never drawn.
    """
    columns: list[str | None] = []
    undrawn: set[str] = set()
    drawn: list[list[str]] = []
    for item in items:
        job: str | None = item.get("video_id") if item["event"] != "request" else None
        ends = item["event"] == "status" and item["status"] in _FINAL
        line = [_GOES_ON if held is not None else " " for held in columns]
        drawn.append(line)
        if job is None or job in undrawn:
            if ends and job is not None:
                undrawn.discard(job)
            continue
        if job in columns:
            place = columns.index(job)
            line[place] = _ENDS if ends else _HAS_LINE
            if ends:
                columns[place] = None
        elif item["event"] in ("accepted", "status") and not ends:
            if None not in columns and len(columns) < most:
                columns.append(None)
                line.append(" ")
            if None in columns:
                place = columns.index(None)
                columns[place], line[place] = job, _STARTS
            else:
                undrawn.add(job)
    return ["".join(line).ljust(len(columns)) for line in drawn]


def words(item: Item) -> list[Words]:
    """What an item says, without its instant; nothing in it is a command to a terminal."""
    if item["event"] == "request":
        asked = Words(f"{plain(item['method'])} {plain(item['path'])} ")
        status = item["status"]
        answered = Words(f"{status:d}" if status else "-", _HUNDREDS.get(status // 100))
        return [asked, answered, Words(f"  {plain(item['why'])}")]
    name, status = plain(item["video_id"].rpartition("-video:")[2]), plain(item["status"])
    if item["event"] == "callback":
        # The address last: where a line is cut, what came of the call has been said.
        shown = [Words(f"{name} callback "), Words(status, _COLOURS.get(status)), Words(" ")]
        return [*shown, *_came_of(item), Words(f" -> {plain(mask_secrets(item['url']))}")]
    if item["event"] == "status":
        return [Words(f"{name} "), Words(status, _COLOURS.get(status))]
    return [Words(f"{name} {plain(item['event'])}")]


def _came_of(item: Item) -> list[Words]:
    """What came of an attempt to deliver a callback."""
    attempt = item["attempt"]
    if not attempt:
        return [Words(plain(item["outcome"]), "yellow")]
    error, answered = item.get("error"), item.get("answered")
    good = item["result"] == "received"
    if answered is not None:
        told = [Words(f"{answered:d}", "green" if good else "red"), Words(f" in {item['seconds'] * 1_000:.1f} ms")]
        if "retry_after" in item:
            told.append(Words(f", asks for {item['retry_after']:g} s"))
    else:
        told = [Words(plain(item["result"]), "red")]
    if error:
        told.append(Words(f": {plain(error)}"))
    if attempt > 1:
        told.append(Words(f" (attempt {attempt:d})"))
    return told


def story(items: Sequence[Item], *, drawn: bool = False, width: int | None = None) -> Iterator[str]:
    """The lines: a date where it changes, and each item with its time.

    With `drawn`, bars and colours; with `width`, each line is cut to so many columns.
    """
    beside = bars(items) if drawn else [""] * len(items)
    date = ""
    for item, bar in zip(items, beside, strict=True):
        at = item["at"]
        gap = "  " if bar else ""
        if at[:10] != date:
            date = at[:10]
            going = "".join(_GOES_ON if mark in (_GOES_ON, _HAS_LINE, _ENDS) else " " for mark in bar)
            yield line([Words(f"{going}{gap}{plain(date)}")], drawn=drawn, width=width)
        time = Words(f"{bar}{gap}{plain(at[11:23])}  ")
        yield line([time, *words(item)], drawn=drawn, width=width)


def line(pieces: Iterable[Words], *, drawn: bool = False, width: int | None = None) -> str:
    """A line of these pieces, in their colours if `drawn`."""
    shown = []
    for text, colour in pieces if width is None else cut(pieces, width):
        shown.append(click.style(text, fg=colour) if drawn and colour and text else text)
    return "".join(shown)


def cut(pieces: Iterable[Words], width: int) -> list[Words]:
    """The pieces, or as much of them as fits into so many columns, with an ellipsis in the last."""
    pieces = list(pieces)
    if sum(_columns(mark) for text, _ in pieces for mark in text) <= width:
        return pieces
    kept, room = [], width - 1
    for text, colour in pieces:
        end = 0
        for mark in text:
            room -= _columns(mark)
            if room < 0:
                break
            end += 1
        kept.append(Words(text[:end], colour))
        if room < 0:
            break
    return [*kept, Words("…")]


def _columns(mark: str) -> int:
    return 2 if east_asian_width(mark) in "WF" else 1


def json_line(item: Item) -> str:
    """One object, in ASCII alone: no control character survives, whatever shows the line."""
    return json.dumps(item)


def missing(requests: Sequence[Item], omitted: int) -> str | None:
    """What a mock no longer keeps of the story's beginning, in words."""
    earlier = requests[0]["number"] - 1 if requests else 0
    counts = [(earlier, "requests"), (omitted, "events")]
    gone = " and ".join(f"{count} {what}" for count, what in counts if count)
    return f"(no longer kept: the first {gone})" if gone else None


@click.command(short_help="Print what happened in a sandbox.")
@client_options("timeline")
@option(
    "--format",
    type=click.Choice(["auto", "text", "json"]),
    default="auto",
    envvar="MOCKSERVER_TIMELINE_FORMAT",
    help="auto: text, with bars and colours on a terminal.",
)
def timeline(*, client: ControlClient, format: str) -> None:
    """Print what happened in a sandbox: its requests, its jobs, their callbacks.

    The mock must run; it tells the last 1,000 requests and 10,000 events. Times are those of the sandbox's clock. Every
    option can be given as an environment variable, too: --url as MOCKSERVER_TIMELINE_URL.
    """
    requests = client.rows(client.ask("GET", "/__mock/requests"), "data")
    told = client.ask("GET", "/__mock/events?limit=10000")
    events = client.rows(told, "data")
    with client.reading():
        lines = list(_lines(requests, events, told.get("omitted", 0), format))
    printer = Printer(sys.stdout)
    for text in lines:
        printer.line(text)


def _lines(requests: list[Item], events: list[Item], omitted: int, form: str) -> Iterator[str]:
    items = merge(requests, events)
    if form == "json":
        yield from map(json_line, items)
        return
    drawn = form == "auto" and _is_drawable(sys.stdout)
    width = shutil.get_terminal_size().columns if drawn else None
    if gone := missing(requests, omitted):
        yield line([Words(gone)], width=width)
    told = story(items, drawn=drawn, width=width)
    yield from told if shows_colours(sys.stdout) else map(click.unstyle, told)


def _is_drawable(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that has what bars are made of."""
    if stream is None or not stream.isatty():
        return False
    try:
        f"{_STARTS}{_GOES_ON}{_HAS_LINE}{_ENDS}…".encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True

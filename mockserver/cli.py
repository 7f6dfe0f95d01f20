"""The command line: `mockserver serve`, `spec`, `listen`; `timeline`, `requests`, `advance`, `reset` of a live mock."""

import os
import secrets
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import click

from mockserver import __version__
from mockserver.fault_commands import faults, trigger
from mockserver.listen import listen, on_port_file
from mockserver.options import make_api, mock_options, option
from mockserver.remote import advance, reset
from mockserver.requests_command import requests
from mockserver.scenario_command import scenarios
from mockserver.terminal import shows_colours, words
from mockserver.timeline import timeline

_DEMO_TOKEN: Final = "user:12345-demo"  # noqa: S105 - of the documented form, and nobody's

_MOST_UNDELIVERED: Final = 20


def main() -> NoReturn:
    """Run the command line. Exits with 0, with 2 and one line if it could not run, with 1 if nobody reads any more."""
    try:
        status = cli(prog_name="mockserver", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        status = 0
    except click.ClickException as error:
        click.echo(f"mockserver: {error.format_message()}", err=True)
        status = 2
    except click.Abort:
        status = 130
    except SystemExit:
        # Click's way out of a broken pipe.
        status = 1
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        # A thread that waits for a name server that does not answer would hold up the end for as long.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status or 0)
    sys.exit(status or 0)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mockserver")
def cli() -> None:
    """A local fake of the PixVerse upscale API that useapi.net sells.

    Every option can be given as an environment variable, too: --port as MOCKSERVER_PORT.
    """


@cli.command(short_help="Emulate the API until Ctrl-C.")
@option("--host", default="127.0.0.1", help="Address to listen on.")
@option("--port", type=click.IntRange(0, 65_535), default=8596, help="Port; 0 is any free one.")
@option("--port-file", type=click.Path(path_type=Path), help="Gets the port, once connections are accepted.")
@mock_options
@option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Form of the line for each request.")
def serve(*, host: str, port: int, port_file: Path | None, log_format: Literal["text", "json"], **options: Any) -> None:
    """Emulate the API until Ctrl-C."""
    # Imported here: `mockserver --help` and `spec` need no server.
    from mockserver import server
    from mockserver.request_log import RequestLog

    try:
        listener = server.bind(host, port)
    except OSError as error:
        raise click.ClickException(
            f"can't listen on {host}:{port}: {words(error)} (--port 0 takes any free port)"
        ) from None
    url = server.address(listener)

    made = None
    if options["control_token"] is None and not server.is_loopback(listener):
        made = options["control_token"] = secrets.token_urlsafe()
    try:
        api = make_api(options)
    except click.ClickException:
        listener.close()
        raise
    if made is not None and log_format == "text":
        click.echo(f"mockserver: control token (send it as X-Mock-Control-Token): {made}", err=True)

    on_port_file(port_file)

    def ready() -> None:
        on_port_file(port_file, partial(server.write_port, listener))
        if log_format == "text":
            _say(_greeting(url, api))
        else:
            told = "" if made is None else f',"control_token":"{made}"'
            _say(f'{{"listening":"{url}"{told}}}')

    try:
        server.run(api, listener, log=RequestLog(sys.stdout, log_format), ready=ready)
        for line in _undelivered(api, log_format):
            _say(line)
    finally:
        on_port_file(port_file)


@cli.command()
@option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", help="Form of the output.")
def spec(form: str) -> None:
    """Print the contract."""
    from mockserver.spec import ContractError, Document

    try:
        document = Document.load()
    except ContractError as error:
        raise click.ClickException(str(error)) from None
    if form == "json":
        import orjson

        click.echo(orjson.dumps(document.data, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo(document.text, nl=False)


cli.add_command(faults)
cli.add_command(trigger)
cli.add_command(scenarios)
cli.add_command(listen)
cli.add_command(timeline)
cli.add_command(requests)
cli.add_command(advance)
cli.add_command(reset)


def _undelivered(api: Any, log_format: str) -> list[str]:
    """Lines about the callbacks that were owed when the mock ended: of many the first, and how many there are."""
    owed = [callback for guarded in api.sandboxes() for callback in guarded.sandbox.outbox.owed]
    lines = []
    for callback in owed[:_MOST_UNDELIVERED]:
        video, status, attempts = callback.video.number, callback.status.name, len(callback.attempts)
        if log_format == "text":
            tried = f"after {attempts} attempts" if attempts != 1 else "after 1 attempt"
            lines.append(f"undelivered: callback {video} {status} to {callback.url!a} {tried}")
        else:
            import orjson

            shown = {"video": video, "video_status": status, "url": callback.url, "attempts": attempts}
            lines.append(orjson.dumps({"undelivered": shown}).decode())
    if log_format == "text" and lines:
        # A terminal has just shown ^C.
        lines = ["", *lines, f"undelivered: {len(owed)} in all"]
    elif lines:
        lines.append(f'{{"undelivered_in_all":{len(owed)}}}')
    return lines


def _say(text: str) -> None:
    """Print it. Whoever reads may go: then BrokenPipeError ends the run, without a word."""
    try:
        click.echo(text if shows_colours(sys.stdout) else click.unstyle(text))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"standard output can't be written: {words(error)}") from None


def _greeting(url: str, api: Any) -> str:
    """Where it listens, and the first three things to try."""
    tokens = sorted(api.settings.tokens)
    video = api.example_id(tokens[0] if tokens else _DEMO_TOKEN)
    any_video = video.rpartition(":")[0]
    email = any_video.split("-pixverse:")[1].rpartition("-video")[0]
    which = (
        "put one of your tokens into TOKEN" if tokens else "any token user:<number>-<letters and digits> gets a sandbox"
    )
    curl = f'curl -s -H "Authorization: Bearer {"$TOKEN" if tokens else _DEMO_TOKEN}"'
    post = f'{curl} -H "Content-Type: application/json" {url}/v2/pixverse/videos/upscale'
    return f"""mockserver {__version__} at {click.style(url, bold=True)} (open it to read and try; Ctrl-C ends)

List the finished videos ({which}):
  {curl} "{url}/v2/pixverse/videos?email={email}&limit=2"

Upscale one:
  {post} -d '{{"video_id":"{video}"}}'

Be refused, 429 (the number says it: 400, 401, 412, 429, 596 answer, 7 and 8 fail later):
  {post} -d '{{"video_id":"{any_video}:429"}}'
"""

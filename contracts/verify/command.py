"""`contracts verify`: judge whether a provider keeps the contract."""

from pathlib import Path
from typing import Any

import click

from contracts.contract import ContractError, default_path
from contracts.options import of_verdict, options_of
from contracts.provider import BadAddress
from contracts.report import files, github, terminal
from contracts.report.masking import masked
from contracts.report.progress import progress
from contracts.verify import baseline as expected
from contracts.verify.recognise import CannotRun
from contracts.verify.run import Options
from contracts.verify.run import verify as judge
from contracts.verify.selection import Selection, SelectionError

_option = options_of("verify")
_ERRORS = (CannotRun, BadAddress, ContractError, SelectionError, expected.BaselineError, files.ReportError)


class _HostAndPort(click.ParamType[tuple[str, int]]):
    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        host, colon, port = str(value).rpartition(":")
        if not colon or not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            self.fail(f"an address is HOST:PORT, got {value!r}", param, ctx)
        return host.strip("[]"), int(port)


@click.command(short_help="Judge whether a provider keeps the contract.")
@click.argument("url")
@_option(
    "--token",
    "tokens",
    multiple=True,
    envvar=["CONTRACTS_VERIFY_TOKEN", "USEAPI_TOKEN"],
    help="An API token; two for the rules of isolation. A mock needs none.",
)
@of_verdict(_option, "slots/*")
@_option("--seed", type=int, default=0, help="The same seed gives the same findings.")
@_option("--max-time", type=click.FloatRange(min=1), default=300.0, help="Seconds after which the run is cut short.")
@_option("--safe/--unsafe", default=None, help="Reads only. The default where the host is not this machine.")
@_option("--credits", type=click.IntRange(min=0), help="Spend at most so many credits; says so before each paid call.")
@_option("--callback-address", type=_HostAndPort(), help="Where the provider reaches us; else a free port of loopback.")
@_option("--control-token", help="What the control API of a mock asks for that is not on loopback.")
@_option("--fail-fast", is_flag=True, help="End with the first error.")
def verify(
    *,
    url: str,
    tokens: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    seed: int,
    max_time: float,
    safe: bool | None,
    credits: int | None,
    callback_address: tuple[str, int] | None,
    control_token: str | None,
    fail_fast: bool,
    baseline: Path | None,
    reports: tuple[str, ...],
) -> int:
    """Judge whether the provider at URL (scheme, host and port) keeps the contract.

    It is known by HTTP alone. Where it has the control API of the mock, it is tested in sandboxes of their own and its
    clock is moved; elsewhere the tokens are used, and time is waited for. Without --credits, another host than this
    machine is only read from.

    Exits with 0 if all is well, 1 for findings, 2 if it could not be judged to the end.
    """
    try:
        targets = files.parse(reports)
        files.prepare(targets)
        keys = expected.read(baseline) if baseline else None
        options = Options(
            url=url,
            tokens=tokens,
            selection=Selection(only, skip),
            seed=seed,
            max_time=max_time,
            safe=safe,
            credits=credits,
            callback_address=callback_address,
            control_token=control_token,
            fail_fast=fail_fast,
        )
        with progress() as shown:
            verdict = judge(options, shown, lambda line: click.echo(line, err=True))
        if keys is not None:
            verdict = expected.applied(verdict, keys)
        clean = masked(verdict, tokens if control_token is None else (*tokens, control_token))
        terminal.show(clean)
        files.write(clean, targets, default_path().read_text(encoding="utf-8"))
        if github.is_there():
            github.annotate(clean)
    except _ERRORS as error:
        raise click.ClickException(str(error)) from None
    if verdict.errors:
        return 1
    return 2 if verdict.cut_short else 0

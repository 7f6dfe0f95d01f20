"""`mockserver faults` lists what can be made to go wrong; `mockserver trigger` makes a running mock do it."""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import click

from mockserver.control_client import ControlClient, client_options
from mockserver.options import option
from mockserver.terminal import Printer, plain

_PROVENANCES: Final = ("documented", "vendor-code", "third-party", "inferred")
_KINDS: Final = {
    "documented": "answers of the contract",
    "undocumented": "answers that the contract does not have",
    "wire": "what happens to an answer on its way",
}


@click.command(short_help="List what can be made to go wrong.")
@option("--provenance", type=click.Choice(_PROVENANCES), help="Only what is known in this way.")
@option("--operation", help="Only what can happen to this operation (operationId).")
@option("--json", "as_json", is_flag=True, envvar="MOCKSERVER_FAULTS_JSON", help="As JSON, an array.")
def faults(*, provenance: str | None, operation: str | None, as_json: bool) -> None:
    """List every fault by its name, with what it does and how it is known that it happens.

    The names are those of `faults` in a scenario, of /__mock/faults and of `mockserver trigger`.
    """
    # Imported here: the other commands need no contract.
    from mockserver.faults import Catalogue, Listed
    from mockserver.spec import Contract, ContractError

    try:
        contract = Contract.load()
    except ContractError as error:
        raise click.ClickException(str(error)) from None
    if operation is not None and operation not in contract.operations:
        known = ", ".join(contract.operations)
        raise click.UsageError(f"--operation: {operation!a} is no operation of the contract; there are {known}")
    listed: list[Listed] = [
        each
        for each in Catalogue(contract)
        if provenance in (None, each.provenance) and (operation is None or operation in each.operations)
    ]
    if as_json:
        click.echo(json.dumps([asdict(each) for each in listed], indent=2))
        return
    every = len(contract.operations)
    printer = Printer(sys.stdout)
    for kind, title in _KINDS.items():
        rows = [each for each in listed if each.kind == kind]
        if rows:
            printer.line(f"{title}:")
            for line in _table(rows, every):
                printer.line(f"  {line}")


def _for_ever(share: float | None) -> str:
    return "for ever" if share is None else f"for ever, in {share:.3g} of the calls"


def _table(rows: Sequence[Any], every: int) -> list[str]:
    name, provenance = (max(len(getattr(row, key)) for row in rows) for key in ("name", "provenance"))
    lines = []
    for row in rows:
        whose = "" if len(row.operations) == every else f" ({', '.join(row.operations)})"
        status = row.status or ""
        lines.append(f"{row.name:{name}}  {status:>3}  {row.provenance:{provenance}}  {row.summary}{whose}")
    return lines


def _finite(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    """The value: what Click takes for a number may be none in JSON."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"must be a finite number, got {value}")
    return value


@click.command(short_help="Make something go wrong in the next calls.")
@click.argument("name")
@option("--operation", help="In calls to this operation (operationId); default: to any that can suffer it.")
@option("--times", type=click.IntRange(1), help="How often; default once.")
@option("--sticky", is_flag=True, help="From now on, always.")
@option("--share", type=click.FloatRange(0, 1), callback=_finite, help="In this part of the calls, by the seed.")
@option("--seconds", type=click.FloatRange(0), callback=_finite, help="Of latency and slow-body.")
@option("--handled", is_flag=True, help="Carry the request out before its answer is lost.")
@client_options("trigger")
def trigger(*, client: ControlClient, name: str, sticky: bool, handled: bool, **given: Any) -> None:
    """Make the fault NAME, which `mockserver faults` lists, happen in the next calls with the token.

    It is put in front of the sandbox's fault plan. `mockserver requests` shows which calls it struck.
    """
    rule = {"fault": name, **{key: value for key, value in given.items() if value is not None}}
    rule |= {key: True for key, asked in (("sticky", sticky), ("handled", handled)) if asked}
    answer = client.ask("POST", "/__mock/faults", {"faults": [rule]})
    with client.reading():
        left = answer["data"][0]["left"]
        often = "once" if left == 1 else f"{left:d} times" if left is not None else _for_ever(given["share"])
        line = f"{plain(answer['data'][0]['name'])} will happen {often}"
    Printer(sys.stdout).line(line)

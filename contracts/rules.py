"""`contracts rules`: what is judged of a provider, and of a client."""

import json
from dataclasses import asdict
from typing import Any

import click

from contracts.contract import Contract, ContractError
from contracts.findings import Rule, Severity
from contracts.grade import judging
from contracts.verify import phases


@click.command(short_help="List the rules that `verify` and `grade` judge.")
@click.option("--of", type=click.Choice(["provider", "client"]), help="Of `verify` or of `grade` alone.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def rules(*, of: str | None, form: str) -> int:
    """List all rules: id, sentence, provenance, and where the contract says so.

    What a provider has to keep is judged by `contracts verify`, what a client has to by `contracts grade`.
    """
    try:
        found = {"provider": phases.rules(Contract.load()), "client": judging.rules()}
    except ContractError as error:
        raise click.ClickException(str(error)) from None
    wanted = [(kind, rule) for kind, each in found.items() if of in (None, kind) for rule in each]
    if form == "json":
        click.echo(json.dumps([_told(kind, rule) for kind, rule in wanted], indent=2, ensure_ascii=False))
    elif form == "markdown":
        click.echo("| of a | rule | what holds | known by | contract |\n|---|---|---|---|---|")
        for kind, rule in wanted:
            sentence = _cell(rule.sentence) + (" (a note)" if rule.severity is Severity.NOTE else "")
            click.echo(f"| {kind} | `{rule.id}` | {sentence} | {rule.provenance} | `{_cell(rule.pointer)}` |")
    else:
        for kind, rule in wanted:
            click.echo(_lines(kind, rule))
    return 0


def _told(kind: str, rule: Rule) -> dict[str, Any]:
    return {"of": kind, **asdict(rule)}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _lines(kind: str, rule: Rule) -> str:
    note = ", a note" if rule.severity is Severity.NOTE else ""
    lines = [f"{rule.id}  (of a {kind}, {rule.provenance}{note})", rule.sentence]
    lines += [text for text in (rule.why, rule.instead and f"Instead: {rule.instead}") if text]
    return "\n    ".join([*lines, rule.pointer])

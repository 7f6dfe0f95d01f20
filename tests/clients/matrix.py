"""The matrix of clients and rules: `python -m clients.matrix [NAME ...]` from tests/ prints it.

With --write FILE it is written, too, as Markdown. Exits with 1 if a bad client is not caught by the right rules, or
found to break others, or a good one has a finding.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from clients.catalogue import CATALOGUE
from clients.verdicts import Verdict, verdicts
from contracts.grade.judging import rules

DOCUMENT: Final = Path(__file__).parents[2] / "contracts" / "clients.md"
"""Where the docs have it."""

_INTRODUCTION: Final = """\
# Which rule catches which client

`contracts grade` is tried on clients that are known (`tests/clients/`): bad ones, each with one fault, and good ones in
several languages and manners, which must be without any finding. `make matrix` makes this page.

"""


def main() -> int:
    """Grade the clients. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m clients.matrix", description=__doc__)
    parser.add_argument("names", nargs="*", help="of clients; all if none is given")
    parser.add_argument("--write", type=Path, help="the file of the Markdown page")
    parser.add_argument("--scale", type=float, default=20.0, help="what the clients' own waits are divided by")
    parser.add_argument("--quick", action="store_true", help="only in those scenarios in which a fault shows")
    parser.add_argument("--keep", type=Path, help="a folder that gets the journals, client by client")
    parser.add_argument("--at-once", type=int, default=2, help="how many are graded at the same time")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in CATALOGUE]:
        print(f"no client is called {', '.join(unknown)}", file=sys.stderr)
        return 2
    if chosen.names and chosen.write:
        parser.error("the page is written of the whole catalogue only")
    width = max(map(len, CATALOGUE))
    how = {"quick": chosen.quick, "keep": chosen.keep, "at_once": chosen.at_once}
    told = {}
    for name, verdict in verdicts(chosen.names or CATALOGUE, chosen.scale, **how):
        told[name] = verdict
        wrong = verdict.wrong(CATALOGUE[name])
        mark = f"  <-- {wrong}" if wrong else ""
        print(f"{name:{width}} {verdict.seconds:6.1f} s  {' '.join(verdict.found) or '-'}{mark}", flush=True)
    if chosen.write is not None:
        chosen.write.write_text(markdown(told), encoding="utf-8")
    missed = [name for name, verdict in told.items() if verdict.wrong(CATALOGUE[name])]
    print(f"{len(told) - len(missed)} of {len(told)} as they must be{': not ' if missed else ''}{', '.join(missed)}")
    return 1 if missed else 0


def markdown(told: Mapping[str, Verdict]) -> str:
    """The page for the docs, the same for the same verdicts."""
    bad = {name: verdict for name, verdict in told.items() if not CATALOGUE[name].good}
    good = {name: verdict for name, verdict in told.items() if CATALOGUE[name].good}
    lines = ["| bad client | what is wrong | caught by |", "|---|---|---|"]
    lines += [f"| {name} | {CATALOGUE[name].sentence} | {_ids(verdict.found)} |" for name, verdict in bad.items()]
    lines += ["", "| good client | what it does | findings |", "|---|---|---|"]
    lines += [f"| {name} | {CATALOGUE[name].sentence} | {_ids(verdict.found)} |" for name, verdict in good.items()]
    lines += ["", "| rule | broken by | kept by |", "|---|---|---|"]
    for rule in rules():
        broken = ", ".join(name for name, verdict in bad.items() if rule.id in verdict.found)
        kept = [name for name, verdict in good.items() if rule.id in verdict.passed]
        lines.append(f"| `{rule.id}` | {broken or 'none'} | {_some(kept, list(good))} |")
    return _INTRODUCTION + "\n".join(lines) + "\n"


def _some(names: Sequence[str], of: Sequence[str]) -> str:
    """Some of the clients, in the fewest words."""
    others = [name for name in of if name not in names]
    if not others:
        return "all good ones"
    if len(others) < len(names):
        return f"all but {', '.join(others)}"
    return ", ".join(names) or "none"


def _ids(rules: tuple[str, ...]) -> str:
    return ", ".join(f"`{rule}`" for rule in rules) or "none"


if __name__ == "__main__":
    sys.exit(main())

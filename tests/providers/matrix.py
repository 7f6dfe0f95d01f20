"""The matrix of providers and rules: `python -m providers.matrix [NAME ...]` from tests/ prints it.

With --write FILE it is written, too, as a Markdown table. Exits with 1 if a flaw is not caught, or the mock as it is
has a finding.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from providers.catalogue import CATALOGUE
from providers.flaw import Flaw
from providers.verdicts import PRISTINE, Verdict, verdicts

DOCUMENT: Final = Path(__file__).parents[2] / "contracts" / "matrix.md"
"""Where the docs have it."""

_INTRODUCTION: Final = """\
# Which rule catches which flaw

`contracts verify` is tried on providers that are known to be bad: each is the mock with one flaw (`tests/providers/`).
Each run ends at its first finding (`--fail-fast`). The mock as it is must give none. `make matrix` makes this table.

| flaw | what is wrong | caught by |
|---|---|---|
"""


def main() -> int:
    """Run the verifier over the providers. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m providers.matrix", description=__doc__)
    parser.add_argument("names", nargs="*", help="of flaws, or `pristine`; all if none is given")
    parser.add_argument("--write", type=Path, help="the file of the Markdown table")
    parser.add_argument("--to-the-end", action="store_true", help="do not end a run at its first finding; takes long")
    parser.add_argument("--at-once", type=int, default=2, help="how many are judged at the same time")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in {PRISTINE, *CATALOGUE}]:
        print(f"no flaw is called {', '.join(unknown)}", file=sys.stderr)
        return 2
    if chosen.names and chosen.write:
        parser.error("the table is written of the whole catalogue only")
    options = () if chosen.to_the_end else ("--fail-fast",)
    width = max(map(len, CATALOGUE))
    told = {}
    for name, verdict in verdicts(chosen.names or (PRISTINE, *CATALOGUE), *options, at_once=chosen.at_once):
        told[name] = verdict
        mark = "" if good(name, verdict) else "  <-- " + wrong(name, verdict)
        print(f"{name:{width}} {verdict.seconds:6.1f} s  {' '.join(verdict.found) or '-'}{mark}", flush=True)
    if chosen.write is not None:
        chosen.write.write_text(markdown(told), encoding="utf-8")
    missed = [name for name, verdict in told.items() if not good(name, verdict)]
    print(f"{len(told) - len(missed)} of {len(told)} as they must be{': not ' if missed else ''}{', '.join(missed)}")
    return 1 if missed else 0


def good(name: str, verdict: Verdict) -> bool:
    """Whether a verdict is what it must be: clean on the mock as it is, else with a rule that the flaw breaks."""
    if name == PRISTINE:
        return verdict.status == 0 and not verdict.found
    return verdict.caught(CATALOGUE[name])


def wrong(name: str, verdict: Verdict) -> str:
    """What is wrong with a verdict, in words."""
    if name != PRISTINE and verdict.status == 1 and verdict.found:
        return f"none of {', '.join(CATALOGUE[name].expected)}"
    if verdict.status not in (0, 1):
        return f"exit status {verdict.status}: {verdict.last_words[-300:]}"
    return "not caught" if not verdict.found else "not clean"


def markdown(told: Mapping[str, Verdict]) -> str:
    """The table for the docs, the same for the same findings."""
    rows = [_row(name, CATALOGUE.get(name), verdict) for name, verdict in told.items()]
    return _INTRODUCTION + "".join(rows)


def _row(name: str, flaw: Flaw | None, verdict: Verdict) -> str:
    sentence = flaw.sentence if flaw is not None else "Nothing: the mock as it is."
    found = ", ".join(f"`{rule}`" for rule in verdict.found) or "none"
    return f"| {name} | {sentence} | {found} |\n"


if __name__ == "__main__":
    sys.exit(main())

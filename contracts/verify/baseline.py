"""Findings that are expected: a baseline file has the key of one in each line. One that no longer fails, fails."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from contracts.findings import Finding, Judged, Outcome, Provenance, Rule, Verdict

STALE: Final = Rule(
    "baseline/stale",
    "baseline",
    "What the baseline expects to fail does fail.",
    Provenance.INFERRED,
    "",
    instead="Take the line out of the baseline file.",
)


class BaselineError(Exception):
    """The file can't be read; the message is one line."""


def read(path: Path) -> list[str]:
    """The keys in a file, each once; empty lines and those that begin with # are passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BaselineError(f"the baseline {str(path)!r} can't be read: {error}") from None
    return list(dict.fromkeys(line.strip() for line in lines if line.strip() and not line.strip().startswith("#")))


def applied(verdict: Verdict, keys: list[str]) -> Verdict:
    """The verdict without the findings that were expected, and with one for each that was expected in vain.

    A key whose rule was not exercised, or not all of it because the run was cut short, is neither.
    """
    found = {finding.key for finding in verdict.findings}
    judged = [
        replace(each, findings=[finding for finding in each.findings if finding.key not in keys])
        for each in verdict.judged
    ]
    outcomes = {each.rule.id: each.outcome for each in verdict.judged}
    stale = [
        Finding(STALE, key, "a finding", "none: its rule holds")
        for key in keys
        if key not in found
        and not verdict.cut_short
        and outcomes.get(key.split(" ")[0], Outcome.PASSED) is not Outcome.NOT_EXERCISED
    ]
    expected = [key for key in keys if key in found]
    notes = verdict.notes
    if expected:
        notes = (*notes, f"the baseline expects what was found of {', '.join(expected)}")
    return replace(verdict, judged=[*judged, Judged(STALE, len(keys), stale)], notes=notes)

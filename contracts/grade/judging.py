"""Journals in, a verdict out: every rule held against every run, and what the client is worth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.findings import Finding, Grade, Judged, Outcome, Rule, Severity, Verdict
from contracts.grade.journal import Journal
from contracts.grade.rubric import CHECKS, Broken, Check, Held, Unknown
from contracts.grade.telling import course, finding
from contracts.grade.watched import Watched
from contracts.verify.selection import Selection

CONTROL: Final = "accepted"
"""The scenario in which nothing goes wrong: what a client can't do there, it can't do elsewhere."""

_PER_WEIGHT, _PER_NOTE = 10, 2
_WITH_ERRORS: Final = 89
_END_UNSEEN: Final = 74
_LETTERS: Final = ((90, "A"), (75, "B"), (60, "C"), (40, "D"), (0, "F"))
_ENDS: Final = frozenset({"ending/completed", "ending/failed", "ending/moderated"})
_DID_NOTHING: Final = "submit/made"


@dataclass(slots=True)
class _Seen:
    """What became of a rule in all runs: the runs in which it was broken, with how it was first."""

    checks: int = 0
    broken: list[tuple[Watched, Broken]] = field(default_factory=list)
    reason: str = ""


def rules() -> list[Rule]:
    """All rules, in their order."""
    return [check.rule for check in CHECKS]


def judge(
    journals: Sequence[Journal],
    *,
    subject: str,
    selection: Selection | None = None,
    seed: int = 0,
    notes: Iterable[str] = (),
    again: Mapping[str, str] | None = None,
) -> Verdict:
    """The verdict on a client that was watched in these runs; `again` are lines that repeat one, by its scenario.

    Raises SelectionError for a rule that there is not.
    """
    selection = selection or Selection()
    selection.check(rules())
    control = next((Watched(each) for each in journals if each.name == CONTROL and each.client is not None), None)
    runs = [
        control
        if control is not None and each is control.journal
        else Watched(each, control if each.client is not None else None)
        for each in journals
    ]
    seen = {check.rule.id: _Seen() for check in CHECKS}
    for run in runs:
        for check in CHECKS:
            _look(check, run, seen[check.rule.id])
    lines = again or {}
    judged = [_judged(check, seen[check.rule.id], lines) for check in CHECKS if selection.wants(check.rule)]
    courses = [
        course(run, str(run.journal.scenario.get("description", "")), _broken_in(run, seen, selection)) for run in runs
    ]
    clients = [run.journal.client for run in runs if run.journal.client is not None]
    started = min((client.started for client in clients), default=0.0)
    return Verdict(
        subject=subject,
        judged=judged,
        seed=seed,
        calls=sum(len(run.all_calls) for run in runs),
        seconds=max((client.ended for client in clients), default=started) - started,
        started=started,
        notes=(*notes, *_notes(runs)),
        events=[event for each in courses for event in each.events],
        courses=courses,
        grade=_grade(judged),
    )


def _look(check: Check, run: Watched, seen: _Seen) -> None:
    lost = run.journal.lost
    if lost and check.whole:
        seen.reason = seen.reason or _lost(lost)
        return
    first: Broken | None = None
    for outcome in check.look(run):
        if isinstance(outcome, Unknown):
            seen.reason = seen.reason or outcome.reason
        elif isinstance(outcome, Held):
            if lost:
                seen.reason = seen.reason or _lost(lost)
            else:
                seen.checks += outcome.times
        else:
            seen.checks += 1
            first = first or outcome
    if first is not None:
        run.broken.add(check.rule.id)
        seen.broken.append((run, first))


def _lost(number: int) -> str:
    return f"the journal lost its first {number:,} exchanges, so nothing can be said"


def _judged(check: Check, seen: _Seen, again: Mapping[str, str]) -> Judged:
    """A rule with its finding: one for all runs, told by the first, which names the others."""
    findings: list[Finding] = []
    if seen.broken:
        run, broken = seen.broken[0]
        name, others = run.journal.name, [each.journal.name for each, _ in seen.broken[1:]]
        findings.append(finding(check.rule, broken, run, others, again.get(name, "")))
    return Judged(check.rule, seen.checks, findings, seen.reason)


def _broken_in(run: Watched, seen: dict[str, _Seen], selection: Selection) -> list[str]:
    return [
        check.rule.id
        for check in CHECKS
        if selection.wants(check.rule) and any(each is run for each, _ in seen[check.rule.id].broken)
    ]


def _notes(runs: Sequence[Watched]) -> Iterable[str]:
    for run in runs:
        if run.journal.lost:
            yield f"{run.journal.name}: the first {run.journal.lost:,} exchanges are no longer in the journal"
    clients = [run.journal.client for run in runs if run.journal.client is not None]
    if left := sorted({name for client in clients for name in client.left}):
        yield f"the client left processes behind, which were ended: {', '.join(left)}"
    if any(client.distrusted for client in clients):
        yield "the client turned down the certificate of the interception: it has certificate authorities of its own"


def _grade(judged: Sequence[Judged]) -> Grade | None:
    """What a client is worth; None where nothing was exercised."""
    if not any(each.outcome is not Outcome.NOT_EXERCISED for each in judged):
        return None
    weights = {check.rule.id: check.weight for check in CHECKS}
    failed = [each for each in judged if each.findings and each.rule.severity is Severity.ERROR]
    noted = [each for each in judged if each.findings and each.rule.severity is Severity.NOTE]
    if any(each.rule.id == _DID_NOTHING for each in failed):
        return Grade("F", 0, "it did not do what it is there for")
    costs = [(each.rule.id, weights[each.rule.id] * _PER_WEIGHT) for each in failed]
    costs += [(each.rule.id, _PER_NOTE) for each in noted]
    score = max(0, 100 - sum(cost for _, cost in costs))
    why = [f"{identity} costs {cost}" for identity, cost in sorted(costs, key=lambda each: -each[1])]
    if failed and score > _WITH_ERRORS:
        score = _WITH_ERRORS
        why.append(f"with an error it is no better than {_WITH_ERRORS}")
    ends = [each for each in judged if each.rule.id in _ENDS]
    if ends and all(each.outcome is Outcome.NOT_EXERCISED for each in ends):
        score = min(score, _END_UNSEEN)
        why.append(f"it never saw the end of a job, so no more than {_END_UNSEEN}")
    letter = next(letter for least, letter in _LETTERS if score >= least)
    return Grade(letter, score, ", ".join(why))

"""What a verdict says, in words: the sentence above all, amounts, durations, how a fact is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from contracts.findings import Call, Course, Finding, Grade, Judged, Outcome, Provenance, Severity, Verdict

KNOWN: Final = {
    Provenance.DOCUMENTED: "a page of the vendor's documentation says so",
    Provenance.VENDOR_CODE: "read in client code that the vendor publishes",
    Provenance.THIRD_PARTY: "somebody else's account of the vendor's documentation",
    Provenance.INFERRED: "chosen by the contract, because nothing says it",
}
"""What the words for how a fact is known mean."""

GROUPS: Final = {
    "api": "whether it is this API at all",
    "answers": "what holds for every answer",
    "tokens": "who may call",
    "requests": "what is accepted, what is refused",
    "refusals": "what a refused call leaves alone",
    "reads": "what a read leaves alone",
    "effects": "what a call leaves alone",
    "documented": "each response and example of the contract, provoked",
    "schema": "generated requests, ordinary and odd",
    "life-cycle": "the statuses of a job",
    "slots": "how many jobs run at once",
    "credits": "what an upscale costs",
    "ids": "the names of videos",
    "videos": "what is said of a video",
    "scheduler": "what is said of running jobs",
    "accounts": "the linked PixVerse accounts",
    "user": "the useapi.net account",
    "isolation": "two users side by side",
    "behaviour": "jobs, slots and credits over time",
    "callbacks": "what is sent to a replyUrl",
}
"""What the groups of rules on a provider are about, where the name alone does not say it."""

CLIENT_GROUPS: Final = {
    "token": "where the API token goes",
    "requests": "what is sent",
    "submit": "how often a job is asked for",
    "busy": "what follows a 429",
    "refused": "what follows a no that stays a no",
    "trouble": "what follows an error or a lost connection",
    "polling": "how it looks after its job",
    "ending": "what it takes for the end of a job",
    "answers": "what is borne",
    "callbacks": "what its receiver does",
    "process": "how it ends itself",
}
"""The same of the rules on a client."""

NOT_EXERCISED: Final = "its situation did not arise"
"""Why a rule was not exercised, where nothing else is said."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_TEN: Final = 9.995
"""Seconds from which one decimal place is enough."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The rules of a group, or of all, by what became of them. Those with nothing but notes count as passed."""

    name: str
    failed: int
    passed: int
    not_exercised: int

    @property
    def exercised(self) -> int:
        """Those about which something is known."""
        return self.failed + self.passed


def is_good(verdict: Verdict) -> bool:
    """Whether nothing was found that makes it bad."""
    return not verdict.errors


def of_client(verdict: Verdict) -> bool:
    """Whether it is about a client that was watched, rather than about a provider."""
    return bool(verdict.courses) or verdict.grade is not None


def groups(verdict: Verdict) -> dict[str, str]:
    """What the groups of its rules are about."""
    return CLIENT_GROUPS if of_client(verdict) else GROUPS


def sentence(verdict: Verdict) -> str:
    """The verdict in one sentence, of a client with its grade."""
    said = judgement(verdict)
    return said if verdict.grade is None else f"{said.removesuffix('.')}: {mark(verdict.grade)}."


def mark(grade: Grade) -> str:
    """A grade in words: "C, 71 of 100"."""
    return f"{grade.letter}, {grade.score} of 100"


def judgement(verdict: Verdict) -> str:
    """The verdict in one sentence, without a grade."""
    all_rules = tally("", verdict.judged)
    if not all_rules.exercised:
        return f"{verdict.subject} could not be judged: no rule was exercised."
    if all_rules.failed == all_rules.exercised == 1 and of_client(verdict):
        return f"{verdict.subject} breaks the one rule it was tested on."
    if all_rules.failed:
        tested = amount(all_rules.exercised, "rule")
        return f"{verdict.subject} breaks {all_rules.failed} of the {tested} it was tested on."
    if all_rules.exercised == 1:
        return f"{verdict.subject} keeps the one rule it was tested on."
    return f"{verdict.subject} keeps all {all_rules.exercised} rules it was tested on."


def caveats(verdict: Verdict) -> list[str]:
    """What the sentence does not say: notes, rules about which nothing is known, an early end."""
    found = []
    notes = len(verdict.findings) - len(verdict.errors)
    if notes:
        found.append("1 note does not count against it." if notes == 1 else f"{notes:,} notes do not count against it.")
    if left := verdict.count(Outcome.NOT_EXERCISED):
        exercised = f"{amount(left, 'rule')} {'was' if left == 1 else 'were'} not exercised"
        found.append(f"{exercised}: nothing is said about {'it' if left == 1 else 'them'}.")
    if verdict.cut_short:
        found.append(f"The run was cut short: {verdict.cut_short}.".replace("..", "."))
    return found


def tally(name: str, judged: Iterable[Judged]) -> Tally:
    """How many rules came out how."""
    outcomes = [outcome(each) for each in judged]
    return Tally(name, *(outcomes.count(each) for each in (Outcome.FAILED, Outcome.PASSED, Outcome.NOT_EXERCISED)))


def tallies(verdict: Verdict) -> list[Tally]:
    """The groups in the order of their first rules."""
    groups = dict.fromkeys(each.rule.group for each in verdict.judged)
    return [tally(group, (each for each in verdict.judged if each.rule.group == group)) for group in groups]


def outcome(judged: Judged) -> Outcome:
    """What became of a rule, as far as the verdict goes: findings that are notes don't fail it."""
    if judged.findings and judged.rule.severity is Severity.NOTE:
        return Outcome.PASSED
    return judged.outcome


def reason(judged: Judged) -> str:
    """Why a rule was not exercised."""
    return judged.reason or NOT_EXERCISED


def ordered(verdict: Verdict) -> list[Finding]:
    """The findings, those that are notes last."""
    return [*verdict.errors, *(each for each in verdict.findings if each.rule.severity is Severity.NOTE)]


def title(finding: Finding) -> str:
    """What a finding is about, in few words: "busy/wait (upscaleVideo) in upstream-limit"."""
    where = f" in {finding.scenario}" if finding.scenario else ""
    return f"{finding.rule.id} ({finding.operation}){where}" if finding.operation else f"{finding.rule.id}{where}"


def found_in(verdict: Verdict, course: Course) -> list[int]:
    """The numbers of the findings of a run, counted from 1 in the order in which they are told.

    A finding is told of the first run that shows it; a run knows which rules it broke, too.
    """
    broken = {*course.broken}
    found = enumerate(ordered(verdict), start=1)
    return [number for number, each in found if each.scenario == course.scenario or each.rule.id in broken]


def calls(course: Course) -> int:
    """How many calls the client made in a run."""
    return sum(isinstance(event, Call) for event in course.events)


def amount(number: int, noun: str) -> str:
    """A number and what is counted: "1 rule", "1,204 calls"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """A time as people say it: "3 ms", "10 min", "1 h 30 min", "2 d"."""
    if seconds < 1:
        return f"{round(seconds * 1_000, 1):g} ms" if seconds else "0 s"
    if seconds < _MINUTE:
        return f"{round(seconds, 1):g} s"
    for unit, name, below, small in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s")):
        if seconds >= unit:
            rest = int(seconds % unit) // below
            return f"{int(seconds // unit):,} {name}" + (f" {rest} {small}" if rest else "")
    raise AssertionError


def clock(at: float) -> str:
    """An instant in milliseconds since a run began, as seconds: "+0.25 s", "+12.3 s", "+1,204.0 s"."""
    seconds = at / 1_000
    return f"{seconds:+.2f} s" if abs(seconds) < _TEN else f"{seconds:+,.1f} s"


def instant(seconds: float) -> datetime:
    """The instant so many seconds after 1970 began; the first one for what is out of a calendar's bounds."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def our_version() -> str:
    """The version of this distribution, "0" where it is not installed."""
    try:
        return version("pixverse-mock")
    except PackageNotFoundError:
        return "0"

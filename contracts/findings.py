"""What is judged, and what was found: the words of every verdict on a provider or a client.

Pure values. A rule is judged by checks; a check that fails is a finding, with the story that shows it. A rule whose
situation never arose is not exercised: neither passed nor failed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Provenance(StrEnum):
    """How a fact is known."""

    DOCUMENTED = "documented"
    VENDOR_CODE = "vendor-code"
    THIRD_PARTY = "third-party"
    INFERRED = "inferred"


class Severity(StrEnum):
    """Whether a finding makes a verdict bad."""

    ERROR = "error"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """What has to hold.

    `id` never changes once published; `group` is the phase or part that judges it; `sentence` says what holds;
    `pointer` is where the contract says so, as a JSON Pointer into openapi.yaml; `why` is what breaking it costs, and
    `instead` what to do, where the sentence leaves that open.
    """

    id: str
    group: str
    sentence: str
    provenance: Provenance
    pointer: str
    severity: Severity = Severity.ERROR
    why: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went out; headers in order, secrets masked by who prints it."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Got:
    """What came back: an answer, or in `error` why there was none (then `status` is 0)."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    reason: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One exchange. `at` and `took` are milliseconds since the run began, in real time; `now` is the provider's own
    instant (ISO) where it has a clock that can be moved. `operation` is the operationId, empty for none.
    """

    number: int
    operation: str
    sent: Sent
    got: Got
    at: float
    took: float
    now: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A callback that came in, at `at` milliseconds since the run began, and what it was answered."""

    sent: Sent
    answered: int
    at: float
    now: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """Time that was let pass: seconds of the provider's clock, moved or waited for."""

    seconds: float
    at: float
    moved: bool


Event = Call | Told | Passed
"""One line of a story."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a client's time that was too short or too long, from `start` to `end` (milliseconds since its run
    began). `label` says in a few words how long it was and how long it should have been.
    """

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that failed.

    `expected` and `got` are short sentences or values in words. `story` is the shortest sequence that shows it, in
    time order; `at` is the place in it of what is wrong, None for all of it. `curl` reproduces it from a shell. Of a
    client, `scenario` names the run in which it was found, `gap` the stretch of time that is wrong.
    """

    rule: Rule
    operation: str
    expected: str
    got: str
    story: tuple[Event, ...] = ()
    at: int | None = None
    curl: str = ""
    scenario: str = ""
    gap: Gap | None = None

    @property
    def key(self) -> str:
        """What a baseline names it by: the same wherever and whenever it is found."""
        return f"{self.rule.id} {self.operation}".strip()


class Outcome(StrEnum):
    """What became of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_EXERCISED = "not exercised"


@dataclass(slots=True)
class Judged:
    """A rule and what its checks gave. `reason` says why it was not exercised."""

    rule: Rule
    checks: int = 0
    findings: list[Finding] = field(default_factory=list)
    reason: str = ""

    @property
    def outcome(self) -> Outcome:
        """A finding outweighs any number of checks that passed."""
        if self.findings:
            return Outcome.FAILED
        return Outcome.PASSED if self.checks else Outcome.NOT_EXERCISED


class Ledger:
    """Where checks are written down while a run goes on. A rule has one line however often it is checked."""

    def __init__(self, rules: Iterable[Rule], findings_each: int = 5) -> None:
        self.judged = {rule.id: Judged(rule) for rule in rules}
        self._findings_each = findings_each

    def passes(self, rule: Rule, checks: int = 1) -> None:
        """Note that checks of a rule passed."""
        self.judged[rule.id].checks += checks

    def fails(self, finding: Finding) -> None:
        """Note a finding; of each rule and operation the first few."""
        judged = self.judged[finding.rule.id]
        judged.checks += 1
        if sum(each.key == finding.key for each in judged.findings) < self._findings_each:
            judged.findings.append(finding)

    def full(self, rule: Rule, operation: str) -> bool:
        """Whether a further finding of a rule and operation would only be counted."""
        found = self.judged[rule.id].findings
        return sum(each.operation == operation for each in found) >= self._findings_each

    def skips(self, rule: Rule, reason: str) -> None:
        """Note why a rule can't be exercised; the first reason stays."""
        judged = self.judged[rule.id]
        judged.reason = judged.reason or reason


@dataclass(frozen=True, slots=True)
class Bar:
    """A job as it is drawn: the id of its video, when it began and reached each status, and its end.

    Instants are milliseconds since the run began, `end` None if it had none by then; it cost so many credits. `ours`
    says that the client started it: others ran before.
    """

    video_id: str
    start: float
    end: float | None
    reached: tuple[tuple[float, str], ...]
    cost: int
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """One run of a client in one scenario, as it is told and drawn.

    `about` says what the scenario is, `ended` how the run ended, in words ("exit status 0 after 12 s"); `seconds` is
    how long it took of the client's own time. `events` are in time order, all that happened. `output` is the end of
    what the client printed. `broken` are the ids of the rules that it broke in this run.
    """

    scenario: str
    about: str
    ended: str
    seconds: float
    events: tuple[Event, ...] = ()
    jobs: tuple[Bar, ...] = ()
    output: str = ""
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grade:
    """What a client is worth: a letter from A to F, a score from 0 to 100, and why it is no better, in one sentence."""

    letter: str
    score: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run found out about its subject, a URL or a command.

    `started` is when it began, in seconds since 1970, 0 if that is not known. `cut_short` says what ended it early,
    empty if nothing did; `notes` are lines for the reader; `events` is all that happened, for the archive. Of a client,
    `courses` are its runs, and `grade` what it is worth; a provider has neither.
    """

    subject: str
    judged: Sequence[Judged]
    seed: int = 0
    calls: int = 0
    seconds: float = 0.0
    started: float = 0.0
    cut_short: str = ""
    notes: tuple[str, ...] = ()
    events: Sequence[Event] = ()
    courses: Sequence[Course] = ()
    grade: Grade | None = None

    @property
    def findings(self) -> list[Finding]:
        """All of them, in the order of the rules."""
        return [finding for each in self.judged for finding in each.findings]

    @property
    def errors(self) -> list[Finding]:
        """Those that make it bad."""
        return [finding for finding in self.findings if finding.rule.severity is Severity.ERROR]

    def count(self, outcome: Outcome) -> int:
        """How many rules came out so."""
        return sum(each.outcome is outcome for each in self.judged)

"""What the checks of Schemathesis found, as findings of ours: the smallest case of each, with the calls before it."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from schemathesis.generation.meta import CoverageScenario, TestPhase, coverage_scenario

from contracts.findings import Call, Event, Finding, Rule
from contracts.report.curl import curl
from contracts.verify.schema import rules
from contracts.verify.schema.engine import Examined

_RULES: Final[dict[str, Rule]] = {rule.id.partition("/")[2].replace("-", "_"): rule for rule in rules.BY_SCHEMATHESIS}


class Checks:
    """Gathers checks: which rules were put to the test how often, and the smallest failure of each and operation."""

    def __init__(self, call_of: Callable[[str], Call | None]) -> None:
        self.passed: dict[Rule, int] = {}
        self.failures: dict[tuple[str, str], Finding] = {}
        self._at_random: dict[tuple[str, str], bool] = {}
        self._call_of = call_of

    def add(self, seen: Iterable[Examined]) -> None:
        """Take in what an engine gave."""
        for each in seen:
            rule = _RULES.get(each.check)
            if rule is None:
                continue
            if each.message:
                self._fail(rule, each)
            elif _meant(rule, each):
                self.passed[rule] = self.passed.get(rule, 0) + 1

    def random_operations(self) -> set[str]:
        """The operations with a failure whose smallest case was made at random, and may be made smaller."""
        return {operation for (_, operation), random in self._at_random.items() if random}

    def _fail(self, rule: Rule, seen: Examined) -> None:
        story = self._story(seen)
        if not story:
            return
        last = story[-1]
        operation = str(seen.case.operation.definition.raw.get("operationId", ""))
        finding = Finding(
            rule,
            operation,
            rule.sentence,
            _words(seen.message, last),
            tuple[Event, ...](story),
            len(story) - 1,
            curl(last.sent),
        )
        key = (rule.id, operation)
        if key not in self.failures or _size(finding) < _size(self.failures[key]):
            self.failures[key] = finding
            meta = seen.case.meta
            self._at_random[key] = meta is not None and meta.phase.name is TestPhase.FUZZING

    def _story(self, seen: Examined) -> list[Call]:
        """The calls of the case and of those before it that it follows, in order."""
        wanted: list[str] = []
        at: str | None = seen.case_id
        while at is not None and at in seen.recorder.cases:
            wanted.append(at)
            at = seen.recorder.cases[at].parent_id
        calls = [call for each in wanted if (call := self._call_of(each)) is not None]
        return sorted(calls, key=lambda call: call.number)


def _meant(rule: Rule, seen: Examined) -> bool:
    """Whether a check that passed had anything to check: most say yes to what is none of their business."""
    case, meta = seen.case, seen.case.meta
    scenario = coverage_scenario(case) if meta is not None else None
    response = seen.recorder.find_response(case_id=seen.case_id)
    if response is None:
        return False
    if rule is rules.BAD_REFUSED:
        return meta is not None and meta.generation.mode.is_negative
    if rule is rules.GOOD_ACCEPTED:
        return meta is not None and meta.generation.mode.is_positive
    if rule is rules.METHOD:
        return scenario is CoverageScenario.UNSPECIFIED_HTTP_METHOD
    if rule is rules.ALLOW:
        return case.method == "OPTIONS" and "allow" in response.headers
    if rule is rules.HEADERS:
        answer = case.operation.definition.raw["responses"].get(str(response.status_code), {})
        return any(name.lower() in response.headers for name in answer.get("headers", {}))
    if rule in (rules.AFTER_DELETE, rules.AVAILABLE):
        before = seen.recorder.find_parent(case_id=seen.case_id)
        return before is not None and before.method == ("DELETE" if rule is rules.AFTER_DELETE else "POST")
    if rule is rules.AUTH:
        return response.status_code == 401
    return True


def _words(message: str, call: Call, most: int = 400) -> str:
    answer = call.got.body[:200].decode("utf-8", "replace")
    text = f"{message[:most]}{'...' if len(message) > most else ''}"
    return f"{text} (answered {call.got.status} {answer})".strip()


def _size(finding: Finding) -> tuple[int, int]:
    calls: list[Any] = [event for event in finding.story if isinstance(event, Call)]
    return len(calls), sum(len(call.sent.url) + len(call.sent.body) for call in calls)

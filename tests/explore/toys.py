"""Clients that are functions of a scenario's data, with faults that are planted in them; and rules that they break."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from contracts.findings import Finding, Provenance, Rule, Severity

Scenario = Mapping[str, Any]
Attempt = Callable[[Scenario], Sequence[Finding]]


def rule(name: str, severity: Severity = Severity.ERROR) -> Rule:
    """A rule of this id."""
    return Rule(name, name.partition("/")[0], f"What {name} says.", Provenance.INFERRED, "", severity)


TWICE: Final = rule("submit/once")
ORDER: Final = rule("callbacks/late-progress")


def broken(*rules: Rule) -> list[Finding]:
    """A finding for each rule."""
    return [Finding(each, "", "something", "something else") for each in rules]


def suffers(scenario: Scenario, operation: str, fault: str, call: int | None = None) -> bool:
    """Whether an operation meets a fault; with `call`, whether that call does."""
    return any(
        each["operation"] == operation and each["fault"] == fault and (call is None or call in calls(each))
        for each in scenario.get("faults", ())
    )


def calls(fault: Mapping[str, Any]) -> list[int]:
    """The calls of a rule of the fault plan; the first if it says nothing."""
    call = fault.get("call", 1)
    return call if isinstance(call, list) else [call]


def is_swapped(scenario: Scenario) -> bool:
    """Whether the final callback overtakes another."""
    disturbances = scenario.get("callbacks", {}).get("disturbances", ())
    return any(each["kind"] == "swapped" for each in disturbances)


def planted(condition: Callable[[Scenario], bool], *rules: Rule) -> Attempt:
    """A client that breaks rules where a condition holds."""
    return lambda scenario: broken(*rules) if condition(scenario) else []


def double_submit(scenario: Scenario) -> list[Finding]:
    """Submits again after a lost answer, if its second look is reset, too."""
    lost = suffers(scenario, "upscaleVideo", "lost-reply")
    return broken(TWICE) if lost and suffers(scenario, "getVideo", "connection-reset", 2) else []


def faultless(scenario: Scenario) -> list[Finding]:
    """Breaks nothing, whatever happens."""
    return []

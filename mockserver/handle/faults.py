"""The fault plan and the scenario of a sandbox, as a test has them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockserver.handle.asking import Ask
from mockserver.handle.told import FaultPlan


@dataclass(frozen=True, slots=True)
class FaultsHandle:
    """The fault plan of a sandbox; rules have the form of `faults` in a scenario."""

    ask: Ask = field(repr=False)

    def get(self) -> FaultPlan:
        """How far it is consumed."""
        plan: FaultPlan = self.ask("GET", "/__mock/faults")
        return plan

    def put(self, rules: Iterable[Mapping[str, Any]]) -> FaultPlan:
        """Put other rules in the place of all; calls are counted from 1 again. Raises MockError."""
        plan: FaultPlan = self.ask("PUT", "/__mock/faults", {"faults": [dict(rule) for rule in rules]})
        return plan

    def add(self, *rules: Mapping[str, Any]) -> FaultPlan:
        """Put rules in front of the others. Raises MockError."""
        plan: FaultPlan = self.ask("POST", "/__mock/faults", {"faults": [dict(rule) for rule in rules]})
        return plan

    def trigger(self, name: str, **rule: Any) -> FaultPlan:
        """Let the next call that it fits suffer the fault of this name; `rule` has the other keys of a rule.

        As `trigger("account-busy", times=2)`. Raises MockError.
        """
        return self.add({"fault": name, **rule})


@dataclass(frozen=True, slots=True)
class ScenarioHandle:
    """The scenario of a sandbox."""

    ask: Ask = field(repr=False)

    def get(self) -> dict[str, Any]:
        """Its data, without its secret; empty for the default sandbox."""
        scenario: dict[str, Any] = self.ask("GET", "/__mock/scenario")
        return scenario

    def put(self, scenario: Mapping[str, Any] | str | Path) -> dict[str, Any]:
        """Put a fresh sandbox by this scenario in the place of this one: data, a file, or a ready-made one by name.

        Raises MockError, ScenarioError for what can't be read.
        """
        put: dict[str, Any] = self.ask("PUT", "/__mock/scenario", data_of(scenario))
        return put


def data_of(scenario: Mapping[str, Any] | str | Path) -> dict[str, Any]:
    """The data of a scenario. Raises ScenarioError for a file or a name that can't be read."""
    if isinstance(scenario, Mapping):
        return dict(scenario)
    # Imported here: who brings the data needs no YAML.
    from mockserver.scenario_file import read

    return read(scenario)[0]

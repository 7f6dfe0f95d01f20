"""Scenarios: the document that says what a sandbox starts with, how it answers, and what goes wrong in it."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

from mockserver.clock import AUTO_STEP, Clock, Mode
from mockserver.domain import Rules
from mockserver.faults import reading
from mockserver.faults.catalogue import Catalogue
from mockserver.faults.plan import Rule
from mockserver.misformed import Misformed
from mockserver.scenario_file import ScenarioError, change, names, plain, read
from mockserver.scenario_form import check
from mockserver.scenario_rules import RETRIES, rules
from mockserver.spec.validation import show

__all__ = ["RETRIES", "Answers", "Scenario", "ScenarioError", "names"]


@dataclass(frozen=True, slots=True)
class Answers:
    """The choices where the vendor's pages are silent or disagree, and what the contract permits besides.

    The scenario's schema says what each means; see the fidelity table, too.
    """

    processing: int = 404
    encoded_id: int = 400
    unknown_video: int = 400
    queued_is_final: bool = False
    retry_after: int | Literal["slot"] | None = None
    extra_fields: bool = False
    absent_fields: bool = False
    early_url: bool = False
    unready: float = 0
    order: Literal["newest", "oldest"] = "newest"
    shuffled_keys: bool = False
    spaced: bool = False
    escaped: bool = False
    charset: bool = False


_ANSWERS: Final = frozenset(field.name for field in fields(Answers))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that keeps the form: its data as they stand, and the rules of its fault plan."""

    data: Mapping[str, Any]
    faults: tuple[Rule, ...] = ()

    @classmethod
    def load(
        cls,
        source: str | Path | Mapping[str, Any] | None,
        changes: Mapping[str, str] | None = None,
        catalogue: Catalogue | None = None,
    ) -> "Scenario":
        """Read the file, or the ready-made scenario, called `source`, or take its data; then set the keys of `changes`.

        A key is dotted ("answers.processing", "accounts.0.credits"), its value YAML. The faults are those of the
        `catalogue`; without one they are not looked at. Raises ScenarioError with one line that names the file, the
        line of it, the place, the rule and the value.
        """
        data: dict[str, Any] = {}
        title, text = "scenario", None
        if isinstance(source, Mapping):
            # A copy: what is set must not reach the caller's.
            data = deepcopy(dict(source))
        elif source is not None:
            data, origin = read(source)
            title, text = origin.title, origin.text
        changed = {change(data, key, value): key for key, value in (changes or {}).items()}
        try:
            return cls._checked(data, catalogue)
        except Misformed as error:
            for place, key in changed.items():
                # What was set is not to be found in the file.
                if tuple(map(str, error.place[: len(place)])) == place:
                    title, text = f"--set {key}", None
            raise ScenarioError(error.told(title, text)) from None

    @classmethod
    def of(
        cls,
        data: Any,
        title: str = "scenario",
        text: bytes | str | None = None,
        catalogue: Catalogue | None = None,
    ) -> "Scenario":
        """A scenario that came as data, read from `text` if there is one. Raises ScenarioError."""
        if not isinstance(data, dict):
            raise ScenarioError(f"{title} must be an object, got {show(data)}")
        try:
            return cls._checked(data, catalogue)
        except Misformed as error:
            raise ScenarioError(error.told(title, text)) from None

    @classmethod
    def _checked(cls, data: dict[str, Any], catalogue: Catalogue | None) -> "Scenario":
        data = plain(data)
        if data:
            check(data)
        if catalogue is None or "faults" not in data:
            return cls(data)
        return cls(data, reading.rules(data["faults"], catalogue))

    @property
    def answers(self) -> Answers:
        given = self.data.get("answers", {})
        return Answers(**{key: value for key, value in given.items() if key in _ANSWERS})

    @property
    def secret(self) -> str | None:
        """What callbacks are signed with, as Standard Webhooks has it; None to leave them unsigned, as the vendor."""
        secret: str | None = self.data.get("callbacks", {}).get("secret")
        return secret

    @property
    def shown(self) -> Mapping[str, Any]:
        """The data, without what must stay secret."""
        if self.secret is None:
            return self.data
        return {**self.data, "callbacks": {**self.data["callbacks"], "secret": "whsec_…"}}

    def clock(self, mode: Mode | None = None, speed: float | None = None) -> Clock:
        """A clock as a sandbox starts with it; what is given wins over what the scenario says."""
        said = self.data.get("clock", {})
        step = round(said["step"] * 1_000) if "step" in said else AUTO_STEP
        speed = said.get("speed", 1.0) if speed is None else speed
        return Clock(mode or said.get("mode", "real"), speed, step, waits=said.get("waits", False))

    def rules(self, cost: int) -> Rules:
        """The rules of a sandbox; an upscale costs `cost` credits."""
        return rules(self.data, cost)

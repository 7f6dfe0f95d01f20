"""Scenarios: the document that says what a sandbox starts with and how it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from math import isfinite
from pathlib import Path
from typing import Any, Final

import yaml

from mockserver.domain.footage import CATALOGUE
from mockserver.domain.rules import (
    AccountRules,
    CallbackRules,
    Disturbance,
    Disturbing,
    Durations,
    Rules,
    Which,
)
from mockserver.spec.document import parse_yaml

_FOLDER: Final = Path(__file__).parent / "scenarios"
_MAX_BYTES: Final = 1_048_576
_MAX_DEPTH: Final = 50

RETRIES: Final[Mapping[str, tuple[float, ...]]] = {
    "none": (),
    "standard-webhooks": (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400),
}
"""Retry schedules by name, in seconds after each failed attempt. The second is the example of Standard Webhooks."""

_RULES: Final[Mapping[str, str]] = {
    "/callbacks/progress": "must be 0, or seconds from 1",
    "/callbacks/retries": f"must be {', '.join(RETRIES)} or a list of at most 100 numbers of seconds, none below 0",
    "/callbacks/secret": "must be whsec_ and base64, as Standard Webhooks has it",
}
"""What the validator would say less clearly; and a secret's value must not come to light in an answer or a log."""

_DELAYS: Final = {Disturbing.LATE: 60.0, Disturbing.SLOW: 1.0}
"""Seconds of a disturbance that names none. LATE: longer than the longest pause that the vendor advises to pollers."""


class ScenarioError(Exception):
    """A scenario can't be read or breaks the form of scenarios."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The choices where the vendor's pages are silent or disagree; see the fidelity table."""

    processing: int = 404
    encoded_id: int = 400
    unknown_video: int = 400
    queued_is_final: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that keeps the form, as plain data."""

    data: Mapping[str, Any]

    @classmethod
    def load(cls, source: str | Path | None, changes: Mapping[str, str] | None = None) -> "Scenario":
        """Read the file, or the ready-made scenario, called `source`; then set the keys of `changes`.

        A key is dotted ("answers.processing"), its value YAML. Raises ScenarioError with one line that names the
        place, the rule and the value.
        """
        data = _read(source) if source is not None else {}
        for key, text in (changes or {}).items():
            _set(data, key, text)
        title = f"scenario {str(source)!r}" if source is not None else "scenario"
        return cls.of(data, title) if data else cls(data)

    @classmethod
    def of(cls, data: Any, title: str = "scenario") -> "Scenario":
        """A scenario that came as data. Raises ScenarioError."""
        if not isinstance(data, dict):
            raise ScenarioError(f"{title} must be an object, got {str(data)[:80]!r}")
        data = _plain(data, title)
        _check(data, title)
        return cls(data)

    @property
    def answers(self) -> Answers:
        return Answers(**self.data.get("answers", {}))

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

    def rules(self, cost: int) -> Rules:
        """The rules of a sandbox; an upscale costs `cost` credits."""
        data = self.data
        jobs = data.get("jobs", {})
        limits = data.get("limits", {})
        default = Durations()
        accounts = tuple(_account(account) for account in data.get("accounts", ()))
        return Rules(
            cost=cost,
            accounts=accounts if "accounts" in data else (AccountRules(),),
            durations=Durations(
                shortest=round(jobs["shortest"] * 1_000) if "shortest" in jobs else default.shortest,
                longest=round(jobs["longest"] * 1_000) if "longest" in jobs else default.longest,
            ),
            callbacks=_callbacks(data.get("callbacks", {})),
            slots=limits.get("slots", True),
            credits=limits.get("credits", True),
            retention=limits.get("retention", 100_000),
        )


def names() -> list[str]:
    """The ready-made scenarios."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml") if path.stem != "schema")


def _read(source: str | Path) -> dict[str, Any]:
    path = _FOLDER / f"{source}.yaml" if str(source) in names() else Path(source)
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
    except OSError as error:
        hint = f"; ready-made scenarios: {', '.join(names())}"
        raise ScenarioError(f"scenario {str(source)!r} can't be read: {error.strerror}{hint}") from None
    if len(text) > _MAX_BYTES:
        raise ScenarioError(f"scenario {str(source)!r} must be at most {_MAX_BYTES} bytes long")
    try:
        data = _parse(text)
    except yaml.YAMLError as error:
        raise ScenarioError(f"scenario {str(source)!r} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"scenario {str(source)!r} must be an object, got {str(data)[:80]!r}")
    return data


def _parse(text: bytes | str) -> Any:
    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.AliasEvent):
            # Aliases nest to documents of any size, and even into themselves.
            raise yaml.YAMLError(f"aliases are not read here (*{event.anchor}, {event.start_mark})")
        # The loader recurses in C, without a limit of its own.
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise yaml.YAMLError(f"nested deeper than {_MAX_DEPTH} levels ({event.start_mark})")
    return parse_yaml(text)


def _set(data: dict[str, Any], key: str, text: str) -> None:
    node = data
    *parents, last = key.split(".")
    for part in parents:
        child = node.setdefault(part, {})
        if not isinstance(child, dict):
            raise ScenarioError(f"--set {key}={text}: {part!r} has no keys")
        node = child
    try:
        node[last] = _parse(text)
    except yaml.YAMLError as error:
        raise ScenarioError(f"--set {key}: {text!r} is not YAML: {' '.join(str(error).split())}") from None


def _plain(node: Any, title: str, place: str = "") -> Any:
    """The data as JSON has it, with 3.0 as the integer it is. YAML knows more: dates, sets, keys of any type."""
    if isinstance(node, dict):
        for key in node:
            if not isinstance(key, str):
                raise ScenarioError(f"{title}: {place or '/'}: each key must be a string, got {key!r}")
        return {key: _plain(value, title, f"{place}/{key}") for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value, title, f"{place}/{index}") for index, value in enumerate(node)]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if (isinstance(node, float) and not isfinite(node)) or not isinstance(node, str | int | float | None):
        raise ScenarioError(f"{title}: {place}: must be a value that JSON has, got {str(node)[:80]!r}")
    return node


def _check(data: dict[str, Any], title: str) -> None:
    # Imported here: only a scenario needs it, most starts have none.
    import jsonschema_rs

    schema = parse_yaml((_FOLDER / "schema.yaml").read_bytes())
    for error in jsonschema_rs.validator_for(schema).iter_errors(data):
        place = "".join(f"/{part}" for part in error.instance_path) or "/"
        if rule := _RULES.get(place):
            shown = "" if place.endswith("secret") else f", got {_shortened(str(error.instance))}"
            raise ScenarioError(f"{title}: {place}: {rule}{shown}")
        raise ScenarioError(f"{title}: {place}: {_shortened(' '.join(error.message.split()))}")
    jobs = {"shortest": 60, "longest": 600, **data.get("jobs", {})}
    if jobs["shortest"] > jobs["longest"]:
        raise ScenarioError(
            f"{title}: /jobs: shortest must be at most longest, got {jobs['shortest']} and {jobs['longest']}"
        )
    emails = [account["email"] for account in data.get("accounts", ())]
    if len(set(emails)) < len(emails):
        raise ScenarioError(f"{title}: /accounts: each email must stand once, got {', '.join(emails)[:200]}")


def _callbacks(data: Mapping[str, Any]) -> CallbackRules:
    default = CallbackRules()
    progress = default.progress if "progress" not in data else round(data["progress"] * 1_000) or None
    retries = data.get("retries", ())
    seconds = RETRIES[retries] if isinstance(retries, str) else retries
    return CallbackRules(
        progress=progress,
        final_only=data.get("final_only", False),
        retries=tuple(round(wait * 1_000) for wait in seconds),
        disturbances=tuple(_disturbance(found) for found in data.get("disturbances", ())),
    )


def _disturbance(data: Mapping[str, Any]) -> Disturbance:
    kind = Disturbing(data["kind"])
    return Disturbance(
        kind=kind,
        jobs=frozenset(data.get("jobs", ())),
        of=Which(data.get("of", "final")),
        delay=round(data.get("seconds", _DELAYS.get(kind, 0)) * 1_000),
    )


def _shortened(message: str) -> str:
    """The value stands first in a message, the rule last."""
    return message if len(message) <= 300 else f"{message[:150]} … {message[-150:]}"


def _account(data: Mapping[str, Any]) -> AccountRules:
    default = AccountRules()
    videos = data.get("videos")
    return AccountRules(
        email=data["email"],
        max_jobs=data.get("maxJobs", default.max_jobs),
        concurrency=data.get("concurrency", default.concurrency),
        credits=data.get("credits", default.credits),
        pending_error=data.get("pendingError", False),
        footage=default.footage if videos is None else tuple(islice(cycle(CATALOGUE), videos)),
    )

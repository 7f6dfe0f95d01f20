"""The scenarios that a client is graded in: ready-made ones of the mock, or files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

DEFAULT: Final = (
    "accepted",
    "busy-then-free",
    "upstream-limit",
    "credits-run-out",
    "password-changed",
    "lost-reply",
    "flaky-reads",
    "failed",
    "moderated",
    "awkward-but-legal",
)
"""What a client is graded in if nothing else is said."""

_CHANGES: Final[Mapping[str, Mapping[str, Any]]] = {
    # As long as a client needs that first looks after 10 s to see a job that runs, and to look again.
    "accepted": {
        "description": "The good day. Every upscale is accepted, runs for 25 to 30 minutes and ends COMPLETED.",
        "jobs": {"shortest": 1_500, "longest": 1_800},
    },
    "awkward-but-legal": {"jobs": {"shortest": 1_500, "longest": 1_800}},
    # A client that upscales one video would never meet the second upscale's 412.
    "credits-run-out": {
        "description": "No credits are left. Every upscale is answered 412, until somebody buys some.",
        "accounts": [{"email": "demo@example.com", "credits": 0}],
    },
}
"""What is put in the place of parts of a ready-made scenario."""

_DROPPED: Final[Mapping[str, Sequence[str]]] = {
    # To go by video_status_final alone is right, as the vendor's page says; and a shell script that finds a field with
    # grep reads JSON well enough.
    "awkward-but-legal": ("queued_is_final", "spaced", "escaped"),
}
"""Liberties that are not taken with a client that is graded; a file of one's own may take them."""

_LARGEST_FILE: Final = 1_048_576


class ScenarioError(Exception):
    """There is no such scenario; the message is one line."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario by the name that reports give it, as it is PUT, but for the clock. `source` is what was asked for."""

    name: str
    data: Mapping[str, Any]
    source: str = ""


def chosen(names: Sequence[str], ready_made: Mapping[str, Mapping[str, Any]]) -> list[Scenario]:
    """The scenarios of these names or files, the default ones for none. Raises ScenarioError."""
    found = [_ready_made(name, ready_made[name]) if name in ready_made else _file(name, ready_made) for name in names]
    wanted = [_ready_made(name, ready_made[name]) for name in DEFAULT if name in ready_made] if not names else found
    twice = {each.name for each in wanted if sum(other.name == each.name for other in wanted) > 1}
    if twice:
        raise ScenarioError(f"two scenarios have the name {min(twice)!r}: reports could not tell them apart")
    return wanted


def _ready_made(name: str, data: Mapping[str, Any]) -> Scenario:
    changed = {**data, **_CHANGES.get(name, {})}
    if name in _DROPPED:
        changed["answers"] = {key: value for key, value in data["answers"].items() if key not in _DROPPED[name]}
    return Scenario(name, changed, name)


def _file(name: str, ready_made: Mapping[str, Any]) -> Scenario:
    path = Path(name)
    if not path.is_file():
        known = ", ".join(sorted(ready_made))
        raise ScenarioError(f"no scenario and no file {name!r}; there are {known}")
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_FILE + 1)
        if len(text) > _LARGEST_FILE:
            raise ScenarioError(f"{path}: longer than {_LARGEST_FILE:,} bytes")
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe ones
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ScenarioError(f"{path}: not YAML: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"{path}: a scenario is an object")
    return Scenario(path.stem, data, name)

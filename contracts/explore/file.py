"""What was found, as a scenario file: why each thing stands there, and what plays it again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from contracts.explore.atoms import Atoms, Composed, composed
from contracts.explore.kinds import Place
from contracts.report.shown import line

_WIDTH: Final = 120


def text(rule: str, sentence: str, atoms: Atoms, again: str) -> str:
    """The YAML of a scenario in which a client breaks a rule, of this id and sentence.

    `again` is what plays it again, without secrets.
    """
    about = [f"The client breaks {rule}: {sentence}", f"Play it again: {again}"]
    parts = [_scalar("description", "\n".join(map(line, about)))]
    scenario = composed(atoms)
    for key, value in scenario.data.items():
        parts.extend(_section(scenario, key, value))
    return "\n".join(parts) + "\n"


def _scalar(key: str, value: str) -> str:
    """A key and a text of several lines, each line as it is where YAML lets it."""
    node = yaml.MappingNode(
        "tag:yaml.org,2002:map",
        [(yaml.ScalarNode("tag:yaml.org,2002:str", key), yaml.ScalarNode("tag:yaml.org,2002:str", value, style="|"))],
    )
    written: str = yaml.serialize(node, allow_unicode=True, width=_WIDTH)
    return written.rstrip("\n")


def _section(scenario: Composed, key: str, value: Any) -> Iterator[str]:
    """The lines of a key of the scenario."""
    if isinstance(value, Mapping) and not any(place[0] == key for place in scenario.why):
        yield f"{key}: {_flow(value)}"
        return
    yield f"{key}:"
    yield from _lines(scenario.why, (key,), value, "  ")


def _lines(why: Mapping[Place, tuple[str, ...]], place: Place, value: Any, indent: str) -> Iterator[str]:
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, each in items:
        here = (*place, key)
        below = any(other[: len(here)] == here and other != here for other in why)
        start = f"{indent}{key}:" if isinstance(value, Mapping) else f"{indent}-"
        if not below:
            yield from _commented(f"{start} {_flow(each)}", indent, why.get(here, ()))
        elif isinstance(value, Mapping):
            yield start
            yield from _lines(why, here, each, f"{indent}  ")
        else:
            first, *others = _lines(why, here, each, f"{indent}  ")
            yield f"{start} {first.lstrip()}"
            yield from others


def _commented(text: str, indent: str, words: Sequence[str]) -> Iterator[str]:
    """A line with a comment behind it, or above where that would be too long."""
    comment = "; ".join(words)
    if not comment:
        yield text
    elif len(text) + len(comment) + 4 <= _WIDTH:
        yield f"{text}  # {comment}"
    else:
        yield from (f"{indent}# {each}" for each in words)
        yield text


def _flow(value: Any) -> str:
    """A value in one line."""
    written: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return written.removesuffix("\n").removesuffix("\n...")

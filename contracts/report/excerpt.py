"""The places of the contract that rules point at, as they stand there."""

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import dedent
from typing import Final

import yaml

_MOST_LINES: Final = 24


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of the contract from number `line` on. `link` is the vendor's page on it, empty where none is named."""

    line: int
    text: str
    left_out: int
    link: str


def excerpts(contract: str, pointers: Iterable[str]) -> dict[str, Excerpt]:
    """The places by their pointers, without those that are not there or name the whole document."""
    # CSafeLoader, where it is there, takes a twentieth of the time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root = yaml.compose(contract, loader) if contract else None
    if root is None:
        return {}
    lines = contract.splitlines()
    found = ((pointer, _excerpt(root, lines, pointer)) for pointer in dict.fromkeys(pointers))
    return {pointer: excerpt for pointer, excerpt in found if excerpt is not None}


def _excerpt(root: yaml.Node, lines: list[str], pointer: str) -> Excerpt | None:
    trail = _trail(root, pointer)
    if trail is None:
        return None
    start = trail[-1][0].start_mark.line
    node = trail[-1][1]
    # A collection in blocks ends where the next thing begins.
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    last = node.end_mark.line if block or not node.end_mark.column else node.end_mark.line + 1
    while last > start + 1 and not lines[last - 1].strip():
        last -= 1
    shown = lines[start : min(last, start + _MOST_LINES)]
    link = next((link for _, node in reversed(trail) if (link := _link(node))), "")
    return Excerpt(start + 1, dedent("\n".join(shown)), max(0, last - start - _MOST_LINES), link)


def _trail(root: yaml.Node, pointer: str) -> list[tuple[yaml.Node, yaml.Node]] | None:
    """The nodes on the way, each with the one that names it; None where the way ends."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in pointer.removeprefix("#").split("/")[1:]]
    trail: list[tuple[yaml.Node, yaml.Node]] = []
    node = root
    for name in names:
        found = _member(node, name)
        if found is None:
            return None
        trail.append(found)
        node = found[1]
    return trail or None


def _member(node: yaml.Node, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next((pair for pair in node.value if pair[0].value == name), None)
    if isinstance(node, yaml.SequenceNode) and name.isdigit() and int(name) < len(node.value):
        return node.value[int(name)], node.value[int(name)]
    return None


def _link(node: yaml.Node) -> str:
    """The page that a part of the contract names as its source."""
    for path in (("externalDocs", "url"), ("x-source",)):
        at: yaml.Node | None = node
        for name in path:
            found = _member(at, name) if at is not None else None
            at = found[1] if found else None
        if at is not None and isinstance(at.value, str) and at.value.startswith("https://"):
            return at.value.partition(" ")[0].rstrip(",")
    return ""

"""The rows of the page that lists every fault: what each does, how that is known, and a rule to copy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
import yaml

from mockserver.faults import Catalogue, Listed
from mockserver.spec import Document

_KINDS: Final = {
    "documented": "Answers of the contract",
    "undocumented": "Answers that the contract does not have",
    "wire": "What happens to an answer on its way",
}
_DELAY: Final = {"median": 1, "sigma": 0.5}
"""Seconds of the rule for latency: as services answer, most soon, a few late."""


@dataclass(frozen=True, slots=True)
class Row:
    """A fault as the page shows it.

    `anchor` is its id on the page, "" for further answers of the same name; `body` the text of its answer, "" where it
    has none of its own; `operations` are those that can suffer it, empty for all; `link` leads to the vendor's page
    that says so, `source` is what else is known about that; `rule` is YAML that makes it happen.
    """

    fault: Listed
    anchor: str
    body: str
    operations: tuple[str, ...]
    link: str
    source: str
    rule: str


def tables(catalogue: Catalogue, document: Document) -> list[tuple[str, list[Row]]]:
    """The faults by their kind, each kind with a title."""
    rows = list(_rows(catalogue, document))
    return [(title, [row for row in rows if row.fault.kind == kind]) for kind, title in _KINDS.items()]


def _rows(catalogue: Catalogue, document: Document) -> Iterator[Row]:
    every = len(catalogue.operations)
    seen: set[str] = set()
    for fault in catalogue:
        anchor = "" if fault.name in seen else fault.name
        seen.add(fault.name)
        operations = fault.operations if len(fault.operations) < every else ()
        link, source = _source(fault, catalogue, document)
        yield Row(fault, anchor, _body(fault, catalogue), operations, link, source, _rule(fault, catalogue))


def _body(fault: Listed, catalogue: Catalogue) -> str:
    if fault.status is None:
        return ""
    if (node := catalogue.nodes.get(fault.name)) is not None:
        body = node["body"]
    else:
        body = catalogue.documented(fault.name)[fault.status][fault.operations[0]].fill({})
    return body if isinstance(body, str) else orjson.dumps(body).decode()


def _rule(fault: Listed, catalogue: Catalogue) -> str:
    """A fault plan of one rule, in the form of a scenario."""
    rule: dict[str, Any] = {"fault": fault.name, "times": 2}
    if len(catalogue.documented(fault.name)) > 1:
        # The name alone leaves open which of them.
        rule = {"status": fault.status, "example": fault.name, "times": 2}
    node = catalogue.nodes.get(fault.name, {})
    if "delays" in node:
        rule = {"fault": fault.name, "seconds": _DELAY, "sticky": True}
    elif node.get("wire") == "dribbled":
        rule["seconds"] = 10
    return f"faults:\n  - {yaml.safe_dump(rule, default_flow_style=True, sort_keys=False, width=1_000).strip()}"


def _source(fault: Listed, catalogue: Catalogue, document: Document) -> tuple[str, str]:
    """The address that a fact comes from, "" for none, and words about it."""
    if (node := catalogue.nodes.get(fault.name)) is not None:
        return _split(node.get("x-source", ""))
    operations = [catalogue.operations[name].node for name in fault.operations]
    answers = [answer for node in operations for code, answer in node["responses"].items() if int(code) == fault.status]
    told = next((answer["x-source"] for answer in map(document.resolve, answers) if "x-source" in answer), "")
    link, words = _split(told)
    if not link and fault.provenance == "documented":
        # The page of an operation is the source of what it documents, and of nothing else.
        link = next((node["externalDocs"]["url"] for node in operations if "externalDocs" in node), "")
    return link, words


def _split(source: str) -> tuple[str, str]:
    first, _, rest = source.partition(" ")
    return (first, rest) if first.startswith("https://") else ("", source)

"""The project's two OpenAPI documents, read plainly, and copies that are wrong on purpose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from sources import ROOT

Node = dict[str, Any]

CONTRACT: Final = ROOT / "openapi.yaml"
CONTROL: Final = ROOT / "mockserver" / "control" / "control.yaml"


@dataclass(frozen=True)
class Example:
    """A named answer of an operation."""

    operation: str
    status: int
    name: str
    value: Any

    def says(self, body: Any) -> bool:
        """Whether a body's `error` is this example's, with anything in the places of `<words>`."""
        parts = re.split(r"<[A-Za-z_ ]+>", self.value["error"])
        return re.fullmatch(".+".join(re.escape(part) for part in parts), body["error"]) is not None


def load(path: Path) -> Node:
    """The document in a file."""
    document: Node = yaml.load(path.read_bytes(), yaml.CSafeLoader)
    return document


def examples(document: Node) -> Iterator[Example]:
    """Every named answer of every operation."""
    for item in document["paths"].values():
        for method, operation in item.items():
            if method in ("get", "post", "delete"):
                yield from _answers(document, operation)


def _answers(document: Node, operation: Node) -> Iterator[Example]:
    for status, reference in operation["responses"].items():
        response = _resolve(document, reference)
        for name, example in response["content"]["application/json"]["examples"].items():
            yield Example(operation["operationId"], int(status), name, _resolve(document, example)["value"])


def _resolve(document: Node, node: Node) -> Node:
    """The node, or what it refers to inside the document."""
    if "$ref" not in node:
        return node
    target = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return target

"""Reads the contract into operations, answers, callbacks and the life cycle."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contracts.contract.answers import read_answer, read_media
from contracts.contract.document import ContractError, Document, Place
from contracts.contract.lifecycle import Lifecycle, read_lifecycle
from contracts.contract.operations import Callback, Operation, Parameter, Trigger
from contracts.contract.schema import Schema
from contracts.findings import Provenance

_METHODS: Final = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Contract:
    """All that is checked against. `schemas` are the named ones; `token_pattern` is the form of a token."""

    document: Mapping[str, Any]
    operations: Mapping[str, Operation]
    schemas: Mapping[str, Schema]
    lifecycle: Lifecycle
    token_pattern: str

    @classmethod
    def load(cls, path: Path | None = None) -> "Contract":
        """Read our own contract, or the one at `path`. Raises ContractError with one line."""
        document = Document.load(path)
        try:
            return _read(document)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ContractError(f"the contract lacks or misuses {error}") from error

    @property
    def callbacks(self) -> tuple[Callback, ...]:
        """The callbacks of all operations."""
        return tuple(callback for operation in self.operations.values() for callback in operation.callbacks)

    def operation_at(self, method: str, path: str) -> Operation | None:
        """The operation that a request of this method and path (without query) belongs to; a trailing slash is
        passed over, and a path without parameters goes before one with them, also for another method.
        """
        parts = path.rstrip("/").split("/")
        found = [
            operation
            for operation in self.operations.values()
            if len(template := operation.path.split("/")) == len(parts)
            and all(part.startswith("{") or part == given for part, given in zip(template, parts, strict=True))
        ]
        fewest = min((operation.path.count("{") for operation in found), default=0)
        matching = (each for each in found if each.method == method and each.path.count("{") == fewest)
        return next(matching, None)


def _read(document: Document) -> Contract:
    components = document.data["components"]
    operations = {}
    for path, item in document.children(Place(document.data, ""), "paths"):
        for method in _METHODS:
            if method in item.node:
                operation = _operation(document, path, item, method)
                operations[operation.id] = operation
    root = Place(components, "/components")
    schemas = {
        name: Schema(place.node, place.pointer, components) for name, place in document.children(root, "schemas")
    }
    return Contract(
        document.data,
        operations,
        schemas,
        read_lifecycle(document.data["x-lifecycle"]),
        components["securitySchemes"]["token"]["x-pattern"],
    )


def _operation(document: Document, path: str, item: Place, method: str) -> Operation:
    place = document.at(item.pointer, method)
    node = place.node
    body = document.at(place.pointer, "requestBody") if "requestBody" in node else Place({}, "")
    return Operation(
        node["operationId"],
        method.upper(),
        path,
        node.get("summary", ""),
        node.get("description", ""),
        Provenance(node.get("x-provenance", "inferred")),
        place.pointer,
        (*_parameters(document, item), *_parameters(document, place)),
        read_media(document, body),
        {
            int(status): read_answer(document, status, answer)
            for status, answer in document.children(place, "responses")
        },
        tuple(_callbacks(document, place)),
        tuple(
            Trigger(int(number), int(each.get("response", 0)), each.get("example", ""), each.get("ends", ""))
            for number, each in node.get("x-triggers", {}).get("numbers", {}).items()
        ),
        int(node.get("x-credits", {}).get("cost", 0)),
    )


def _parameters(document: Document, place: Place) -> list[Parameter]:
    found = []
    for index in range(len(place.node.get("parameters", []))):
        parameter = document.at(place.pointer, "parameters", index)
        schema = document.at(parameter.pointer, "schema")
        found.append(
            Parameter(
                parameter.node["name"],
                parameter.node["in"],
                bool(parameter.node.get("required")),
                bool(parameter.node.get("x-raw")),
                Schema(schema.node, schema.pointer, document.data["components"]),
                parameter.pointer,
            )
        )
    return found


def _callbacks(document: Document, operation: Place) -> list[Callback]:
    found: list[Callback] = []
    for name, callback in document.children(operation, "callbacks"):
        for expression in callback.node:
            place = document.at(callback.pointer, expression, "post")
            found.extend(
                Callback(
                    name,
                    expression,
                    media.schema,
                    media.type,
                    media.examples,
                    place.node.get("description", ""),
                    Provenance(place.node.get("x-provenance", "inferred")),
                    place.pointer,
                )
                for media in read_media(document, document.at(place.pointer, "requestBody")).values()
            )
    return found

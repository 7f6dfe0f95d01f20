"""Tiny contracts, made by hand."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.spec import Contract, ContractError, Document, Operation

ERROR: dict[str, Any] = {
    "description": "No",
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
            "examples": {"bad-request": {"value": {"error": "<Error message>"}}},
        }
    },
}


def operation(**changes: Any) -> dict[str, Any]:
    """An operation that takes nothing, and answers any JSON."""
    return {
        "operationId": "act",
        "responses": {
            "200": {"description": "Yes", "content": {"application/json": {"schema": {}}}},
            "400": deepcopy(ERROR),
        },
        **changes,
    }


def contract(paths: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A contract of one operation, `GET /things/{id}`."""
    thing = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": operation(),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things/{id}": thing} if paths is None else dict(paths),
        **changes,
    }


def load(folder: Path, data: Any) -> Contract:
    """The compiled contract of a document, by way of a file as a user has it."""
    path = folder / "contract.yaml"
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return Contract.load(path)


def compiled(node: Mapping[str, Any], *, method: str = "get", **components: Any) -> Operation:
    """One operation at `/act`, compiled without a file."""
    data = contract({"/act": {method: dict(node)}}, components=components)
    document = Document(data, "")
    document.check()
    ((path, verb, item, found),) = document.operations()
    return Operation(document, path, verb, item, found)


GET = "/paths/~1things~1{id}/get"
OK = f"{GET}/responses/200"
MEDIA = f"{OK}/content/application~1json"

Change = Callable[[dict[str, Any]], object]
"""A change of a document, in place."""


def get(data: dict[str, Any]) -> Any:
    """The one operation of `contract`."""
    return data["paths"]["/things/{id}"]["get"]


def media(data: dict[str, Any]) -> Any:
    """The content of its good answer."""
    return get(data)["responses"]["200"]["content"]["application/json"]


def schema(inner: Any) -> Change:
    """The change that gives this content another schema."""
    return lambda data: media(data).update(schema=inner)


def refusal(folder: Path, data: Any) -> str:
    """The line that stops the start, without the file's name."""
    with pytest.raises(ContractError) as caught:
        load(folder, data)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert line.startswith(f"{folder / 'contract.yaml'}: ")
    return line.removeprefix(f"{folder / 'contract.yaml'}: ")

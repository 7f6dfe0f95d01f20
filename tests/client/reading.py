"""The contract, read apart from both packages."""

from typing import Any

from document import document


def operations() -> dict[str, dict[str, Any]]:
    """By operationId."""
    found = {}
    for methods in document()["paths"].values():
        for method, node in methods.items():
            if method in ("get", "post", "delete", "put", "patch"):
                found[node["operationId"]] = node
    return found


def resolved(node: Any) -> Any:
    """A node, or what it refers to."""
    while isinstance(node, dict) and "$ref" in node:
        found = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def refusals() -> list[tuple[str, int, str, str]]:
    """Every documented refusal: operation, status, the name of its example, its text."""
    return [
        (operation, int(status), name, resolved(example)["value"]["error"])
        for operation, node in operations().items()
        for status, response in node["responses"].items()
        if int(status) >= 400
        for name, example in resolved(response)["content"]["application/json"]["examples"].items()
    ]

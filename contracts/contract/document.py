"""The document of the contract: where it is, and how one of its places is found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml


class ContractError(Exception):
    """The contract can't be read."""


class Place(NamedTuple):
    """A node of the document and its JSON Pointer; of a reference, the place that it leads to."""

    node: Any
    pointer: str


class Document:
    """The parsed document."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    @classmethod
    def load(cls, path: Path | None = None) -> "Document":
        """Read `path`, else our own contract. Raises ContractError with one line."""
        path = path or default_path()
        try:
            with path.open("rb") as file:
                # Both loaders are safe ones; the fast one is not built everywhere.
                data = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        except OSError as error:
            raise ContractError(f"{path}: can't be read: {error}") from None
        except yaml.YAMLError as error:
            raise ContractError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
        if not isinstance(data, dict) or not isinstance(data.get("paths"), dict):
            raise ContractError(f"{path}: not an OpenAPI document")
        return cls(data)

    def at(self, pointer: str, *keys: Any) -> Place:
        """The place beneath `pointer`, references followed. Raises ContractError if there is none."""
        for key in keys:
            pointer += "/" + str(key).replace("~", "~0").replace("/", "~1")
        return self.resolve(Place(self._find(pointer), pointer))

    def children(self, place: Place, key: str) -> list[tuple[str, Place]]:
        """The named places beneath a key of `place`, references followed; none if the key is missing."""
        return [(str(name), self.at(place.pointer, key, name)) for name in place.node.get(key) or {}]

    def resolve(self, place: Place) -> Place:
        """The place itself, or where its `$ref` leads."""
        for _ in range(20):
            if not isinstance(place.node, Mapping) or not isinstance(reference := place.node.get("$ref"), str):
                return place
            if not reference.startswith("#/"):
                raise ContractError(f"{place.pointer}: reference {reference!r} leaves the document")
            place = Place(self._find(reference[1:]), reference[1:])
        raise ContractError(f"{place.pointer}: references without end")

    def _find(self, pointer: str) -> Any:
        node: Any = self.data
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            try:
                node = node[int(key)] if isinstance(node, list) else node[key]
            except (KeyError, TypeError, ValueError, IndexError):
                raise ContractError(f"{pointer} points nowhere") from None
        return node


def default_path() -> Path:
    """Where our own contract is: beside this package in a wheel, in the root of a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "openapi.yaml"
    return packaged if packaged.exists() else package.parent / "openapi.yaml"

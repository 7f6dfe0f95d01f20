"""The contract's document: where it is, what it says, and what of it we honour.

A keyword that this package would silently ignore stops the start: a contract is honoured whole or not at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

Node = Mapping[str, Any]

_HTTP_METHODS: Final = ("get", "put", "post", "delete", "patch")

# What may stand in each object of the document, beside `x-` extensions. Keywords that only speak to readers are
# honoured by showing them; all others by code of this package.
_DESCRIBES: Final = {"description", "summary", "externalDocs", "deprecated"}
_HONOURED: Final[dict[str, set[str]]] = {
    "document": {
        "openapi",
        "info",
        "externalDocs",
        "servers",
        "security",
        "tags",
        "paths",
        "components",
    },
    "components": {"securitySchemes", "parameters", "examples", "responses", "schemas"},
    "server": {"url", "description"},
    "security scheme": {"type", "scheme", "bearerFormat", "description"},
    "path item": {*_HTTP_METHODS, "parameters", "summary", "description"},
    "operation": {
        *_DESCRIBES,
        *("operationId", "tags", "parameters", "requestBody", "responses", "callbacks", "security"),
    },
    "parameter": {*_DESCRIBES, "name", "in", "required", "schema", "example", "examples"},
    "request body": {*_DESCRIBES, "required", "content"},
    "media type": {"schema", "example", "examples"},
    "response": {*_DESCRIBES, "headers", "content", "links"},
    "header": {*_DESCRIBES, "schema", "example", "examples"},
    "schema": {
        *_DESCRIBES,
        *("$ref", "type", "format", "enum", "const", "default", "title", "example", "examples"),
        *("minimum", "maximum", "minLength", "maxLength", "pattern"),
        *("items", "minItems", "maxItems", "uniqueItems"),
        *("properties", "required", "additionalProperties", "allOf", "anyOf", "oneOf", "not"),
    },
}
_FORMATS: Final = {
    *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
    *("uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "regex"),
    *("json-pointer", "relative-json-pointer"),
    "password",  # any text, which no sentence repeats
}
_MEDIA_TYPES: Final = {
    *("application/json", "application/problem+json", "multipart/form-data"),
    *("text/plain", "application/x-ndjson"),
}


def parse_yaml(text: str | bytes) -> Any:
    """A YAML document as plain data, by the fast loader where it was built. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


class ContractError(Exception):
    """The contract can't be read, or asks for something this package does not honour."""


@dataclass(frozen=True)
class Document:
    """The parsed document and its text as written."""

    data: dict[str, Any]
    text: str

    @classmethod
    def load(cls, path: Path | None = None) -> "Document":
        """Read the contract from `path`, else the wheel's copy, else the checkout's.

        Raises ContractError with one line that names the file and what is wrong.
        """
        path = path or default_path()
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ContractError(f"{path}: can't be read: {error}") from None
        try:
            data = parse_yaml(text)
        except yaml.YAMLError as error:
            raise ContractError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
        document = cls(data, text)
        try:
            document.check()
        except ContractError as error:
            raise ContractError(f"{path}: {error}") from None
        except (TypeError, AttributeError) as error:
            raise ContractError(f"{path}: the contract misuses {error}") from error
        return document

    def check(self) -> None:
        """Raise ContractError for the first thing in the document that is not honoured."""
        data: Any = self.data
        if not isinstance(data, dict) or not str(data.get("openapi", "")).startswith("3.1"):
            raise ContractError("not an OpenAPI 3.1 document")
        for kind, pointer, node in self._objects():
            if not isinstance(node, Mapping):
                raise ContractError(f"{pointer}: {kind} must be an object, got {node!r}")
            for key in node:
                if str(key) not in _HONOURED[kind] and not str(key).startswith("x-"):
                    raise ContractError(f"{pointer}/{key}: keyword {key!r} of a {kind} is not honoured here")
            try:
                self.resolve(node)
            except ContractError as error:
                raise ContractError(f"{pointer}: {error}") from None

    @property
    def server(self) -> Node:
        """The only server. Raises ContractError for none or several."""
        servers = self.data.get("servers") or []
        if len(servers) != 1:
            raise ContractError(f"/servers: there must be one, got {len(servers)}")
        server: Node = servers[0]
        return server

    def resolve(self, node: Any) -> Any:
        """The node itself, or what its `$ref` points to. Raises ContractError for a reference to nowhere or itself."""
        followed: set[str] = set()
        while isinstance(node, Mapping) and isinstance(reference := node.get("$ref"), str):
            if reference in followed:
                raise ContractError(f"reference {reference!r} leads back to itself")
            followed.add(reference)
            node = self._at(reference)
        return node

    def _at(self, reference: str) -> Any:
        node: Any = self.data
        if not reference.startswith("#/"):
            raise ContractError(f"reference {reference!r} leaves the document")
        for part in reference[2:].split("/"):
            try:
                node = node[part.replace("~1", "/").replace("~0", "~")]
            except (KeyError, TypeError):
                raise ContractError(f"reference {reference!r} points nowhere") from None
        return node

    def operations(self) -> Iterator[tuple[str, str, Node, Node]]:
        """Path, method in upper case, path item and operation, as the document has them."""
        for path, item in self.data["paths"].items():
            for method in _HTTP_METHODS:
                if method in item:
                    yield path, method.upper(), item, item[method]

    def _objects(self) -> Iterator[tuple[str, str, Any]]:
        """Every object that has honoured keywords: kind, pointer, node."""
        components = self.data.get("components", {})
        yield "document", "", self.data
        for index, server in enumerate(self.data.get("servers", [])):
            yield from _server(server, f"/servers/{index}")
        yield "components", "/components", components
        for name, scheme in components.get("securitySchemes", {}).items():
            yield from _security_scheme(scheme, f"/components/securitySchemes/{name}")
        for name, schema in components.get("schemas", {}).items():
            yield from _schemas(schema, f"/components/schemas/{name}")
        for name, parameter in components.get("parameters", {}).items():
            yield from _parameter(parameter, f"/components/parameters/{name}")
        for name, response in components.get("responses", {}).items():
            yield from _response(response, f"/components/responses/{name}")
        for path, item in self.data.get("paths", {}).items():
            yield from _path_item(item, f"/paths/{path.replace('/', '~1')}")


def _server(server: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    yield "server", pointer, server
    if urlsplit(server.get("url", "")).path not in ("", "/"):
        raise ContractError(f"{pointer}/url: a base path in a server's url is not honoured here")


def _security_scheme(scheme: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    kind = f"{scheme.get('type')} {scheme.get('scheme', '')}".strip()
    if kind.lower() != "http bearer":
        raise ContractError(f"{pointer}: security scheme {kind!r} is not honoured here, only http bearer")
    yield "security scheme", pointer, scheme


def _path_item(item: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    yield "path item", pointer, item
    for index, parameter in enumerate(item.get("parameters", [])):
        yield from _parameter(parameter, f"{pointer}/parameters/{index}")
    for method in _HTTP_METHODS:
        if method not in item:
            continue
        operation = item[method]
        here = f"{pointer}/{method}"
        yield "operation", here, operation
        for index, parameter in enumerate(operation.get("parameters", [])):
            yield from _parameter(parameter, f"{here}/parameters/{index}")
        if "requestBody" in operation:
            yield "request body", f"{here}/requestBody", operation["requestBody"]
            yield from _content(operation["requestBody"].get("content", {}), f"{here}/requestBody/content")
        for status, response in operation.get("responses", {}).items():
            yield from _response(response, f"{here}/responses/{status}")
        for name, callback in operation.get("callbacks", {}).items():
            for expression, inner in callback.items():
                yield from _path_item(inner, f"{here}/callbacks/{name}/{expression}")


def _parameter(parameter: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    if "$ref" in parameter:
        return
    yield "parameter", pointer, parameter
    if parameter.get("in") not in ("path", "query"):
        raise ContractError(f"{pointer}/in: a parameter in {parameter.get('in')!r} is not honoured here")
    yield from _schemas(parameter.get("schema", {}), f"{pointer}/schema")


def _response(response: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    if "$ref" in response:
        return
    yield "response", pointer, response
    for name, header in response.get("headers", {}).items():
        here = f"{pointer}/headers/{name}"
        if name != "Retry-After":
            raise ContractError(f"{here}: header {name!r} is not honoured here, only Retry-After")
        yield "header", here, header
        yield from _schemas(header.get("schema", {}), f"{here}/schema")
    yield from _content(response.get("content", {}), f"{pointer}/content")


def _content(content: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    for media_type, media in content.items():
        here = f"{pointer}/{media_type.replace('/', '~1')}"
        if media_type not in _MEDIA_TYPES:
            raise ContractError(f"{here}: media type {media_type!r} is not honoured here")
        yield "media type", here, media
        yield from _schemas(media.get("schema", {}), f"{here}/schema")


def _schemas(schema: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(schema, bool):
        return
    yield "schema", pointer, schema
    if "format" in schema and schema["format"] not in _FORMATS:
        raise ContractError(f"{pointer}/format: format {schema['format']!r} is not checked here")
    for key in ("items", "additionalProperties", "not"):
        if key in schema:
            yield from _schemas(schema[key], f"{pointer}/{key}")
    for key in ("allOf", "anyOf", "oneOf"):
        for index, inner in enumerate(schema.get(key, [])):
            yield from _schemas(inner, f"{pointer}/{key}/{index}")
    for name, inner in schema.get("properties", {}).items():
        yield from _schemas(inner, f"{pointer}/properties/{name}")


def default_path() -> Path:
    """Where our own contract is."""
    package = Path(__file__).parents[1]
    packaged = package / "openapi.yaml"
    return packaged if packaged.exists() else package.parent / "openapi.yaml"

"""Requests that are wrong, or only odd: made of a good one and of the contract's schemas, each with one flaw."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from contracts.contract import Contract, Operation
from contracts.contract.schema import Schema
from contracts.verify.schema.inventory import Request

_JSON: Final = "application/json"
_DEEP: Final = 5_000
_LARGE: Final = 1_000_000


@dataclass(frozen=True)
class Odd:
    """A request with what is odd about it. `refused`: it breaks the contract, so it may not be accepted; `accepted`:
    it keeps the contract, so it may not be refused as malformed; neither: any documented answer will do.
    """

    operation: Operation
    what: str
    path: str
    body: bytes = b""
    content_type: str = ""
    refused: bool = False
    accepted: bool = False


def odd_requests(contract: Contract, good: Request) -> Iterator[Odd]:
    """Every oddity of a good request: of its path and query, of its body as bytes, and of its body's fields."""
    yield from _odd_parameters(contract, good)
    if good.body is not None:
        path = good.operation.address(**good.parameters)
        yield from _odd_bodies(good, path)
        yield from _odd_fields(contract, good, path)


def _odd_parameters(contract: Contract, good: Request) -> Iterator[Odd]:
    operation = good.operation
    base = operation.address(**good.parameters)
    body = b"" if good.body is None else json.dumps(good.body).encode()
    kind = _JSON if body else ""
    for parameter in operation.parameters:
        for text in _texts(parameter.schema, contract, query=parameter.place == "query"):
            values = {**good.parameters, parameter.name: text}
            what = f"{parameter.name} = {text[:60]!r}"
            yield Odd(operation, what, operation.address(**values), body, kind, refused=True)
        if parameter.raw and isinstance(value := good.parameters.get(parameter.name), str):
            coded = value.replace(":", "%3A").replace("@", "%40")
            yield Odd(operation, f"{parameter.name} percent-encoded", base.replace(value, coded), body, kind)
        elif parameter.place == "path" and isinstance(value := good.parameters.get(parameter.name), str):
            coded = base.replace(value, value.replace("@", "%40").replace("-", "%2D"))
            what = f"{parameter.name} percent-encoded"
            yield Odd(operation, what, coded, body, kind, accepted=operation.reads and coded != base)
        for text in ("%00", "%ff", "%F0%28%8C%28", "a%2Fb", "%2e%2e", "x" * 8_000, "%0d%0aX-Injected:%20yes"):
            if parameter.place == "query":
                joint = "&" if "?" in base else "?"
                yield Odd(
                    operation, f"{parameter.name} = {text[:30]}", f"{base}{joint}{parameter.name}={text}", body, kind
                )
            elif isinstance(value := good.parameters.get(parameter.name), str):
                at = operation.address(**{**good.parameters, parameter.name: "PLACE"}).replace("PLACE", text)
                yield Odd(operation, f"{parameter.name} = {text[:30]}", at, body, kind)
    joint = "&" if "?" in base else "?"
    if operation.reads:
        yield Odd(operation, "an unknown parameter", f"{base}{joint}unknown=1", body, kind, accepted=True)
        yield Odd(operation, "a parameter without a name", f"{base}{joint}=&&=1", body, kind)
        yield Odd(operation, "9,000 parameters", f"{base}{joint}{'a=1&' * 9_000}", body, kind)


def _odd_bodies(good: Request, path: str) -> Iterator[Odd]:
    operation, fields = good.operation, dict(good.body or {})
    text = json.dumps(fields)
    needed = bool(operation.bodies[_JSON].schema.node.get("required"))
    inside = text[:-1] + (", " if fields else "")
    wrong = {
        "no body": b"",
        "a body that is no JSON": b'{"video_id": ',
        "a list": b"[]",
        "null": b"null",
        "a text": b'"text"',
        "a number": b"1",
        "JSON with something behind it": text.encode() + b" {}",
        "single quotes": text.replace('"', "'").encode(),
        "5,000 lists in each other": b"[" * _DEEP + b"]" * _DEEP,
        "only a space": b" ",
        "a byte that is no UTF-8": b"\xff\xfe",
    }
    for what, body in wrong.items():
        yield Odd(operation, what, path, body, _JSON, refused=needed or what not in {"no body", "only a space"})
    odd = {
        "a byte order mark": b"\xef\xbb\xbf" + text.encode(),
        "UTF-16": text.encode("utf-16"),
        "NaN": f'{inside}"unknown": NaN}}'.encode(),
        "a number beyond every double": f'{inside}"unknown": 1e999}}'.encode(),
        "an integer of 5,000 digits": f'{inside}"unknown": {"9" * _DEEP}}}'.encode(),
        "a lone surrogate": f'{inside}"unknown": "\\ud800"}}'.encode(),
        "a key that is a lone surrogate": f'{inside}"\\udfff": 1}}'.encode(),
        "a NUL": f'{inside}"unknown": "\\u0000"}}'.encode(),
        "invalid UTF-8 in a text": inside.encode() + b'"unknown": "\xff\xc0"}',
        "5,000 objects in each other": f'{inside}"unknown": {"{" + chr(34) + "a" + chr(34) + ":"}'.encode()
        + b'{"a":' * _DEEP
        + b"1"
        + b"}" * (_DEEP + 2),
        "a text of 1 MB": f'{inside}"unknown": "{"x" * _LARGE}"}}'.encode(),
        "an empty key": f'{inside}"": 1}}'.encode(),
        "the same key twice": (text[:-1] + ", " + text[1:]).encode() if fields else b'{"name": "a", "name": "b"}',
    }
    for what, body in odd.items():
        yield Odd(operation, what, path, body, _JSON)
    for kind in ("text/plain", "application/xml", "", "application/json; charset=utf-16", "x", "multipart/form-data"):
        yield Odd(operation, f"content type {kind or 'missing'}", path, text.encode(), kind)
    if "multipart/form-data" in operation.bodies:
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{each}\r\n' for key, each in fields.items()
        ]
        body = ("".join(parts) + "--x--\r\n").encode()
        yield Odd(operation, "a form", path, body, "multipart/form-data; boundary=x", accepted=True)
    form = b'--x\r\nContent-Disposition: form-data; name="video_id"\r\n\r\n'
    yield Odd(operation, "a form that breaks off", path, form, "multipart/form-data; boundary=x")
    yield Odd(operation, "a form without a part", path, b"--x--\r\n", "multipart/form-data; boundary=x", refused=needed)


def _odd_fields(contract: Contract, good: Request, path: str) -> Iterator[Odd]:
    operation, fields = good.operation, dict(good.body or {})
    node = operation.bodies[_JSON].schema.node
    components = contract.document["components"]

    def sent(what: str, body: dict[str, Any], *, refused: bool = False, accepted: bool = False) -> Odd:
        return Odd(operation, what, path, json.dumps(body).encode(), _JSON, refused, accepted)

    for name in node.get("required", ()):
        yield sent(f"no {name}", {key: value for key, value in fields.items() if key != name}, refused=True)
    for name, described in node.get("properties", {}).items():
        schema = Schema(described, f"{operation.bodies[_JSON].schema.pointer}/properties/{name}", components)
        for value in _values(_resolved(described, components)):
            if not schema.is_valid(value):
                yield sent(f"{name} = {json.dumps(value)[:60]}", {**fields, name: value}, refused=True)
        for value in _limits(_resolved(described, components)):
            if schema.is_valid(value) and name not in operation.path:
                yield sent(f"{name} = {json.dumps(value)[:60]}", {**fields, name: value}, accepted=True)
    yield sent("an unknown field", {**fields, "unknown": {"a": [1, None, "é"]}}, accepted=True)


def _resolved(node: Any, components: Any) -> Any:
    while isinstance(reference := node.get("$ref"), str):
        node = components["schemas"][reference.rsplit("/", 1)[-1]]
    return node


def _values(node: Any) -> Iterator[Any]:
    """Values near a schema's edges and far from them, of which some break it."""
    yield from (None, True, [], {}, 0, -1, 1.5, "", " ", "x", 10**30)
    for bound, step in (("minimum", -1), ("maximum", 1)):
        if bound in node:
            yield node[bound] + step
            yield str(node[bound])
    if "maxLength" in node:
        yield "x" * (node["maxLength"] + 1)
    for text in node.get("examples", ()):
        # "$" of many a pattern lets a last line break through; so do searches that are no full matches.
        yield from (
            f"{text}\n",
            f" {text}",
            f"{text} ",
            f"x{text}",
            f"\0{text}",
            text[1:],
            text[:-1] + "\u00e9",
            [text],
        )
    if node.get("type") == "string" and "pattern" in node:
        yield from (
            "javascript:alert(1)",
            "ftp://example.com/x",
            "file:///etc/passwd",
            "http://",
            "//example.com",
            "user:1",
            "a@b@c",
        )


def _limits(node: Any) -> Iterator[Any]:
    """Values at a schema's limits that keep it, if nothing else forbids them."""
    yield from (node[bound] for bound in ("minimum", "maximum") if bound in node)
    if node.get("type") == "string" and "pattern" not in node and "maxLength" in node and "format" not in node:
        # Characters are counted, not bytes and not halves of UTF-16.
        yield from ("x" * node["maxLength"], "\U0001f600" * node["maxLength"], '\u05d0\u0301\u200d\u202e\u00df\n\t"\\')


def _texts(schema: Schema, contract: Contract, *, query: bool) -> Iterator[str]:
    """Texts for a parameter that break its schema, read as the parameter's type."""
    node = _resolved(schema.node, contract.document["components"])
    numeric = node.get("type") == "integer"
    for value in dict.fromkeys(str(value) for value in _values(node) if isinstance(value, str | int | float)):
        if numeric:
            whole = value.lstrip("-").isdecimal() and value.isascii()
            if whole and schema.is_valid(int(value)):
                continue
            if value in {"", " "} or value.strip() != value:
                # Whether nothing is no number, or no parameter, is not said.
                continue
            yield value
        elif not schema.is_valid(value) and (value.strip() or not query) and value.strip(". \n"):
            yield value

"""An operation of the contract, compiled: what it takes, what it may answer."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

from mockserver.spec import body as bodies
from mockserver.spec.answer import Answer
from mockserver.spec.document import ContractError, Document, Node
from mockserver.spec.validation import Validator, holds_secret, show, show_text
from mockserver.spec.violation import Violation

_MAX_FIELDS: Final = 1_000
_JSON_TYPES: Final = ("application/json", "application/problem+json")
_TEXT_TYPES: Final = ("text/plain", "application/x-ndjson")


class Operation:
    """One method and path, known by its operationId.

    `success` is the status of its good answer; `answers` are the named examples by (status, name).
    """

    def __init__(self, document: Document, path: str, method: str, item: Node, node: Node) -> None:
        self.id: str = node["operationId"]
        self.path = path
        self.method = method
        self.secured = bool(node.get("security", document.data.get("security")))
        self.node = node
        resolve = document.resolve
        parameters = [resolve(p) for p in (*item.get("parameters", ()), *node.get("parameters", ()))]
        self._path_parameters = _Parameters(document, [p for p in parameters if p["in"] == "path"], "path")
        self._query_parameters = _Parameters(document, [p for p in parameters if p["in"] == "query"], "query")
        self._body = _Body(document, self.id, resolve(node["requestBody"])) if "requestBody" in node else None
        self.answers: dict[tuple[int, str], Answer] = {}
        self.media_types: dict[int, str] = {}
        """Of the answers that are text."""
        self._responses: dict[int, Validator | None] = {}
        self._by_violation: dict[tuple[str, str], Answer] = {}
        for status, response in node["responses"].items():
            self._add_response(document, int(status), resolve(response))
        self.success = min(status for status in self._responses if status < 300)

    def _add_response(self, document: Document, status: int, response: Node) -> None:
        content = response.get("content", {})
        if not content:
            self._responses[status] = None
            return
        media_type = next(iter(content))
        if media_type in _TEXT_TYPES:
            self._responses[status] = None
            self.media_types[status] = media_type
            return
        if media_type not in _JSON_TYPES or len(content) > 1:
            raise ContractError(f"{self.id}: response {status} must have one JSON content, got {', '.join(content)}")
        media = content[media_type]
        validator = self._responses[status] = Validator(document, media["schema"], "body")
        for name, reference in media.get("examples", {}).items():
            example = document.resolve(reference)
            try:
                answer = Answer(
                    status=status,
                    name=name,
                    value=example["value"],
                    reason=response.get("x-reason"),
                    validator=validator,
                    summary=example.get("summary", ""),
                    provenance=example.get("x-provenance", ""),
                )
            except ContractError as error:
                raise ContractError(f"{self.id}: {error}") from None
            self.answers[status, name] = answer
            if rule := example.get("x-violation"):
                self._by_violation[rule["pointer"], rule["rule"]] = answer

    def read(
        self,
        raw_path: Mapping[str, str],
        query: str,
        content_type: bytes | None,
        body: bytes,
        *,
        encoded_ids: bool = False,
    ) -> tuple[dict[str, Any], Any] | list[Violation]:
        """Parameters by name and the body's value (None without one), or all violations.

        `encoded_ids` accepts percent-encoding in parameters that the contract wants raw.
        """
        parameters: dict[str, Any] = {}
        violations = self._path_parameters.read_path(raw_path, parameters, encoded_ids=encoded_ids) if raw_path else []
        if self._query_parameters.concern(query):
            violations += self._query_parameters.read_query(query, parameters)
        if self._body is None:
            return violations or (parameters, None)
        value = self._body.read(content_type, body)
        if isinstance(value, _Violations):
            violations += value
        return violations or (parameters, value)

    @property
    def takes_input(self) -> bool:
        """Whether a request can break its form: it has parameters or a body."""
        return self._body is not None or any((self._path_parameters.names, self._query_parameters.names))

    def misfit(self, status: int, value: Any) -> list[Violation]:
        """How an answer of ours breaks the contract; empty for one that fits."""
        try:
            validator = self._responses[status]
        except KeyError:
            return [Violation("status", "", "responses", f"{self.id} has no response {status}")]
        if validator is None or validator.fits(value):
            return []
        return validator.violations(value)

    def refusing(self, violation: Violation) -> Answer:
        """The answer to a violation: the one that the contract made for it, else its bad-request."""
        found = self._by_violation.get((violation.pointer, violation.rule))
        return found or self.answers[400, "bad-request"]

    def answer(self, name: str, *, status: int | None = None) -> Answer | None:
        """The example of this name, of `status` if given and declared, else of the lowest status that has it."""
        if status is not None and (found := self.answers.get((status, name))):
            return found
        return min(
            (answer for (_, key), answer in self.answers.items() if key == name),
            key=lambda answer: answer.status,
            default=None,
        )


class _Violations(list[Violation]):
    """Tells violations from a body that is a list."""


class _Body:
    def __init__(self, document: Document, operation: str, node: Node) -> None:
        content: Node = node["content"]
        if not node.get("required"):
            raise ContractError(f"{operation}: a request body that may be left out is not honoured here")
        self._fields: dict[str, bodies.Fields] = {}
        schemas = [media["schema"] for media in content.values()]
        if any(schema != schemas[0] for schema in schemas):
            raise ContractError(f"{operation}: a request body with different schemas is not honoured here")
        self._validator = Validator(document, schemas[0], "body")
        properties = document.resolve(schemas[0]).get("properties", {})
        types = {name: document.resolve(schema).get("type", "string") for name, schema in properties.items()}
        secrets = [name for name, schema in properties.items() if holds_secret(document, schema)]
        for media_type in content:
            self._fields[media_type] = bodies.Fields(types, secrets)

    def read(self, content_type: bytes | None, body: bytes) -> Any:
        value = bodies.parse(body, content_type, self._fields)
        if isinstance(value, Violation):
            return _Violations([value])
        if self._validator.fits(value):
            return value
        return _Violations(self._validator.violations(value))


class _Parameters:
    def __init__(self, document: Document, nodes: list[Node], where: str) -> None:
        properties = {node["name"]: node["schema"] for node in nodes}
        required = [node["name"] for node in nodes if node.get("required")]
        self._where = where
        self._integers = {n for n, s in properties.items() if document.resolve(s).get("type") == "integer"}
        self._raw = {node["name"] for node in nodes if node.get("x-raw")}
        self.names = set(properties)
        self._validator = Validator(document, {"type": "object", "properties": properties, "required": required}, where)
        resolved = {name: document.resolve(schema) for name, schema in properties.items()}
        self._defaults = {name: schema["default"] for name, schema in resolved.items() if "default" in schema}
        self._always = bool(self._defaults or required)

    def concern(self, query: str) -> bool:
        """Whether there is anything to read in this query; what is not declared is ignored."""
        return self._always or bool(query and self.names)

    def read_path(self, raw: Mapping[str, str], into: dict[str, Any], *, encoded_ids: bool) -> list[Violation]:
        violations = []
        for name, text in raw.items():
            if "%" not in text:
                into[name] = text
                continue
            value = _decoded(text)
            into[name] = text if value is None else value
            if value is None:
                sentence = f"{name} must be percent-encoded UTF-8, got {show(text)}"
                violations.append(Violation(self._where, f"/{name}", "utf-8", sentence, show(text)))
            elif name in self._raw and not encoded_ids:
                sentence = f"{name} must be sent raw in the path, got {show(text)}"
                violations.append(Violation(self._where, f"/{name}", "raw", sentence, show_text(text)))
        return violations or self._judge(into)

    def read_query(self, query: str, into: dict[str, Any]) -> list[Violation]:
        if query.count("&") >= _MAX_FIELDS:
            sentence = f"the query must have at most {_MAX_FIELDS} fields, got more"
            return [Violation(self._where, "", "maxFields", sentence, show(query))]
        values: dict[str, Any] = dict(self._defaults)
        try:
            for name, text in parse_qsl(query, keep_blank_values=True, errors="strict"):
                if name in self.names:
                    values[name] = bodies.number(text) if name in self._integers else text
        except ValueError as error:
            sentence = f"the query must be percent-encoded UTF-8, got {show(query)}: {error}"
            return [Violation(self._where, "", "utf-8", sentence, show(query))]
        into.update(values)
        return self._judge(values)

    def _judge(self, values: dict[str, Any]) -> list[Violation]:
        return [] if self._validator.fits(values) else self._validator.violations(values)


def _decoded(text: str) -> str | None:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return None

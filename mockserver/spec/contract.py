"""The whole contract, compiled."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mockserver.spec.answer import Answer
from mockserver.spec.document import ContractError, Document, default_path
from mockserver.spec.operation import Operation
from mockserver.spec.routing import Router
from mockserver.spec.validation import Validator


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a video's number asks for by itself: an answer, or a job that ends in the status of this name."""

    answer: Answer | None = None
    ends: str | None = None


class Contract:
    """Everything that `openapi.yaml` says, ready to be asked.

    `triggers` are those of each operation by number; `unmatched` the answers to requests without an operation;
    `faults` what its x-faults lists, by name;
    `token_pattern` the form of a token, its first group the user's number; `cost` the credits of an upscale.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.operations = {
            operation.id: operation
            for operation in (
                Operation(document, path, method, item, node) for path, method, item, node in document.operations()
            )
        }
        self.router = Router(self.operations.values())
        self.match = self.router.match
        self.triggers = {
            operation.id: {
                int(number): _trigger(operation, number, node)
                for number, node in operation.node.get("x-triggers", {}).get("numbers", {}).items()
            }
            for operation in self.operations.values()
        }
        data = document.data
        self.unmatched = {
            name: Answer(status=node["status"], name=name, value=node["value"])
            for name, node in data.get("x-unmatched", {}).get("examples", {}).items()
        }
        self.faults: Mapping[str, Mapping[str, Any]] = data.get("x-faults", {}).get("faults", {})
        schemes: Mapping[str, Any] = data.get("components", {}).get("securitySchemes", {})
        patterns = [scheme["x-pattern"] for scheme in schemes.values() if "x-pattern" in scheme]
        self.token_pattern: str | None = patterns[0] if patterns else None

    @classmethod
    def load(cls, path: Path | None = None) -> "Contract":
        """Read and compile the contract at `path`, else our own. Raises ContractError with one line."""
        path = path or default_path()
        document = Document.load(path)
        try:
            return cls(document)
        except ContractError as error:
            raise ContractError(f"{path}: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ContractError(f"{path}: the contract misses or misuses {error}") from error

    @cached_property
    def callback(self) -> Validator:
        """The form of the body that is sent to a `replyUrl`. Raises ContractError if the contract has none."""
        resolve = self.document.resolve
        for operation in self.operations.values():
            for reference in operation.node.get("callbacks", {}).values():
                for expression in resolve(reference).values():
                    if isinstance(expression, Mapping) and "post" in expression:
                        content = resolve(expression["post"]["requestBody"])["content"]
                        return Validator(self.document, content["application/json"]["schema"], "body")
        raise ContractError("no operation has a callback with a JSON body")

    @property
    def cost(self) -> int:
        """Credits that an upscale costs."""
        return int(self.operations["upscaleVideo"].node["x-credits"]["cost"])


def _trigger(operation: Operation, number: str, node: Mapping[str, Any]) -> Trigger:
    if "ends" in node:
        return Trigger(ends=node["ends"])
    answer = operation.answers.get((int(node["response"]), node["example"]))
    if answer is None:
        raise ContractError(f"{operation.id}: trigger {number} names no response and example: {dict(node)}")
    return Trigger(answer=answer)

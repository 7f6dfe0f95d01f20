"""Method and raw path to an operation. A path without templates wins over one with; each may end in a slash."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from mockserver.spec.operation import Operation


class Match(NamedTuple):
    """The operation, and the path's parameters as they were sent (still percent-encoded)."""

    operation: Operation
    parameters: dict[str, str]


class Miss(NamedTuple):
    """No operation; `allowed` are the methods that the path has, none for an unknown path."""

    allowed: tuple[str, ...]


class Router:
    """All operations by their paths."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._static: dict[str, dict[str, Operation]] = {}
        templated: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            methods = (templated if "{" in operation.path else self._static).setdefault(operation.path, {})
            methods[operation.method] = operation
        for path, methods in list(self._static.items()):
            self._static[f"{path}/"] = methods
        self._templated = [(_pattern(path), methods) for path, methods in templated.items()]

    def match(self, method: str, path: str) -> Match | Miss:
        """HEAD is answered as GET, as HTTP demands; the adapters leave the body out."""
        if method == "HEAD":
            method = "GET"
        methods = self._static.get(path)
        parameters: dict[str, str] = {}
        if methods is None:
            for pattern, candidates in self._templated:
                if found := pattern.fullmatch(path):
                    methods, parameters = candidates, found.groupdict()
                    break
            else:
                return Miss(())
        operation = methods.get(method)
        return Match(operation, parameters) if operation is not None else Miss(tuple(sorted(methods)))


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    literal = [re.escape(part) for part in parts[::2]]
    groups = [f"(?P<{name}>[^/]+)" for name in parts[1::2]]
    return re.compile("".join(a + b for a, b in zip(literal, [*groups, ""], strict=True)) + "/?")

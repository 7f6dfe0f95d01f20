"""Which exchanges are meant: criteria in JSON, compiled once, held against many exchanges."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mockserver.api import Api
from mockserver.control.pattern import NOTHING, Pattern, PatternError, Patterns
from mockserver.journal import Exchange
from mockserver.refusing import EXAMPLES
from mockserver.spec import Contract, Match
from mockserver.spec.validation import show

Wish = Callable[[Exchange], Iterator[str]]
"""In which ways an exchange is not what was wished for, in words."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What exchanges behind the number `since` have to be like; all that is not wished for may be as it likes."""

    since: int
    wishes: Sequence[Wish]

    def fits(self, exchange: Exchange) -> bool:
        """Whether an exchange is like this."""
        return exchange.number > self.since and not any(True for wish in self.wishes for _ in wish(exchange))

    def differences(self, exchange: Exchange) -> list[str]:
        """In which ways an exchange is not like this, in words; `since` left aside."""
        return [difference for wish in self.wishes for difference in wish(exchange)]


class CriteriaReader:
    """Reads the criteria of one call."""

    def __init__(self, api: Api) -> None:
        self._contract = api.contract
        self._patterns = Patterns()
        self._known = {
            "operation": [*api.contract.operations],
            "refusal": sorted(set(EXAMPLES.values())),
            "fault": api.catalogue.names(),
        }

    def read(self, data: Mapping[str, Any], place: str = "") -> Criteria:
        """The criteria that the document's form lets through, which stand at a place of the call.

        Raises PatternError.
        """
        wishes: list[Wish] = []
        for name, read in (("operation", _operation), ("refusal", _refusals), ("fault", _faults)):
            if name in data:
                self._check(name, data[name], place)
                wishes.append(partial(_wish, self._patterns.same(data[name]), read, name))
        if "method" in data:
            wishes.append(partial(_wish, self._patterns.same(data["method"].upper()), _method, "method"))
        if "status" in data:
            wishes.append(_of_status(data["status"]))
        if "path" in data:
            wanted = data["path"]
            # A part of the path is what people have at hand.
            node = {"contains": wanted} if isinstance(wanted, str) else wanted
            wishes.append(partial(_wish, self._patterns.of(node, f"{place}path"), _path, "path"))
        for kind, values in (("headers", _header), ("query", _parameter)):
            for name, node in data.get(kind, {}).items():
                pattern = self._patterns.of(node, f"{place}{kind}.{name}")
                key = name.lower() if kind == "headers" else name
                wishes.append(partial(_wish, pattern, partial(values, key), f"{kind}.{name}"))
        if "body" in data:
            pattern = self._patterns.of(data["body"], f"{place}body")
            wishes.append(partial(_wish, pattern, partial(_bodies, self._contract), "body"))
        return Criteria(int(data.get("since", 0)), wishes)

    def _check(self, name: str, value: str, place: str) -> None:
        if value not in self._known[name]:
            raise PatternError(f"{place}{name} must be one of {', '.join(self._known[name])}, got {show(value)}")


def _wish(pattern: Pattern, read: Callable[[Exchange], Sequence[Any]], place: str, exchange: Exchange) -> Iterator[str]:
    """How the value that comes nearest differs from the pattern; not at all if one of them fits."""
    values = read(exchange) or (NOTHING,)
    yield from min((list(pattern.differences(value, place)) for value in values), key=len)


def _of_status(wanted: float | str) -> Wish:
    """A status, or all of a hundred, as "4xx"."""
    text = str(int(wanted)) if isinstance(wanted, float | int) else wanted

    def differs(exchange: Exchange) -> Iterator[str]:
        status = str(exchange.response.status)
        if status != text and not (text.endswith("xx") and len(status) == 3 and status[0] == text[0]):
            yield f"status must be {text}, got {status}"

    return differs


def _operation(exchange: Exchange) -> Sequence[Any]:
    return (exchange.operation,) if exchange.operation else ()


def _method(exchange: Exchange) -> Sequence[Any]:
    return (exchange.request.method,)


def _path(exchange: Exchange) -> Sequence[Any]:
    return (exchange.request.path,)


def _refusals(exchange: Exchange) -> Sequence[Any]:
    return (exchange.refusal,) if exchange.refusal is not None else ()


def _faults(exchange: Exchange) -> Sequence[Any]:
    return [fault.name for fault in exchange.faults]


def _header(name: str, exchange: Exchange) -> Sequence[Any]:
    wanted = name.encode("latin-1", "replace")
    return [value.decode("latin-1") for key, value in exchange.request.headers if key == wanted]


def _parameter(name: str, exchange: Exchange) -> Sequence[Any]:
    query = exchange.request.query
    return [value for key, value in parse_qsl(query, keep_blank_values=True) if key == name] if query else ()


def _bodies(contract: Contract, exchange: Exchange) -> Sequence[Any]:
    """The body: JSON, the fields of a form that fits its operation, else the text; none for no body."""
    request = exchange.request
    if not request.body:
        return ()
    try:
        return (orjson.loads(request.body),)
    except orjson.JSONDecodeError:
        kind = request.header(b"content-type")
    match = contract.match(request.method, request.path)
    if isinstance(match, Match) and kind is not None and b"form" in kind:
        read = match.operation.read(match.parameters, request.query, kind, request.body, encoded_ids=True)
        if not isinstance(read, list):
            return (read[1],)
    return (request.body.decode("utf-8", "replace"),)

"""The `faults` of a scenario to rules: what its schema leaves open is decided here, with the contract at hand."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from mockserver.faults import catalogue
from mockserver.faults.actions import Action, Stage
from mockserver.faults.catalogue import Catalogue
from mockserver.faults.plan import Rule
from mockserver.misformed import Misformed, unknown
from mockserver.spec import Answer

_SLOWEST: Final = 600
"""Real seconds over which a body may come: a client that has gone is only noticed at the next piece."""
_NO_CONTENT: Final = frozenset({204, 304})
_SERVERS: Final = frozenset(
    {"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer", "te", "date"}
)
"""Headers that the server sets itself: where an answer ends, and when it was made."""


def rules(data: Sequence[Mapping[str, Any]], known: Catalogue) -> tuple[Rule, ...]:
    """The rules of a plan that keeps the schema.

    Raises Misformed, placed below "faults", for an operation or a fault that there is not, and for keys that have no
    meaning together.
    """
    return tuple(rule(each, known, ("faults", index)) for index, each in enumerate(data))


def rule(data: Mapping[str, Any], known: Catalogue, place: tuple[str | int, ...] = ()) -> Rule:
    """One rule, which stands at `place`. Raises Misformed."""
    operation: str | None = data.get("operation")
    if operation is not None and operation not in known.operations:
        raise Misformed((*place, "operation"), unknown(operation, known.operations, "operation"))
    if ("fault" in data) == ("status" in data):
        raise Misformed(place, f"must have either fault or status, got {'both' if 'fault' in data else 'neither'}")
    reader = _named if "fault" in data else _by_body if "body" in data else _by_status
    name, provenance, summary, stage, action, operations = reader(data, known, place)
    if operation is not None and operations is not None:
        operations = operations & {operation}
    elif operation is not None:
        operations = frozenset({operation})
    _check_headers(data, place)
    return Rule(
        data=data,
        name=name,
        provenance=provenance,
        summary=summary,
        stage=stage,
        action=action,
        operations=operations,
        calls=_calls(data),
        video=data.get("video"),
        share=data.get("share"),
        times=_times(data, place),
    )


_Read = tuple[str, str, str, Stage, Action, frozenset[str] | None]
_NAMED: Final = ("handled", "seconds", "headers", "example", "body")


def _named(data: Mapping[str, Any], known: Catalogue, place: tuple[str | int, ...]) -> _Read:
    name: str = data["fault"]
    if answers := known.documented(name):
        _refuse(data, place, f"{name}, an answer of the contract", ("handled", "seconds", "example", "body"))
        operation = data.get("operation")
        chosen: dict[str, Answer] = {}
        for status in sorted(answers, reverse=True):
            chosen |= answers[status]
        if operation is not None and operation not in chosen:
            whose = ", ".join(chosen)
            raise Misformed((*place, "fault"), f"must be an answer of {operation}, got {name}, which is one of {whose}")
        return _documented(name, chosen if operation is None else {operation: chosen[operation]}, data)
    node = known.nodes.get(name)
    if node is None:
        raise Misformed((*place, "fault"), unknown(name, known.names(), "fault"))
    takes = _parameters(node)
    _refuse(data, place, name, tuple(key for key in _NAMED if key not in takes))
    _check_seconds(data, node, place)
    stage, action = catalogue.action(node, data)
    return name, node["x-provenance"], node["summary"], stage, action, None


def _by_status(data: Mapping[str, Any], known: Catalogue, place: tuple[str | int, ...]) -> _Read:
    _refuse(data, place, "a documented answer", ("handled", "seconds"))
    status, name, operation = data["status"], data.get("example"), data.get("operation")
    asked = [known.operations[operation]] if operation is not None else known.operations.values()
    chosen: dict[str, Answer] = {}
    for each in asked:
        for (code, example), answer in each.answers.items():
            if code == status and name in (None, example):
                chosen.setdefault(each.id, answer)
    if chosen:
        return _documented(name or next(iter(chosen.values())).name, chosen, data)
    whose = operation or "any operation"
    key, value = ("status", str(status)) if name is None else ("example", f"{name} with status {status}")
    answers = {answer: None for each in asked for answer in each.answers}
    if operation is None and name is not None:
        # All there are would be too many to read.
        answers = {(code, example): None for code, example in answers if code == status} or answers
    if operation is None and name is None:
        there = ", ".join(map(str, sorted({code for code, _ in answers})))
    else:
        there = ", ".join(f"{code} {example}" for code, example in answers)
    hint = "; with a body it is answered all the same" if name is None else ""
    raise Misformed((*place, key), f"must be an answer that the contract has for {whose} ({there}), got {value}{hint}")


def _by_body(data: Mapping[str, Any], known: Catalogue, place: tuple[str | int, ...]) -> _Read:  # noqa: ARG001 - a reader like the others
    _refuse(data, place, "an answer with a body of its own", ("handled", "seconds", "example"))
    _check_body(data, place)
    kind = "text/html" if isinstance(data["body"], str) else "application/json"
    action = catalogue.undocumented(data["status"], data["body"], kind, data)
    summary = f"{data['status']} with a body of the scenario's own"
    return str(data["status"]), "inferred", summary, Stage.ARRIVAL, action, None


def _documented(name: str, answers: Mapping[str, Answer], data: Mapping[str, Any]) -> _Read:
    stage, action = catalogue.documented(answers, data)
    first = next(iter(answers.values()))
    return name, first.provenance, first.summary, stage, action, frozenset(answers)


def _parameters(node: Mapping[str, Any]) -> frozenset[str]:
    """The keys of a rule that mean something for an entry of x-faults."""
    if "status" in node:
        return frozenset({"headers"})
    if "delays" in node or node.get("wire") == "dribbled":
        return frozenset({"seconds"})
    return frozenset({"handled"}) if node.get("wire") in catalogue.HANDLED and not node.get("accepted") else frozenset()


def _check_seconds(data: Mapping[str, Any], node: Mapping[str, Any], place: tuple[str | int, ...]) -> None:
    seconds = data.get("seconds")
    if "delays" in node and seconds is None:
        raise Misformed(place, "latency must have seconds, got none")
    if isinstance(seconds, int | float):
        if "delays" not in node and seconds > _SLOWEST:
            raise Misformed((*place, "seconds"), f"must be at most {_SLOWEST} for {data['fault']}, got {seconds}")
        return
    if seconds is None:
        return
    if "delays" not in node:
        raise Misformed((*place, "seconds"), f"must be a number for {data['fault']}, got {dict(seconds)}")
    if "from" in seconds and seconds["from"] > seconds["to"]:
        raise Misformed((*place, "seconds"), f"from must be at most to, got {seconds['from']} and {seconds['to']}")


def _check_headers(data: Mapping[str, Any], place: tuple[str | int, ...]) -> None:
    for name in data.get("headers", {}):
        if name.lower() in _SERVERS:
            raise Misformed((*place, "headers", name), "must be left to the server, which sets it itself")


def _check_body(data: Mapping[str, Any], place: tuple[str | int, ...]) -> None:
    try:
        orjson.dumps(data["body"])
    except orjson.JSONEncodeError as error:
        raise Misformed((*place, "body"), f"must be text or JSON that can be written: {error}") from None
    if data["status"] in _NO_CONTENT and data["body"] != "":
        raise Misformed((*place, "body"), f"must be empty with status {data['status']}, which has no content")


def _calls(data: Mapping[str, Any]) -> frozenset[int]:
    call = data.get("call", ())
    return frozenset({call} if isinstance(call, int) else call)


def _times(data: Mapping[str, Any], place: tuple[str | int, ...]) -> int | None:
    if data.get("sticky"):
        if "times" in data:
            raise Misformed(place, f"must have either times or sticky, got times {data['times']} and sticky true")
        return None
    if "times" in data:
        return int(data["times"])
    if "call" in data:
        return len(_calls(data)) if "operation" in data else None
    return None if "share" in data else 1


def _refuse(data: Mapping[str, Any], place: tuple[str | int, ...], what: str, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in data:
            raise Misformed((*place, key), f"{key} means nothing for {what}")

"""The requests themselves: an operation of the API, in the form that the contract asks for."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from contracts.contract.document import Document
from contracts.findings import Provenance, Severity
from contracts.grade.rubric.check import UPSCALE, VIDEO, Broken, Check, Held, Outcome, rule, told
from contracts.grade.watched import Moment, Watched

_ENCODED: Final = ("%3a", "%40")
_BODY: Final = f"{UPSCALE}/requestBody/content/application~1json/schema"


def _operation(run: Watched) -> Iterator[Outcome]:
    for each in run.all_calls:
        if each.operation:
            yield Held()
        elif each.exchange.nearest:
            got = f"{told(each)}, answered {each.exchange.status}"
            yield Broken(each.exchange.nearest, got, (each,), 0)


def _encoded(moment: Moment) -> bool:
    path = moment.exchange.path.lower()
    return any(each in path for each in _ENCODED)


def _of_content_type(sentence: str) -> bool:
    return "content-type" in sentence.lower()


def _valid(run: Watched) -> Iterator[Outcome]:
    for each in run.calls:
        if not each.operation:
            continue
        wrong = [
            sentence
            for where, sentence in each.exchange.violations
            if not _of_content_type(sentence) and not (where == "path" and _encoded(each))
        ]
        if wrong:
            got = f"{told(each)}: {wrong[0]}"
            yield Broken("a request that fits the contract", got, (each,), 0, each.operation)
        elif not each.exchange.violations:
            yield Held()


def _content_type(run: Watched) -> Iterator[Outcome]:
    for each in run.calls:
        if each.exchange.body is None or not each.operation:
            continue
        wrong = [sentence for _, sentence in each.exchange.violations if _of_content_type(sentence)]
        if wrong:
            sent = each.exchange.header("content-type")
            got = f"Content-Type: {sent}" if sent else "a body without Content-Type"
            expected = "Content-Type: application/json (or multipart/form-data), and a body of that kind"
            yield Broken(expected, got, (each,), 0, each.operation)
        else:
            yield Held()


def _raw_id(run: Watched) -> Iterator[Outcome]:
    for each in run.calls:
        if each.operation not in ("getVideo", "deleteVideo", "cancelJob"):
            continue
        if _encoded(each):
            got = f"{told(each)}, answered {each.exchange.status}"
            yield Broken("the id as it is, with : and @", got, (each,), 0, each.operation)
        else:
            yield Held()


@cache
def _known() -> frozenset[str]:
    """The fields of an upscale, as the contract has them."""
    document = Document.load()
    schema: Any = document.at(_BODY).node
    return frozenset(schema.get("properties", {}))


def _known_fields(run: Watched) -> Iterator[Outcome]:
    for each in run.submits:
        if not each.body:
            continue
        if unknown := sorted(str(name) for name in each.body if name not in _known()):
            got = f"fields that the API does not know: {', '.join(unknown)}"
            yield Broken(f"only {', '.join(sorted(_known()))}", got, (each,), 0, each.operation)
        else:
            yield Held()


CHECKS: Final = (
    Check(
        rule(
            "requests/operation",
            "Every call is one that the API has.",
            why="A wrong path or method is answered 404 or 405; version 1 of the API had other paths.",
            instead="Call the paths of version 2, as `POST /v2/pixverse/videos/upscale`.",
            pointer="/paths",
        ),
        _operation,
    ),
    Check(
        rule(
            "requests/valid",
            "Every request fits the contract.",
            why="Anything else is answered 400, and nothing is done.",
            instead="Send `video_id` as it came, and maxJobs, if at all, as a whole number from 1 to 8.",
            pointer=f"{UPSCALE}/requestBody",
        ),
        _valid,
    ),
    Check(
        rule(
            "requests/content-type",
            "A body is sent as what it is.",
            why="The API reads JSON and multipart forms, and goes by Content-Type.",
            instead="Send JSON with `Content-Type: application/json`.",
            pointer=f"{UPSCALE}/requestBody",
        ),
        _content_type,
    ),
    Check(
        rule(
            "requests/raw-id",
            "The id of a video stands raw in the path.",
            why="An id with %3A and %40 is answered 400: the job is paid for and its result never found.",
            instead="Put the id into the path as it came; don't let a URL builder encode `:` and `@`.",
            pointer=VIDEO,
            provenance=Provenance.VENDOR_CODE,
        ),
        _raw_id,
    ),
    Check(
        rule(
            "requests/known-fields",
            "A request has no fields that the API does not know.",
            why="They are ignored without a word: a `reply_url` is never called.",
            instead="The fields are video_id, replyUrl, replyRef and maxJobs, spelt so.",
            pointer=f"{UPSCALE}/requestBody",
            severity=Severity.NOTE,
        ),
        _known_fields,
    ),
)

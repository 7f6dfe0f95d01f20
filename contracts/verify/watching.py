"""What holds for every answer, whatever was asked: judged at each call of every phase."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from contracts.contract import Answer, Contract, Media, Operation
from contracts.findings import Call, Event, Got, Ledger, Provenance, Rule, Severity
from contracts.provider.http import header
from contracts.verify.evidence import note, shortened, words

_INFERRED: Final = Provenance.INFERRED


def _rule(
    name: str, sentence: str, pointer: str, provenance: Provenance = _INFERRED, severity: Severity = Severity.ERROR
) -> Rule:
    return Rule(f"answers/{name}", "answers", sentence, provenance, pointer, severity)


ARRIVES: Final = _rule(
    "arrives", "Every request gets one whole HTTP answer, within 10 seconds and of at most 1 MB.", "/paths"
)
NO_CRASH: Final = _rule("no-crash", "Nothing that is sent makes the service answer with an undocumented 5xx.", "/paths")
STATUS: Final = _rule("status", "An operation answers with a status that the contract lists for it.", "/paths")
MEDIA_TYPE: Final = _rule("media-type", "An answer has the media type that the contract names, in UTF-8.", "/paths")
JSON: Final = _rule("json", "The body of a JSON answer is one JSON value and nothing else.", "/paths")
SCHEMA: Final = _rule("schema", "The body of an answer keeps its schema.", "/components/schemas", Provenance.DOCUMENTED)
HEADERS: Final = _rule("headers", "A header that the contract names has the form that it gives.", "/paths")
REASON: Final = _rule(
    "reason",
    "An answer that sends a reason phrase where the contract names one sends that one.",
    "/paths/~1v2~1pixverse~1videos~1upscale/post/responses/596/x-reason",
    Provenance.DOCUMENTED,
)
CODE: Final = _rule(
    "code", "The `code` of an error is the status of its answer.", "/components/schemas/Error", Provenance.DOCUMENTED
)
NO_OTHER_FIELD: Final = _rule(
    "no-other-field",
    "An answer has no field that its schema does not name.",
    "/components/schemas",
    severity=Severity.NOTE,
)
STATUS_FITS: Final = _rule(
    "life-cycle",
    "The number, the name and the finality of a video's status are those of one line of the life cycle.",
    "/x-lifecycle/statuses",
    Provenance.DOCUMENTED,
)
QUEUED_NOT_FINAL: Final = _rule(
    "queued-not-final",
    "A video that is QUEUED is not final (the vendor's pages disagree).",
    "/x-lifecycle/description",
    severity=Severity.NOTE,
)
SECRETS: Final = _rule(
    "secrets",
    "No answer repeats a password or token that was sent to it.",
    "/components/schemas/Account/properties/password",
    Provenance.DOCUMENTED,
)
NO_SECOND_KEY: Final = _rule("no-second-key", "No object of an answer has the same key twice.", "/paths")

RULES: Final = (
    *(ARRIVES, NO_CRASH, STATUS, MEDIA_TYPE, JSON, NO_SECOND_KEY, SCHEMA, HEADERS, REASON, CODE, STATUS_FITS, SECRETS),
    *(QUEUED_NOT_FINAL, NO_OTHER_FIELD),
)


class Broken(NamedTuple):
    """A rule that an answer breaks."""

    rule: Rule
    expected: str
    got: str


class Watch:
    """Judges each call; findings and passed checks go into the ledger."""

    def __init__(self, contract: Contract, ledger: Ledger) -> None:
        self._contract = contract
        self._ledger = ledger
        self._secrets: set[str] = set()
        self._good: set[int] = set()

    def __call__(self, call: Call, story: tuple[Event, ...]) -> None:
        """Judge one call, told what led to it."""
        operation = self._contract.operations.get(call.operation)
        self._learn(call)
        broken = list(self._judge(call, operation))
        for each in broken:
            note(self._ledger, each.rule, call.operation, each.expected, each.got, (*story, call))
        failed = {each.rule.id for each in broken}
        for rule in self._touched(call.got, operation):
            if rule.id not in failed:
                self._ledger.passes(rule)

    def _touched(self, got: Got, operation: Operation | None) -> Iterator[Rule]:
        """The rules that this answer could have broken."""
        yield ARRIVES
        if got.error:
            return
        yield NO_CRASH
        yield SECRETS
        if operation is None or (answer := operation.answers.get(got.status)) is None:
            return
        yield from (STATUS, MEDIA_TYPE, JSON, NO_SECOND_KEY, SCHEMA, NO_OTHER_FIELD)
        if answer.headers:
            yield HEADERS
        if answer.reason and got.reason:
            yield REASON
        if b'"code"' in got.body:
            yield CODE
        if b'"video_status"' in got.body:
            yield from (STATUS_FITS, QUEUED_NOT_FINAL)

    def _learn(self, call: Call) -> None:
        """Keep what must not come back: the secrets in a request for an account."""
        if b"password" not in call.sent.body or call.operation != "saveAccount":
            return
        try:
            sent = json.loads(call.sent.body)
        except (ValueError, RecursionError):
            return
        if isinstance(sent, dict):
            self._secrets |= {
                value
                for key in ("password", "token")
                if isinstance(value := sent.get(key), str) and len(value) >= 12 and value.isalnum()
            }

    def _judge(self, call: Call, operation: Operation | None) -> Iterator[Broken]:
        got = call.got
        if got.error:
            yield Broken(ARRIVES, "one whole HTTP answer", got.error)
            return
        text = got.body.decode("utf-8", "replace") + " ".join(value for _, value in got.headers)
        for secret in self._secrets:
            if secret in text:
                yield Broken(SECRETS, "secrets masked", f"an answer that has one of them: {words(got)}")
        answer = operation.answers.get(got.status) if operation else None
        if got.status >= 500 and answer is None and not (got.status == 501 and operation is None):
            yield Broken(NO_CRASH, "no 5xx that is not documented", words(got))
        if operation is None:
            return
        if answer is None:
            statuses = ", ".join(map(str, operation.answers))
            if got.status < 500 and not _unmatched(call, operation, got.status):
                yield Broken(STATUS, f"one of {statuses}", words(got))
            return
        same = operation.id, got.status, header(got, "Content-Type"), got.body
        if hash(same) in self._good and not answer.headers and not answer.reason:
            return
        broken = [*self._headers(got, answer), *self._body(got, answer)]
        if not broken:
            self._good.add(hash(same))
        yield from broken

    def _headers(self, got: Got, answer: Answer) -> Iterator[Broken]:
        if answer.reason and got.reason and got.reason != answer.reason:
            yield Broken(REASON, f"{got.status} {answer.reason}", f"{got.status} {got.reason}")
        for name, schema in answer.headers.items():
            if (value := header(got, name)) is None:
                continue
            plain = value.strip()
            typed: Any = int(plain) if re.fullmatch(r"-?[0-9]{1,18}", plain) else plain
            if errors := schema.errors(typed):
                yield Broken(HEADERS, f"{name} of the documented form", f"{name}: {value} ({errors[0]})")

    def _body(self, got: Got, answer: Answer) -> Iterator[Broken]:
        sent = header(got, "Content-Type")
        name, _, parameters = (sent or "").partition(";")
        media = answer.media.get(name.strip().lower())
        expected = " or ".join(answer.media)
        if media is None:
            yield Broken(MEDIA_TYPE, expected, f"{got.status} with content type {sent or 'missing'}")
            media = next(iter(answer.media.values()), None)
        elif _charset(parameters) not in {"", "utf-8", "us-ascii"}:
            yield Broken(MEDIA_TYPE, f"{expected} in UTF-8", f"{got.status} with content type {sent}")
        if media is None:
            return
        twice: list[str] = []
        try:
            value = json.loads(
                got.body.decode("utf-8"), object_pairs_hook=lambda pairs: _once(pairs, twice), parse_constant=_no_number
            )
        except (ValueError, RecursionError) as error:
            yield Broken(JSON, "one JSON value in UTF-8", f"{error}: {words(got)}")
            return
        if twice:
            yield Broken(NO_SECOND_KEY, "each key once", f"{twice[0]!r} twice: {words(got)}")
        yield from self._value(got, media, value)

    def _value(self, got: Got, media: Media, value: Any) -> Iterator[Broken]:
        if errors := media.schema.errors(value):
            yield Broken(
                SCHEMA, f"a value of the schema at {media.schema.pointer}", f"{got.status}: {'; '.join(errors)}"
            )
        elif unknown := sorted(set(_unknown(value, media.schema.node, self._contract.document))):
            yield Broken(NO_OTHER_FIELD, "only the fields of the schema", f"{got.status} with {', '.join(unknown)}")
        code = value.get("code", got.status) if isinstance(value, dict) and got.status >= 400 else got.status
        if code != got.status:
            yield Broken(CODE, f'"code": {got.status}', f'"code": {shortened(repr(code))}')
        for video in _videos(value):
            yield from self._video(video)

    def _video(self, video: Mapping[str, Any]) -> Iterator[Broken]:
        status = self._contract.lifecycle.statuses.get(_whole(video["video_status"]))
        name, final = video.get("video_status_name"), video.get("video_status_final")
        if status is None:
            return
        said = f"{video['video_status']}, {name}, final {final}"
        line = f"{status.number}, {status.name}, final {status.final}"
        if name != status.name:
            yield Broken(STATUS_FITS, line, said)
        elif final is not status.final:
            rule = QUEUED_NOT_FINAL if status.number == self._contract.lifecycle.initial else STATUS_FITS
            yield Broken(rule, line, said)


def _unmatched(call: Call, operation: Operation, status: int) -> bool:
    """Whether the request was so odd that it need not belong to the operation: its path is not one of it."""
    path = unquote(call.sent.url.split("?")[0])
    segments, template = path.split("/")[3:], operation.path.split("/")[1:]
    if status not in {400, 404, 405, 411, 413, 414, 431}:
        return False
    odd = len(segments) != len(template) or any(not part or set(part) <= {"."} for part in segments)
    return odd or len(call.sent.url) + len(call.sent.body) > 8_000


def _charset(parameters: str) -> str:
    found = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters, re.IGNORECASE)
    return found[1].lower() if found else ""


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _once(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            twice.append(key)
        found[key] = value
    return found


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _videos(value: Any) -> Iterator[Mapping[str, Any]]:
    """The videos in an answer: it is one, or has a list of them."""
    if isinstance(value, dict):
        if "video_status" in value:
            yield value
        elif isinstance(data := value.get("data"), list):
            yield from (each for each in data if isinstance(each, dict) and "video_status" in each)


def _unknown(value: Any, node: Any, document: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """The places of fields that no schema names; of a schema of many alternatives, none."""
    while isinstance(node, dict) and isinstance(reference := node.get("$ref"), str):
        node = document["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    if not isinstance(node, dict) or any(key in node for key in ("allOf", "anyOf", "oneOf")):
        return
    if isinstance(value, list):
        for each in value:
            yield from _unknown(each, node.get("items"), document, f"{place}/*")
    elif isinstance(value, dict) and ("properties" in node or "additionalProperties" in node):
        named, others = node.get("properties", {}), node.get("additionalProperties")
        for key, each in value.items():
            if key in named or others is not None:
                yield from _unknown(each, named.get(key, others), document, f"{place}/{key}")
            else:
                yield f"{place}/{key}"

"""All calls of a run as an HTTP Archive, HAR 1.2, which browsers' tools and many others read.

Times are real ones. What is not UTF-8 stands there in base64. Callbacks are requests, too, and say so.
"""

import base64
import re
from collections.abc import Iterable
from datetime import timedelta
from io import StringIO
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

import harfile

from contracts.findings import Call, Event, Passed, Sent, Told, Verdict
from contracts.report import words
from contracts.report.masking import Masked
from contracts.report.shown import header, line

_VERSION: Final = "HTTP/1.1"
_NO_TYPE: Final = "x-unknown"
_LEGAL: Final = "%/:?@!$&'()*+,;=~-._"
_ENDLESS: Final = 1_000_000


def archive(verdict: Masked) -> str:
    """The archive as JSON; of the events of the verdict and of a client's runs, one run after the other.

    Where there are none, those of the stories of its findings. The times of each run count from the start of the whole.
    """
    text = StringIO()
    comment = "Secrets are masked."
    if not verdict.started:
        comment += " When the run began is not known: the times count from 1970."
    if verdict.courses:
        comment += " Each run of the client begins at the same instant, and the times are the client's own."
    with harfile.HarFile(text, creator=harfile.Creator("contracts", words.our_version()), comment=comment) as file:
        for event, scenario in _all(verdict):
            if not isinstance(event, Passed):
                file.add_entry(**_entry(event, verdict.started, scenario))
    return text.getvalue()


def _all(verdict: Verdict) -> Iterable[tuple[Event, str]]:
    """The events, each with the scenario in which it was, empty where there are none."""
    of_runs = [(event, course.scenario) for course in verdict.courses for event in course.events]
    known = {event for event, _ in of_runs}
    others = verdict.events or (() if of_runs else _told(verdict))
    return [*of_runs, *((event, "") for event in others if event not in known)]


def _told(verdict: Verdict) -> Iterable[Event]:
    found = {id(event): event for finding in verdict.findings for event in finding.story}
    return sorted(found.values(), key=lambda event: event.at)


def _entry(event: Call | Told, started: float, scenario: str) -> dict[str, Any]:
    took = event.took if isinstance(event, Call) else 0
    at = words.instant(started) + timedelta(milliseconds=event.at)
    return {
        "startedDateTime": at.isoformat(timespec="milliseconds"),
        "time": round(took, 3),
        "request": _request(event.sent),
        "response": _response(event) if isinstance(event, Call) else _answered(event),
        "timings": harfile.Timings(send=0, wait=round(took, 3), receive=0),
        "comment": _comment(event, scenario),
    }


def _comment(event: Call | Told, scenario: str) -> str | None:
    parts = [f"scenario {scenario}" if scenario else ""]
    parts.append("callback" if isinstance(event, Told) else event.operation)
    parts.append(f"the provider's clock: {event.now}" if event.now else "")
    if isinstance(event, Call) and not event.got.status:
        parts.append(f"no answer: {event.got.error}")
    return line("; ".join(filter(None, parts))) or None


def _request(sent: Sent) -> harfile.Request:
    posted = None
    if sent.body:
        text, encoding = _text(sent.body)
        posted = harfile.PostData(_type(sent.headers), text=text, comment=encoding and "the text is base64")
    return harfile.Request(
        method=line(sent.method),
        url=_address(sent.url),
        httpVersion=_VERSION,
        headers=_records(sent.headers),
        queryString=_records(_query(sent.url)),
        postData=posted,
        bodySize=len(sent.body),
    )


def _response(call: Call) -> harfile.Response:
    got = call.got
    text, encoding = _text(got.body)
    size = len(got.body)
    return harfile.Response(
        status=got.status,
        statusText=line(got.reason),
        httpVersion=_VERSION,
        headers=_records(got.headers),
        content=harfile.Content(size=size, mimeType=_type(got.headers), text=text or None, encoding=encoding),
        redirectURL=line(header(got.headers, "location")),
        bodySize=size if got.status else -1,
    )


def _answered(told: Told) -> harfile.Response:
    content = harfile.Content(size=0, mimeType=_NO_TYPE)
    return harfile.Response(status=told.answered, statusText="", httpVersion=_VERSION, content=content)


def _text(body: bytes) -> tuple[str, str | None]:
    """A body as text, and its encoding: none, or base64."""
    try:
        return body.decode(), None
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"


def _address(url: str) -> str:
    """The address in the form that an archive asks for; what was sent raw and may not be is percent-encoded."""
    origin = re.match(r"https?://[^/?#]*", url, re.IGNORECASE)
    start = origin.end() if origin else 0
    rest = re.sub("%(?![0-9A-Fa-f]{2})", "%25", url[start:])
    return quote(url[:start], _LEGAL + "[]", errors="replace") + quote(rest, _LEGAL, errors="replace")


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []


def _records(pairs: Iterable[tuple[str, str]]) -> list[harfile.Record]:
    return [harfile.Record(line(name), line(value, _ENDLESS)) for name, value in pairs]


def _type(headers: Iterable[tuple[str, str]]) -> str:
    return line(header(headers, "content-type")) or _NO_TYPE

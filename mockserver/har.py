"""The journal as an HTTP Archive, HAR 1.2, which browsers' tools and many others read.

Times are those of the sandbox's clock. Where a fault kept an answer from the client, its status is 0, as browsers write
it, and the comment says what happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from mockserver import __version__

Entry = Mapping[str, Any]
"""An exchange as the control API has it: without secrets."""

_UNHEARD: Final = frozenset({"reset", "empty", "unanswered"})
"""What the wire may do to an answer so that no byte of it arrives."""

_VERSION: Final = "HTTP/1.1"
_NOWHERE: Final = "http://localhost"
"""In the place of the origin of a request without a Host: the URLs of an archive are absolute."""


def archive(entries: Iterable[Entry]) -> Any:
    """The archive of these entries, as a value of JSON."""
    # Imported here: most mocks never write an archive.
    import harfile

    text = StringIO()
    comment = "Times are those of the sandbox's clock; secrets are masked."
    with harfile.HarFile(text, creator=harfile.Creator("pixverse-mock", __version__), comment=comment) as file:
        for entry in entries:
            waited = entry["latency"] * 1_000
            file.add_entry(
                startedDateTime=entry["at"] or entry["real"],
                time=waited,
                request=_request(entry),
                response=_response(entry),
                timings=harfile.Timings(send=0, wait=waited, receive=0),
                comment=_comment(entry),
            )
    return orjson.loads(text.getvalue())


def _request(entry: Entry) -> Any:
    import harfile

    query = entry["query"]
    body = None
    if entry["body"] is not None:
        body = harfile.PostData(_content_type(entry["headers"]), text=_text(entry["body"]))
        if entry["body_omitted"]:
            body.comment = f"{entry['body_omitted']} bytes at the end are not kept"
    return harfile.Request(
        method=entry["method"],
        url=f"{entry['origin'] or _NOWHERE}{entry['path']}{'?' if query else ''}{query}",
        httpVersion=_VERSION,
        headers=_records(entry["headers"]),
        queryString=_records(parse_qsl(query, keep_blank_values=True)),
        postData=body,
    )


def _response(entry: Entry) -> Any:
    import harfile

    answer = entry["answer"]
    if answer["wire"] in _UNHEARD:
        return harfile.Response(
            status=0, statusText="", httpVersion=_VERSION, content=harfile.Content(mimeType="x-unknown")
        )
    text = "" if answer["body"] is None else _text(answer["body"])
    return harfile.Response(
        status=answer["status"],
        statusText=answer["reason"],
        httpVersion=_VERSION,
        headers=_records(answer["headers"]),
        content=harfile.Content(size=len(text.encode()), mimeType=_content_type(answer["headers"]), text=text),
    )


def _comment(entry: Entry) -> str:
    wire, status = entry["answer"]["wire"], entry["status"]
    if wire is None:
        return str(entry["why"])
    return f"{entry['why']} (on the wire: {wire}; the answer was {status})" if status else f"{entry['why']} ({wire})"


def _records(pairs: Iterable[Sequence[str]]) -> Any:
    import harfile

    return [harfile.Record(name, value) for name, value in pairs]


def _content_type(headers: Iterable[Sequence[str]]) -> str:
    return next((value for name, value in headers if name == "content-type"), "x-unknown")


def _text(body: Any) -> str:
    """A body as text; one that was shown as JSON is written anew."""
    return body if isinstance(body, str) else orjson.dumps(body).decode()

"""HAR 1.2 by the letter: what an archive has to be."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

_STRING, _NUMBER, _LIST, _OBJECT = str, (int, float), list, dict
_RECORD: Final = {"name": _STRING, "value": _STRING}
_REQUIRED: Final[dict[str, dict[str, Any]]] = {
    "log": {"version": _STRING, "creator": _OBJECT, "entries": _LIST},
    "creator": {"name": _STRING, "version": _STRING},
    "browser": {"name": _STRING, "version": _STRING},
    "entry": {
        "startedDateTime": _STRING,
        "time": _NUMBER,
        "request": _OBJECT,
        "response": _OBJECT,
        "cache": _OBJECT,
        "timings": _OBJECT,
    },
    "request": {
        "method": _STRING,
        "url": _STRING,
        "httpVersion": _STRING,
        "cookies": _LIST,
        "headers": _LIST,
        "queryString": _LIST,
        "headersSize": _NUMBER,
        "bodySize": _NUMBER,
    },
    "response": {
        "status": int,
        "statusText": _STRING,
        "httpVersion": _STRING,
        "cookies": _LIST,
        "headers": _LIST,
        "content": _OBJECT,
        "redirectURL": _STRING,
        "headersSize": _NUMBER,
        "bodySize": _NUMBER,
    },
    "content": {"size": _NUMBER, "mimeType": _STRING},
    "postData": {"mimeType": _STRING, "text": _STRING},
    "timings": {"send": _NUMBER, "wait": _NUMBER, "receive": _NUMBER},
}
"""What HAR 1.2 asks of each object."""

_ALLOWED: Final[dict[str, set[str]]] = {
    "log": {"browser", "pages", "comment"},
    "creator": {"comment"},
    "browser": {"comment"},
    "entry": {"pageref", "serverIPAddress", "connection", "comment"},
    "request": {"postData", "comment"},
    "response": {"comment"},
    "content": {"compression", "text", "encoding", "comment"},
    "postData": {"params", "comment"},
    "timings": {"blocked", "dns", "connect", "ssl", "comment"},
}
"""What else it lets stand there."""


def check(har: Any) -> None:
    """Fail where an archive is not as HAR 1.2 says."""
    assert set(har) == {"log"}
    log = har["log"]
    fits("log", log)
    assert log["version"] == "1.2"
    fits("creator", log["creator"])
    if "browser" in log:
        fits("browser", log["browser"])
    for entry in log["entries"]:
        fits("entry", entry)
        assert datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        request, response, timings = entry["request"], entry["response"], entry["timings"]
        fits("request", request)
        assert urlsplit(request["url"]).netloc
        fits("response", response)
        fits("content", response["content"])
        if "postData" in request:
            fits("postData", request["postData"])
        for record in (*request["headers"], *request["queryString"], *response["headers"]):
            assert {name: type(value) for name, value in record.items()} == _RECORD
        fits("timings", timings)
        spent = [value for name, value in timings.items() if name not in ("ssl", "comment") and value != -1]
        assert entry["time"] == sum(spent)


def fits(name: str, node: dict[str, Any]) -> None:
    for key, kind in _REQUIRED[name].items():
        assert isinstance(node[key], kind), (name, key)
    assert set(node) <= set(_REQUIRED[name]) | _ALLOWED[name]

"""The journal as an HTTP Archive: by the letter of HAR 1.2, and what it says."""

import json
from typing import Any, Final

import pytest

from archives import check
from mockserver.har import archive

ENTRY: Final[dict[str, Any]] = {
    "number": 1,
    "sandbox": "12345",
    "at": "2025-01-01T00:00:01.500Z",
    "real": "2026-03-04T05:06:07.890Z",
    "latency": 2.5,
    "operation": "listVideos",
    "method": "GET",
    "origin": "http://127.0.0.1:8596",
    "path": "/v2/pixverse/videos",
    "query": "email=a%40b.c&limit=",
    "headers": [["host", "127.0.0.1:8596"], ["x-twice", "1"], ["x-twice", "2"]],
    "body": None,
    "body_omitted": 0,
    "status": 200,
    "answer": {
        "status": 200,
        "reason": "OK",
        "headers": [["content-type", "application/json"]],
        "body": {"a": "ä"},
        "wire": None,
    },
    "why": "because",
}


def written(**changes: Any) -> Any:
    """The one entry of an archive of an entry with these changes."""
    har = archive([{**ENTRY, **changes}])
    check(har)
    (entry,) = har["log"]["entries"]
    return entry


def answered(**changes: Any) -> Any:
    return written(answer={**ENTRY["answer"], **changes})


def test_empty_archive() -> None:
    """It says who made it, and that its times are virtual."""
    har = archive([])
    check(har)
    assert har["log"]["entries"] == []
    assert har["log"]["creator"]["name"] == "pixverse-mock"
    assert "sandbox's clock" in har["log"]["comment"]


def test_entry() -> None:
    """Times of the sandbox; headers and parameters in their order, each as often as it was sent."""
    entry = written()
    assert (entry["startedDateTime"], entry["time"], entry["timings"]["wait"]) == (ENTRY["at"], 2_500, 2_500)
    request = entry["request"]
    assert request["url"] == "http://127.0.0.1:8596/v2/pixverse/videos?email=a%40b.c&limit="
    assert [header["value"] for header in request["headers"]] == ["127.0.0.1:8596", "1", "2"]
    assert request["queryString"] == [{"name": "email", "value": "a@b.c"}, {"name": "limit", "value": ""}]
    assert "postData" not in request
    response = entry["response"]
    assert (response["status"], response["statusText"]) == (200, "OK")
    assert response["content"] == {"size": 10, "mimeType": "application/json", "text": '{"a":"ä"}'}
    assert entry["comment"] == "because"


def test_request_without_a_host_or_a_sandbox() -> None:
    """A URL has a host all the same; its time is real."""
    entry = written(origin="", query="", at=None)
    assert entry["request"]["url"] == "http://localhost/v2/pixverse/videos"
    assert entry["startedDateTime"] == ENTRY["real"]


@pytest.mark.parametrize(
    ("body", "text"), [({"a": [1]}, '{"a":[1]}'), ("a=1", "a=1"), ("", ""), (0, "0"), (False, "false")]
)
def test_body(body: Any, text: str) -> None:
    """As text, whatever it was."""
    entry = written(body=body, headers=[["content-type", "text/x"]])
    assert entry["request"]["postData"] == {"mimeType": "text/x", "text": text}


def test_body_that_is_not_kept_whole() -> None:
    """It says so."""
    assert "7 bytes" in written(body="a", body_omitted=7)["request"]["postData"]["comment"]


@pytest.mark.parametrize("wire", ["reset", "empty", "unanswered"])
def test_answer_that_never_came(wire: str) -> None:
    """Status 0, as browsers write it; the comment tells what the mock would have said."""
    entry = answered(wire=wire)
    assert (entry["response"]["status"], entry["response"]["content"]["size"]) == (0, 0)
    assert entry["comment"] == f"because (on the wire: {wire}; the answer was 200)"
    assert "text" not in entry["response"]["content"]


def test_fault_in_the_place_of_an_answer() -> None:
    """There was no answer to tell of."""
    entry = written(status=0, answer={"status": 0, "reason": "", "headers": [], "body": None, "wire": "reset"})
    assert entry["response"]["status"] == 0
    assert entry["comment"] == "because (reset)"


def test_answer_that_came_in_part() -> None:
    """Its status was seen."""
    entry = answered(wire="truncated")
    assert entry["response"]["status"] == 200
    assert "truncated" in entry["comment"]


def test_texts_of_any_kind() -> None:
    """What a client sent can't break the archive."""
    hostile = '"}\\ \x00\x1b\u2028</script> \udcff'.encode("utf-8", "replace").decode()
    entry = written(why=hostile, body=hostile, method=hostile, path=f"/{hostile}")
    assert json.loads(json.dumps(entry))["comment"] == hostile

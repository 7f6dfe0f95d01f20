"""The control API: the journal told: list, count, find, unmatched, outside, export, HAR."""

import json
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.mock import ACCOUNTS, EMAIL, FEATURES, HOST, SCHEDULER, UPSCALE, VIDEOS, MakeMock, Mock, form, part
from archives import check
from mockserver.journal import KEPT_BYTES
from mockserver.message import Request

MASKED = "user:12345-***"


def closed() -> str:
    """A URL at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/cb"


def data(mock: Mock, place: str = "", **parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = mock.get(f"/__mock/requests{place}", urlencode(parameters))["data"]
    return rows


def find(mock: Mock, **criteria: Any) -> list[int]:
    """The numbers of what is found."""
    answer = mock.call("POST", "/__mock/requests/find", criteria)
    assert answer.status == 200, answer.content
    return [entry["number"] for entry in answer.body["data"]]


def refused(mock: Mock, method: str, path: str, body: Any = None, query: str = "") -> str:
    """What the problem says."""
    answer = mock.call(method, path, body, query=query)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json"), answer.content
    return str(answer.body["detail"])


@pytest.fixture
def used(mock: Mock) -> Mock:
    """One that was asked for a few things: 1 to 7."""
    mock.accepted(replyRef="order-1")
    mock.accepted(replyRef="order-22", maxJobs=3)
    mock.accepted()
    assert mock.upscale(replyRef="late").status == 429
    mock.call("POST", UPSCALE, {"maxJobs": 9}, headers={"X-Run": "seven"})
    mock.get(VIDEOS, f"email={quote(EMAIL)}&limit=2")
    assert mock.call("GET", UPSCALE).status == 405
    return mock


# Entries


def test_entry_tells_all(mock: Mock) -> None:
    """What was asked, what was answered and why; control calls are no entries."""
    video_id = mock.accepted(replyRef="order-1")
    (entry,) = data(mock)
    headers = entry.pop("headers")
    assert {name: value for name, value in headers if name in ("host", "authorization", "content-type")} == {
        "host": HOST,
        "authorization": f"Bearer {MASKED}",
        "content-type": "application/json",
    }
    real = entry.pop("real")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", real)
    assert not real.startswith("2025-01-01")
    assert entry.pop("answered") == real
    assert entry == {
        "number": 1,
        "sandbox": "12345",
        "at": "2025-01-01T00:00:00.000Z",
        "latency": 0,
        "operation": "upscaleVideo",
        "method": "POST",
        "origin": f"http://{HOST}",
        "path": UPSCALE,
        "query": "",
        "body": {"video_id": mock.video_id(), "replyRef": "order-1"},
        "body_omitted": 0,
        "status": 200,
        "answer": {
            "status": 200,
            "reason": "OK",
            "headers": [["content-type", "application/json"]],
            "body": {"video_id": video_id},
            "wire": None,
        },
        "why": f"accepted: 1 running on {EMAIL}, 9980 credits left",
        "refusal": None,
        "violations": [],
        "faults": [],
        "accepted": video_id,
        "events": [
            {"at": "2025-01-01T00:00:00.000Z", "event": "accepted", "video_id": video_id, "status": "QUEUED"},
        ],
        "callbacks": [],
        "masked": ["header:token"],
    }


def test_entries_stand_at_their_instants(mock: Mock) -> None:
    """In their order, with what was asked for beside the path."""
    mock.get(VIDEOS)
    mock.advance(1.5)
    mock.get(VIDEOS, "limit=2")
    first, second = data(mock)
    assert (first["number"], first["at"], first["query"]) == (1, "2025-01-01T00:00:00.000Z", "")
    assert (second["number"], second["at"], second["query"]) == (2, "2025-01-01T00:00:01.500Z", "limit=2")
    assert first["body"] is None


def test_entry_tells_what_became_of_its_job(mock: Mock) -> None:
    """Its events but not its callbacks', which are told as such."""
    mock.get(VIDEOS)
    video_id = mock.accepted(replyUrl=closed())
    mock.call("DELETE", f"{SCHEDULER}/{video_id}")
    mock.finish()
    _, entry, _ = data(mock)
    assert [(event["event"], event["status"]) for event in entry["events"]] == [
        ("accepted", "QUEUED"),
        ("cancelled", "QUEUED"),
        ("status", "GENERATING"),
        ("status", "COMPLETED"),
    ]
    assert {event["video_id"] for event in entry["events"]} == {video_id}


def test_entry_of_a_job_whose_video_is_gone(mock: Mock) -> None:
    """Its id stays."""
    video_id = mock.accepted()
    mock.finish()
    assert mock.call("DELETE", f"{VIDEOS}/{video_id}").status == 200
    entry, _ = data(mock)
    assert entry["accepted"] == video_id


def test_entry_carries_the_callbacks_that_it_caused(mock: Mock, receiver: str) -> None:
    """The same as in the list of callbacks, which name the request."""
    mock.get(VIDEOS)
    mock.accepted(replyUrl=f"{receiver}/__mock/sink/caused")
    mock.call("POST", "/__mock/clock/advance", {"until": "idle"})
    _, entry = data(mock)
    assert entry["callbacks"] == mock.get("/__mock/callbacks")["data"]
    assert {callback["request"] for callback in entry["callbacks"]} == {2}
    assert [callback["status"] for callback in entry["callbacks"]][-1] == "COMPLETED"


@pytest.mark.parametrize(("seconds", "omitted"), [(20, False), (200, True)])
def test_entry_tells_the_last_of_many_callbacks(make_mock: MakeMock, seconds: int, omitted: bool) -> None:  # noqa: FBT001
    """A hundred, and how many came before them, if any did."""
    duration = {"jobs.shortest": str(seconds), "jobs.longest": str(seconds)}
    dropped = {"callbacks.progress": "1", "callbacks.disturbances": "[{kind: dropped, of: all}]"}
    mock = make_mock(changes={**duration, **dropped})
    mock.accepted(replyUrl=closed())
    mock.advance(seconds)
    callbacks = mock.get("/__mock/callbacks")["data"]
    (entry,) = data(mock)
    assert entry["callbacks"] == callbacks[-100:]
    assert entry.get("callbacks_omitted") == (len(callbacks) - 100 if omitted else None)


def test_entry_carries_violations_and_refusals(used: Mock) -> None:
    """All violations, with place, rule, sentence and value; a refusal by its name in the contract."""
    entries = data(used)
    found = {violation["pointer"]: violation for violation in entries[4]["violations"]}
    assert found["/maxJobs"] == {
        "where": "body",
        "pointer": "/maxJobs",
        "rule": "maximum",
        "sentence": "maxJobs must be from 1 to 8, got 9",
        "value": "9",
    }
    assert "/video_id" in found
    assert (entries[3]["status"], entries[3]["refusal"]) == (429, "account-busy")
    assert entries[3]["why"] == f"account {EMAIL} runs 3 jobs, maxJobs is 3"


def test_entry_carries_faults(mock: Mock) -> None:
    """By name, with the rule that struck, and how it is known; where there was no answer there is no status."""

    def suffer(**rule: Any) -> None:
        assert mock.call("PUT", "/__mock/faults", {"faults": [rule]}).status == 200

    suffer(fault="latency", seconds=2.5)
    mock.get(VIDEOS)
    suffer(fault="account-busy")
    mock.upscale()
    suffer(fault="connection-reset")
    # Past the adapters: not each of them has a connection to reset.
    mock.api.answer(Request("GET", VIDEOS, headers=[(b"authorization", f"Bearer {mock.token}".encode())]))
    late, busy, lost = data(mock)
    assert (late["latency"], late["status"], late["faults"][0]["name"]) == (2.5, 200, "latency")
    assert busy["faults"] == [{"name": "account-busy", "rule": 0, "provenance": "documented"}]
    assert (busy["status"], busy["accepted"]) == (429, None)
    assert (lost["status"], lost["answer"]["wire"], lost["faults"][0]["name"]) == (0, "reset", "connection-reset")
    assert [entry["number"] for entry in data(mock, fault="latency")] == [1]
    assert [entry["number"] for entry in data(mock, status="0")] == [3]


def test_body_of_any_form(mock: Mock) -> None:
    """As JSON if it is that, else as text; of a long one the start."""
    mock.call("POST", UPSCALE, content=b"[1, 2.0, null]")
    mock.call("POST", UPSCALE, content=b"no JSON")
    mock.call("POST", UPSCALE, content=b"x" * (KEPT_BYTES + 5))
    mock.call("POST", UPSCALE, **form(part("replyRef", "a")))
    bodies = [(entry["body"], entry["body_omitted"]) for entry in data(mock)]
    assert bodies[:3] == [([1, 2.0, None], 0), ("no JSON", 0), ("x" * KEPT_BYTES, 5)]
    assert 'name="replyRef"' in bodies[3][0]


@pytest.mark.parametrize("depth", [150, 250, 800])
def test_deep_body(mock: Mock, depth: int) -> None:
    """It is told, whether as JSON or as text."""
    body = b"[" * depth + b"]" * depth
    mock.call("POST", UPSCALE, content=body)
    (entry,) = data(mock)
    assert entry["body"] == (json.loads(body) if depth < 200 else body.decode())


def test_only_the_last_requests_are_kept(make_mock: MakeMock) -> None:
    """Numbers go on, and it is told how many there were."""
    mock = make_mock(journal=3)
    for _ in range(5):
        mock.get(VIDEOS)
    answer = mock.get("/__mock/requests")
    assert [entry["number"] for entry in answer["data"]] == [3, 4, 5]
    assert (answer["total"], answer["omitted"]) == (5, 2)
    assert mock.get("/__mock/requests", "since=2")["omitted"] == 0
    assert mock.get("/__mock/requests", "since=1&limit=1")["omitted"] == 3
    assert mock.get("/__mock/requests", "status=500") == {"data": [], "total": 5, "omitted": 2}


def test_a_request_of_another_token_is_not_told(mock: Mock) -> None:
    """Nor one without a sandbox."""
    mock.of_fresh_token().get(VIDEOS)
    mock.call("GET", VIDEOS, headers={"Authorization": "Bearer nonsense"})
    assert mock.get("/__mock/requests") == {"data": [], "total": 0, "omitted": 0}


def test_many_are_told_by_another_thread(make_mock: MakeMock) -> None:
    """The server answers others meanwhile; nothing differs but that."""
    mock = make_mock()
    for _ in range(120):
        mock.get(FEATURES)
    assert [entry["number"] for entry in data(mock)] == list(range(1, 121))
    assert mock.get("/__mock/requests/count") == {"count": 120}
    assert find(mock, operation="getFeatures", since=118) == [119, 120]


# Filters


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7]),
        ({"operation": "upscaleVideo"}, [1, 2, 3, 4, 5]),
        ({"method": "get"}, [6, 7]),
        ({"path": "/videos/up"}, [1, 2, 3, 4, 5, 7]),
        ({"path": ".*"}, []),
        ({"status": "429"}, [4]),
        ({"status": "4xx"}, [4, 5, 7]),
        ({"refusal": "account-busy"}, [4]),
        ({"fault": "account-busy"}, []),
        ({"since": "5"}, [6, 7]),
        ({"operation": "upscaleVideo", "status": "2xx", "since": "1"}, [2, 3]),
    ],
)
def test_filters(used: Mock, parameters: dict[str, str], numbers: list[int]) -> None:
    """Each by itself, and together; list, count and find mean the same by them."""
    assert [entry["number"] for entry in data(used, **parameters)] == numbers
    assert used.get("/__mock/requests/count", urlencode(parameters)) == {"count": len(numbers)}
    criteria = {name: int(value) if name == "since" else value for name, value in parameters.items()}
    assert find(used, **criteria) == numbers


def test_limit_gives_the_newest(used: Mock) -> None:
    """Oldest first; the others are counted."""
    answer = used.get("/__mock/requests", "limit=2&operation=upscaleVideo")
    assert [entry["number"] for entry in answer["data"]] == [4, 5]
    assert (answer["total"], answer["omitted"]) == (7, 3)
    assert find(used, limit=1) == [7]


@pytest.mark.parametrize("place", ["", "/count", "/unmatched", "/outside", "/export"])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("operation=upscale", "operation must be one of upscaleVideo, listVideos"),
        ("refusal=busy", "refusal must be one of account-busy, "),
        ("fault=x%1b", "fault must be one of "),
        ("status=5", 'status must be a status as 429, or 4xx for all of a hundred, got "5"'),
        ("status=4XX", "status must be"),
        ("since=-1", "since must be from 0"),
        ("since=x", "since must be an integer"),
        ("method=", "method must be"),
        ("path=%ff", "percent-encoded UTF-8"),
    ],
)
def test_bad_filter_is_a_problem(used: Mock, place: str, query: str, said: str) -> None:
    """It names the parameter, what it takes, and what it was."""
    assert said in refused(used, "GET", f"/__mock/requests{place}", query=query)


# Find


@pytest.mark.parametrize(
    ("criteria", "numbers"),
    [
        ({"body": {"replyRef": "order-1"}}, [1]),
        ({"body": {"replyRef": {"matches": "^order-[0-9]+$"}}}, [1, 2]),
        ({"body": {"replyRef": {"contains": "er-2"}}}, [2]),
        ({"body": {"replyRef": {"absent": True}}}, [3, 5]),
        ({"body": {"replyRef": {"present": True}, "maxJobs": 3.0}}, [2]),
        ({"body": {"maxJobs": True}}, []),
        ({"body": {}}, [1, 2, 3, 4, 5]),
        ({"body": {"absent": True}}, [6, 7]),
        ({"body": {"present": True}, "status": "4xx"}, [4, 5]),
        ({"status": 429}, [4]),
        ({"path": {"matches": "^/v2/pixverse/videos$"}}, [6]),
        ({"headers": {"X-Run": "seven"}}, [5]),
        ({"headers": {"x-run": {"present": True}}}, [5]),
        ({"headers": {"x-run": {"absent": True}}, "method": "post"}, [1, 2, 3, 4]),
        ({"headers": {"authorization": {"matches": "^Bearer user:12345-"}}, "since": 5}, [6, 7]),
        ({"query": {"email": EMAIL}}, [6]),
        ({"query": {"email": {"contains": "@"}, "limit": "2"}}, [6]),
        ({"query": {"limit": 2}}, []),
        ({"query": {"limit": {"absent": True}}, "method": "GET"}, [7]),
    ],
)
def test_find(used: Mock, criteria: dict[str, Any], numbers: list[int]) -> None:
    """By patterns of path, headers, query and body."""
    assert find(used, **criteria) == numbers


@pytest.mark.parametrize(
    ("body", "pattern", "found"),
    [
        ('{"a": [1, {"b": 2, "c": 3}]}', {"a": [1, {"b": 2}]}, True),
        ('{"a": [1, 2]}', {"a": [1]}, False),
        ('{"a": {"contains": "x", "b": 1}}', {"a": {"contains": "x", "b": 1}}, True),
        ('{"a": null}', {"a": None}, True),
        ("{}", {"a": None}, False),
        ('{"a": 1}', {"a": True}, False),
        ('{"a": "1"}', {"a": 1}, False),
        ('{"a": 5}', {"a": {"matches": "5"}}, False),
        ("[1]", [1], True),
        ("[1]", {"0": 1}, False),
        ('"text"', "text", True),
        ("plain text", {"contains": "in te"}, True),
        ("a=b", {"matches": "^a"}, True),
    ],
)
def test_patterns_of_bodies(mock: Mock, body: str, pattern: Any, found: bool) -> None:  # noqa: FBT001
    """An object may have more keys, a list no more items; numbers are no texts, and true is not 1."""
    mock.call("POST", UPSCALE, content=body.encode())
    assert find(mock, body=pattern) == ([1] if found else [])


def test_fields_of_a_form_are_its_body(mock: Mock) -> None:
    """With the types that the contract gives them."""
    sent = form(part("video_id", mock.video_id()), part("replyRef", "order-9"), part("maxJobs", "2"))
    assert mock.call("POST", UPSCALE, **sent).status == 200
    assert find(mock, body={"replyRef": {"matches": "^order-[0-9]$"}, "maxJobs": 2}) == [1]


def test_one_of_several_values_is_enough(mock: Mock) -> None:
    """Of a parameter that was sent twice."""
    mock.call("GET", VIDEOS, query="x=1&x=2")
    assert find(mock, query={"x": "2"}) == find(mock, query={"x": "1"}) == [1]
    assert find(mock, query={"x": "3"}) == []


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        ({"operation": "upscale"}, "operation must be one of upscaleVideo"),
        ({"operations": "upscaleVideo"}, "'operations' was unexpected"),
        ({"status": "busy"}, "status must"),
        ({"headers": "x"}, "headers must be an object"),
        ({"since": 1.5}, "since must be an integer"),
        (
            {"body": {"a": {"matches": "("}}},
            'body.a.matches must be a regular expression without look-around and back references, got "("',
        ),
        ({"body": {"a": [{"matches": "(?=x)"}]}}, "body.a[0].matches must be a regular expression"),
        ({"body": {"a": {"matches": "(a{1000}){1000}"}}}, "body.a.matches must be a regular expression"),
        ({"body": {"matches": "x" * 2_001}}, "body.matches must be a regular expression of at most 2000 characters"),
        ({"body": {"matches": 5}}, "body.matches must be a regular expression of at most 2000 characters, got 5"),
        ({"body": [{"matches": "a"}] * 101}, "body[100].matches: there must be at most 100 regular expressions"),
        ({"headers": {"a": {"contains": None}}}, "headers.a.contains must be a text, got null"),
        ({"query": {"a": {"absent": False}}}, "query.a.absent must be true, got false"),
        ({"path": {"present": 1}}, "path.present must be true, got 1"),
        ({"path": 5}, "path must"),
    ],
)
def test_bad_criteria_are_a_problem(used: Mock, criteria: dict[str, Any], said: str) -> None:
    """With the place, the rule and the value."""
    assert said in refused(used, "POST", "/__mock/requests/find", criteria)


def test_no_pattern_takes_long(mock: Mock) -> None:
    """An expression that would keep a backtracking engine busy for ages."""
    for _ in range(20):
        mock.call("POST", UPSCALE, {"video_id": "a" * 60_000 + "!"})
    assert find(mock, body={"video_id": {"matches": "^(a+)+$"}}) == []
    assert len(find(mock, body={"video_id": {"matches": "^(a|aa)+!$"}})) == 20


# Unmatched and outside


def test_unmatched_tells_the_nearest_operation(used: Mock) -> None:
    """And what differs."""
    used.call("GET", "/favicon.ico")
    misses = data(used, "/unmatched")
    assert [(miss["number"], miss["status"], miss["operation"]) for miss in misses] == [(7, 405, ""), (8, 404, "")]
    nearest = {"operation": "upscaleVideo", "method": "POST", "path": UPSCALE, "differs": "you sent GET"}
    assert [miss["nearest"] for miss in misses] == [nearest, None]
    assert [miss["number"] for miss in data(used, "/unmatched", status="404")] == [8]
    assert "nearest" not in data(used)[0]


def test_outside_tells_what_reached_no_sandbox(make_mock: MakeMock) -> None:
    """Without a token, with a bad one; of the whole mock, and without an instant of any clock."""
    mock = make_mock()
    mock.get(VIDEOS)
    mock.call("GET", VIDEOS, headers={"Authorization": ""})
    mock.call("POST", UPSCALE, {"a": 1}, headers={"Authorization": "Bearer not-a-good-one"})
    mock.call("GET", f"{VIDEOS}s", headers={"Authorization": ""})
    answer = mock.get("/__mock/requests/outside")
    assert (answer["total"], answer["omitted"]) == (3, 0)
    assert [(each["sandbox"], each["at"], each["status"]) for each in answer["data"]] == [
        *((None, None, 401), (None, None, 401), (None, None, 404)),
    ]
    assert [each["operation"] for each in answer["data"]] == ["listVideos", "upscaleVideo", ""]
    assert ["authorization", "Bearer ***"] in answer["data"][1]["headers"]
    assert answer["data"][2]["nearest"]["operation"] == "listVideos"
    assert data(mock, "/outside", operation="listVideos") == answer["data"][:1]
    assert len(data(mock)) == 1


# Exports


def test_export_is_one_request_a_line(used: Mock) -> None:
    """The same as in the list, each as the document says."""
    answer = used.call("GET", "/__mock/requests/export")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    entries = [json.loads(line) for line in answer.content.splitlines()]
    assert entries == data(used)
    document = used.get("/__mock/openapi.json")
    schema = {"$ref": "#/components/schemas/Request", "components": document["components"]}
    validator = jsonschema_rs.validator_for(schema)
    assert all(map(validator.is_valid, entries))
    assert set(entries[6]) == {*document["components"]["schemas"]["Request"]["required"], "nearest"}
    assert used.call("GET", "/__mock/requests/export", query="limit=2&status=200").content.count(b"\n") == 2
    assert used.call("GET", "/__mock/requests/export", query="status=500").content == b""


def test_har(used: Mock) -> None:
    """By the letter of HAR 1.2, and without a secret."""
    har = used.get("/__mock/har")
    check(har)
    entries = har["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [200, 200, 200, 429, 400, 200, 405]
    assert json.loads(entries[0]["request"]["postData"]["text"])["replyRef"] == "order-1"
    assert entries[5]["request"]["url"] == f"http://{HOST}{VIDEOS}?email={quote(EMAIL)}&limit=2"
    assert used.token not in json.dumps(har)
    assert len(used.get("/__mock/har", "status=4xx&limit=2")["log"]["entries"]) == 2


# Secrets


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "path": lambda secret: {"path": f"/v2/{secret}/x"},
    "encoded path": lambda secret: {"path": f"/v2/{quote(secret, safe='')}"},
    "query": lambda secret: {"query": f"token={secret}&a=1"},
    "other query": lambda secret: {"query": f"x={quote(secret, safe='')}"},
    "header": lambda secret: {"headers": {"X-Anything": f"a {secret} b"}},
    "secret header": lambda secret: {"headers": {"X-Mock-Control-Token": secret}},
    "cookie": lambda secret: {"headers": {"Cookie": f"a=b; session={secret}"}},
    "authorization": lambda secret: {"headers": {"Authorization": f"Bearer {secret}"}},
    "bad authorization": lambda secret: {"headers": {"Authorization": f"Bearer {secret} x"}},
    "body": lambda secret: {"body": {"a": [{"b": f"{secret}"}], secret: 1}},
    "password": lambda secret: {"body": {"email": EMAIL, "password": secret, "token": secret}},
    "broken body": lambda secret: {"content": f'{{"password": "{secret}", '.encode()},
    "form": lambda secret: form(part("email", EMAIL), part("password", secret), part("token", secret)),
    "broken form": lambda secret: {
        "content": part("password", secret)[:-5].encode(),
        "headers": {"Content-Type": "x/y"},
    },
    "address": lambda secret: {"body": {"replyUrl": f"https://a:{secret}@host/?t={secret}", "video_id": secret}},
}


@pytest.fixture(scope="module")
def spied(shared: Any) -> Mock:
    """One sandbox for all examples of a property."""
    mock: Mock = next(shared)
    return mock


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(PLACES)),
    st.from_regex(r"user:[0-9]{4,8}-[QXZ]{12,20}", fullmatch=True),
    st.sampled_from([("POST", UPSCALE), ("POST", f"{ACCOUNTS}/{EMAIL}"), ("GET", VIDEOS), ("POST", "/v2/nothing")]),
)
def test_secret_planted_anywhere_never_shows(spied: Mock, place: str, secret: str, asked: tuple[str, str]) -> None:
    """In no list, find, export, archive nor verdict; the entry says where one stood."""
    sent = {"path": asked[1], **PLACES[place](secret)}
    spied.call(asked[0], **sent)
    answers = [
        *(spied.call("GET", f"/__mock/{name}", query="limit=2") for name in ("requests", "requests/export", "har")),
        *(spied.call("GET", f"/__mock/requests/{name}", query="limit=2") for name in ("unmatched", "outside")),
        spied.call("POST", "/__mock/requests/find", {"limit": 2}),
        spied.call("POST", "/__mock/requests/verify", {"path": "/none", "body": {"a": 1}, "count": {"atLeast": 1}}),
    ]
    for answer in answers:
        assert answer.status == 200, answer.content
        assert secret.encode() not in answer.content
        assert secret.partition("-")[2].encode() not in answer.content
    told = answers[1].content + answers[4].content
    assert b'"masked":["' in told


def test_other_secrets_never_show(mock: Mock) -> None:
    """A password is masked wherever it stands in its request; the ids of videos are not."""
    secret = "correct-horse-battery"
    mock.call("POST", f"{ACCOUNTS}/{EMAIL}", {"email": EMAIL, "password": secret}, query=f"x={secret}")
    mock.accepted(replyUrl=f"http://127.0.0.1:1/?password={secret}")
    for name in ("requests", "requests/export", "har"):
        content = mock.call("GET", f"/__mock/{name}").content
        assert secret.encode() not in content
    entry, accepted = data(mock)
    assert entry["masked"] == ["body:password", "header:token", "query:password"]
    assert entry["body"]["password"] == "***"
    assert entry["query"] == "x=***"
    assert accepted["body"]["video_id"] == mock.video_id()


def test_token_of_any_form_never_shows(make_mock: MakeMock) -> None:
    """Where the mock takes such; also in what others asked for outside."""
    mock = make_mock(any_token=True)
    mock = Mock(mock.api, mock.send, token="my-own-little-secret")
    mock.call("GET", f"/v2/{mock.token}", query=f"a={mock.token}", headers={"X-Copy": mock.token})
    mock.call("GET", f"/v2/{mock.token}", headers={"Authorization": ""})
    for name in ("requests", "requests/unmatched", "requests/outside", "requests/export", "har"):
        assert mock.token.encode() not in mock.call("GET", f"/__mock/{name}").content
    (entry,) = data(mock)
    assert entry["masked"] == ["header:token", "path:token", "query:token"]
    assert len(data(mock, "/outside")) == 1

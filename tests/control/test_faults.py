"""The fault plan by the control API: what it tells, another plan in its place, rules put in front, bad plans."""

from typing import Any

import pytest

from api.mock import EMAIL, VIDEOS, MakeMock, Mock
from toolchain.documents import CONTROL, load

DOCUMENT = load(CONTROL)
EMPTY = {"data": [], "exhausted": True, "calls": {}}
KEPT = {"fault": "account-busy", "times": 2}
BAD = [
    ([], "the body must be an object, got []"),
    ({}, "faults is required, got none"),
    ({"faults": None}, "must be an array, got null"),
    ({"faults": {}}, "must be an array, got {}"),
    ({"faults": ["account-busy"]}, "must be an object"),
    ({"faults": [{"fault": "bad-gateway"}, None]}, "must be an object"),
    ({"faults": [], "more": 1}, "'more' was unexpected"),
    ({"faults": [{}]}, "/faults/0: must have either fault or status, got neither"),
    ({"faults": [{"fault": "acount-busy"}]}, "/faults/0/fault: "),
    (
        {"faults": [{"fault": "bad-gateway"}, {"fault": "latency", "seconds": -1}]},
        "/faults/1/seconds: must be from 0 to",
    ),
    ({"faults": [{"fault": "bad-gateway", "operation": "pay"}]}, "/faults/0/operation: "),
    ({"faults": [{"status": 418}]}, "/faults/0/status: must be an answer that the contract has for any operation"),
    ({"faults": [{"status": 418, "body": "", "headers": {"a": "b\r\nc: d"}}]}, "/faults/0/headers/a: "),
    (
        {"faults": [{"status": 503, "body": "", "headers": {"Transfer-Encoding": "chunked"}}]},
        "must be left to the server",
    ),
    ({"faults": [{"fault": "bad-gateway", "video": 1e40}]}, "/faults/0/video: must be from 0 to"),
    ({"faults": [{"status": 503, "body": 1e40}]}, "/faults/0/body: must be text or JSON that can be written"),
    ({"faults": [{"fault": "bad-gateway"}] * 1_001}, "faults must hold at most 1000 items"),
]


def faults(mock: Mock) -> Any:
    """What is told of the plan."""
    return mock.get("/__mock/faults")


def put(mock: Mock, *rules: Any) -> Any:
    """What is told of a plan of these rules, once it is in place."""
    return sent(mock, "PUT", *rules)


def add(mock: Mock, *rules: Any) -> Any:
    """The same once these are put in front."""
    return sent(mock, "POST", *rules)


def sent(mock: Mock, method: str, *rules: Any) -> Any:
    answer = mock.call(method, "/__mock/faults", {"faults": list(rules)})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer.content
    return answer.body


def short(told: Any) -> list[tuple[str, int, int, int | None]]:
    """Of each rule the name, how many calls it matched, in how many it acted, how often it still may."""
    return [(each["name"], each["matched"], each["met"], each["left"]) for each in told["data"]]


def test_sandbox_without_a_plan(mock: Mock) -> None:
    """Nothing may act; calls are not counted."""
    assert faults(mock) == EMPTY
    mock.accepted()
    assert faults(mock) == EMPTY


def test_plan_is_told_as_it_was_given(mock: Mock) -> None:
    """By each of the three calls, with what becomes of it."""
    rules = [KEPT, {"fault": "latency", "seconds": {"median": 1, "sigma": 0.5}, "sticky": True}]
    told = put(mock, *rules)
    assert told == faults(mock)
    assert told == {
        "data": [
            {
                "name": "account-busy",
                "provenance": "documented",
                "stage": "checked",
                "matched": 0,
                "met": 0,
                "left": 2,
                "exhausted": False,
                "rule": KEPT,
            },
            {
                "name": "latency",
                "provenance": "inferred",
                "stage": "answered",
                "matched": 0,
                "met": 0,
                "left": None,
                "exhausted": False,
                "rule": rules[1],
            },
        ],
        "exhausted": False,
        "calls": {},
    }


def test_plan_is_consumed_call_by_call(mock: Mock) -> None:
    """Two are refused, the third is accepted, and the plan is exhausted."""
    put(mock, KEPT)
    assert mock.upscale().status == 429
    assert (short(faults(mock)), faults(mock)["exhausted"]) == ([("account-busy", 1, 1, 1)], False)
    assert [mock.upscale().status, mock.upscale().status] == [429, 200]
    told = faults(mock)
    assert (short(told), told["exhausted"]) == ([("account-busy", 2, 2, 0)], True)
    assert told["data"][0]["exhausted"] is True
    assert told["calls"] == {"upscaleVideo": 3}


def test_plan_with_a_rule_for_ever_is_never_exhausted(mock: Mock) -> None:
    """However often it was met."""
    put(mock, {"fault": "bad-gateway", "operation": "listVideos", "sticky": True}, {"fault": "service-unavailable"})
    assert [mock.call("GET", VIDEOS).status for _ in range(3)] == [502] * 3
    assert mock.call("GET", "/v2/account").status == 503
    told = faults(mock)
    assert short(told) == [("bad-gateway", 3, 3, None), ("service-unavailable", 1, 1, 0)]
    assert (told["exhausted"], told["calls"]) == (False, {"listVideos": 3, "getUser": 1})


def test_call_that_matches_need_not_suffer(mock: Mock) -> None:
    """A share of nothing matches and never acts."""
    put(mock, {"fault": "bad-gateway", "share": 0})
    assert mock.call("GET", VIDEOS).status == 200
    assert short(faults(mock)) == [("bad-gateway", 1, 0, None)]


def test_another_plan_begins_anew(mock: Mock) -> None:
    """Calls are counted from one again; all else of the sandbox stays."""
    put(mock, {"fault": "bad-gateway"})
    mock.call("GET", VIDEOS)
    made = mock.accepted()
    before = mock.kept()
    assert put(mock, {"fault": "bad-gateway", "call": 1, "operation": "listVideos"})["calls"] == {}
    assert mock.kept() == before
    assert mock.call("GET", VIDEOS).status == 502
    assert mock.get(VIDEOS)["data"][0]["video_id"] == made
    assert [request["status"] for request in mock.get("/__mock/requests")["data"]] == [502, 200, 502, 200]


def test_plan_of_no_rules_takes_it_away(mock: Mock) -> None:
    """As if there had never been one."""
    put(mock, {"fault": "bad-gateway", "sticky": True})
    assert put(mock) == EMPTY
    assert mock.call("GET", VIDEOS).status == 200
    assert add(mock) == EMPTY


def test_rules_are_put_in_front(mock: Mock) -> None:
    """They act first; what was counted stays."""
    assert short(add(mock, KEPT)) == [("account-busy", 0, 0, 2)]
    assert mock.upscale().status == 429
    told = add(mock, {"fault": "gateway-timeout"}, {"fault": "upstream-limit"})
    assert short(told) == [("gateway-timeout", 0, 0, 1), ("upstream-limit", 0, 0, 1), ("account-busy", 1, 1, 1)]
    assert told["calls"] == {"upscaleVideo": 1}
    assert [mock.upscale().status for _ in range(4)] == [504, 429, 429, 200]


def test_plan_is_of_one_token(mock: Mock) -> None:
    """Another's calls neither suffer nor count."""
    other = mock.of_fresh_token()
    put(mock, KEPT)
    assert faults(other) == EMPTY
    assert [other.upscale().status, mock.upscale().status] == [200, 429]
    assert (faults(mock)["calls"], faults(other)) == ({"upscaleVideo": 1}, EMPTY)
    put(other, {"fault": "bad-gateway"})
    assert [short(faults(each))[0][0] for each in (mock, other)] == ["account-busy", "bad-gateway"]


def test_control_calls_do_not_suffer(mock: Mock) -> None:
    """A plan is for the emulated API."""
    put(mock, {"fault": "connection-reset", "sticky": True}, {"fault": "latency", "seconds": 5, "sticky": True})
    before = mock.get("/__mock/clock")
    assert short(faults(mock)) == [("connection-reset", 0, 0, None), ("latency", 0, 0, None)]
    assert mock.get("/__mock/clock") == before


def test_reset_restores_the_plan_of_the_scenario(make_mock: MakeMock) -> None:
    """As it was at the start, unmet; also in the place of one that was put."""
    mock = make_mock(changes={"faults": "[{fault: account-busy, times: 1}]"})
    fresh = faults(mock)
    assert short(fresh) == [("account-busy", 0, 0, 1)]
    assert [mock.upscale().status, mock.upscale().status] == [429, 200]
    assert mock.call("POST", "/__mock/reset").status == 204
    assert faults(mock) == fresh
    put(mock, {"fault": "bad-gateway"})
    mock.call("POST", "/__mock/reset")
    assert faults(mock) == fresh
    assert [mock.upscale().status, mock.upscale().status] == [429, 200]


def test_scenario_brings_its_plan(mock: Mock) -> None:
    """And takes it away again: what is put as a plan is no part of the scenario."""
    scenario = {"faults": [KEPT]}
    assert mock.call("PUT", "/__mock/scenario", scenario).body == scenario
    assert mock.upscale().status == 429
    put(mock, {"fault": "bad-gateway"})
    assert mock.get("/__mock/scenario") == scenario
    mock.call("PUT", "/__mock/scenario", {})
    assert faults(mock) == EMPTY


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(("body", "said"), BAD)
def test_bad_plan_is_a_problem_and_changes_nothing(mock: Mock, method: str, body: Any, said: str) -> None:
    """It names the place; the plan stays as far consumed as it was."""
    put(mock, KEPT)
    mock.upscale()
    before, told, journal = mock.kept(), faults(mock), len(mock.guarded.journal)
    answer = mock.call(method, "/__mock/faults", body)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert said in answer.body["detail"]
    assert (mock.kept(), faults(mock), len(mock.guarded.journal)) == (before, told, journal)
    assert [mock.upscale().status, mock.upscale().status] == [429, 200]


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the body must be JSON, got an empty body"),
        (b"faults: []", "the body must be JSON"),
        (b'{"faults": [{"fault": "latency", "seconds": NaN}]}', "the body must be JSON"),
        (b'{"faults": [{"status": 503, "body": ' + b"[" * 300 + b"]" * 300 + b"}]}", "nested at most 255 levels"),
        (b'{"faults": [{"status": 503, "body": ' + b"[" * 60 + b"]" * 60 + b"}]}", "nested at most 50 levels"),
        (b'{"faults": [{"status": 503, "body": "\\ud800"}]}', "the body must be JSON"),
        (b'{"faults": [{"status": 503, "body": "' + b"x" * 1_048_576 + b'"}]}', "at most 1048576 bytes"),
    ],
)
def test_plan_that_can_not_be_read_is_a_problem(mock: Mock, method: str, content: bytes, said: str) -> None:
    """Whatever it is, nothing changes."""
    told = put(mock, KEPT)
    answer = mock.call(method, "/__mock/faults", content=content)
    assert answer.status == 400
    assert said in answer.body["detail"]
    assert faults(mock) == told


def test_plan_of_fifty_megabytes_is_a_problem(mock: Mock) -> None:
    """It is read to its end and dropped; the mock answers as before."""
    told = put(mock, KEPT)
    answer = mock.call("PUT", "/__mock/faults", content=b'{"faults": ["' + b"x" * 50_000_000 + b'"]}')
    assert answer.status == 400
    assert "at most 1048576 bytes" in answer.body["detail"]
    assert faults(mock) == told


def test_plan_has_at_most_a_thousand_rules(mock: Mock) -> None:
    """Also if they come one after the other; what was there stays."""
    rule = {"fault": "bad-gateway", "operation": "getUser"}
    assert len(put(mock, *[rule] * 999)["data"]) == 999
    assert len(add(mock, rule)["data"]) == 1_000
    answer = mock.call("POST", "/__mock/faults", {"faults": [rule]})
    assert (answer.status, answer.body["detail"]) == (400, "a plan has at most 1000 rules, got 1 for 1000")
    assert len(faults(mock)["data"]) == 1_000
    assert mock.call("GET", VIDEOS).status == 200


def test_exhausted_rules_make_room(mock: Mock) -> None:
    """Who triggers one fault after the other is never told that there are too many; what may still act stays."""
    lasting = {"fault": "account-busy", "times": 3}
    put(mock, {"fault": "bad-gateway"}, lasting, *[{"fault": "upstream-limit"}] * 998)
    assert mock.call("GET", VIDEOS).status == 502
    told = add(mock, {"fault": "gateway-timeout"})
    assert len(told["data"]) == 1_000
    assert [each["name"] for each in told["data"][:3]] == ["gateway-timeout", "account-busy", "upstream-limit"]
    assert [mock.call("GET", VIDEOS).status for _ in range(2)] == [504, 200]


def test_answers_fit_the_document(mock: Mock) -> None:
    """Those of all stages: the control API itself looks; the document names no more than there is."""
    told = put(
        mock, {"fault": "bad-gateway"}, KEPT, {"fault": "malformed-json"}, {"fault": "lost-reply", "sticky": True}
    )
    schema = DOCUMENT["components"]["schemas"]["FaultsStanding"]["properties"]["data"]["items"]
    assert [each["stage"] for each in told["data"]] == schema["properties"]["stage"]["enum"]
    assert all(set(each) == set(schema["required"]) == set(schema["properties"]) for each in told["data"])


def test_fault_stands_in_the_journal(mock: Mock) -> None:
    """With the answer that the client got, and why."""
    put(mock, {**KEPT, "operation": "upscaleVideo"})
    assert EMAIL in mock.upscale().body["error"]
    (request,) = mock.get("/__mock/requests")["data"]
    assert request["status"] == 429
    assert request["why"].startswith("fault account-busy (rule /faults/0, 1 of 2): ")

"""The control API: health, its own document, reset, scenario, accounts; tokens, paths and methods."""

import json
from typing import Any

import pytest

from api.mock import EMAIL, HOST, UPSCALE, MakeMock, Mock
from mockserver import Api, __version__
from mockserver.control.door import Control
from mockserver.spec import Contract
from toolchain.documents import CONTROL, load

CALLS: dict[str, tuple[str, str, Any]] = {
    "getHealth": ("GET", "/__mock/health", None),
    "getControlContract": ("GET", "/__mock/openapi.json", None),
    "getSandboxes": ("GET", "/__mock/sandboxes", None),
    "listScenarios": ("GET", "/__mock/scenarios", None),
    "getMetrics": ("GET", "/__mock/metrics", None),
    "resetSandbox": ("POST", "/__mock/reset", None),
    "getScenario": ("GET", "/__mock/scenario", None),
    "putScenario": ("PUT", "/__mock/scenario", {}),
    "getFaults": ("GET", "/__mock/faults", None),
    "putFaults": ("PUT", "/__mock/faults", {"faults": []}),
    "addFaults": ("POST", "/__mock/faults", {"faults": []}),
    "getClock": ("GET", "/__mock/clock", None),
    "advanceClock": ("POST", "/__mock/clock/advance", {"seconds": 1}),
    "setClock": ("POST", "/__mock/clock/set", {"now": "2125-01-01T00:00:00Z"}),
    "freezeClock": ("POST", "/__mock/clock/freeze", None),
    "speedClock": ("POST", "/__mock/clock/speed", {"speed": 2}),
    "autoClock": ("POST", "/__mock/clock/auto", {}),
    "listRequests": ("GET", "/__mock/requests", None),
    "countRequests": ("GET", "/__mock/requests/count", None),
    "findRequests": ("POST", "/__mock/requests/find", {}),
    "verifyRequests": ("POST", "/__mock/requests/verify", {"count": {"atLeast": 0}}),
    "listUnmatched": ("GET", "/__mock/requests/unmatched", None),
    "listOutside": ("GET", "/__mock/requests/outside", None),
    "exportRequests": ("GET", "/__mock/requests/export", None),
    "getJournal": ("GET", "/__mock/journal", None),
    "getHar": ("GET", "/__mock/har", None),
    "listJobs": ("GET", "/__mock/jobs", None),
    "listCallbacks": ("GET", "/__mock/callbacks", None),
    "listEvents": ("GET", "/__mock/events", None),
    "sendToSink": ("POST", "/__mock/sink/table", "anything"),
    "listSink": ("GET", "/__mock/sink/table", None),
    "clearSink": ("DELETE", "/__mock/sink/table", None),
    "listSandboxAccounts": ("GET", "/__mock/accounts", None),
    "adjustAccount": ("PATCH", f"/__mock/accounts/{EMAIL}", {}),
}
"""A good call of each operation."""

DOCUMENT = load(CONTROL)
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for item in DOCUMENT["paths"].values()
    for method, operation in item.items()
    if method != "parameters"
}
OPEN = {name for name, operation in OPERATIONS.items() if operation.get("security") == []}
"""Those that need no token."""

SECRET = "whsec_" + "QUJD" * 8


def adjust(mock: Mock, **values: Any) -> int:
    return mock.call("PATCH", f"/__mock/accounts/{EMAIL}", values).status


def put(mock: Mock, scenario: Any) -> tuple[int, Any]:
    answer = mock.call("PUT", "/__mock/scenario", scenario)
    return answer.status, answer.body


# The document


def test_table_of_calls_has_every_operation() -> None:
    """So that what is done for each call here is done for each operation."""
    assert set(CALLS) == set(OPERATIONS)


@pytest.mark.parametrize("operation", CALLS)
def test_every_operation_succeeds_as_the_document_says(mock: Mock, operation: str) -> None:
    """With the status that it has for success, and with what it has for that: JSON, text or nothing."""
    answer = mock.call(*CALLS[operation])
    declared = next(status for status in OPERATIONS[operation]["responses"] if status < "300")
    assert answer.status == int(declared)
    response = OPERATIONS[operation]["responses"][declared]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    assert answer.headers.get("content-type") in response.get("content", {None: {}})


@pytest.mark.parametrize("operation", sorted(set(CALLS) - OPEN))
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic dXNlcjox", "Bearer user:12345-"])
def test_sandbox_calls_need_a_well_formed_token(mock: Mock, operation: str, authorization: str) -> None:
    """401 as a problem; no sandbox is made for it."""
    before = len(mock.api.runtime)
    method, path, body = CALLS[operation]
    answer = mock.call(method, path, body, headers={"Authorization": authorization})
    assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.body["title"] == "Unauthorized"
    assert len(mock.api.runtime) == before


@pytest.mark.parametrize("operation", sorted(OPEN))
def test_the_others_need_none(mock: Mock, operation: str) -> None:
    """Not even a token: no sandbox is made."""
    before = len(mock.api.runtime)
    method, path, body = CALLS[operation]
    assert mock.call(method, path, body, headers={"Authorization": ""}).status < 300
    assert len(mock.api.runtime) == before


def test_an_unseen_token_gets_a_sandbox_here_too(mock: Mock) -> None:
    """As with the emulated API."""
    before = len(mock.api.runtime)
    assert mock.get("/__mock/jobs") == {"data": []}
    assert len(mock.api.runtime) == before + 1


def test_document_is_valid() -> None:
    """As OpenAPI 3.1."""
    validator = pytest.importorskip("openapi_spec_validator").OpenAPIV31SpecValidator
    assert list(validator(DOCUMENT).iter_errors()) == []


def test_document_names_the_mock_as_its_server(mock: Mock) -> None:
    """All else is as it is written."""
    answer = mock.call("GET", "/__mock/openapi.json", headers={"Host": "mock.localhost:1234", "Authorization": ""})
    assert answer.body.pop("servers") == [{"url": "http://mock.localhost:1234", "description": "This mock"}]
    assert answer.body == {key: value for key, value in DOCUMENT.items() if key != "servers"} | {
        "servers": answer.body["servers"]
    }


def test_every_operation_of_the_document_has_a_handler() -> None:
    """And the reverse."""
    assert isinstance(Control(Api()).contract, Contract)


# Paths and methods


@pytest.mark.parametrize("path", ["/__mock", "/__mock/", "/__mock/nothing", "/__mock/clock/", "/__mock/sink/a/b"])
def test_unknown_control_call_names_those_there_are(mock: Mock, path: str) -> None:
    """404 as a problem; but a slash at the end does no harm."""
    answer = mock.call("GET", path)
    if path == "/__mock/clock/":
        assert answer.status == 200
        return
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "/__mock/health" in answer.body["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/__mock/reset", "POST"),
        ("GET", "/__mock/clock/advance", "POST"),
        ("POST", "/__mock/scenario", "GET, PUT"),
        ("PATCH", "/__mock/sink/a", "DELETE, GET, POST"),
        ("OPTIONS", "/__mock/health", "GET"),
    ],
)
def test_wrong_method_names_the_right_ones(mock: Mock, method: str, path: str, allowed: str) -> None:
    """405 with Allow."""
    answer = mock.call(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.headers["content-type"] == "application/problem+json"


# The mock as a whole


def test_health_needs_no_token(make_mock: MakeMock) -> None:
    """Status, version, how many sandboxes."""
    mock = make_mock()
    expected = {"status": "ok", "version": __version__, "sandboxes": 0}
    assert mock.call("GET", "/__mock/health", headers={"Authorization": ""}).body == expected
    mock.get("/__mock/clock")
    assert mock.get("/__mock/health") == {**expected, "sandboxes": 1}


def test_health_is_readable_by_head(mock: Mock) -> None:
    """As monitors ask."""
    answer = mock.call("HEAD", "/__mock/health")
    assert (answer.status, answer.headers["content-type"], answer.content) == (200, "application/json", b"")


def test_reset_puts_a_fresh_sandbox_in_place(mock: Mock) -> None:
    """As if the token had never been seen; others are left alone."""
    other = mock.of_fresh_token()
    adjust(other, credits=1)
    fresh = mock.get("/__mock/accounts")
    mock.accepted()
    mock.call("POST", "/__mock/clock/advance", {"seconds": 5})
    answer = mock.call("POST", "/__mock/reset")
    assert (answer.status, answer.content) == (204, b"")
    assert mock.get("/__mock/accounts") == fresh
    assert mock.get("/__mock/events") == {"data": [], "omitted": 0}
    assert mock.get("/__mock/requests") == {"data": [], "total": 0, "omitted": 0}
    assert mock.get("/__mock/clock")["now"] == "2025-01-01T00:00:00.000Z"
    assert other.get("/__mock/accounts")["data"][0]["credits"] == 1


# The scenario


def test_scenario_is_what_the_mock_was_started_with(make_mock: MakeMock) -> None:
    """Empty without one."""
    assert make_mock().get("/__mock/scenario") == {}
    changed = make_mock(changes={"answers.processing": "200", "jobs.longest": "70.0"})
    assert changed.get("/__mock/scenario") == {"answers": {"processing": 200}, "jobs": {"longest": 70}}


def test_put_scenario_starts_a_sandbox_with_it(make_mock: MakeMock) -> None:
    """It is at work at once, others keep theirs, and a reset goes back to the mock's own."""
    mock = make_mock(changes={"limits.credits": "false"})
    other = mock.of_fresh_token()
    mock.accepted()
    scenario = {"accounts": [{"email": "a@b.co", "credits": 0, "videos": 2.0}], "description": "poor"}
    expected = {"accounts": [{"email": "a@b.co", "credits": 0, "videos": 2}], "description": "poor"}
    assert put(mock, scenario) == (200, expected)
    assert mock.get("/__mock/scenario") == expected
    account = mock.get("/__mock/accounts")["data"][0]
    assert (account["email"], account["credits"], account["videos"]) == ("a@b.co", 0, 2)
    assert mock.get("/__mock/requests") == {"data": [], "total": 0, "omitted": 0}
    assert mock.upscale(mock.video_id("a@b.co")).status == 412
    assert other.get("/__mock/scenario") == {"limits": {"credits": False}}
    assert mock.call("POST", "/__mock/reset").status == 204
    assert mock.get("/__mock/scenario") == {"limits": {"credits": False}}
    assert mock.upscale().status == 200


def test_scenario_hides_its_secret(mock: Mock) -> None:
    """In both answers; what signs keeps it."""
    scenario = {"callbacks": {"secret": SECRET, "retries": [5]}}
    shown = {"callbacks": {"secret": "whsec_…", "retries": [5]}}
    assert put(mock, scenario) == (200, shown)
    assert mock.get("/__mock/scenario") == shown
    assert mock.guarded.scenario.secret == SECRET


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ([], "the body must be an object, got []"),
        ("busy", "the body must be an object"),
        ({"nonsense": 1}, "/nonsense: there is no key nonsense, only "),
        ({"jobs": {"longest": "long"}}, "/jobs/longest: "),
        ({"jobs": {"longest": 1, "shortest": 2}}, "/jobs: shortest must be at most longest, got 2 and 1"),
        ({"jobs": {"longest": 1e300}}, "/jobs/longest: "),
        ({"callbacks": {"secret": "short"}}, "/callbacks/secret: "),
        ({"callbacks": {"disturbances": [{"kind": "bogus"}]}}, "/callbacks/disturbances/0/kind: "),
        ({"accounts": [{"email": "a@b.co"}, {"email": "a@b.co"}]}, "/accounts/1/email: must stand once"),
        ({"accounts": [{}]}, "/accounts/0/email: is required"),
        ({"description": None}, "/description: "),
    ],
)
def test_bad_scenario_is_a_problem_and_changes_nothing(mock: Mock, scenario: Any, said: str) -> None:
    """It names the place; the sandbox goes on as it was."""
    assert put(mock, {"description": "mine"})[0] == 200
    mock.accepted()
    before = mock.kept()
    status, problem = put(mock, scenario)
    assert (status, problem["status"]) == (400, 400)
    assert said in problem["detail"]
    assert mock.kept() == before
    assert mock.get("/__mock/scenario") == {"description": "mine"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the body must be JSON, got an empty body"),
        (b"accounts: []", "the body must be JSON"),
        (b'{"description": NaN}', "the body must be JSON"),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", "nested at most 255 levels"),
        (b'{"description": "' + b"x" * 1_048_576 + b'"}', "at most 1048576 bytes"),
    ],
)
def test_body_that_can_not_be_read_is_a_problem(mock: Mock, content: bytes, said: str) -> None:
    """Whatever it is, nothing changes."""
    mock.accepted()
    before = mock.kept()
    answer = mock.call("PUT", "/__mock/scenario", content=content)
    assert answer.status == 400
    assert said in answer.body["detail"]
    assert mock.kept() == before


def test_a_scenario_may_be_long(mock: Mock) -> None:
    """Up to a MiB."""
    scenario = {"description": "x" * 1_000_000}
    assert put(mock, scenario) == (200, scenario)


def test_only_json_is_taken(mock: Mock) -> None:
    """The content type says so."""
    answer = mock.call("PUT", "/__mock/scenario", content=b"{}", headers={"Content-Type": "text/yaml"})
    assert (answer.status, answer.body["detail"]) == (400, "Content-Type must be application/json, got 'text/yaml'")


# Accounts


def test_accounts_show_what_the_api_hides(mock: Mock) -> None:
    """Credits free and reserved, slots held, jobs upstream."""
    source = mock.get("/v2/pixverse/videos")["data"][0]["video_id"]
    mock.accepted()
    assert mock.get("/__mock/accounts")["data"] == [
        {
            "email": EMAIL,
            "maxJobs": 3,
            "concurrency": 5,
            "credits": 9980,
            "reserved": 20,
            "spent": 0,
            "running": 1,
            "upstream": 1,
            "pendingError": False,
            "videos": 6,
            "video_id": source,
        }
    ]


def test_account_names_a_video_that_can_be_upscaled(mock: Mock) -> None:
    """The newest COMPLETED one; null where there is none."""
    first = mock.get("/__mock/accounts")["data"][0]["video_id"]
    finished = mock.accepted(first)
    assert mock.get("/__mock/accounts")["data"][0]["video_id"] == first
    mock.finish()
    assert mock.get("/__mock/accounts")["data"][0]["video_id"] == finished
    mock.call("PUT", "/__mock/scenario", {"accounts": [{"email": EMAIL, "videos": 0}]})
    assert mock.get("/__mock/accounts")["data"][0]["video_id"] is None


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"credits": 19}, 412),
        ({"concurrency": 0}, 429),
        ({"pendingError": True}, 596),
        ({"credits": 20.0}, 200),
        ({}, 200),
    ],
)
def test_adjusting_decides_what_an_upscale_is_answered(mock: Mock, values: dict[str, Any], status: int) -> None:
    """Each value at work."""
    assert adjust(mock, **values) == 200
    assert mock.upscale().status == status


def test_adjusting_lets_the_rest_be(mock: Mock) -> None:
    """Only what is named changes."""
    before = mock.get("/__mock/accounts")["data"][0]
    answer = mock.call("PATCH", f"/__mock/accounts/{EMAIL}", {"maxJobs": 8})
    assert (answer.status, answer.body) == (200, {**before, "maxJobs": 8})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"credits": -1}, "credits must be from 0 to 1000000000000, got -1"),
        ({"maxJobs": 9}, "maxJobs must be from 1 to 8, got 9"),
        ({"pendingError": "yes"}, 'pendingError must be a boolean, got "yes"'),
        ({"money": 1}, "'money' was unexpected"),
    ],
)
def test_bad_values_are_a_problem_and_change_nothing(mock: Mock, values: dict[str, Any], said: str) -> None:
    """RFC 9457, with field, rule and value."""
    before = mock.get("/__mock/accounts")
    answer = mock.call("PATCH", f"/__mock/accounts/{EMAIL}", values)
    assert (answer.status, answer.body["status"], answer.body["title"]) == (400, 400, "Bad Request")
    assert said in answer.body["detail"]
    assert mock.get("/__mock/accounts") == before


def test_unknown_account_is_a_404_problem(mock: Mock) -> None:
    """It names the account."""
    answer = mock.call("PATCH", "/__mock/accounts/nobody@example.com", {"credits": 1})
    assert (answer.status, answer.body["detail"]) == (404, "no account nobody@example.com is linked")


def test_encoded_email_is_the_same_account(mock: Mock) -> None:
    """An email may come either way."""
    assert mock.call("PATCH", "/__mock/accounts/demo%40example.com", {"credits": 1}).status == 200
    assert mock.call("POST", UPSCALE, {"video_id": mock.video_id()}).status == 412


def test_answers_are_compact_json(mock: Mock) -> None:
    """In UTF-8, as the emulated API's."""
    answer = mock.call("GET", "/__mock/clock", headers={"Host": HOST})
    assert answer.content == json.dumps(answer.body, separators=(",", ":")).encode()

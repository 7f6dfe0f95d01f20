"""Each fault as clients see it: curl, requests, httpx and Node's fetch over a socket, requests and httpx in process."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, Final

import httpx
import pytest
import requests

from document import document
from mockserver import Api, Settings
from mockserver.faults import Catalogue
from mockserver.interception import HttpxTransport, RequestsAdapter
from mockserver.mock import Mock
from mockserver.server import running
from mockserver.spec import Contract
from server.clients import CLIENTS, Call, Outcome, curl, fetch, through_httpx, through_requests

UPSCALE: Final = "/v2/pixverse/videos/upscale"
BODY: Final = '{"video_id": "user:12345-pixverse:demo@example.com-video:11223344"}'
COST: Final = 20
SHORT: Final = 0.25
"""Seconds for which a client waits for what does not come."""
JSON: Final = "application/json"
UNDOCUMENTED: Final[dict[str, dict[str, Any]]] = {
    name: node for name, node in document()["x-faults"]["faults"].items() if "status" in node
}

WHOLE: Final = r'\{"video_id":"user:12345-pixverse:demo@example\.com-video:[0-9]+"\}'
HALF: Final = r'\{"video_id":"user:12345-pixverse:'

RESET: Final = {
    "curl": "56",
    "requests": "ConnectionError/ConnectionResetError",
    "httpx": "ReadError/ConnectionResetError",
    "fetch": "ECONNRESET",
}
EMPTY: Final = {
    "curl": "52",
    "requests": "ConnectionError/RemoteDisconnected",
    "httpx": "RemoteProtocolError",
    "fetch": "UND_ERR_SOCKET",
}
SILENCE: Final = {
    "curl": "28",
    "requests": "ReadTimeout/TimeoutError",
    "httpx": "ReadTimeout/TimeoutError",
    "fetch": "TimeoutError",
}
TRUNCATED: Final = {
    "curl": "18",
    "requests": "ChunkedEncodingError/IncompleteRead",
    "httpx": "RemoteProtocolError",
    "fetch": "UND_ERR_SOCKET",
}
TOO_SLOW: Final = {**SILENCE, "requests": "ConnectionError/TimeoutError"}


@dataclass(frozen=True)
class Row:
    """A rule, and what comes of an upscale that it strikes: the error of each client, or one answer.

    `jobs` are accepted; it `takes` so many real seconds, over a socket.
    """

    rule: dict[str, Any]
    jobs: int
    errors: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    content_type: str | None = None
    body: str = ""
    takes: float = 0.0

    @property
    def name(self) -> str:
        return str(self.rule.get("fault", self.rule.get("status")))


def succeeds(rule: dict[str, Any], body: str = WHOLE, content_type: str = JSON, takes: float = 0.0) -> Row:
    return Row(rule, 1, status=200, content_type=content_type, body=body, takes=takes)


def undocumented(name: str, node: dict[str, Any]) -> Row:
    body = node["body"]
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return Row({"fault": name}, 0, status=node["status"], content_type=node["content-type"], body=re.escape(text))


ROWS: Final = [
    Row({"fault": "connection-reset"}, 0, RESET),
    Row({"fault": "connection-reset", "handled": True}, 1, RESET),
    Row({"fault": "empty-answer"}, 0, EMPTY),
    Row({"fault": "empty-answer", "handled": True}, 1, EMPTY),
    Row({"fault": "no-answer"}, 0, SILENCE, takes=SHORT),
    Row({"fault": "no-answer", "handled": True}, 1, SILENCE, takes=SHORT),
    Row({"fault": "lost-reply"}, 1, RESET),
    Row({"fault": "truncated-body"}, 1, TRUNCATED),
    succeeds({"fault": "slow-body", "seconds": SHORT}, takes=SHORT),
    Row({"fault": "slow-body", "seconds": 300}, 1, TOO_SLOW, takes=SHORT),
    succeeds({"fault": "malformed-json"}, body=HALF),
    succeeds({"fault": "wrong-content-type"}, content_type="text/html"),
    succeeds({"fault": "latency", "seconds": 0.1}),
    *(undocumented(name, node) for name, node in UNDOCUMENTED.items()),
    Row({"status": 418, "body": {"tea": True}}, 0, status=418, content_type=JSON, body=r'\{"tea":true\}'),
    Row(
        {"fault": "account-busy", "headers": {"Retry-After": "30"}},
        0,
        status=429,
        content_type=JSON,
        body=r'\{"error":"Account demo@example\.com is busy executing 3 tasks\."\}',
    ),
    Row(
        {"fault": "pending-error"},
        0,
        status=596,
        content_type=JSON,
        body=r'\{"error":"Your PixVerse account has pending error\. Please address .+"\}',
    ),
]
ROW: Final = pytest.mark.parametrize("row", [pytest.param(row, id=json.dumps(row.rule)) for row in ROWS])


@dataclass(frozen=True)
class Sandbox:
    """A sandbox of the mock that listens at `url`, told and asked by the control API."""

    url: str
    token: str
    session: requests.Session

    @property
    def call(self) -> Call:
        """An upscale that would succeed."""
        return Call(self.url + UPSCALE, self.token, BODY)

    @property
    def impatient(self) -> Call:
        """The same by a client that soon gives up."""
        return replace(self.call, patience=SHORT)

    def struck(self, row: Row) -> Call:
        """The call that suffers what the row says."""
        self.suffer(row.rule)
        return self.impatient if row.errors in (SILENCE, TOO_SLOW) else self.call

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's body."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.session.request(method, f"{self.url}/__mock/{path}", json=body, headers=headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def suffer(self, *rules: dict[str, Any]) -> None:
        """Put a fault plan in."""
        self.control("PUT", "faults", {"faults": rules})


@pytest.fixture(scope="module")
def api() -> Api:
    """A mock with manual clocks, whose bugs are raised."""
    return Api(Settings(strict=True, clock="manual"))


@pytest.fixture(scope="module")
def sandboxes(api: Api) -> Iterator[Iterator[Sandbox]]:
    """Gives out one sandbox after the other."""
    with running(api) as url, requests.Session() as session:
        api.courier  # noqa: B018 - its thread is there before a test begins that counts them
        yield (Sandbox(url, f"user:12345-test{number}", session) for number in count())


@pytest.fixture
def sandbox(sandboxes: Iterator[Sandbox]) -> Sandbox:
    """A fresh one."""
    return next(sandboxes)


def in_process(api: Api) -> dict[str, Callable[[Call], Outcome]]:
    """The clients that reach a mock without a socket, by name."""
    mock = Mock(api)

    def mounted(call: Call) -> Outcome:
        with requests.Session() as session:
            session.mount("http://", RequestsAdapter(mock))
            return through_requests(call, session)

    return {"requests": mounted, "httpx": partial(through_httpx, transport=HttpxTransport(mock))}


def judge(row: Row, client: str, outcome: Outcome, sandbox: Sandbox) -> None:
    """Fail if a client did not see what the row says, or the sandbox does not show it."""
    assert outcome.error == row.errors.get(client)
    if row.status is not None:
        assert (outcome.status, outcome.content_type) == (row.status, row.content_type)
        assert re.fullmatch(row.body, outcome.body), outcome.body
    left = [account["credits"] for account in sandbox.control("GET", "accounts")["data"]]
    assert left == [10_000 - COST * row.jobs]
    assert len(sandbox.control("GET", "jobs")["data"]) == row.jobs
    plan = sandbox.control("GET", "faults")
    assert [(rule["name"], rule["met"], rule["exhausted"]) for rule in plan["data"]] == [(row.name, 1, True)]


def test_every_fault_has_a_row() -> None:
    """One that is added to the contract has to be seen by clients, too."""
    rows = {row.name for row in ROWS}
    by_kind: dict[str, set[str]] = {}
    for fault in Catalogue(Contract.load()):
        by_kind.setdefault(fault.kind, set()).add(fault.name)
    assert by_kind["wire"] | by_kind["undocumented"] <= rows
    assert by_kind["documented"] & rows
    assert set(UNDOCUMENTED) == by_kind["undocumented"]


@ROW
@pytest.mark.parametrize("client", ["curl", "requests", "httpx"])
def test_fault_is_seen_on_the_wire(row: Row, client: str, sandbox: Sandbox) -> None:
    """By its exit code, its exception, or as the answer; credits and jobs tell what was carried out."""
    outcome = CLIENTS[client](sandbox.struck(row))
    judge(row, client, outcome, sandbox)
    assert outcome.took >= 0.9 * row.takes


def test_faults_are_seen_by_fetch(sandboxes: Iterator[Sandbox]) -> None:
    """Likewise; one Node makes all the calls."""
    struck = list(zip(ROWS, sandboxes, strict=False))
    outcomes = fetch([sandbox.struck(row) for row, sandbox in struck])
    for (row, sandbox), outcome in zip(struck, outcomes, strict=True):
        judge(row, "fetch", outcome, sandbox)


@ROW
@pytest.mark.parametrize("client", ["requests", "httpx"])
def test_fault_is_seen_in_process(row: Row, client: str, api: Api, sandbox: Sandbox) -> None:
    """As over a socket, and nobody waits for it in real time."""
    outcome = in_process(api)[client](sandbox.struck(row))
    judge(row, client, outcome, sandbox)
    assert outcome.took < SHORT


def test_truncated_body_is_half_of_it(sandbox: Sandbox) -> None:
    """Behind a good status."""
    sandbox.suffer({"fault": "truncated-body"})
    outcome = curl(sandbox.call)
    assert (outcome.error, outcome.status, outcome.content_type) == ("18", 200, JSON)
    assert re.fullmatch(HALF, outcome.body)


def test_body_of_a_fault_breaks_off_in_its_json(sandbox: Sandbox) -> None:
    """Clients that don't expect it fail in their own code."""
    sandbox.suffer({"fault": "malformed-json"})
    answer = requests.post(sandbox.call.url, BODY, headers=sandbox.call.headers, timeout=10)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_header_of_a_rule_reaches_the_client(sandbox: Sandbox) -> None:
    """On top of those that the answer has."""
    sandbox.suffer({"fault": "account-busy", "headers": {"Retry-After": "30"}})
    answer = requests.post(sandbox.call.url, BODY, headers=sandbox.call.headers, timeout=10)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")


def test_slow_body_comes_in_pieces(sandbox: Sandbox) -> None:
    """A client that reads as it comes has the first of it long before the last."""
    sandbox.suffer({"fault": "slow-body", "seconds": 0.2})
    with httpx.stream("POST", sandbox.call.url, content=BODY, headers=sandbox.call.headers) as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) > 5
    assert re.fullmatch(WHOLE, b"".join(pieces).decode())


@pytest.mark.parametrize("client", CLIENTS)
def test_latency_on_a_manual_clock_takes_no_real_time(client: str, sandbox: Sandbox) -> None:
    """An hour passes in the sandbox, and the job that was accepted is done by then."""
    sandbox.suffer({"fault": "latency", "seconds": 3_600})
    outcome = CLIENTS[client](sandbox.call)
    assert (outcome.error, outcome.status) == (None, 200)
    assert sandbox.control("GET", "clock")["now"] == "2025-01-01T01:00:00.000Z"
    assert [job["status"] for job in sandbox.control("GET", "jobs")["data"]] == ["COMPLETED"]


@pytest.mark.parametrize("client", CLIENTS)
def test_latency_on_a_running_clock_is_waited_for(client: str, sandbox: Sandbox) -> None:
    """At its speed: two seconds of a clock that is ten times as fast."""
    sandbox.control("POST", "clock/speed", {"speed": 10})
    sandbox.suffer({"fault": "latency", "seconds": 2})
    outcome = CLIENTS[client](sandbox.call)
    assert (outcome.error, outcome.status) == (None, 200)
    assert outcome.took >= 0.2


@pytest.mark.parametrize("client", CLIENTS)
def test_latency_beyond_a_clients_patience_is_a_timeout(client: str, sandbox: Sandbox) -> None:
    """The job was accepted, though; nobody told."""
    sandbox.control("POST", "clock/speed", {"speed": 1})
    sandbox.suffer({"fault": "latency", "seconds": 60})
    assert CLIENTS[client](sandbox.impatient).error == SILENCE[client]
    assert len(sandbox.control("GET", "jobs")["data"]) == 1


@pytest.mark.parametrize("client", ["requests", "httpx"])
def test_latency_beyond_the_patience_in_process_is_a_timeout(client: str, api: Api, sandbox: Sandbox) -> None:
    """The clock moves as far as the client waits, and no further."""
    sandbox.suffer({"fault": "latency", "seconds": 3_600})
    outcome = in_process(api)[client](sandbox.impatient)
    assert outcome.error == SILENCE[client]
    assert sandbox.control("GET", "clock")["now"] == "2025-01-01T00:00:00.250Z"

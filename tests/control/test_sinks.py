"""The control API: built-in receivers of callbacks."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

import pytest

from api.mock import EMAIL, UPSCALE, Answer, MakeMock, Mock
from mockserver import Api, Settings
from mockserver.control.sinks import Sinks
from mockserver.control_client import ControlClient
from mockserver.message import Request
from mockserver.server import running

VIDEO = f"user:12345-pixverse:{EMAIL}-video:11223344"


def send(mock: Mock, name: str, content: bytes = b"", **headers: str) -> Answer:
    return mock.call("POST", f"/__mock/sink/{name}", content=content, headers={"Authorization": "", **headers})


def received(mock: Mock, name: str) -> list[dict[str, Any]]:
    answer = mock.call("GET", f"/__mock/sink/{name}", headers={"Authorization": ""})
    assert answer.status == 200, answer.content
    rows: list[dict[str, Any]] = answer.body["data"]
    return rows


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A sink that no other test sends to."""
    return hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]


def test_sink_keeps_what_it_gets(mock: Mock, name: str) -> None:
    """Body, headers, real time; in their order, and it answers how many there were."""
    assert received(mock, name) == []
    assert send(mock, name, b'{"a": 1}', **{"X-Mine": "7"}).body == {"received": 1}
    assert send(mock, name, b"[]").body == {"received": 2}
    first, second = received(mock, name)
    assert (first["body"], second["body"]) == ({"a": 1}, [])
    assert first["headers"]["x-mine"] == "7"
    assert datetime.fromisoformat(first["at"]) <= datetime.fromisoformat(second["at"])
    assert first["at"].endswith("Z")


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"", ""),
        (b"null", None),
        (b"hello, world", "hello, world"),
        (b'{"a": NaN}', '{"a": NaN}'),
        (b"1e999", "1e999"),
        (b'"\\ud800"', '"\\ud800"'),
        (b"\xff\x00", "\ufffd\x00"),
        (b"a=1&b=%20", "a=1&b=%20"),
        (b"[" * 200 + b"]" * 200, json.loads("[" * 200 + "]" * 200)),
        *((b"[" * deep + b"]" * deep, "[" * deep + "]" * deep) for deep in (252, 254, 256, 1_024, 5_000)),
    ],
)
def test_sink_takes_any_body(mock: Mock, name: str, content: bytes, shown: Any) -> None:
    """What is no JSON, or can't be shown as such, is text."""
    assert send(mock, name, content, **{"Content-Type": "text/plain"}).status == 200
    assert [call["body"] for call in received(mock, name)] == [shown]


@pytest.mark.parametrize("kind", ["application/json", "text/html; charset=x", "multipart/form-data", "?", ""])
def test_sink_takes_any_content_type(mock: Mock, name: str, kind: str) -> None:
    """Without a look at it."""
    assert send(mock, name, b"{}", **{"Content-Type": kind}).status == 200
    assert received(mock, name)[0]["body"] == {}


def test_cleared_sink_is_as_new(mock: Mock, name: str) -> None:
    """The next call is the first again; others are left alone, and clearing what is not there does no harm."""
    for sink in (name, f"{name}.2"):
        send(mock, sink)
    answer = mock.call("DELETE", f"/__mock/sink/{name}", headers={"Authorization": ""})
    assert (answer.status, answer.content) == (204, b"")
    assert mock.call("DELETE", f"/__mock/sink/{name}").status == 204
    assert received(mock, name) == []
    assert len(received(mock, f"{name}.2")) == 1
    assert send(mock, name).body == {"received": 1}


def test_sinks_belong_to_no_sandbox(mock: Mock, name: str) -> None:
    """A reset leaves them alone; a token makes no difference."""
    send(mock, name, b"1", Authorization="Bearer user:12345-abc")
    mock.call("POST", "/__mock/reset")
    assert [call["body"] for call in received(mock, name)] == [1]


@pytest.mark.parametrize("bad", ["a%20b", "a%0A", "%C3%A9", "a%2Fb", "x" * 65, "a:b", "a@b", "%ff", "~"])
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_bad_name_is_a_problem(mock: Mock, method: str, bad: str) -> None:
    """Nothing is kept under it."""
    answer = mock.call(method, f"/__mock/sink/{bad}", headers={"Authorization": ""})
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.body["detail"].startswith("name must ")


@pytest.mark.parametrize("good", ["a", "A.b_c-9", "x" * 64, "%61"])
def test_good_names(mock: Mock, name: str, good: str) -> None:
    """Letters, digits, dot, dash, underscore, up to 64; encoded or not."""
    before = len(received(mock, good))
    assert send(mock, good).status == 200
    assert len(received(mock, good)) == before + 1


def test_sink_refuses_what_is_too_long(mock: Mock, name: str) -> None:
    """1 MiB is the most; of more, no part is kept."""
    assert send(mock, name, b"x" * 1_048_576).status == 200
    answer = send(mock, name, b"x" * 1_048_577)
    assert (answer.status, answer.body["detail"]) == (413, "a sink takes bodies of at most 1048576 bytes, got more")
    assert [len(call["body"]) for call in received(mock, name)] == [1_048_576]


def test_sink_keeps_a_thousand_calls(mock: Mock, name: str) -> None:
    """The last ones; the count goes on."""
    for number in range(1_003):
        send(mock, name, b"%d" % number)
    bodies = [call["body"] for call in received(mock, name)]
    assert bodies == list(range(3, 1_003))
    assert send(mock, name).body == {"received": 1_004}


def test_sink_keeps_a_mebibyte() -> None:
    """Headers count, too; the last call is kept in any case."""
    sinks = Sinks()
    for number in range(20):
        sinks.receive("a", Request("POST", "/", headers=((b"x-long", b"x" * 50_000),), body=b"y" * 50_000))
        assert len(sinks.received("a")) == min(number + 1, 10)
    sinks.receive("a", Request("POST", "/", body=b"z" * 1_048_576))
    assert [len(call.body) for call in sinks.received("a")] == [1_048_576]
    sinks.receive("a", Request("POST", "/", body=b"z"))
    assert [len(call.body) for call in sinks.received("a")] == [1]


def test_there_are_a_hundred_sinks(make_mock: MakeMock) -> None:
    """The one that was not used for longest goes."""
    mock = make_mock()
    for number in range(100):
        send(mock, f"n{number}")
    send(mock, "n0")
    send(mock, "n100")
    assert received(mock, "n1") == []
    assert [len(received(mock, f"n{number}")) for number in (0, 2, 99, 100)] == [2, 1, 1, 1]


@pytest.mark.parametrize("mode", ["manual", "auto", "real"])
def test_own_sink_takes_callbacks(mode: str) -> None:
    """A live mock delivers to itself, in whatever mode its clock runs, and is not held up by it."""
    secret = base64.b64encode(b"0123456789abcdef").decode()
    settings = Settings(
        strict=True, clock=mode, changes={"callbacks.secret": f"whsec_{secret}", "callbacks.progress": "60"}
    )
    api = Api(settings)
    with running(api) as url:
        client = ControlClient(url, "user:12345-demo")
        made = client.ask("POST", UPSCALE, {"video_id": VIDEO, "replyUrl": f"{url}/__mock/sink/own", "replyRef": "é"})
        told = client.ask("POST", "/__mock/clock/advance", {"until": "idle"})
        calls = client.ask("GET", "/__mock/sink/own")["data"]
        assert client.ask("GET", "/__mock/callbacks")["owed"] == 0
    delivered = [event for event in told["events"] if event["event"] == "callback"]
    assert {event["result"] for event in delivered} == {"received"}
    assert [call["body"]["video_status_name"] for call in calls] == [event["status"] for event in delivered]
    assert calls[-1]["body"]["video_status_name"] == "COMPLETED"
    for call in calls:
        headers, body = call["headers"], call["body"]
        assert (body["video_id"], body["replyRef"]) == (made["video_id"], "é")
        assert headers["content-type"] == "application/json"
        signed = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{signed}".encode()
        digest = base64.b64encode(hmac.digest(b"0123456789abcdef", content, "sha256")).decode()
        assert headers["webhook-signature"] == f"v1,{digest}"

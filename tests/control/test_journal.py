"""The control API: the journal of a sandbox as one document, and the ready-made scenarios."""

import re
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from statistics import median
from typing import Any

import jsonschema_rs
import pytest

from api.adapters import live
from api.mock import EMAIL, UPSCALE, VIDEOS, MakeMock, Mock
from mockserver import Api, Settings
from mockserver.clock import stopwatch
from mockserver.journal import Exchange
from mockserver.message import Request
from mockserver.scenario import Scenario, names
from toolchain.documents import CONTROL, load

PARTS = ["form", "sandbox", "scenario", "clock", "cost", "accounts", "total", "lost"]
LISTS = ["requests", "outside", "downloads", "jobs", "callbacks"]
TOKEN = "user:12345-verysecret"
MASKED = "user:12345-***"
SCENARIO = {
    "description": "A rich story.",
    "accounts": [{"email": EMAIL, "maxJobs": 2}],
    "callbacks": {"secret": "whsec_" + "QUJD" * 8, "progress": 0},
    "faults": [{"operation": "upscaleVideo", "call": 2, "fault": "lost-reply"}],
}


def journal(mock: Mock) -> dict[str, Any]:
    """The document, which fits its schema."""
    document: dict[str, Any] = mock.get("/__mock/journal")
    components = load(CONTROL)["components"]
    schema = {"$ref": "#/components/schemas/Journal", "components": components}
    assert list(map(str, jsonschema_rs.validator_for(schema).iter_errors(document))) == []
    assert list(document) == PARTS + LISTS
    return document


def media(mock: Mock) -> str:
    """The path of the file of a finished video."""
    url: str = mock.get(f"{VIDEOS}/{mock.video_id()}")["url"]
    return "/" + url.split("/", 3)[3]


@pytest.fixture
def told(make_mock: MakeMock, receiver: str) -> dict[str, Any]:
    """The journal of a rich story: accepted, a lost reply, 429, 401 outside, a download with the token, callbacks."""
    mock = Mock((made := make_mock()).api, made.send, token=TOKEN)
    assert mock.call("PUT", "/__mock/scenario", SCENARIO).status == 200
    url = f"{receiver}/__mock/sink/rich?token={TOKEN}"
    mock.accepted(replyUrl=url, replyRef=TOKEN)
    # Past the adapters: not each of them has a connection to reset.
    body = f'{{"video_id": "{mock.video_id()}"}}'.encode()
    headers = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"content-type", b"application/json")]
    mock.api.answer(Request("POST", UPSCALE, headers=headers, body=body))
    assert mock.upscale().status == 429
    assert mock.call("GET", VIDEOS, headers={"Authorization": "Bearer nonsense-password"}).status == 401
    assert mock.call("GET", media(mock)).status == 200
    assert mock.call("GET", media(mock), query=f"token={TOKEN}", headers={"Authorization": ""}).status == 200
    assert mock.call("POST", "/__mock/clock/advance", {"until": "idle"}).status == 200
    return journal(mock)


def test_document_tells_the_whole_story(told: dict[str, Any]) -> None:
    """Each exchange, those outside, the files, and what became of it all."""
    assert (told["form"], told["sandbox"], told["cost"]) == (1, "12345", 20)
    assert told["scenario"] | {"callbacks": ""} == SCENARIO | {"callbacks": ""}
    assert (told["clock"]["mode"], told["clock"]["speed"]) == ("manual", 1)
    assert [account["credits"] for account in told["accounts"]] == [9_960]
    assert (told["total"], told["lost"]) == (5, 0)
    seen = [(each["number"], each["operation"], each["status"]) for each in told["requests"]]
    assert seen == [
        (1, "upscaleVideo", 200),
        (2, "upscaleVideo", 200),
        (3, "upscaleVideo", 429),
        (4, "getVideo", 200),
        (5, "getVideo", 200),
    ]
    assert told["requests"][1]["answer"]["wire"] == "reset"
    assert [(each["sandbox"], each["status"]) for each in told["outside"]] == [(None, 401)]
    assert [(each["method"], each["status"], each["masked"]) for each in told["downloads"]] == [
        ("GET", 200, ["header:token"]),
        ("GET", 200, ["query:token"]),
    ]
    accepted = [each["accepted"] for each in told["requests"][:2]]
    assert [(job["video_id"], job["status"]) for job in told["jobs"]] == [(each, "COMPLETED") for each in accepted]
    assert told["callbacks"] == told["requests"][0]["callbacks"]
    assert [(each["status"], each["outcome"]) for each in told["callbacks"]][-1] == ("COMPLETED", "delivered")


def test_document_tells_each_thing_as_its_own_call_does(mock: Mock, receiver: str) -> None:
    """But for the limits that those have."""
    mock.accepted(replyUrl=f"{receiver}/__mock/sink/same")
    mock.call("GET", VIDEOS, headers={"Authorization": ""})
    mock.call("POST", "/__mock/clock/advance", {"until": "idle"})
    told = journal(mock)
    for part in ("requests", "accounts", "jobs", "callbacks"):
        assert told[part] == mock.get(f"/__mock/{part}")["data"]
    assert told["outside"] == mock.get("/__mock/requests/outside")["data"]
    assert told["clock"] == mock.get("/__mock/clock")
    assert told["scenario"] == mock.get("/__mock/scenario") == {}


def test_secrets_are_masked(told: dict[str, Any]) -> None:
    """Wherever they stood; the place and the kind of each is told."""
    text = str(told)
    for secret in ("verysecret", "nonsense-password", "QUJD"):
        assert secret not in text
    first = told["requests"][0]
    assert first["body"]["replyRef"] == MASKED
    assert first["masked"] == ["body:token", "callback:token", "header:token"]
    assert told["outside"][0]["masked"] == ["header:token"]
    assert told["jobs"][0]["replyRef"] == MASKED
    assert told["jobs"][0]["replyUrl"].endswith(f"?token={MASKED}")


def test_token_of_any_form_is_masked(make_mock: MakeMock, receiver: str) -> None:
    """Where the mock takes one that does not show to be a token."""
    made = make_mock(any_token=True)
    mock = Mock(made.api, made.send, token="plain-and-long")
    mock.accepted(replyUrl=f"{receiver}/__mock/sink/any?x={mock.token}", replyRef=mock.token)
    mock.call("GET", media(mock), query=f"x={mock.token}")
    mock.call("POST", "/__mock/clock/advance", {"until": "idle"})
    told = journal(mock)
    assert "plain-and-long" not in str(told)
    assert told["downloads"][0]["masked"] == ["header:token", "query:token"]


def test_sandbox_that_nobody_used(mock: Mock) -> None:
    """Everything is there, and empty."""
    told = journal(mock)
    assert (told["total"], told["lost"], told["scenario"]) == (0, 0, {})
    assert [told[part] for part in ("requests", "downloads", "jobs", "callbacks")] == [[], [], [], []]
    assert [account["email"] for account in told["accounts"]] == [EMAIL]


def test_what_is_no_longer_kept_is_counted(make_mock: MakeMock) -> None:
    """The first ones are lost."""
    mock = make_mock(journal=3)
    for _ in range(5):
        mock.get(VIDEOS)
    told = journal(mock)
    assert (told["total"], told["lost"]) == (5, 2)
    assert [each["number"] for each in told["requests"]] == [3, 4, 5]


def test_upscales_that_are_free_cost_nothing(make_mock: MakeMock) -> None:
    """As each job says."""
    mock = make_mock(scenario="unlimited")
    mock.accepted()
    told = journal(mock)
    assert (told["cost"], told["jobs"][0]["cost"]) == (0, 0)


def test_more_than_a_thousand_of_everything(make_mock: MakeMock) -> None:
    """All that is kept is told."""
    dropped = "{progress: 0, disturbances: [{kind: dropped, of: all}]}"
    mock = make_mock(journal=2_000, scenario="unlimited", changes={"callbacks": dropped})
    body = f'{{"video_id": "{mock.video_id()}", "replyUrl": "http://127.0.0.1:9/"}}'.encode()
    headers = [(b"authorization", f"Bearer {mock.token}".encode()), (b"content-type", b"application/json")]
    for _ in range(1_100):
        mock.api.answer(Request("POST", UPSCALE, headers=headers, body=body))
    mock.advance(1)
    told = journal(mock)
    assert (len(told["requests"]), len(told["jobs"])) == (1_100, 1_100)
    assert len(told["callbacks"]) == sum(len(each["callbacks"]) for each in told["requests"]) > 1_100


# When an answer was given


def seam(mock: Mock, path: str = VIDEOS) -> Exchange | Future[Exchange]:
    """What comes of a request, past the adapters: not each of them has a connection."""
    return mock.api.exchange(Request("GET", path, headers=[(b"authorization", f"Bearer {mock.token}".encode())]))


def taken(entry: dict[str, Any]) -> float:
    """Real seconds between a request and the end of its answer."""
    times = [datetime.fromisoformat(entry[name]) for name in ("real", "answered")]
    return (times[1] - times[0]).total_seconds()


def suffer(mock: Mock, **rule: Any) -> None:
    assert mock.call("PUT", "/__mock/faults", {"faults": [{"sticky": True, **rule}]}).status == 200


def test_answer_that_nothing_delays_is_given_at_once(mock: Mock) -> None:
    """Whatever it is."""
    mock.get(VIDEOS)
    mock.upscale("nonsense")
    mock.call("GET", "/v2/nothing")
    assert [each["answered"] == each["real"] for each in journal(mock)["requests"]] == [True] * 3
    mock.call("GET", VIDEOS, headers={"Authorization": ""})
    assert all(each["answered"] == each["real"] for each in journal(mock)["outside"])


def test_late_answer_is_given_when_its_delay_has_passed(make_mock: MakeMock) -> None:
    """In real time on a clock that runs; at once where the delay moves the clock."""
    mock = make_mock(clock="real", speed=10.0)
    suffer(mock, fault="latency", seconds=3)
    mock.get(VIDEOS)
    assert 0.28 <= taken(journal(mock)["requests"][0]) < 5
    mock.call("POST", "/__mock/clock/freeze")
    mock.get(VIDEOS)
    assert taken(journal(mock)["requests"][1]) < 0.2


def test_answer_that_is_waited_for_is_not_given_yet(make_mock: MakeMock) -> None:
    """Nor is one that never comes."""
    mock = make_mock(clock="real")
    suffer(mock, fault="latency", seconds=3_600)
    coming = seam(mock)
    assert isinstance(coming, Future)
    suffer(mock, fault="no-answer")
    assert isinstance(seam(mock), Exchange)
    assert [(each["status"], each["answered"]) for each in journal(mock)["requests"]] == [(200, None), (0, None)]


@pytest.mark.parametrize(("fault", "seconds"), [("connection-reset", 0), ("truncated-body", 0), ("slow-body", 2.5)])
def test_answer_that_suffers_ends_with_that(mock: Mock, fault: str, seconds: float) -> None:
    """A dribbled one when its last piece is due."""
    suffer(mock, fault=fault, **({"seconds": seconds} if seconds else {}))
    seam(mock)
    assert seconds <= taken(journal(mock)["requests"][0]) < seconds + 0.2


# What was asked of files


def test_download_is_told_as_it_was_asked(mock: Mock) -> None:
    """With its query and headers, whether there was a file or not; other paths are nobody's."""
    path = media(mock)
    mock.call("HEAD", path, headers={"Authorization": "", "X-Run": "7"})
    mock.call("GET", path, query="a=1", headers={"Authorization": "", "Range": "bytes=0-9"})
    mock.call("GET", path.replace("3840x2160", "1x1").replace("960x540", "1x1"), headers={"Authorization": ""})
    mock.call("GET", "/media/nothing")
    mock.call("GET", "/media/1-3840x2160.mp4")
    # The mock is shared: others may have asked for files of their videos, which have the same numbers.
    head, part, none = journal(mock)["downloads"][-3:]
    assert (head["method"], head["path"], head["status"], head["masked"]) == ("HEAD", path, 200, [])
    assert ["x-run", "7"] in head["headers"]
    assert (part["method"], part["query"], part["status"]) == ("GET", "a=1", 206)
    assert (none["status"], none["path"]) == (404, path.rpartition("-")[0] + "-1x1.mp4")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", head["real"])


def test_download_with_a_token_is_that_ones(make_mock: MakeMock) -> None:
    """Though the videos of other sandboxes have the same numbers. One without a token may be anybody's."""
    mock = make_mock()
    other = mock.of_fresh_token()
    path = media(mock)
    assert path == media(other)
    other.call("GET", path)
    other.call("GET", path, query=f"t={other.token.replace(':', '%3A')}", headers={"Authorization": ""})
    mock.call("GET", path, headers={"Authorization": f"Token {mock.token}"})
    mock.call("GET", path, headers={"Authorization": ""})
    assert [each["masked"] for each in journal(mock)["downloads"]] == [["header:token"], []]
    assert [each["masked"] for each in journal(other)["downloads"]] == [["header:token"], ["query:token"], []]


def test_download_of_a_former_sandbox_is_not_told(mock: Mock) -> None:
    """Of that, another one took the place."""
    mock.call("GET", media(mock))
    assert journal(mock)["downloads"]
    mock.call("POST", "/__mock/reset")
    assert journal(mock)["downloads"] == []


def test_download_of_a_video_that_is_gone_is_told(mock: Mock) -> None:
    """It was this sandbox's."""
    video_id = mock.accepted()
    mock.finish()
    mock.call("GET", f"/media/{video_id.rpartition(':')[2]}-3840x2160.mp4")
    assert mock.call("DELETE", f"{VIDEOS}/{video_id}").status == 200
    assert [each["masked"] for each in journal(mock)["downloads"]] == [["header:token"]]


# Others meanwhile


def test_long_journal_holds_nobody_up() -> None:
    """Ten thousand exchanges, told while others are answered."""
    api = Api(Settings(clock="manual", scenario="unlimited", journal=10_000))
    mock = Mock(api, lambda *_: (0, {}, b""))
    request = Request("GET", VIDEOS, "limit=3", [(b"authorization", f"Bearer {mock.token}".encode())])
    for _ in range(10_000):
        api.answer(request)
    waits: list[float] = []
    with live(api) as send, ThreadPoolExecutor(1) as pool:
        mock = Mock(api, send)
        mock.get("/__mock/health")
        coming = pool.submit(mock.get, "/__mock/journal")
        while not coming.done():
            begun = stopwatch()
            mock.get("/__mock/health")
            waits.append(stopwatch() - begun)
        told = coming.result()
    api.close()
    assert (len(told["requests"]), told["lost"]) == (10_000, 0)
    assert len(waits) > 5
    assert median(waits) < 0.1


# The ready-made scenarios


def test_ready_made_scenarios_are_told(mock: Mock) -> None:
    """Each is what a sandbox takes, and is the one of that name then."""
    rows = mock.get("/__mock/scenarios")["data"]
    assert [row["name"] for row in rows] == names()
    for row in rows:
        assert mock.call("PUT", "/__mock/scenario", row["scenario"]).body == Scenario.load(row["name"]).data
        assert row["description"] == row["scenario"]["description"]

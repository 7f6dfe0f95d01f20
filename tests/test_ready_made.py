"""The ready-made scenarios: what a client sees under each, over the seam, with a clock that moves when told."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import yaml

from api.mock import ACCOUNTS, EMAIL, SCHEDULER, VIDEOS, Answer, Mock
from mockserver.api import Api
from mockserver.message import Request, Suffering
from mockserver.scenario import Scenario, names
from mockserver.scenario_file import ready_made
from mockserver.settings import Settings

LONGEST_BUSY: Final = 300
"""Seconds after which a scenario that begins with full slots has one free."""

Play = Callable[[str], Mock]


class Lost(Exception):  # noqa: N818 - what happens to an answer
    """No answer came."""


def _send(api: Api) -> Callable[..., tuple[int, Any, bytes]]:
    """Requests go over the seam; what the wire takes away raises Lost."""

    def send(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        lower = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        response = api.answer(Request(method, path, query, lower, body))
        if response.wire is not None:
            raise Lost(response.wire.suffers)
        return response.status, {name.decode(): value.decode() for name, value in response.headers}, response.body

    return send


@pytest.fixture
def play() -> Iterator[Play]:
    """Makes mocks of ready-made scenarios."""
    apis: list[Api] = []

    def make(name: str) -> Mock:
        apis.append(Api(Settings(scenario=name, clock="manual", strict=True)))
        return Mock(apis[-1], _send(apis[-1]))

    yield make
    for api in apis:
        api.close()


def seen(attempt: Callable[[], Answer]) -> int | str:
    """The status of an answer, or what became of it."""
    try:
        return attempt().status
    except Lost as lost:
        return str(lost)


def statuses(mock: Mock, video_id: str, seconds: float) -> list[str]:
    """What the list says about a video as time goes by, each once."""
    found: list[str] = []
    for _ in range(30):
        (video,) = [video for video in mock.get(VIDEOS)["data"] if video["video_id"] == video_id]
        if video["video_status_name"] not in found:
            found.append(video["video_status_name"])
        mock.advance(seconds / 30)
    return found


# Each of them


ACCEPTED: Final = ["QUEUED", "GENERATING", "COMPLETED"]


def accepted(mock: Mock) -> None:
    """404 while it runs, then the finished video."""
    made = mock.accepted()
    assert mock.call("GET", f"{VIDEOS}/{made}").status == 404
    assert statuses(mock, made, 330) == ACCEPTED
    assert mock.get(f"{VIDEOS}/{made}")["output_width"] == 3840


def busy_then_free(mock: Mock) -> None:
    """429, while the scheduler lists the jobs that are in the way; then accepted."""
    refused = mock.upscale()
    assert (refused.status, refused.body) == (429, {"error": f"Account {EMAIL} is busy executing 3 tasks."})
    assert len(mock.get(f"{SCHEDULER}/")) == 3
    waited = wait_for_a_slot(mock)
    assert 60 < waited <= LONGEST_BUSY


def upstream_limit(mock: Mock) -> None:
    """429 with the other text, though slots are free; then accepted."""
    refused = mock.upscale()
    assert (refused.status, refused.body) == (429, {"error": "Reached the limit for concurrent generations."})
    assert 60 < wait_for_a_slot(mock) <= LONGEST_BUSY


def wait_for_a_slot(mock: Mock) -> int:
    """Seconds for which an upscale is refused."""
    for waited in range(0, 3_600, 15):
        if mock.upscale().status == 200:
            return waited
        mock.advance(15)
    raise AssertionError("no slot came free")


def credits_run_out(mock: Mock) -> None:
    """One upscale, then 412; waiting does not help."""
    assert [mock.upscale().status for _ in range(2)] == [200, 412]
    mock.finish()
    assert mock.upscale().status == 412


def password_changed(mock: Mock) -> None:
    """596 until the account is updated; then accepted."""
    assert mock.upscale().status == 596
    mock.finish()
    assert mock.upscale().status == 596
    update = {"email": EMAIL, "password": "secret", "maxJobs": 3}
    assert mock.call("POST", f"{ACCOUNTS}/{EMAIL}", update).status == 201
    assert mock.upscale().status == 200


def moderated(mock: Mock) -> None:
    """Accepted, and in the end not COMPLETED; the credits come back."""
    assert statuses(mock, mock.accepted(), 330) == ["QUEUED", "GENERATING", "MODERATED"]
    assert mock.sandbox.accounts[EMAIL].credits == 10_000


def failed(mock: Mock) -> None:
    """Accepted, and in the end not COMPLETED; the credits come back."""
    assert statuses(mock, mock.accepted(), 330) == ["QUEUED", "GENERATING", "FAILED"]
    assert mock.sandbox.accounts[EMAIL].credits == 10_000


def slow_day(mock: Mock) -> None:
    """Every answer takes time of the sandbox's clock, and a job a quarter of an hour at least."""
    made = mock.accepted()
    start = mock.guarded.clock.now()
    for _ in range(20):
        mock.get(VIDEOS, "limit=1")
    taken = (mock.guarded.clock.now() - start) / 1_000
    assert 20 < taken < 200
    mock.advance(900 - taken - 60)
    assert mock.call("GET", f"{VIDEOS}/{made}").status == 404
    mock.advance(3_600)
    assert mock.get(f"{VIDEOS}/{made}")["video_status_name"] == "COMPLETED"


def awkward_but_legal(mock: Mock) -> None:
    """Every answer is right, and looks like none that a naive client has met."""
    made = mock.accepted()
    running = mock.call("GET", f"{VIDEOS}/{made}")
    assert (running.status, running.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert b"\\u0040" in running.content
    assert len(running.content.splitlines()) > 20
    assert (running.body["video_status_name"], running.body["video_status_final"]) == ("QUEUED", True)
    assert running.body["url"].endswith("-960x540.mp4")
    assert "output_width" not in running.body
    assert "new_field" in running.body
    assert mock.get(VIDEOS)["data"][-1]["video_id"] == made
    assert int(made.rpartition(":")[2]) > 2**53
    mock.finish()
    done = mock.get(f"{VIDEOS}/{made}")
    assert (done["video_status"], done["output_width"]) == (1, 3840)
    assert done["url"].endswith("-3840x2160.mp4")


def callback_storm(mock: Mock) -> None:
    """The jobs are as always; tests/callbacks holds what a receiver sees."""
    assert statuses(mock, mock.accepted(), 330) == ACCEPTED


def flaky_network(mock: Mock) -> None:
    """About one call in five fails in one of four ways; none of those was carried out."""
    mock.sandbox.accounts.adjust(EMAIL, max_jobs=8, concurrency=1_000)
    found = [seen(lambda: mock.call("GET", VIDEOS, query="limit=1")) for _ in range(400)]
    assert set(found) == {200, 502, 503, Suffering.RESET, Suffering.EMPTY}
    assert 40 < len(found) - found.count(200) < 140
    before = mock.sandbox.accepted
    upscales = [seen(mock.upscale) for _ in range(60)]
    assert mock.sandbox.accepted - before == upscales.count(200) < 60


def flaky_reads(mock: Mock) -> None:
    """Upscales are accepted at once; the first three polls fail, and the fifth, whichever way a client polls."""
    made = mock.accepted()
    polls = [seen(lambda: mock.call("GET", f"{VIDEOS}/{made}")) for _ in range(6)]
    assert polls == [502, Suffering.RESET, 503, 404, Suffering.TRUNCATED, 404]
    lists = [seen(lambda: mock.call("GET", VIDEOS)) for _ in range(6)]
    assert lists == [502, Suffering.RESET, 503, 200, Suffering.TRUNCATED, 200]
    mock.finish()
    later = [seen(lambda: mock.call("GET", f"{VIDEOS}/{made}")) for _ in range(100)]
    assert set(later) == {200}
    assert seen(mock.upscale) == 200


def lost_reply(mock: Mock) -> None:
    """No answer, and yet a job and its price; the next upscale is a second one."""
    assert seen(mock.upscale) == Suffering.RESET
    assert len(mock.get(f"{SCHEDULER}/")) == 1
    assert mock.sandbox.accounts[EMAIL].credits == 9_980
    assert seen(mock.upscale) == 200
    assert mock.sandbox.accounts[EMAIL].credits == 9_960


def rate_limited(mock: Mock) -> None:
    """Three 429s with two texts, though nothing runs; then accepted."""
    found = [mock.upscale() for _ in range(4)]
    assert [answer.status for answer in found] == [429, 429, 429, 200]
    assert len({answer.body["error"] for answer in found[:3]}) == 2


def outage(mock: Mock) -> None:
    """Whatever is called; then all is well."""
    found = [seen(lambda: mock.call("GET", VIDEOS)) for _ in range(3)] + [seen(mock.upscale) for _ in range(4)]
    assert found == [503, 503, 502, 502, 504, 504, 200]


def unlimited(mock: Mock) -> None:
    """Any number of upscales, free, and over at once."""
    made = [mock.accepted() for _ in range(50)]
    mock.advance(1)
    assert mock.get(f"{VIDEOS}/{made[0]}")["video_status_name"] == "COMPLETED"
    assert mock.sandbox.accounts[EMAIL].credits == 10_000


STORIES: Final[dict[str, Callable[[Mock], None]]] = {
    "accepted": accepted,
    "awkward-but-legal": awkward_but_legal,
    "busy-then-free": busy_then_free,
    "callback-storm": callback_storm,
    "credits-run-out": credits_run_out,
    "failed": failed,
    "flaky-network": flaky_network,
    "flaky-reads": flaky_reads,
    "lost-reply": lost_reply,
    "moderated": moderated,
    "outage": outage,
    "password-changed": password_changed,
    "rate-limited": rate_limited,
    "slow-day": slow_day,
    "unlimited": unlimited,
    "upstream-limit": upstream_limit,
}

GRADED: Final = (
    *("accepted", "busy-then-free", "upstream-limit", "credits-run-out", "password-changed"),
    *("lost-reply", "flaky-reads", "failed", "moderated", "awkward-but-legal"),
)
"""Those that `contracts grade` runs when none is named."""


@pytest.mark.parametrize("name", STORIES)
def test_client_sees_what_the_scenario_says(name: str, play: Play) -> None:
    """The story of each, from the first call."""
    STORIES[name](play(name))


def test_every_ready_made_scenario_has_a_story() -> None:
    """And no story is left over."""
    assert list(STORIES) == names()


@pytest.mark.parametrize("name", names())
def test_description_is_a_line(name: str) -> None:
    """It stands first, and fits into a list."""
    text = ready_made(name).decode()
    assert re.match(r"description: \S.{20,118}[.]\n", text)
    assert text == text.rstrip() + "\n"


@pytest.mark.parametrize("name", names())
def test_example_for_a_person_is_a_finished_video(name: str, play: Play) -> None:
    """Whatever runs from the first instant: the greeting of `serve` names it."""
    mock = play(name)
    example = mock.api.example_id(mock.token)
    assert mock.sandbox.videos[int(example.rpartition(":")[2])].final


@pytest.mark.parametrize("name", GRADED)
def test_graded_scenario_fits_a_graded_run(name: str) -> None:
    """Jobs of 2 to 5 minutes; 404 while processing, but for the last; nothing that holds up a call."""
    data = Scenario.load(name).data
    assert 120 <= data["jobs"]["shortest"] <= data["jobs"]["longest"] <= 300
    assert Scenario.load(name).answers.processing == (200 if name == GRADED[-1] else 404)
    faults = {rule.get("fault") for rule in data.get("faults", ())}
    assert not faults & {"latency", "no-answer", "slow-body"}


@pytest.mark.parametrize("name", names())
def test_copied_file_is_the_same_scenario(name: str, tmp_path: Any) -> None:
    """As YAML, and as JSON."""
    for copy, text in (("a.yaml", ready_made(name)), ("a.json", json.dumps(yaml.safe_load(ready_made(name))).encode())):
        path = tmp_path / copy
        path.write_bytes(text)
        assert Scenario.load(path) == Scenario.load(name)


def test_clock_that_waits_starts_with_the_first_call() -> None:
    """Control calls don't count; then it runs as fast as it is told."""
    from mockserver import Settings
    from mockserver.api import Api
    from mockserver.message import Request
    from mockserver.mock import Mock

    api = Api(
        Settings(
            scenario={
                "clock": {"speed": 10_000, "waits": True},
                "accounts": [{"email": "demo@example.com", "running": 3}],
            }
        )
    )
    headers = [(b"authorization", b"Bearer user:12345-demo")]
    mock = Mock(api)
    for _ in range(2):
        mock.exchange(Request("GET", "/__mock/jobs", headers=headers))
    clock = api.runtime.guarded(headers[0][1]).clock
    assert clock.waits
    mock.exchange(Request("GET", "/v2/account", headers=headers))
    assert not clock.waits
    assert clock.seconds_until(clock.now() + 10_000) is not None

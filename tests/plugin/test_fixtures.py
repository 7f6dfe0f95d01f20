"""The fixtures in a user's project."""

import pytest

from live import serving
from plugin.project import run

pytest_plugins = ["pytester"]

IN_PROCESS = '''
import asyncio, time, unittest
import httpx, pytest, requests
from time import sleep

API = "https://api.useapi.net/v2/pixverse"

def upscale(mock, **fields):
    return requests.post(f"{API}/videos/upscale", headers=mock.headers, json={"video_id": mock.video_id, **fields})

def wait(mock, video_id):
    """Poll as the vendor says."""
    while True:
        answer = requests.get(f"{API}/videos/{video_id}", headers=mock.headers)
        if answer.status_code == 200:
            return answer.json()
        sleep(20)

def test_unchanged_code_waits_in_no_time(pixverse_mock):
    began, real = pixverse_mock.clock.now, time.perf_counter()
    ids = []
    while len(ids) < 4:
        answer = upscale(pixverse_mock)
        if answer.status_code == 429:
            time.sleep(20)
        else:
            ids.append(answer.json()["video_id"])
    assert {wait(pixverse_mock, video_id)["video_status_name"] for video_id in ids} == {"COMPLETED"}
    assert (pixverse_mock.clock.now - began).total_seconds() > 60
    assert time.perf_counter() - real < 20
    assert pixverse_mock.requests.count(status=429) > 0

def test_loop_with_a_deadline_ends(pixverse_mock):
    deadline = time.monotonic() + 3_600
    while time.monotonic() < deadline:
        time.sleep(30)
    assert pixverse_mock.clock.now.hour == 1

def test_callbacks_come_while_it_sleeps(pixverse_mock, pixverse_callbacks):
    upscale(pixverse_mock, replyUrl=pixverse_callbacks.url)
    time.sleep(3_600)
    names = [received["body"]["video_status_name"] for received in pixverse_callbacks.received]
    assert names[0] == "GENERATING" and names[-1] == "COMPLETED"

def test_application_receives_while_it_sleeps(pixverse_mock):
    seen = []
    def app(environ, start):
        seen.append(environ["PATH_INFO"])
        start("200 OK", [])
        return [b""]
    pixverse_mock.register_app("app.test", app)
    upscale(pixverse_mock, replyUrl="http://app.test/done")
    time.sleep(3_600)
    assert set(seen) == {"/done"}

@pytest.mark.asyncio
async def test_asyncio(pixverse_mock):
    async with httpx.AsyncClient(base_url=API, headers=pixverse_mock.headers) as client:
        video_id = (await client.post("/videos/upscale", json={"video_id": pixverse_mock.video_id})).json()["video_id"]
        while (answer := await client.get(f"/videos/{video_id}")).status_code == 404:
            await asyncio.sleep(20)
    assert answer.json()["video_status_name"] == "COMPLETED"

@pytest.mark.anyio
async def test_anyio(pixverse_mock):
    import anyio
    before = pixverse_mock.clock.now
    await anyio.sleep(60)
    assert (pixverse_mock.clock.now - before).total_seconds() == 60

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.usefixtures("pixverse_mock")
class OldTests(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def take(self, pixverse_mock):
        self.mock = pixverse_mock

    def test_unittest(self):
        self.assertEqual(upscale(self.mock).status_code, 200)
        time.sleep(600)
        self.assertEqual(self.mock.jobs[0]["status"], "COMPLETED")
'''

MARKED = """
import pytest, requests

API = "https://api.useapi.net/v2/pixverse"
pytestmark = pytest.mark.pixverse(sleep=False)

def upscale(mock):
    url = f"{mock.base_url}/v2/pixverse/videos/upscale"
    return requests.post(url, headers=mock.headers, json={"video_id": mock.video_id}).status_code

def test_fresh_each_time(pixverse_mock):
    assert upscale(pixverse_mock) == 200

def test_fresh_each_time_again(pixverse_mock):
    assert pixverse_mock.requests.count() == 0

@pytest.mark.pixverse(scenario="password-changed")
class TestOfAClass:
    def test_scenario_by_name(self, pixverse_mock):
        assert upscale(pixverse_mock) == 596

    @pytest.mark.pixverse(faults=[{"fault": "account-busy"}], accounts=[{"email": "a@b.co"}])
    def test_key_on_top(self, pixverse_mock):
        assert [upscale(pixverse_mock), upscale(pixverse_mock)] == [429, 200]

    @pytest.mark.pixverse(scenario="accepted")
    def test_nearest_wins(self, pixverse_mock):
        assert upscale(pixverse_mock) == 200

@pytest.mark.pixverse(clock="auto", seed=7)
def test_clock(pixverse_mock):
    assert pixverse_mock.clock.mode == "auto"

@pytest.mark.pixverse(clock={"mode": "auto", "step": 60})
def test_clock_of_a_scenario(pixverse_mock):
    began = pixverse_mock.clock.now
    upscale(pixverse_mock)
    assert 60 <= (pixverse_mock.clock.now - began).total_seconds() < 70

def test_time_is_real(pixverse_mock):
    import time
    began = pixverse_mock.clock.now
    time.sleep(0.001)
    assert pixverse_mock.clock.now == began

def test_further_mocks(pixverse_mock, make_pixverse_mock):
    other = make_pixverse_mock(base_url="https://other.test", scenario="credits-run-out")
    assert [upscale(pixverse_mock), upscale(other), upscale(other)] == [200, 200, 412]
"""

LIVE = '''
import pytest, requests

def upscale(sandbox, **fields):
    body = {"video_id": sandbox.video_id, **fields}
    return requests.post(f"{sandbox.base_url}/v2/pixverse/videos/upscale", headers=sandbox.headers, json=body)

def test_sandbox(pixverse_sandbox, pixverse_server):
    assert pixverse_sandbox.base_url == pixverse_server.url
    assert pixverse_sandbox.clock.mode == "manual"
    assert upscale(pixverse_sandbox).status_code == 200
    pixverse_sandbox.clock.advance("idle")
    assert pixverse_sandbox.jobs[0]["status"] == "COMPLETED"

def test_fresh_each_time(pixverse_sandbox):
    assert pixverse_sandbox.requests.count() == 0

def test_callbacks(pixverse_sandbox, pixverse_callbacks):
    upscale(pixverse_sandbox, replyUrl=pixverse_callbacks.url)
    assert pixverse_callbacks.wait()[0]["body"]["video_status_name"] == "GENERATING"

@pytest.mark.pixverse(scenario="password-changed")
def test_scenario(pixverse_sandbox):
    assert upscale(pixverse_sandbox).status_code == 596

@pytest.mark.pixverse(clock="auto")
def test_clock(pixverse_sandbox):
    assert pixverse_sandbox.clock.mode == "auto"

@pytest.mark.pixverse(clock="real", limits={"slots": False})
def test_real_clock_and_key(pixverse_sandbox):
    assert pixverse_sandbox.clock.mode == "real"
    assert pixverse_sandbox.scenario.get()["limits"] == {"slots": False}

def test_beside_a_mock_in_process(pixverse_sandbox, pixverse_mock):
    """What is slept moves one of them, and the other goes on to answer."""
    import time
    before = pixverse_sandbox.clock.now
    time.sleep(600)
    assert pixverse_mock.clock.now.minute == 10
    assert pixverse_sandbox.clock.now == before
    assert upscale(pixverse_sandbox).status_code == upscale(pixverse_mock).status_code == 200
'''


def test_in_process(pytester: pytest.Pytester) -> None:
    """Unchanged code that sleeps, with asyncio, anyio and unittest, leaves nothing behind."""
    run(pytester, IN_PROCESS).assert_outcomes(passed=7)


def test_markers(pytester: pytest.Pytester) -> None:
    """Each mock is as the markers say, the nearest to the test first."""
    run(pytester, MARKED).assert_outcomes(passed=9)


def test_live(pytester: pytest.Pytester) -> None:
    """A sandbox of a server that the session starts."""
    run(pytester, LIVE).assert_outcomes(passed=7)


@pytest.mark.slow
def test_live_on_a_server_that_runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock and a control token of its own, the same tests pass."""
    with serving("--clock", "real", "--control-token", "s3") as live:
        monkeypatch.setenv("PIXVERSE_SERVER_URL", live.url)
        monkeypatch.setenv("PIXVERSE_CONTROL_TOKEN", "s3")
        run(pytester, LIVE).assert_outcomes(passed=7)
        monkeypatch.setenv("PIXVERSE_CONTROL_TOKEN", "")
        refused = run(pytester, LIVE, "-k", "test_fresh")
    refused.assert_outcomes(errors=1)
    refused.stdout.fnmatch_lines("pixverse: PIXVERSE_SERVER_URL: *401*the control API needs its token*")


@pytest.mark.slow
def test_server_that_does_not_run_is_told(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, in a line."""
    monkeypatch.setenv("PIXVERSE_SERVER_URL", "http://127.0.0.1:9")
    result = run(pytester, LIVE, "-k", "test_fresh")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines("pixverse: PIXVERSE_SERVER_URL: no mock answers * at http://127.0.0.1:9*")


def test_fixtures_tell_what_they_are(pytester: pytest.Pytester) -> None:
    """In the lists of fixtures and of markers."""
    run(pytester, "", "--fixtures").stdout.fnmatch_lines_random(
        ["pixverse_mock*", "*A mock in this process*", "pixverse_sandbox*", "*A fresh sandbox on the live mock*"]
    )
    run(pytester, "", "--markers").stdout.fnmatch_lines("@pytest.mark.pixverse(scenario=None, *")

"""A thousand tests at the same time on one live server."""

import pytest

from live import serving
from plugin.project import run

pytestmark = pytest.mark.slow
pytest_plugins = ["pytester"]

TESTS = """
import pytest, requests

@pytest.mark.pixverse(jobs={"shortest": 30, "longest": 30})
@pytest.mark.parametrize("number", range(1_000))
def test_sees_its_own_world(pixverse_sandbox, pixverse_callbacks, number):
    sandbox = pixverse_sandbox
    assert (sandbox.requests.count(), sandbox.jobs, sandbox.accounts.get()["credits"]) == (0, [], 10_000)
    url = f"{sandbox.base_url}/v2/pixverse/videos/upscale"
    for turn in range(4):
        body = {"video_id": sandbox.video_id, "replyRef": f"{number}-{turn}"}
        if not turn:
            body["replyUrl"] = pixverse_callbacks.url
        answer = requests.post(url, headers=sandbox.headers, json=body)
        assert answer.status_code == (200 if turn < 3 else 429)
    sandbox.clock.advance(10 + number)
    ended = number >= 20
    assert [job["replyRef"] for job in sandbox.jobs] == [f"{number}-{turn}" for turn in range(3)]
    assert {job["status"] == "COMPLETED" for job in sandbox.jobs} == {ended}
    assert {each["body"]["replyRef"] for each in pixverse_callbacks.received} <= {f"{number}-0"}
    assert bool(pixverse_callbacks.received) or not ended
    assert (sandbox.clock.now.timestamp() - 1_735_689_600) == 10 + number
    assert sandbox.requests.count() == 4
"""


def test_thousand_sandboxes_of_one_server(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pass, and none sees another's requests, jobs, credits, callbacks or time."""
    with serving() as live:
        monkeypatch.setenv("PIXVERSE_SERVER_URL", live.url)
        run(pytester, TESTS, "-n", "4", "-q").assert_outcomes(passed=1_000)

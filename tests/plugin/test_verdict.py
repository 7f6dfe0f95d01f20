"""`pixverse_verdict` in a user's project: the client of a test is judged when the test has ended."""

import pytest

from plugin.project import run

pytest_plugins = ["pytester"]

CLIENT = """
import time
import pytest, requests

def upscale_and_wait(mock, wait=10, poll=10):
    api = f"{mock.base_url}/v2/pixverse"
    while True:
        answer = requests.post(f"{api}/videos/upscale", json={"video_id": mock.video_id}, headers=mock.headers)
        if answer.status_code != 429:
            break
        time.sleep(wait)
    answer.raise_for_status()
    while True:
        time.sleep(poll)
        video = requests.get(f"{api}/videos/{answer.json()['video_id']}", headers=mock.headers)
        if video.status_code == 200:
            return video.json()
"""

GOOD = f"""{CLIENT}
@pytest.mark.pixverse(scenario="busy-then-free")
def test_good(pixverse_mock, pixverse_verdict):
    assert upscale_and_wait(pixverse_mock)["video_status_name"] == "COMPLETED"
    verdict = pixverse_verdict.judge()
    assert verdict.grade.letter == "A" and not verdict.errors

def test_the_fixture_alone_brings_a_mock(pixverse_verdict):
    pixverse_verdict.check()

@pytest.mark.pixverse_verdict(skip="polling/*")
def test_rules_can_be_left_out(pixverse_mock, pixverse_verdict):
    upscale_and_wait(pixverse_mock, poll=1)

def test_exactly_ten_seconds_are_enough(pixverse_mock, pixverse_verdict):
    upscale_and_wait(pixverse_mock, poll=10)

@pytest.mark.pixverse(scenario="busy-then-free")
def test_findings_are_raised_when_asked_for(pixverse_mock, pixverse_verdict):
    upscale_and_wait(pixverse_mock, poll=9.9)
    with pytest.raises(AssertionError, match="polling/pace"):
        pixverse_verdict.check()
    pixverse_mock.reset()
"""

BAD = f"""{CLIENT}
@pytest.mark.pixverse(scenario="busy-then-free")
def test_hasty(pixverse_mock, pixverse_verdict):
    upscale_and_wait(pixverse_mock, wait=2)

def test_that_fails_anyway(pixverse_mock, pixverse_verdict):
    upscale_and_wait(pixverse_mock, poll=1)
    assert False, "its own reason"

@pytest.mark.pixverse_verdict(only="nonsense")
def test_wrong_marker(pixverse_mock, pixverse_verdict):
    pass

@pytest.mark.pixverse_verdict("busy/*")
def test_marker_without_a_name(pixverse_mock, pixverse_verdict):
    pass
"""

LIVE = f"""{CLIENT}
@pytest.mark.pixverse(clock={{"mode": "auto", "step": 10}})
def test_on_a_live_mock(pixverse_sandbox, pixverse_verdict):
    api = f"{{pixverse_sandbox.base_url}}/v2/pixverse/videos/upscale"
    for _ in range(2):
        body = {{"video_id": pixverse_sandbox.video_id, "maxJobs": 20}}
        requests.post(api, json=body, headers=pixverse_sandbox.headers)
"""


def test_a_client_that_behaves_passes(pytester: pytest.Pytester) -> None:
    """Time is exact in process: ten seconds are ten seconds."""
    run(pytester, GOOD).assert_outcomes(passed=5)


def test_a_client_that_misbehaves_fails_its_test(pytester: pytest.Pytester) -> None:
    """At its end, with the rule, the story and what to do instead; a test that failed already keeps its own reason."""
    result = run(pytester, BAD)
    result.assert_outcomes(passed=1, failed=1, errors=3)
    out = result.stdout.str()
    assert "pixverse_verdict: the client misbehaved" in out
    assert "busy/wait" in out
    assert "the next try came after 2.0 s" in out
    assert "polling/pace" not in out
    assert "no rule, group or pattern 'nonsense'" in out
    assert "the marker takes names" in out
    assert "contracts/pytest_plugin.py" not in out


def test_a_live_sandbox_is_judged_the_same_way(pytester: pytest.Pytester) -> None:
    """By its own journal."""
    result = run(pytester, LIVE)
    result.assert_outcomes(passed=1, errors=1)
    assert {"requests/valid", "refused/bad-request"} <= set(result.stdout.str().split())


EXPLORED = f'''{CLIENT}
def careful(mock):
    """It does not look for a lost job, and does not submit it again, either."""
    if upscale_and_wait(mock)["video_status_name"] != "COMPLETED":
        raise SystemExit(1)

def careless(mock):
    """It submits again whatever happens."""
    while True:
        try:
            return careful(mock)
        except requests.RequestException:
            time.sleep(10)

def test_careful(pixverse_explore):
    pixverse_explore(careful, runs=20, only=["submit/*"])

def test_careless(pixverse_explore):
    pixverse_explore(careless, runs=20, only=["submit/*"], out="found.yaml")

def test_found(pixverse_explore):
    found = pixverse_explore.search(careless, runs=20, only=["submit/*"])
    assert found.rule.id == "submit/once"

@pytest.mark.pixverse(scenario="found.yaml")
def test_again(pixverse_mock, pixverse_verdict):
    careless(pixverse_mock)
'''


def test_what_breaks_a_client_is_searched_for(pytester: pytest.Pytester) -> None:
    """What is found fails the test, with a scenario that plays it again."""
    result = run(pytester, EXPLORED)
    result.assert_outcomes(passed=3, failed=1, errors=1)
    out = result.stdout.str()
    assert "submit/once: After a lost answer nothing is submitted again" in out
    assert "20 credits were paid twice" in out
    assert "fault: lost-reply" in out

"""What a user reads when a test fails, and when a marker is wrong."""

import pytest
import requests

import mockserver
from mockserver import PixverseServer
from mockserver.pytest_report import sections
from plugin.project import run

pytest_plugins = ["pytester"]

FAILING = """
import pytest, requests

pytestmark = pytest.mark.pixverse(sleep=False)
API = "https://api.useapi.net/v2/pixverse"

def test_fails(pixverse_mock):
    requests.post(f"{API}/videos/upscale", headers=pixverse_mock.headers, json={"video_id": pixverse_mock.video_id})
    pixverse_mock.clock.advance("idle")
    requests.get(f"{API}/videos")
    assert False

def test_passes(pixverse_mock):
    requests.get(f"{API}/scheduler", headers=pixverse_mock.headers)

@pytest.mark.xfail
def test_fails_as_expected(pixverse_mock):
    requests.get(f"{API}/features", headers=pixverse_mock.headers)
    assert False
"""

FAILING_LIVE = """
import pytest, requests

def test_fails_live(pixverse_sandbox):
    requests.get(f"{pixverse_sandbox.base_url}/v2/account", headers=pixverse_sandbox.headers)
    assert False

@pytest.fixture
def broken(pixverse_sandbox):
    requests.get(f"{pixverse_sandbox.base_url}/v2/pixverse/videos", headers=pixverse_sandbox.headers)
    assert False

def test_set_up_fails(broken):
    pass
"""

WRONG = """
import pytest

@pytest.mark.pixverse("lost-reply")
def test_a(pixverse_mock): pass

@pytest.mark.pixverse(seed="x")
def test_b(pixverse_mock): pass

@pytest.mark.pixverse(clock="fast")
def test_c(pixverse_mock): pass

@pytest.mark.pixverse(clock="auto", sleep=True)
def test_d(pixverse_mock): pass

@pytest.mark.pixverse(scenario="lost-rply")
def test_e(pixverse_mock): pass

@pytest.mark.pixverse(acounts=[])
def test_f(pixverse_mock): pass

@pytest.mark.pixverse(acounts=[])
def test_g(pixverse_sandbox): pass

@pytest.mark.pixverse(seed=1)
def test_h(pixverse_sandbox): pass

@pytest.mark.pixverse(scenario=7)
def test_i(pixverse_mock): pass

@pytest.mark.pixverse(sleep=1)
def test_j(pixverse_mock): pass

def test_k(pixverse_mock, pixverse_sandbox, pixverse_callbacks): pass
"""

SENTENCES = [
    "pixverse: the marker takes names, as pixverse(scenario='lost-reply'), got 'lost-reply'",
    "pixverse: seed must be a whole number, got 'x'",
    "pixverse: clock must be one of real, manual, auto, or the clock of a scenario, got 'fast'",
    "pixverse: sleep moves a clock that stands, the mode must be manual, got auto",
    "pixverse: scenario 'lost-rply' can't be read: *did you mean lost-reply?*",
    "pixverse: scenario: /acounts: there is no key acounts (did you mean accounts?)*",
    "pixverse: PUT /__mock/scenario is refused, 400: *did you mean accounts?*",
    "pixverse: seed and sleep are for pixverse_mock: *",
    "pixverse: scenario must be data, a file or a name, got 7",
    "pixverse: sleep must be True or False, got 1",
    "pixverse: pixverse_callbacks belongs to one mock, and this test uses two: *",
]


def test_failing_test_shows_the_story(pytester: pytest.Pytester) -> None:
    """Of its own mock, with what reached no sandbox; no other test does, and no token stands there."""
    result = run(pytester, FAILING)
    result.assert_outcomes(failed=1, passed=1, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_fails _*",
            "*- pixverse: sandbox of user:12345-* -*",
            "2025-01-01",
            "00:00:00.000  POST /v2/pixverse/videos/upscale 200  accepted: *",
            "00:0?:??.???  *[0-9] COMPLETED",
            "*- pixverse: requests that reached no sandbox -*",
            "GET /v2/pixverse/videos 401  no Authorization header",
        ]
    )
    printed = result.stdout.str()
    assert "/scheduler" not in printed
    assert "/features" not in printed
    assert "user:12345-demo" not in printed


def test_story_is_bounded() -> None:
    """In lines, and in sandboxes."""
    with mockserver.intercept() as mock:
        for number in range(100):
            requests.get(f"{mock.base_url}/v2/account", headers=mock.headers)
            requests.get(f"{mock.base_url}/v2/account", headers={"Authorization": f"Bearer user:1-x{number % 20}"})
        told = list(sections([mock]))
    assert told[0][1].count("GET /v2/account 200") == 60
    assert told[0][1].startswith("(the beginning is left out)")
    assert [title for title, _ in told[1:]] == ["pixverse: sandbox of user:1-***"] * 4 + ["pixverse"]
    assert told[-1][1] == "(and 16 more sandboxes)"


def test_mock_that_does_not_answer_is_told() -> None:
    """A report is made in any case."""
    ((title, text),) = sections([PixverseServer("http://127.0.0.1:9").sandbox("user:1-a")])
    assert (title, "no mock answers" in text) == ("pixverse: sandbox of user:1-***", True)


@pytest.mark.slow
def test_failing_test_shows_the_story_of_a_live_sandbox(pytester: pytest.Pytester) -> None:
    """Also over the processes of xdist, and where a fixture of the user's fails."""
    result = run(pytester, FAILING_LIVE, "-n", "2")
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines_random(["*:??.???  GET /v2/account 200*", "*:??.???  GET /v2/pixverse/videos 200*"])


def test_wrong_marker_is_told_in_a_sentence(pytester: pytest.Pytester) -> None:
    """That names the rule and the value, without a trace through the plugin."""
    result = run(pytester, WRONG)
    result.assert_outcomes(errors=len(SENTENCES))
    result.stdout.fnmatch_lines([line.replace("[", "[[]") for line in SENTENCES])
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()

"""Any fault plan, any timing: the client against the mock itself, in process."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, pairwise
from random import Random
from typing import Any, Final

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.playing import SOURCE
from contracts.client import Client, ClientError, Policy, Undecided
from mockserver import Api, Settings
from mockserver.interception import RequestsAdapter
from mockserver.mock import Mock

BASE: Final = "http://127.0.0.1:8596"
UPSCALE: Final = "upscaleVideo"

_ANYWHERE: Final = (
    {"fault": "connection-reset"},
    {"fault": "empty-answer"},
    {"fault": "no-answer"},
    {"fault": "truncated-body"},
    {"fault": "malformed-json"},
    {"fault": "wrong-content-type"},
    {"fault": "bad-gateway"},
    {"fault": "service-unavailable"},
    {"status": 503, "body": "<html>later</html>", "headers": {"Retry-After": "30"}},
    {"status": 429, "body": {"error": "slow down"}, "headers": {"Retry-After": "2"}},
    {"fault": "latency", "seconds": 7},
)
_UPSCALE: Final = (
    {"fault": "lost-reply"},
    {"fault": "no-answer", "handled": True},
    {"fault": "connection-reset", "handled": True},
    {"fault": "account-busy"},
    {"fault": "upstream-limit"},
    {"fault": "insufficient-credits"},
    {"fault": "pending-error"},
    {"fault": "subscription-required"},
)


def _rules(actions: tuple[dict[str, Any], ...], *operations: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda action, operation, times: {**action, "operation": operation, "times": times},
        st.sampled_from(actions),
        st.sampled_from(operations),
        st.integers(1, 4),
    )


plans = st.lists(
    st.one_of(
        _rules(_ANYWHERE, UPSCALE, "getVideo", "listVideos", "listAvailable"),
        _rules(_UPSCALE, UPSCALE),
    ),
    max_size=6,
)
scenarios = st.fixed_dictionaries(
    {},
    optional={
        "jobs": st.sampled_from([{"endings": ["FAILED"]}, {"endings": ["MODERATED"]}, {"longest": 61}]),
        "answers": st.sampled_from([{"processing": 200}, {"queued_is_final": True}, {"order": "oldest"}]),
    },
)


@pytest.fixture(scope="module")
def sessions() -> Iterator[Iterator[tuple[requests.Session, str]]]:
    """A way into a mock, and a token of a new sandbox each time."""
    api = Api(Settings(clock="manual", strict=True))
    with requests.Session() as session:
        session.mount(BASE, RequestsAdapter(Mock(api)))
        yield ((session, f"user:12345-story{number}") for number in count())
    api.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(scenarios, plans, st.integers(0, 2**32), st.sampled_from([60.0, 600.0, 3_600.0]))
def test_any_plan_ends_well_or_in_the_right_error(
    sessions: Iterator[tuple[requests.Session, str]],
    scenario: dict[str, Any],
    plan: list[dict[str, Any]],
    seed: int,
    deadline: float,
) -> None:
    """Never two jobs for one wish, never sooner than 10 s after a 429; an error says truly whether there is a job."""
    session, token = next(sessions)

    def control(method: str, path: str, body: Any = None) -> Any:
        answer = session.request(
            method, f"{BASE}/__mock/{path}", json=body, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.ok, answer.text
        return answer.json()

    control("PUT", "scenario", scenario)
    control("PUT", "faults", {"faults": plan})

    def sleep(seconds: float) -> None:
        control("POST", "clock/advance", {"seconds": round(seconds + 0.000_5, 3)})

    def clock() -> float:
        # What the client waits for in vain goes by on the sandbox's clock, too.
        return datetime.fromisoformat(control("GET", "clock")["now"]).timestamp()

    error, begun = None, clock()
    client = Client(
        token, BASE, (5, 60), Policy(deadline=deadline), session, sleep=sleep, clock=clock, random=Random(seed).uniform
    )
    try:
        client.upscale_and_wait(SOURCE)
    except ClientError as found:
        error = found
    assert clock() - begun <= deadline + 0.1
    jobs = control("GET", "jobs")["data"]
    known = error is None or error.video_id is not None
    assert len(jobs) <= 1
    assert isinstance(error, Undecided) or len(jobs) == int(known), error
    submissions = [each for each in control("GET", "requests")["data"] if each["operation"] == UPSCALE]
    for one, other in pairwise(sorted(submissions, key=lambda each: str(each["at"]))):
        pause = datetime.fromisoformat(other["at"]) - datetime.fromisoformat(one["at"])
        assert one["status"] != 429 or pause >= timedelta(seconds=10)

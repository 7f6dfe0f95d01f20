"""One wish, and whatever happens to it: stories of a client against the mock, and the files that tell them again.

    PYTHONPATH=tests python -m client.stories FILE...

plays stories of files again and prints their timelines.
"""

import re
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

import yaml
from hypothesis import strategies as st

import mockserver
from client.playing import SOURCE
from contracts.client import Client, ClientError, Policy, Undecided
from mockserver import PixverseMock, Settings

_UPSCALE: Final = "upscaleVideo"
_READ: Final = ("getVideo", "listVideos", "listAvailable")
_CLIENT: Final = re.compile(r"deadline ([0-9.]+) s, draws of seed ([0-9]+)")
"""What a story's file says about the client, in its description."""

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
_OF_UPSCALES: Final = (
    {"fault": "lost-reply"},
    {"fault": "no-answer", "handled": True},
    {"fault": "connection-reset", "handled": True},
    {"fault": "account-busy"},
    {"fault": "upstream-limit"},
    {"fault": "insufficient-credits"},
    {"fault": "pending-error"},
    {"fault": "subscription-required"},
)


@dataclass(frozen=True)
class Story:
    """A scenario of the mock, and the client's deadline in seconds and the seed of what it draws."""

    scenario: dict[str, Any]
    deadline: float
    seed: int

    def __str__(self) -> str:
        """The file that tells it again; a mock takes it for a scenario."""
        said = {"description": f"deadline {self.deadline} s, draws of seed {self.seed}", **self.scenario}
        return yaml.safe_dump(said, sort_keys=False)

    @classmethod
    def of(cls, text: str) -> "Story":
        """The story of a file."""
        scenario = yaml.safe_load(text)
        deadline, seed = _CLIENT.fullmatch(scenario.pop("description")).groups()  # type: ignore[union-attr]
        return cls(scenario, float(deadline), int(seed))


def _rules(actions: tuple[dict[str, Any], ...], *operations: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda action, operation, times: {**action, "operation": operation, "times": times},
        st.sampled_from(actions),
        st.sampled_from(operations),
        st.integers(1, 4),
    )


def _of_parts(faults: list[dict[str, Any]], jobs: Any, answers: Any, running: int) -> dict[str, Any]:
    account = {"email": "demo@example.com", "maxJobs": 2, "running": running}
    parts = {"accounts": [account] if running else None, "jobs": jobs, "answers": answers, "faults": faults}
    return {name: part for name, part in parts.items() if part}


def stories(
    *, most_faults: int = 6, deadlines: tuple[float, ...] = (60.0, 600.0, 3_600.0), seeds: int = 2**32
) -> st.SearchStrategy[Story]:
    """Any sequence of refusals, faults and timings; up to two slots of two are taken at the start."""
    scenarios = st.builds(
        _of_parts,
        st.lists(st.one_of(_rules(_ANYWHERE, _UPSCALE, *_READ), _rules(_OF_UPSCALES, _UPSCALE)), max_size=most_faults),
        st.sampled_from([None, {"longest": 61}, {"endings": ["COMPLETED", "FAILED"]}, {"endings": {"MODERATED": 0.5}}]),
        st.sampled_from(
            [None, {"processing": 200}, {"queued_is_final": True}, {"order": "oldest"}, {"retry_after": 30}]
        ),
        st.integers(0, 2),
    )
    return st.builds(Story, scenarios, st.sampled_from(deadlines), st.integers(0, seeds))


@dataclass(frozen=True)
class Told:
    """What came of a story."""

    error: ClientError | None
    seconds: float
    mock: PixverseMock
    before: int
    """The jobs that ran at the start."""


def tell(story: Story, kind: type[Client] = Client) -> None:
    """Play a story. Raises AssertionError where the client breaks a rule: with its timeline, and its file."""
    with mockserver.intercept(scenario=story.scenario, settings=Settings(strict=True)) as mock:
        try:
            _check(_played(story, kind, mock), story)
        except Exception as broken:
            raise AssertionError(f"{broken!r}\n\n{mock.timeline(200)}\n\n{story}") from broken


def _played(story: Story, kind: type[Client], mock: PixverseMock) -> Told:
    def sleep(seconds: float) -> None:
        mock.clock.advance(round(seconds + 0.000_5, 3))

    def clock() -> float:
        # What the client waits for in vain goes by on the sandbox's clock, too.
        return mock.clock.now.timestamp()

    error, begun, before = None, clock(), len(mock.jobs)
    policy, draw = Policy(deadline=story.deadline), Random(story.seed).uniform
    with kind(mock.token, mock.base_url, (5, 60), policy, sleep=sleep, clock=clock, random=draw) as client:
        try:
            client.upscale_and_wait(SOURCE)
        except ClientError as found:
            error = found
    return Told(error, clock() - begun, mock, before)


def _check(told: Told, story: Story) -> None:
    assert told.seconds <= story.deadline + 0.1, f"{told.seconds} s, later than the deadline"
    made = len(told.mock.jobs) - told.before
    known = told.error is None or told.error.video_id is not None
    assert made <= 1, f"{made} jobs for one wish"
    assert isinstance(told.error, Undecided) or made == int(known), f"{told.error!r} with {made} jobs"
    exchanges = told.mock.requests.list()
    submissions = [each for each in exchanges if each["operation"] == _UPSCALE]
    for one, other in pairwise(submissions):
        pause = _instant(other) - _instant(one)
        assert one["status"] != 429 or pause >= timedelta(seconds=10), f"{pause} after a 429"
    ended = [at for at, each in enumerate(exchanges) if told.error is None and _shows_the_end(each)]
    assert not ended or ended[0] == len(exchanges) - 1, "a call after the end"


def _instant(exchange: Any) -> datetime:
    return datetime.fromisoformat(exchange["at"])


def _shows_the_end(exchange: Any) -> bool:
    """Whether a client has just read in it that its video is COMPLETED."""
    whole = exchange["status"] == 200 and not exchange["faults"]
    if exchange["operation"] != "getVideo" or not whole:
        return False
    return "COMPLETED" in str(exchange["answer"]["body"])


if __name__ == "__main__":
    for name in sys.argv[1:]:
        tell(Story.of(Path(name).read_text(encoding="utf-8")))
        print(f"{name}: the client behaves")

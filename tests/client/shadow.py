"""A small API of our own: what it does to each call is drawn, what it knows is exact."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st

from client.playing import SOURCE, Failure, Outcome, answer, error, listed, running, video
from contracts.client import Policy
from contracts.client.exchange import Request

ENDS: Final = {"COMPLETED": 1, "MODERATED": 7, "FAILED": 8}
LOST_AT_MOST: Final = 19.0
"""Seconds until a job shows whose submission was cut off: less than two looks are apart."""


@dataclass(frozen=True)
class Strike:
    """What happens to a call. `done`: it is carried out. `outcome`: what is seen of it, None for what it comes to."""

    name: str
    done: bool
    outcome: Outcome | None


STRIKES: Final = (
    Strike("sound", done=True, outcome=None),
    Strike("reset before", done=False, outcome=Failure("reset")),
    Strike("reset after", done=True, outcome=Failure("reset")),
    Strike("silence before", done=False, outcome=Failure("timed out", timeout=True)),
    Strike("silence after", done=True, outcome=Failure("timed out", timeout=True)),
    Strike("refused", done=False, outcome=Failure("refused", sent=False)),
    Strike("502 before", done=False, outcome=error(502)),
    Strike("504 after", done=True, outcome=error(504)),
    Strike("garbled after", done=True, outcome=answer(200, b'{"video')),
    Strike("busy", done=False, outcome=error(429, retry_after="20")),
    Strike("busy at once", done=False, outcome=error(429, retry_after="0")),
    Strike("busy for long", done=False, outcome=error(429, retry_after="5000")),
    Strike("credits", done=False, outcome=error(412)),
    Strike("pending", done=False, outcome=error(596)),
    Strike("unauthorized", done=False, outcome=error(401)),
)

strikes = st.lists(st.sampled_from(STRIKES), max_size=12)


@dataclass
class Shadow:
    """Calls are struck in order, then all is well. Jobs take `lasts` seconds and end as `ends`.

    `took`: seconds of every call. `late`: until a job shows whose answer was lost.
    """

    strikes: Sequence[Strike]
    lasts: float
    ends: int
    took: float
    late: float
    oldest_first: bool
    jobs: list[tuple[float, str]] = field(default_factory=list)
    """When each began to show, and its replyRef."""
    _calls: int = 0

    def handle(self, request: Request, now: float, patience: float) -> tuple[Outcome, float]:
        """What a flow sees of a call, and how long that took."""
        assert patience > 0
        strike = self.strikes[self._calls] if self._calls < len(self.strikes) else STRIKES[0]
        self._calls += 1
        come = self._done(request, now, whole=strike.outcome is None) if strike.done else None
        outcome = strike.outcome or come
        assert outcome is not None
        silent = isinstance(outcome, Failure) and outcome.timeout
        return outcome, min(60.0 if silent else self.took, patience)

    def _done(self, request: Request, now: float, *, whole: bool) -> Outcome:
        if request.operation == "upscaleVideo":
            assert request.json is not None
            self.jobs.append((now + (0 if whole else self.late), str(request.json["replyRef"])))
            return answer(200, {"video_id": self._id(len(self.jobs) - 1)})
        shown = [(index, begun, ref) for index, (begun, ref) in enumerate(self.jobs) if begun <= now]
        if request.operation == "listAvailable":
            return running(*[(self._id(index), ref) for index, begun, ref in shown if now < begun + self.lasts])
        videos = [self._video(index, begun, ref, now) for index, begun, ref in shown]
        if request.operation == "listVideos":
            pages = [video(1, SOURCE), *videos]
            return listed(*(pages if self.oldest_first else reversed(pages)))
        assert request.operation == "getVideo"
        ended = [each for each in videos if each["video_status"] in ENDS.values()]
        found = [each for each in ended if request.path.endswith(each["video_id"])]
        return answer(200, found[0]) if found else error(404, "not found")

    def _video(self, index: int, begun: float, ref: str, now: float) -> dict[str, Any]:
        status = self.ends if now >= begun + self.lasts else 10 if now >= begun + self.lasts / 3 else 5
        return video(status, self._id(index), original_video_id=SOURCE, replyRef=ref)

    @staticmethod
    def _id(index: int) -> str:
        return f"user:12345-pixverse:demo@example.com-video:{100 + index}"


shadows = st.builds(
    Shadow,
    strikes,
    lasts=st.floats(1, 700),
    ends=st.sampled_from(list(ENDS.values())),
    took=st.floats(0.01, 8),
    late=st.floats(0, LOST_AT_MOST),
    oldest_first=st.booleans(),
)

policies = st.builds(Policy, deadline=st.floats(1, 3_000), attempts=st.integers(1, 6), busy_attempts=st.integers(1, 8))

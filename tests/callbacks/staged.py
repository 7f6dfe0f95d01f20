"""A mock that is played with over real sockets, with the control calls that move its time."""

from collections.abc import Callable
from typing import Any, Final

from api.mock import VIDEOS, Answer, Mock
from mockserver.instants import parse

MINUTE: Final[dict[str, Any]] = {"shortest": 60, "longest": 60}
"""Jobs that take a minute."""

Stage = Callable[..., Mock]
"""Makes a mock on the live server, with the settings given by name; the clock is manual unless told otherwise."""


def control(mock: Mock, method: str, path: str, body: Any = None) -> Answer:
    """The answer to a control call, which succeeds."""
    answer = mock.call(method, f"/__mock/{path}", body)
    assert answer.status in (200, 204), answer.content
    return answer


def play(mock: Mock, **callbacks: Any) -> None:
    """Begin anew with jobs of a minute and these rules for callbacks; progress is told each half a minute."""
    control(mock, "PUT", "scenario", {"jobs": MINUTE, "callbacks": {"progress": 30, **callbacks}})


def advance(mock: Mock, seconds: float) -> list[Any]:
    """Move the clock; gives what happened."""
    events: list[Any] = control(mock, "POST", "clock/advance", {"seconds": seconds}).body["events"]
    return events


def run_out(mock: Mock) -> list[Any]:
    """Move the clock until nothing is left to happen; gives what happened."""
    events: list[Any] = control(mock, "POST", "clock/advance", {"until": "idle"}).body["events"]
    return events


def callbacks(mock: Mock) -> list[Any]:
    """What is and was owed to receivers. With a clock that stands, the same is told by the exchanges that caused it."""
    listed: list[Any] = control(mock, "GET", "callbacks").body["data"]
    requests = control(mock, "GET", "requests").body["data"]
    beneath = [callback for request in requests for callback in request.get("callbacks", ())]
    if control(mock, "GET", "clock").body["mode"] == "manual":
        assert sorted(beneath, key=lambda callback: int(callback["number"])) == listed
    return listed


def outcomes(mock: Mock) -> list[tuple[str, str | None]]:
    """The statuses that are told, and how each callback ended."""
    return [(callback["status"], callback["outcome"]) for callback in callbacks(mock)]


def attempts(mock: Mock, index: int = 0) -> list[tuple[float, str, Any]]:
    """The attempts of the callback at this place; each was sent when it was due.

    For each the seconds from the callback's instant, the result, and the receiver's status or what was wrong.
    """
    callback = callbacks(mock)[index]
    found = []
    for attempt in callback["attempts"]:
        assert attempt["sent"] == attempt["due"]
        what = attempt["answered"] if "answered" in attempt else attempt.get("error")
        found.append((since(callback["at"], attempt["due"]), attempt["result"], what))
    return found


def since(start: str, instant: str) -> float:
    """Seconds between two instants."""
    return (parse(instant) - parse(start)) / 1_000


def video(mock: Mock, video_id: str) -> Any:
    """A video as it is; it has ended."""
    return mock.get(f"{VIDEOS}/{video_id}")

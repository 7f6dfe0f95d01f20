"""Flows driven by lists: answers by operation, and a clock that only moves when a flow sleeps."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from contracts.client import ClientError, Policy
from contracts.client.exchange import Answer, Call, Failure, Flow, Now, Request, Seen, Sleep
from contracts.client.flows import Flows

T = TypeVar("T")

SOURCE: Final = "user:12345-pixverse:demo@example.com-video:11223344"
NEW: Final = "user:12345-pixverse:demo@example.com-video:112233445566"
OTHER: Final = "user:12345-pixverse:demo@example.com-video:66778899"
REF: Final = "made-up-ref"

RESET: Final = Failure("reset")
SILENCE: Final = Failure("timed out", timeout=True)
REFUSED: Final = Failure("refused", sent=False)

Outcome = Answer | Failure


def answer(status: int, value: Any = None, **headers: str) -> Answer:
    """An answer in JSON, or with these bytes; the names of headers come with underscores."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(status, {name.replace("_", "-"): text for name, text in headers.items()}, content)


def error(status: int, text: str = "no", **headers: str) -> Answer:
    """A refusal."""
    return answer(status, {"error": text}, **headers)


def video(status: int = 1, video_id: str = NEW, **fields: Any) -> dict[str, Any]:
    """A video as the API has it."""
    return {"video_id": video_id, "video_status": status, "created_at": "2025-01-01T00:00:00Z", **fields}


def mine(status: int = 5, ref: str = REF, **fields: Any) -> dict[str, Any]:
    """The upscale of SOURCE that carries a replyRef."""
    return video(status, **{"original_video_id": SOURCE, "replyRef": ref, **fields})


def listed(*videos: dict[str, Any]) -> Answer:
    """A page of the list that holds all there is, so that the next one brings nothing new."""
    return answer(200, {"data": list(videos)})


def running(*jobs: tuple[str, str]) -> Answer:
    """The jobs that run, by id and replyRef."""
    return answer(200, {"executing": [{"id": each, "replyRef": ref} for each, ref in jobs], "available": []})


ACCEPTED: Final = answer(200, {"video_id": NEW})
BUSY: Final = error(429, "Account demo@example.com is busy executing 3 tasks.")
PROCESSING: Final = error(404, f"Video {NEW} not found")


@dataclass
class Played:
    """What came of a flow: its result or its error, the calls with their instants, the pauses, what was seen.

    `calls_when_seen`: how many calls there had been at each of `seen`. `outcomes`: of the calls.
    """

    result: Any = None
    error: ClientError | None = None
    calls: list[tuple[float, Request]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    calls_when_seen: list[int] = field(default_factory=list)
    now: float = 1_000.0

    @property
    def operations(self) -> list[str]:
        """What was called, in order."""
        return [request.operation for _, request in self.calls]

    def count(self, operation: str) -> int:
        """How often an operation was called."""
        return self.operations.count(operation)

    def sent(self, operation: str) -> list[Mapping[str, Any] | None]:
        """The bodies of an operation's calls."""
        return [request.json for _, request in self.calls if request.operation == operation]


def flows(policy: Policy | None = None, kind: type[Flows] = Flows) -> Flows:
    """Flows that draw the lower of two numbers, and whose replyRefs are all REF."""
    return kind(policy or Policy(), lambda low, _: low, lambda: REF)


def play(flow: Flow[Any], handle: Callable[[Request, float, float], tuple[Outcome, float]]) -> Played:
    """Drive a flow: `handle` gets a request, the instant and the patience, gives the outcome and how long it took."""
    played, result = Played(), None
    try:
        while True:
            match flow.send(result):
                case Call(request, patience):
                    played.calls.append((played.now, request))
                    result, took = handle(request, played.now, patience)
                    played.outcomes.append(result)
                    played.now += took
                case Sleep(seconds):
                    played.pauses.append(seconds)
                    played.now += seconds
                    result = None
                case Now():
                    result = played.now
                case Seen(video):
                    played.seen.append(video.status.name)
                    played.calls_when_seen.append(len(played.calls))
                    result = None
    except StopIteration as end:
        played.result = end.value
    except ClientError as found:
        played.error = found
    return played


def script(flow: Flow[Any], took: float = 0.0, **outcomes: Outcome | list[Outcome]) -> Played:
    """Drive a flow by lists of outcomes for each operation, of which the last one stays."""
    left = {name: list(each) if isinstance(each, list) else [each] for name, each in outcomes.items()}

    def handle(request: Request, _: float, __: float) -> tuple[Outcome, float]:
        queue = left[request.operation]
        return (queue.pop(0) if len(queue) > 1 else queue[0]), took

    return play(flow, handle)

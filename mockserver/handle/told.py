"""What the control API tells, as types: the JSON itself, its keys as control.yaml has them."""

from typing import Any, Literal, NotRequired, TypedDict

Mode = Literal["real", "manual", "auto"]
Status = Literal["QUEUED", "GENERATING", "COMPLETED", "MODERATED", "FAILED"]
Result = Literal["received", "failed", "gone", "denied", "bug", "in flight"]
Outcome = Literal["delivered", "given up", "denied", "dropped", "withdrawn", "bug"]
Provenance = Literal["documented", "vendor-code", "third-party", "inferred"]


class Event(TypedDict):
    """A job was accepted, a video reached a status, a job was cancelled, a callback was attempted."""

    at: str
    event: Literal["accepted", "status", "cancelled", "callback"]
    video_id: str
    status: Status
    callback: NotRequired[int]
    url: NotRequired[str]
    attempt: NotRequired[int]
    outcome: NotRequired[str]
    result: NotRequired[Result]
    seconds: NotRequired[float]
    answered: NotRequired[int]
    answer: NotRequired[str]
    error: NotRequired[str]
    retry_after: NotRequired[float]


class Account(TypedDict):
    """An account with what the emulated API does not tell; `video_id` is one of its videos that can be upscaled."""

    email: str
    maxJobs: int
    concurrency: int
    credits: int
    reserved: int
    spent: int
    running: int
    upstream: int
    pendingError: bool
    videos: int
    video_id: str | None


class Reached(TypedDict):
    """When a job came to a status."""

    at: str
    status: Status


class Job(TypedDict):
    """A job, whether it runs or has ended."""

    video_id: str
    source: str
    status: Status
    started: str
    reached: list[Reached]
    ended: str | None
    cost: int
    followed: bool
    replyUrl: str | None
    replyRef: str | None


class Attempt(TypedDict):
    """One try to deliver a callback."""

    due: str
    sent: str
    result: Result
    seconds: NotRequired[float]
    answered: NotRequired[int]
    answer: NotRequired[str]
    error: NotRequired[str]
    retry_after: NotRequired[float]


class Callback(TypedDict):
    """A callback that is owed, or was; `request` is the number of the exchange that caused it."""

    number: int
    request: int | None
    video_id: str
    status: Status
    progress: bool
    url: str
    at: str
    due: str
    outcome: Outcome | None
    disturbed: str | None
    attempts: list[Attempt]


class Received(TypedDict):
    """A call that came to a sink; `body` as JSON, else as text."""

    at: str
    headers: dict[str, str]
    body: Any


class Violation(TypedDict):
    """A rule that a request broke."""

    where: Literal["path", "query", "header", "body"]
    pointer: str
    rule: str
    sentence: str
    value: str


class Suffered(TypedDict):
    """A fault that an exchange suffered; `rule` is its place in the fault plan."""

    name: str
    rule: int | None
    provenance: Provenance


class Answered(TypedDict):
    """The answer of an exchange; `wire` is what it suffered on its way."""

    status: int
    reason: str
    headers: list[list[str]]
    body: Any
    wire: Literal["reset", "empty", "unanswered", "truncated", "dribbled"] | None


class Near(TypedDict):
    """The operation that comes nearest to a request without one."""

    operation: str
    method: str
    path: str
    differs: str


class Exchange(TypedDict):
    """A request with its answer, why it was answered so, and what followed. Secrets are masked."""

    number: int
    sandbox: str | None
    at: str | None
    real: str
    answered: str | None
    latency: float
    operation: str
    method: str
    origin: str
    path: str
    query: str
    headers: list[list[str]]
    body: Any
    body_omitted: int
    status: int
    answer: Answered
    why: str
    refusal: str | None
    violations: list[Violation]
    faults: list[Suffered]
    accepted: str | None
    events: list[Event]
    callbacks: list[Callback]
    callbacks_omitted: NotRequired[int]
    nearest: NotRequired[Near | None]
    masked: list[str]


class NearMiss(TypedDict):
    """An exchange that is nearly like a missing one."""

    number: int
    method: str
    path: str
    status: int
    differs: str


class Verdict(TypedDict):
    """Whether what was expected came."""

    verified: bool
    why: str
    count: int
    requests: list[int]
    nearest: list[NearMiss]


class Standing(TypedDict):
    """A rule of the fault plan with what became of it; `left` is None for ever."""

    name: str
    provenance: Provenance
    stage: Literal["arrival", "checked", "answered", "accepted"]
    matched: int
    met: int
    left: int | None
    exhausted: bool
    rule: dict[str, Any]


class FaultPlan(TypedDict):
    """The fault plan as it stands; `calls` counts them by operation."""

    data: list[Standing]
    exhausted: bool
    calls: dict[str, int]

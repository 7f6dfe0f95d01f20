"""The journal of a sandbox as a mock exports it: all that the rubric knows of what happened.

The form is journal.schema.json, read apart from the mock. A file holds either the document of `GET /__mock/journal`,
with what `contracts grade --keep` adds to it, or the lines of `GET /__mock/requests/export`, which know less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from contracts.grade.document import JournalError, body_of, checked, jobs, parsed

__all__ = ["Attempt", "Callback", "Client", "Exchange", "Job", "Journal", "JournalError"]

_LONGEST: Final = 1_000_000_000
"""Bytes of a file that is read."""

_TROUBLED: Final = frozenset({"reset", "empty", "unanswered", "truncated"})
_SPOILED: Final = frozenset({"malformed-json", "wrong-content-type"})
"""Faults after which an answer can't be relied on to be read."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of the client with its answer.

    `at` is the instant on the sandbox's clock, `real` and `answered` real ones, all in seconds since 1970; `answered`
    is when the answer had been given, None if it never was. `latency` are seconds of the sandbox's clock. `accepted` is
    the id of the video whose job it started; `masked` are places and kinds of secrets, as "query:token". `violations`
    are pairs of where and a sentence. `download` says that it asked for a file.
    """

    number: int
    at: float | None
    real: float
    answered: float | None
    latency: float
    operation: str
    method: str
    origin: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: Any
    status: int
    reason: str
    answer_headers: tuple[tuple[str, str], ...]
    answer: Any
    wire: str | None
    why: str
    refusal: str | None
    violations: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]
    accepted: str | None
    nearest: str
    masked: frozenset[str]
    download: bool = False

    @property
    def lost(self) -> bool:
        """Whether the client got no answer that it can read, through no fault of its own."""
        return self.wire in _TROUBLED or not _SPOILED.isdisjoint(self.faults)

    @property
    def failed(self) -> bool:
        """Whether it says nothing about what was asked for: no answer, a broken one, or a 5xx."""
        return self.lost or 500 <= self.status < 596

    def header(self, name: str) -> str | None:
        """The first request header of this name, in lower case."""
        return next((value for key, value in self.headers if key == name), None)

    def answer_header(self, name: str) -> str | None:
        """The first header of the answer of this name, in lower case."""
        return next((value for key, value in self.answer_headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the sandbox; instants on its clock, in seconds since 1970."""

    video_id: str
    source: str
    status: str
    started: float
    ended: float | None
    reached: tuple[tuple[float, str], ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver a callback: `took` real seconds; `answered` is the receiver's status, None without one."""

    sent: float
    result: str
    took: float
    answered: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback that was owed; `copy` says that the scenario sent it a second time."""

    number: int
    video_id: str
    status: str
    url: str
    copy: bool
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of the client's process.

    `scale`: its own waits were divided by this. `status` is its exit status, None for none; `signal` what ended it,
    `stopped` why it was stopped, both empty where that is not so; `started` and `ended` are real instants. `strangers`
    are other hosts that got the token, `output` is the end of what it printed. `cut` says that it was stopped early,
    because it only repeated itself; `distrusted` how often it turned down the certificate of an interception; `left`
    are processes that it left behind.
    """

    command: str
    scale: float
    status: int | None
    signal: str
    stopped: str
    started: float
    ended: float
    strangers: tuple[str, ...] = ()
    output: str = ""
    cut: bool = False
    distrusted: int = 0
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Journal:
    """What happened in one sandbox. `lost` exchanges at its beginning are not kept any more.

    `user` is the number of its user, "" if that is not known; `name` that of its scenario. `mode` and `speed` are of
    its clock. `outside` are exchanges that reached no sandbox, `downloads` requests for files. `client` is None where
    no process was watched.
    """

    user: str
    name: str
    scenario: Mapping[str, Any]
    mode: str
    speed: float
    cost: int
    lost: int
    requests: Sequence[Exchange]
    outside: Sequence[Exchange] = ()
    downloads: Sequence[Exchange] = ()
    jobs: Sequence[Job] = ()
    callbacks: Sequence[Callback] = ()
    client: Client | None = None
    accounts: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @classmethod
    def of(cls, document: Any) -> "Journal":
        """The journal that a document holds. Raises JournalError for what has another form."""
        try:
            return cls._of(checked(document))
        except (ValueError, OverflowError, OSError) as error:
            # Instants before or beyond all calendars, texts that are none.
            raise JournalError(f"no journal of a mock: {error}") from None

    @classmethod
    def _of(cls, document: Mapping[str, Any]) -> "Journal":
        requests = tuple(_exchange(entry) for entry in document["requests"])
        clock = document.get("clock", {})
        return cls(
            user=document.get("sandbox") or "",
            name=document.get("name", ""),
            scenario=document.get("scenario", {}),
            mode=clock.get("mode", "real"),
            speed=clock.get("speed", 1.0),
            cost=document.get("cost", 0),
            lost=document.get("lost", 0),
            requests=requests,
            outside=tuple(_exchange(entry) for entry in document.get("outside", ())),
            downloads=tuple(_download(entry) for entry in document.get("downloads", ())),
            jobs=tuple(_job(entry) for entry in jobs(document)),
            callbacks=tuple(_callback(entry) for entry in document.get("callbacks", ())),
            client=_client(document.get("client")),
            accounts=tuple(document.get("accounts", ())),
        )

    @classmethod
    def read(cls, path: Path) -> "Journal":
        """The journal in a file. Raises JournalError."""
        try:
            with path.open("rb") as file:
                data = file.read(_LONGEST + 1)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror or error}") from None
        if len(data) > _LONGEST:
            raise JournalError(f"{path}: longer than {_LONGEST:,} bytes")
        try:
            return cls.of(parsed(data))
        except JournalError as error:
            raise JournalError(f"{path}: {error}") from None


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _pairs(headers: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers)


def _exchange(entry: Mapping[str, Any]) -> Exchange:
    answer = entry["answer"]
    answered = entry.get("answered")
    near = entry.get("nearest")
    return Exchange(
        number=entry["number"],
        at=None if entry["at"] is None else _instant(entry["at"]),
        real=_instant(entry["real"]),
        answered=None if answered is None else _instant(answered),
        latency=entry["latency"],
        operation=entry["operation"],
        method=entry["method"],
        origin=entry["origin"],
        path=entry["path"],
        query=entry["query"],
        headers=_pairs(entry["headers"]),
        body=body_of(entry),
        status=entry["status"],
        reason=answer["reason"],
        answer_headers=_pairs(answer["headers"]),
        answer=answer["body"],
        wire=answer["wire"],
        why=entry["why"],
        refusal=entry["refusal"],
        violations=tuple((each["where"], each["sentence"]) for each in entry["violations"]),
        faults=tuple(each["name"] for each in entry["faults"]),
        accepted=entry["accepted"],
        nearest=f"{near['method']} {near['path']}" if near else "",
        masked=frozenset(entry["masked"]),
    )


def _download(entry: Mapping[str, Any]) -> Exchange:
    real = _instant(entry["real"])
    return Exchange(
        number=0,
        at=None,
        real=real,
        answered=real,
        latency=0.0,
        operation="",
        method=entry["method"],
        origin=next((f"http://{value}" for name, value in entry["headers"] if name == "host"), ""),
        path=entry["path"],
        query=entry["query"],
        headers=_pairs(entry["headers"]),
        body=None,
        status=entry["status"],
        reason="",
        answer_headers=(),
        answer=None,
        wire=None,
        why="",
        refusal=None,
        violations=(),
        faults=(),
        accepted=None,
        nearest="",
        masked=frozenset(entry["masked"]),
        download=True,
    )


def _job(entry: Mapping[str, Any]) -> Job:
    return Job(
        video_id=entry["video_id"],
        source=entry["source"],
        status=entry["status"],
        started=_instant(entry["started"]),
        ended=None if entry["ended"] is None else _instant(entry["ended"]),
        reached=tuple((_instant(step["at"]), step["status"]) for step in entry["reached"]),
        cost=entry["cost"],
    )


def _callback(entry: Mapping[str, Any]) -> Callback:
    return Callback(
        number=entry["number"],
        video_id=entry["video_id"],
        status=entry["status"],
        url=entry["url"],
        copy=entry["disturbed"] == "duplicate",
        attempts=tuple(
            Attempt(
                sent=_instant(each["sent"]),
                result=each["result"],
                took=each.get("seconds", 0.0),
                answered=each.get("answered"),
                error=each.get("error", ""),
            )
            for each in entry["attempts"]
        ),
    )


def _client(entry: Mapping[str, Any] | None) -> Client | None:
    if entry is None:
        return None
    return Client(
        command=entry["command"],
        scale=entry["scale"],
        status=entry["status"],
        signal=entry["signal"],
        stopped=entry["stopped"],
        started=entry["started"],
        ended=entry["ended"],
        strangers=tuple(entry.get("strangers", ())),
        output=entry.get("output", ""),
        cut=entry.get("cut", False),
        distrusted=entry.get("distrusted", 0),
        left=tuple(entry.get("left", ())),
    )

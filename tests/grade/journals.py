"""Journals written by hand: what a client did, call by call, as a mock would tell it."""

from datetime import UTC, datetime
from typing import Any

from contracts.findings import Outcome, Verdict
from contracts.grade.journal import Journal
from contracts.grade.judging import judge

SOURCE = "user:12345-pixverse:demo@example.com-video:1001"
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
_SPEED = 60.0
_FINAL = ("COMPLETED", "FAILED", "MODERATED")


def video(number: int) -> str:
    """The id of a video that a job makes."""
    return f"user:12345-pixverse:demo@example.com-video:{number}"


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


class Script:
    """What a client did in a sandbox whose clock runs sixty times as fast; instants are real seconds from its start."""

    def __init__(self, name: str = "accepted", **scenario: Any) -> None:
        self.name = name
        self.scenario = scenario
        self.requests: list[dict[str, Any]] = []
        self.outside: list[dict[str, Any]] = []
        self.downloads: list[dict[str, Any]] = []
        self.jobs: list[dict[str, Any]] = []
        self.callbacks: list[dict[str, Any]] = []
        self.lost = 0

    def call(self, at: float, method: str, path: str, status: int, answer: Any = None, **more: Any) -> dict[str, Any]:
        """A call, answered at once."""
        wire = more.pop("wire", None)
        headers = more.pop("headers", [["authorization", "Bearer user:12345-***"]])
        answer_headers = more.pop("answer_headers", [["content-type", "application/json"]])
        outside = more.pop("outside", False)
        sent_for = more.pop("took", 0.0)
        rows = self.outside if outside else self.requests
        entry = {
            "number": len(rows) + 1 + self.lost,
            "sandbox": None if outside else "12345",
            "at": None if outside else _iso(_EPOCH + at * _SPEED),
            "real": _iso(_EPOCH + at),
            "answered": _iso(_EPOCH + at + sent_for),
            "latency": 0.0,
            "operation": "",
            "method": method,
            "origin": "http://127.0.0.1:8596",
            "path": path,
            "query": "",
            "headers": headers,
            "body": None,
            "body_omitted": 0,
            "status": status,
            "answer": {"status": status, "reason": "", "headers": answer_headers, "body": answer, "wire": wire},
            "why": "",
            "refusal": None,
            "violations": [],
            "faults": [],
            "accepted": None,
            "events": [],
            "callbacks": [],
            "masked": ["header:token"] if any(name == "authorization" for name, _ in headers) else [],
            **more,
        }
        rows.append(entry)
        return entry

    def submit(self, at: float, status: int = 200, makes: int | None = None, **more: Any) -> "Script":
        """An upscale; `makes` is the number of the video whose job it started. `ends` and `lasts` say how that ends."""
        body = {"video_id": SOURCE, **more.pop("fields", {})}
        ends, lasts = more.pop("ends", "COMPLETED"), more.pop("lasts", 3.0)
        answer = {"video_id": video(makes)} if makes else {"error": "no"}
        self.call(
            at,
            "POST",
            "/v2/pixverse/videos/upscale",
            status,
            answer,
            **{
                "operation": "upscaleVideo",
                "body": body,
                "accepted": video(makes) if makes else None,
                **more,
            },
        )
        if makes:
            start, end = _EPOCH + at * _SPEED, _EPOCH + (at + lasts) * _SPEED
            self.jobs.append(
                {
                    "video_id": video(makes),
                    "source": SOURCE,
                    "status": ends,
                    "started": _iso(start),
                    "ended": _iso(end) if ends in _FINAL else None,
                    "reached": [{"at": _iso(start), "status": "QUEUED"}, {"at": _iso(end), "status": ends}],
                    "cost": 20,
                }
            )
        return self

    def get(self, at: float, number: int, shows: str | int = 404, **more: Any) -> "Script":
        """A look at a video: what it shows, or the status of the answer."""
        answer: Any = {"error": "no"}
        status = shows if isinstance(shows, int) else 200
        if isinstance(shows, str):
            answer = _shown(number, shows)
        path = f"/v2/pixverse/videos/{video(number)}"
        self.call(at, "GET", path, status, answer, **{"operation": "getVideo", **more})
        return self

    def list(self, at: float, shows: dict[int, str] | None = None, status: int = 200, **more: Any) -> "Script":
        """A look at the list of videos."""
        answer = {"data": [_shown(number, name) for number, name in (shows or {}).items()]}
        self.call(at, "GET", "/v2/pixverse/videos", status, answer, **{"operation": "listVideos", **more})
        return self

    def download(self, at: float, number: int, *, token: bool = False) -> "Script":
        """A request for the file of a video."""
        headers = [["host", "localhost:8596"], *([["authorization", "Bearer user:12345-***"]] if token else [])]
        entry = {
            "real": _iso(_EPOCH + at),
            "method": "GET",
            "path": f"/media/{number}-1280x720.mp4",
            "query": "",
            "headers": headers,
            "status": 200,
            "masked": ["header:token"] if token else [],
        }
        self.downloads.append(entry)
        return self

    def callback(
        self, at: float, number: int, status: str, result: str = "received", *, copy: bool = False, **attempt: Any
    ) -> "Script":
        """An attempt to tell the client's own receiver."""
        if result == "received":
            attempt.setdefault("answered", 200)
        sent = _iso(_EPOCH + at * _SPEED)
        self.callbacks.append(
            {
                "number": len(self.callbacks) + 1,
                "video_id": video(number),
                "status": status,
                "url": attempt.pop("url", "http://127.0.0.1:5000/hook"),
                "disturbed": "duplicate" if copy else None,
                "attempts": [{"sent": sent, "result": result, "seconds": attempt.pop("seconds", 0.01), **attempt}],
            }
        )
        return self

    def document(self, ended: float | None = None, status: int | None = 0, **client: Any) -> dict[str, Any]:
        """The document; the client's process ended at `ended`, None for a client that nobody watched as one."""
        document: dict[str, Any] = {
            "form": 1,
            "name": self.name,
            "sandbox": "12345",
            "scenario": self.scenario,
            "clock": {"mode": "real", "speed": _SPEED, "now": _iso(_EPOCH)},
            "cost": 20,
            "accounts": [{"email": "demo@example.com"}],
            "total": len(self.requests) + self.lost,
            "lost": self.lost,
            "requests": self.requests,
            "outside": self.outside,
            "downloads": self.downloads,
            "jobs": self.jobs,
            "callbacks": self.callbacks,
        }
        if ended is not None:
            document["client"] = {
                "command": "./client",
                "scale": 1,
                "status": status,
                "signal": "",
                "stopped": "",
                "started": _EPOCH,
                "ended": _EPOCH + ended,
                **client,
            }
        return document

    def journal(self, ended: float | None = None, status: int | None = 0, **client: Any) -> Journal:
        """The journal of it."""
        return Journal.of(self.document(ended, status, **client))

    def judged(self, ended: float | None = None, status: int | None = 0, **client: Any) -> Verdict:
        """The verdict on it."""
        return judge([self.journal(ended, status, **client)], subject="./client")

    def stopped(self, ended: float = 150.0, **client: Any) -> Verdict:
        """The verdict on a client that had to be stopped."""
        return self.judged(ended, None, stopped=f"after {ended:g} s", **client)


def _shown(number: int, name: str) -> dict[str, Any]:
    return {"video_id": video(number), "video_status_name": name, "video_status_final": name in _FINAL, "url": ""}


def broken(verdict: Verdict) -> set[str]:
    """The ids of the rules that were found broken."""
    return {finding.rule.id for finding in verdict.findings}


def outcome(verdict: Verdict, rule: str) -> str:
    """What became of a rule."""
    found = next(each for each in verdict.judged if each.rule.id == rule)
    return Outcome(found.outcome).value

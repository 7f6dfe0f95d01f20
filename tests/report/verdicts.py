"""Verdicts as runs give them, made by hand: one of a provider with several flaws, one without, and hostile ones."""

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

from contracts.findings import (
    Call,
    Event,
    Finding,
    Got,
    Judged,
    Passed,
    Provenance,
    Rule,
    Sent,
    Severity,
    Told,
    Verdict,
)

BASE = "http://127.0.0.1:8596"
TOKEN = "user:12345-kR7wQ2xZ"
OTHER = "user:777-b4Tn9LmE"
PASSWORD = 'pass w0rd/&"é'
COOKIE = "sess10n-c00k1e"
VIDEO = "user:12345-pixverse:demo@example.com-video:11223344"
NEW = "user:12345-pixverse:demo@example.com-video:112233445566"
UPSCALE = "/paths/~1v2~1pixverse~1videos~1upscale/post"


def rule(name: str, sentence: str, pointer: str = UPSCALE, **more: Any) -> Rule:
    """A rule of the group that its id begins with."""
    return Rule(name, name.partition("/")[0], sentence, more.pop("provenance", Provenance.DOCUMENTED), pointer, **more)


SLOTS = rule(
    "behaviour/slot-freed",
    "A cancelled job frees its slot at once.",
    "/paths/~1v2~1pixverse~1scheduler~1{id}/delete",
    why="Who cancels a job to make room for another waits for nothing, up to the end of the cancelled one.",
)
NO_CODE = rule(
    "schema/no-code",
    "Errors of calls that generate carry no `code`.",
    "/components/schemas/Refused",
    why="Clients tell both kinds of errors apart by that key.",
)
FINAL_TOLD = rule(
    "callbacks/final",
    "The last callback of a job carries its final status.",
    UPSCALE + "/callbacks/videoProgress",
    why="A client that waits for callbacks alone never learns that its video is ready.",
)
ISOLATED = rule(
    "isolation/videos",
    "A token sees no videos of another user.",
    "/paths/~1v2~1pixverse~1videos/get",
    provenance=Provenance.INFERRED,
    instead="Answer 400 for an account that is not linked to the token's user.",
)
CHARSET = rule(
    "answers/reason",
    "596 carries the reason phrase of the contract.",
    UPSCALE + "/responses/596",
    severity=Severity.NOTE,
)
MASKED_SECRETS = rule(
    "schema/secrets",
    "No answer about an account shows its password.",
    "/components/schemas/Account/properties/password",
    why="A password in an answer ends up in logs.",
)
QUIET = [
    rule("answers/status", "Every status is one that the contract names for the operation.", "/paths"),
    rule("answers/content-type", "Bodies are JSON, and the content type says so.", "/paths"),
    rule("answers/unmatched", "A path that is none of the contract's is answered 404.", "/x-unmatched"),
    rule("schema/form", "Every body keeps its schema.", "/components/schemas"),
    rule("schema/ids", "Ids have the documented form.", "/components/schemas/VideoId"),
    rule("behaviour/final-stays", "A final status stays as it is.", "/x-lifecycle"),
    rule("behaviour/credits", "An accepted upscale takes its cost, once.", UPSCALE + "/x-credits"),
    rule("behaviour/paging", "Pages neither lose nor double a video.", "/paths/~1v2~1pixverse~1videos/get"),
    rule("callbacks/body", "The body of a callback is what GET says.", UPSCALE + "/callbacks/videoProgress"),
]
SKIPPED = [
    (rule("behaviour/moderated", "A job that ends MODERATED gives its credits back.", UPSCALE + "/x-credits"), ""),
    (
        rule("documented/upstream-limit", "PixVerse's own 429 has the documented text.", UPSCALE + "/responses/429"),
        "the provider has no fault plan, and its own limit was never met",
    ),
]


class Story:
    """Events one after the other, with times that grow."""

    def __init__(self, token: str = TOKEN) -> None:
        self.events: list[Event] = []
        self.token = token
        self._at = 12.0
        self._numbers = count(1)

    def call(
        self, operation: str, method: str, path: str, status: int, answer: Any = None, body: Any = None, **more: Any
    ) -> "Story":
        headers = [("Host", "127.0.0.1:8596"), ("Accept", "*/*")]
        token = more.get("token", self.token)
        if token:
            headers.append(("Authorization", f"Bearer {token}"))
        sent = b""
        if body is not None:
            headers.append(("Content-Type", "application/json"))
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode()
        got = Got(status, (("content-type", "application/json"),) if status else (), told, error=more.get("error", ""))
        self._at += 7
        request = Sent(method, BASE + path, tuple(headers), sent)
        self.events.append(Call(next(self._numbers), operation, request, got, self._at, 3.2, more.get("now", "")))
        return self

    def upscale(self, status: int, answer: Any = None, **fields: Any) -> "Story":
        body = {"video_id": VIDEO, **fields}
        return self.call(
            "upscaleVideo", "POST", "/v2/pixverse/videos/upscale", status, answer or {"video_id": NEW}, body
        )

    def told(self, name: str) -> "Story":
        body = {"video_id": NEW, "video_status_name": name, "video_status_final": False, "replyRef": "order-17"}
        self._at += 2
        sent = Sent(
            "POST",
            "http://127.0.0.1:9000/callback",
            (("content-type", "application/json"),),
            json.dumps(body).encode(),
        )
        self.events.append(Told(sent, 200, self._at))
        return self

    def passed(self, seconds: float, *, moved: bool = True) -> "Story":
        self.events.append(Passed(seconds, self._at, moved))
        return self


def busy() -> dict[str, Any]:
    """The body of a 429."""
    return {"error": "Account demo@example.com is busy executing 3 tasks."}


def findings() -> list[Finding]:
    """One finding for each kind of story."""
    slots = Story()
    for _ in range(3):
        slots.upscale(200)
    slots.upscale(429, busy()).passed(10)
    slots.call("cancelJob", "DELETE", f"/v2/pixverse/scheduler/{NEW}", 200, {"id": NEW, "deleted": True})
    slots.call("listAvailable", "GET", "/v2/pixverse/scheduler/available", 200, {"executing": [], "available": []})
    slots.upscale(429, busy()).passed(600).upscale(200)

    callbacks = Story().upscale(200, replyUrl="http://127.0.0.1:9000/callback", replyRef="order-17")
    callbacks.told("QUEUED").passed(45).told("GENERATING")
    for _ in range(6):
        callbacks.call("getVideo", "GET", f"/v2/pixverse/videos/{NEW}", 404, {"error": "Video not found"}).passed(10)
    callbacks.passed(3_600)
    callbacks.call(
        "getVideo",
        "GET",
        f"/v2/pixverse/videos/{NEW}",
        200,
        {"video_id": NEW, "video_status": 1, "video_status_name": "COMPLETED", "video_status_final": True},
    )

    isolation = Story().call("listVideos", "GET", "/v2/pixverse/videos", 200, {"data": [{"video_id": VIDEO}]})
    isolation.call("listVideos", "GET", "/v2/pixverse/videos", 200, {"data": [{"video_id": VIDEO}]}, token=OTHER)

    coded = Story().call(
        "upscaleVideo", "POST", "/v2/pixverse/videos/upscale", 401, {"error": "Unauthorized", "code": 401}, {}, token=""
    )
    secret = Story().call(
        "saveAccount",
        "POST",
        "/v2/pixverse/accounts/demo@example.com",
        201,
        {"email": "demo@example.com", "maxJobs": 3, "password": PASSWORD, "jwt": {"token": "abc…secured…cde"}},
        {"email": "demo@example.com", "maxJobs": 3, "password": PASSWORD},
    )
    reason = Story().upscale(596, {"error": "Your PixVerse account has pending error."})

    return [
        Finding(
            SLOTS,
            "upscaleVideo",
            "200, as the cancelled job freed one of 3 slots",
            "429, as if the cancelled job still held one of 3 slots",
            tuple(slots.events),
            7,
            "curl -i http://127.0.0.1:8596/v2/pixverse/videos/upscale",
        ),
        Finding(
            NO_CODE,
            "upscaleVideo",
            '{"error": "Unauthorized"}',
            '{"error": "Unauthorized", "code": 401}',
            tuple(coded.events),
            0,
        ),
        Finding(MASKED_SECRETS, "saveAccount", "…secured…", f"the password {PASSWORD}", tuple(secret.events), 0),
        Finding(
            FINAL_TOLD,
            "videoProgress",
            "a callback with a final status: COMPLETED, MODERATED or FAILED",
            "QUEUED, GENERATING, and then none",
            tuple(callbacks.events),
        ),
        Finding(
            ISOLATED,
            "listVideos",
            "no video of user 12345 for user 777",
            f"{VIDEO} in the list of user 777",
            tuple(isolation.events),
            1,
        ),
        Finding(CHARSET, "upscaleVideo", "Pending mod message", "no reason phrase", tuple(reason.events), 0),
    ]


def failing(subject: str = BASE, **more: Any) -> Verdict:
    """A provider with several flaws, in a run that was cut short."""
    judged = [Judged(each, checks=40 + 13 * place) for place, each in enumerate(QUIET)]
    judged += [Judged(finding.rule, checks=12, findings=[finding]) for finding in findings()]
    judged += [Judged(each, reason=reason) for each, reason in SKIPPED]
    groups = list(dict.fromkeys(each.rule.group for each in judged))
    judged.sort(key=lambda each: groups.index(each.rule.group))
    events: Sequence[Event] = [event for finding in findings() for event in finding.story]
    told: dict[str, Any] = {"seed": 7, "calls": 1204, "seconds": 41.3, "started": 1_795_000_000.5, "events": events}
    notes = ("The provider is a mock: it is tested in sandboxes of its own, and its clock is moved.",)
    return Verdict(subject, judged, **{**told, "notes": notes, **more})


def clean(subject: str = BASE) -> Verdict:
    """A provider without a flaw."""
    judged = [Judged(each, checks=40) for each in QUIET] + [Judged(each, reason=reason) for each, reason in SKIPPED]
    return Verdict(subject, judged, seed=7, calls=980, seconds=22.0, started=1_795_000_000)


def of_one(finding: Finding, subject: str = BASE, **more: Any) -> Verdict:
    """A verdict with one finding."""
    judged = [Judged(finding.rule, checks=1, findings=[finding])]
    return Verdict(subject, judged, calls=len(finding.story), events=finding.story, **more)

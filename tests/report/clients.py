"""Verdicts on clients as `contracts grade` gives them, made by hand: a careless one, a good one, one that floods, one
that does nothing.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from contracts.findings import (
    Bar,
    Call,
    Course,
    Event,
    Finding,
    Gap,
    Got,
    Grade,
    Judged,
    Provenance,
    Rule,
    Sent,
    Severity,
    Told,
    Verdict,
)
from contracts.report import words
from report.verdicts import TOKEN, UPSCALE, VIDEO, rule

BASE: Final = "http://127.0.0.1:41237"
REPLY: Final = "http://127.0.0.1:41999/done"
GET: Final = "/paths/~1v2~1pixverse~1videos~1{video_id}/get"

BUSY_WAIT = rule(
    "busy/wait",
    "After a 429 it waits 10 s, or `Retry-After`.",
    UPSCALE + "/responses/429",
    why="The vendor asks for 10 to 30 s. Who asks more often is refused for longer, and risks the account.",
    instead="Sleep at least 10 s after each 429, or as long as `Retry-After` says, and then send it again.",
)
SUBMIT_ONCE = rule(
    "submit/once",
    "After a lost answer nothing is submitted again without a look first.",
    UPSCALE,
    provenance=Provenance.INFERRED,
    why="The job may have been started, though its answer was lost: the second one costs its credits once more.",
    instead="List the videos, or ask the scheduler, before you submit again; `replyRef` tells which job is yours.",
)
PACE = rule(
    "polling/pace",
    "A job is asked for at most every 10 s.",
    GET,
    provenance=Provenance.INFERRED,
    why="A job takes minutes: asking more often brings nothing, and may get the token blocked.",
    instead="Wait 10 to 30 s between two polls, or use `replyUrl`.",
)
STATUS = rule(
    "process/status",
    "The exit status tells the truth.",
    "/x-lifecycle",
    provenance=Provenance.INFERRED,
    why="A script that calls this client takes a failed job for a finished one.",
    instead="End with a status other than 0 when the job FAILED or was MODERATED.",
)
FIELDS = rule(
    "requests/known-fields",
    "A request has no fields that the API does not know.",
    UPSCALE + "/requestBody",
    severity=Severity.NOTE,
    why="They are ignored, so what they are meant to do does not happen.",
)
MADE = rule(
    "submit/made",
    "The client asks for an upscale.",
    UPSCALE,
    why="A client that asks for nothing can't be judged.",
    instead="Read `USEAPI_BASE_URL`, `USEAPI_TOKEN` and `USEAPI_VIDEO_ID` from the environment.",
)
HERD = rule("busy/spread", "Waiting requests are not sent again in a herd.", UPSCALE, severity=Severity.NOTE)
ACKNOWLEDGED = rule(
    "callbacks/acknowledged",
    "A callback is answered 2xx in time.",
    UPSCALE + "/callbacks/videoProgress",
    provenance=Provenance.INFERRED,
    why="Nothing says that a callback is sent again: what was not taken is lost.",
    instead="Answer 200 at once, and work afterwards.",
)
KEPT: Final = [
    rule("token/sent", "Every call carries the API token.", UPSCALE),
    rule("token/not-in-url", "The token stands in no URL.", UPSCALE),
    rule("requests/operation", "Every call is one that the API has.", "/paths"),
    rule("requests/valid", "Every request fits the contract.", "/paths"),
    rule("requests/raw-id", "The id of a video stands raw in the path.", GET),
    rule("busy/retried", "After a 429 it tries again.", UPSCALE + "/responses/429"),
    rule("refused/credits", "A 412 is not repeated.", UPSCALE + "/responses/412"),
    rule("refused/pending", "After a 596 nothing is submitted until the account is updated.", UPSCALE),
    rule("trouble/retried", "A read that fails is tried again.", GET),
    rule("polling/processing", "A 404 of a job that runs is not its end.", GET + "/responses/404"),
    rule("polling/stops", "Nothing is asked for after the end was seen.", GET),
    rule("ending/completed", "COMPLETED ends the wait.", "/x-lifecycle"),
    rule("ending/failed", "FAILED ends the wait.", "/x-lifecycle"),
    rule("process/ends", "The client ends by itself.", "/x-lifecycle", provenance=Provenance.INFERRED),
]
UNUSED: Final = [
    rule("refused/bad-request", "A 400 is not repeated.", UPSCALE + "/responses/400"),
    rule("callbacks/duplicates", "A callback that comes twice does no harm.", UPSCALE + "/callbacks/videoProgress"),
    rule("answers/tolerant", "Answers that are odd but legal are borne.", "/paths", provenance=Provenance.INFERRED),
]
ABOUT: Final = {
    "accepted": "The job is accepted at once and completes after 3 minutes.",
    "busy-then-free": "All slots are taken at first; one becomes free after 25 s.",
    "upstream-limit": "PixVerse's own limit is met at first, with `Retry-After: 15`.",
    "credits-run-out": "There are no credits.",
    "password-changed": "The account has a pending error: 596 until it is updated.",
    "lost-reply": "The first upscale is accepted, and its answer is lost on the way.",
    "flaky-reads": "Reads fail now and then: 502, a reset, a cut answer.",
    "failed": "The job ends FAILED.",
    "moderated": "The job ends MODERATED.",
    "awkward-but-legal": "Answers have fields that nobody named, and 200 while the job runs.",
}
BUSY: Final = {"error": "Account demo@example.com is busy executing 3 tasks."}


class Run:
    """A run of a client that is written down; instants are seconds since it began."""

    def __init__(self, scenario: str, about: str | None = None) -> None:
        self.scenario, self.about = scenario, ABOUT.get(scenario, "") if about is None else about
        self.events: list[Event] = []
        self.jobs: list[Bar] = []

    def call(
        self, at: float, operation: str, method: str, path: str, status: int, answer: Any = None, **more: Any
    ) -> Call:
        """A call; `took` seconds, with a `body`, and the `error` that there was in place of an answer."""
        headers = [("Host", "127.0.0.1:41237"), ("User-Agent", "curl/7.88.1"), ("Authorization", f"Bearer {TOKEN}")]
        body = more.get("body")
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        sent = Sent(method, BASE + path, tuple(headers), b"" if body is None else json.dumps(body).encode())
        told = b"" if answer is None else json.dumps(answer).encode()
        got = Got(status, (("content-type", "application/json"),) if status else (), told, error=more.get("error", ""))
        number = len(self.events) + 1
        call = Call(number, operation, sent, got, at * 1_000, more.get("took", 0.004) * 1_000)
        self.events.append(call)
        return call

    def submit(self, at: float, status: int, answer: Any = None, **more: Any) -> Call:
        """An upscale."""
        body = {"video_id": VIDEO, **more.pop("fields", {})}
        answer = {"video_id": self.id(len(self.jobs) + 1)} if status == 200 and answer is None else answer
        return self.call(at, "upscaleVideo", "POST", "/v2/pixverse/videos/upscale", status, answer, body=body, **more)

    def poll(self, at: float, status: int, name: str = "", job: int = 1, **more: Any) -> Call:
        """A look at a job."""
        answer: Any = {"error": "Video not found"} if status == 404 else None
        if name:
            final = name in {"COMPLETED", "FAILED", "MODERATED"}
            answer = {"video_id": self.id(job), "video_status_name": name, "video_status_final": final}
        return self.call(at, "getVideo", "GET", f"/v2/pixverse/videos/{self.id(job)}", status, answer, **more)

    def told(self, at: float, name: str, answered: int = 200, job: int = 1) -> None:
        """A callback."""
        body = {"video_id": self.id(job), "video_status_name": name, "replyRef": "order-17"}
        sent = Sent("POST", REPLY, (("content-type", "application/json"),), json.dumps(body).encode())
        self.events.append(Told(sent, answered, at * 1_000))

    def job(self, start: float, generating: float, end: float | None, name: str = "COMPLETED", **more: Any) -> None:
        """A job."""
        reached = [(start * 1_000, "QUEUED"), (generating * 1_000, "GENERATING")]
        if end is not None:
            reached.append((end * 1_000, name))
        video_id = more.get("video_id") or self.id(len(self.jobs) + 1)
        ended = None if end is None else end * 1_000
        self.jobs.append(Bar(video_id, start * 1_000, ended, tuple(reached), 20, ours=more.get("ours", True)))

    def id(self, job: int) -> str:
        """The id of a job's video."""
        return f"user:12345-pixverse:demo@example.com-video:{11_223_300 + job}"

    def course(self, ended: str, seconds: float, output: str = "") -> Course:
        """All of it."""
        events = tuple(sorted(self.events, key=lambda event: event.at))
        return Course(self.scenario, self.about, ended, seconds, events, tuple(self.jobs), output)

    def finding(self, of: Rule, expected: str, got: str, story: Sequence[Event], **more: Any) -> Finding:
        """Something that was found in it."""
        at = more.get("at", len(story) - 1 if story else None)
        again = f"contracts grade --scenario {self.scenario} -- bash upscale.sh"
        operation = next((event.operation for event in reversed(story) if isinstance(event, Call)), "")
        return Finding(of, operation, expected, got, tuple(story), at, again, self.scenario, more.get("gap"))


def gap(before: Event, after: Event, due: str) -> Gap:
    """The time between an answer and what followed it."""
    start = before.at + (before.took if isinstance(before, Call) else 0)
    return Gap(start, after.at, f"{words.duration((after.at - start) / 1_000)}, {due}")


def _plain(name: str, end: str = "COMPLETED", every: float = 10.0) -> Run:
    """A run in which a job is accepted, polled and ends after 3 s."""
    run = Run(name)
    run.submit(0.21, 200)
    run.job(0.21, 0.9, 3.2, end)
    at = 0.24
    while at < 3.2:
        run.poll(at, 404)
        at += every
    run.poll(at, 200, end)
    return run


Found = tuple[Course, list[Finding]]
"""A run and what was found in it."""


def careless() -> Verdict:
    """A loop in bash: retries a 429 after 2 s, asks for its job every 2 s, submits again after a lost reply, and ends
    with status 0 whatever became of the job.
    """
    runs = [
        _accepted(),
        _busy(),
        _limited(),
        _refused("credits-run-out", 412),
        _refused("password-changed", 596),
        _lost(),
        _flaky(),
        _ended("failed", "FAILED"),
        _ended("moderated", "MODERATED"),
        _awkward(),
    ]
    found = [finding for _, findings in runs for finding in findings]
    rules = [BUSY_WAIT, SUBMIT_ONCE, PACE, STATUS, FIELDS]
    judged = [Judged(each, 9, [one for one in found if one.rule is each]) for each in rules]
    why = "It spends credits twice, and asks for more than the vendor allows."
    return verdict("bash upscale.sh", judged, [course for course, _ in runs], Grade("D", 58, why))


def _paced(run: Run, first: Event, second: Event) -> Finding:
    wrong = gap(first, second, "at least 10 s are asked for")
    return run.finding(PACE, "at least 10 s between two polls", "2.0 s", [first, second], gap=wrong)


def _accepted() -> Found:
    run = _plain("accepted", every=2)
    found = [_paced(run, run.events[1], run.events[2])]
    return run.course("exit status 0 after 4.3 s", 4.3, "accepted\nwaiting ...\nCOMPLETED\n"), found


def _busy() -> Found:
    run = Run("busy-then-free")
    for number in range(3):
        run.job(-5 + number, -4 + number, 25 + 9 * number, ours=False, video_id=run.id(90 + number))
    tries = [run.submit(0.2 + 2.03 * number, 429, BUSY, fields={"maxJobs": 3}) for number in range(13)]
    run.submit(26.59, 200, {"video_id": run.id(4)}, fields={"maxJobs": 3})
    run.job(26.6, 27.2, 29.8)
    first, second = [run.poll(26.65 + 2.03 * number, 404, job=4) for number in range(2)]
    run.poll(30.71, 200, "COMPLETED", job=4)
    waited = gap(tries[0], tries[1], "at least 10 s are due")
    got = "2.0 s after the first of 13 answers 429"
    found = [run.finding(BUSY_WAIT, "a wait of at least 10 s", got, tries[:3], at=1, gap=waited)]
    found.append(_paced(run, first, second))
    return run.course("exit status 0 after 31 s", 31.0, "busy, again\n" * 13 + "accepted\nCOMPLETED\n"), found


def _limited() -> Found:
    run = Run("upstream-limit")
    limited = {"error": "Reached the limit for concurrent generations."}
    tries = [run.submit(0.2 + 2.03 * number, 429, limited) for number in range(8)]
    run.submit(16.44, 200)
    run.job(16.5, 17.0, 20.1)
    run.poll(16.6, 404)
    run.poll(18.6, 404)
    run.poll(20.7, 200, "COMPLETED")
    waited = gap(tries[0], tries[1], "Retry-After says 15 s")
    got = "2.0 s after the first of 8 answers 429"
    found = [run.finding(BUSY_WAIT, "a wait of 15 s, as Retry-After says", got, tries[:2], gap=waited)]
    return run.course("exit status 0 after 20.8 s", 20.8), found


def _refused(name: str, status: int) -> Found:
    run = Run(name)
    run.submit(0.2, status, {"error": "Not now."})
    return run.course("exit status 1 after 0.3 s", 0.3, f"refused: {status}\n"), []


def _lost() -> Found:
    run = Run("lost-reply")
    lost = run.submit(0.2, 0, error="the connection was reset before the answer came", took=0.3)
    run.job(0.2, 1.1, 3.7)
    again = run.submit(2.5, 200)
    run.job(2.51, 3.2, 5.6)
    for number in range(2):
        run.poll(2.6 + 2 * number, 404, job=2)
    run.poll(6.6, 200, "COMPLETED", job=2)
    got = "submitted again after 2.0 s: 20 credits were spent twice"
    found = [run.finding(SUBMIT_ONCE, "a look at the list or the scheduler first", got, [lost, again])]
    return run.course("exit status 0 after 6.8 s", 6.8, "curl: (56) Recv failure: Connection reset by peer\n"), found


def _flaky() -> Found:
    run = Run("flaky-reads")
    first = run.submit(0.2, 200, fields={"captcha": "none"})
    run.job(0.2, 1.0, 4.1)
    run.poll(0.3, 502)
    run.poll(2.3, 0, error="the answer was cut", took=0.1)
    run.poll(4.4, 200, "COMPLETED")
    return run.course("exit status 0 after 4.5 s", 4.5), [
        run.finding(FIELDS, "no other fields", "the field captcha", [first])
    ]


def _ended(name: str, end: str) -> Found:
    run = _plain(name, end, every=2)
    got = f"exit status 0, though the job ended {end}"
    found = [run.finding(STATUS, "an exit status other than 0", got, run.events[-1:])]
    return run.course("exit status 0 after 4.3 s", 4.3, f"{end}\n"), found


def _awkward() -> Found:
    run = Run("awkward-but-legal")
    run.submit(0.2, 200)
    run.job(0.2, 0.9, 2.9)
    for at, name in ((0.3, "QUEUED"), (2.3, "GENERATING"), (4.4, "COMPLETED")):
        run.poll(at, 200, name)
    return run.course("exit status 0 after 4.5 s", 4.5), []


def verdict(subject: str, judged: Sequence[Judged], courses: Sequence[Course], grade: Grade, **more: Any) -> Verdict:
    """A verdict on a client, with the rules that it keeps, too."""
    kept = more.pop("kept", KEPT)
    judged = [*judged, *(Judged(each, 7) for each in kept), *(Judged(each) for each in UNUSED)]
    order = list(words.CLIENT_GROUPS)
    judged.sort(key=lambda each: order.index(each.rule.group))
    calls = sum(isinstance(event, Call) for course in courses for event in course.events)
    seconds = max((course.seconds for course in courses), default=0.0)
    told = {"calls": calls, "seconds": seconds, "started": 1_795_000_000.5, "courses": courses, "grade": grade}
    events = [event for course in courses for event in course.events]
    return Verdict(subject, judged, **{**told, "events": events, **more})


def good() -> Verdict:
    """A client that waits, looks and ends as it should; it takes callbacks, too."""
    courses = []
    run = Run("accepted")
    run.submit(0.4, 200, fields={"replyUrl": REPLY, "replyRef": "order-17"})
    run.job(0.4, 1.2, 4.6)
    for at, name in ((0.45, "QUEUED"), (1.22, "GENERATING"), (4.63, "COMPLETED")):
        run.told(at, name)
    run.poll(4.7, 200, "COMPLETED")
    courses.append(run.course("exit status 0 after 4.9 s", 4.9, "https://media.pixverse.ai/11223301.mp4\n"))

    run = Run("busy-then-free")
    run.job(-5, -4, 19.5, ours=False, video_id=run.id(90))
    for number in range(2):
        run.submit(0.4 + 12 * number, 429, BUSY)
    run.submit(24.6, 200, {"video_id": run.id(2)})
    run.job(24.6, 25.1, 28.0)
    run.poll(36.2, 200, "COMPLETED", job=2)
    courses.append(run.course("exit status 0 after 36.4 s", 36.4))

    run = Run("lost-reply")
    run.submit(0.4, 0, error="the connection was reset before the answer came", took=0.2)
    run.job(0.4, 1.3, 4.2)
    run.call(1.6, "listVideos", "GET", "/v2/pixverse/videos?limit=20", 200, {"data": [{"video_id": run.id(1)}]})
    run.poll(11.8, 200, "COMPLETED")
    courses.append(run.course("exit status 0 after 12 s", 12.0))

    run = Run("failed")
    run.submit(0.4, 200)
    run.job(0.4, 1.3, 4.2, "FAILED")
    run.poll(10.6, 200, "FAILED")
    courses.append(run.course("exit status 3 after 11 s", 11.0, "the job ended FAILED\n"))
    return verdict("python client.py --wait", [], courses, Grade("A", 100), kept=[*KEPT, BUSY_WAIT, SUBMIT_ONCE])


def flooding(calls: int = 10_000) -> Verdict:
    """A client that sends requests without a pause, and was stopped long after it fell silent."""
    run = Run("busy-then-free")
    for number in range(3):
        run.submit(0.2 + number / 100, 200)
        run.job(0.2 + number / 100, 1, 3 + number)
    for number in range(calls - 3):
        run.submit(0.3 + number * 0.0031, 429, BUSY, took=0.001)
    tries = run.events[2:40]
    waited = gap(tries[1], tries[2], "at least 10 s are due")
    found = run.finding(BUSY_WAIT, "a wait of at least 10 s", "2.1 ms, and so 9,996 times", tries, at=2, gap=waited)
    course = run.course("stopped after 150 s: it did not end by itself", 150.0, "429\n" * 400)
    ends = rule("process/ends", "The client ends by itself.", "/x-lifecycle")
    left = run.finding(ends, "an end", "it had to be stopped after 150 s", ())
    judged = [Judged(BUSY_WAIT, calls, [found]), Judged(ends, 1, [left])]
    kept = [each for each in KEPT if each.id != "process/ends"]
    return verdict("node flood.mjs", judged, [course], Grade("F", 12, "It floods the API."), kept=kept)


def idle() -> Verdict:
    """A client that does nothing."""
    runs = [Run(name) for name in ("accepted", "failed")]
    courses = [run.course("exit status 0 after 0.1 s", 0.1) for run in runs]
    found = [run.finding(MADE, "a POST to /v2/pixverse/videos/upscale", "no request at all", ()) for run in runs]
    judged = [Judged(MADE, 2, found), *(Judged(each) for each in KEPT)]
    return verdict("true", judged, courses, Grade("F", 0, "Nothing is known of it."), kept=[])

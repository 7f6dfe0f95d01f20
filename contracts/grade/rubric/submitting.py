"""Upscales: each is asked for once, whatever becomes of its answer, and never more than the client's own limit."""

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Final

from contracts.findings import Provenance
from contracts.grade.rubric.check import MANNERS, MONEY, UPSCALE, Broken, Check, Held, Outcome, Unknown, rule
from contracts.grade.watched import Moment, OwnJob, Watched

_LOOKS: Final = frozenset({"listVideos", "listRunning", "listAvailable", "getFeatures"})
"""Reads that tell whether a lost upscale was accepted."""

_BURST: Final = 2
"""Submits beyond its own limit: a first one may find out that there is no slot."""


def wish(moment: Moment) -> Hashable:
    """What a submit is about: two with the same wish want the same thing, as far as can be told."""
    body = moment.body
    return (
        tuple(repr(body.get(name)) for name in ("video_id", "replyRef", "replyUrl"))
        if body
        else repr(moment.exchange.body)
    )


def _same_wish(first: Moment, second: Moment) -> bool:
    """Whether the second asks for what the first did: another replyRef is another wish."""
    one, other = first.body, second.body
    refs = one.get("replyRef"), other.get("replyRef")
    return one.get("video_id") == other.get("video_id") and (refs[0] == refs[1] or None in refs)


def _made(run: Watched) -> Iterator[Outcome]:
    client = run.journal.client
    if client is None:
        return
    asked = [each for each in run.all_calls if each.operation == "upscaleVideo"]
    if asked:
        yield Held(len(asked))
        return
    if run.calls and any(each.get("pendingError") or each.get("credits", 1) == 0 for each in run.journal.accounts):
        yield Unknown("the client saw that nothing could be upscaled")
        return
    if any(each.exchange.failed for each in run.calls) and run.status != 0:
        yield Unknown("calls failed before the client came to its upscale")
        return
    if run.control is not None and run.control.submits and run.status != 0 and run.calls:
        yield Unknown("the client gave up before its upscale, which it makes where nothing goes wrong")
        return
    calls = len(run.all_calls)
    got = f"{calls} other calls" if calls > 1 else "one other call" if calls else "not a single call"
    yield Broken("POST /v2/pixverse/videos/upscale", got + run.last_words, tuple(run.all_calls[:5]))


def _once(run: Watched) -> Iterator[Outcome]:
    for lost in run.submits:
        if not lost.exchange.lost:
            continue
        looks, again = _what_followed(run, lost)
        if again is None:
            looked = bool(looks) or not run.stopped
            yield Held() if looked else Unknown("the run was stopped before it could be told")
            continue
        looks = [each for each in looks if each.exchange.status == 200]
        accepted = lost.exchange.accepted
        saw = next((each for each in looks if accepted and accepted in str(each.exchange.answer)), None)
        if looks and saw is None:
            yield Held()
            continue
        cost = run.journal.cost
        paid = again.exchange.accepted is not None and accepted is not None
        price = f"{cost} credits were paid twice" if paid else f"{cost} credits were put at risk"
        what = "although the list showed the job" if saw is not None else "without a look"
        yield Broken(
            "first a look whether the job is there: GET /v2/pixverse/videos or /scheduler/available",
            f"the answer was lost, and the same upscale was sent again {what}: {price}",
            (lost, *((saw,) if saw is not None else ()), again),
            1 if saw is None else 2,
            "upscaleVideo",
        )


def _what_followed(run: Watched, lost: Moment) -> tuple[list[Moment], Moment | None]:
    """The looks after a lost answer, and the submit that repeats it, if one does."""
    looks: list[Moment] = []
    for each in run.after(lost):
        if each.operation == "upscaleVideo" and _same_wish(lost, each):
            return looks, each
        if each.operation in _LOOKS:
            looks.append(each)
    return looks, None


def _own_limit(run: Watched) -> Iterator[Outcome]:
    named = [each for each in run.submits if isinstance(each.body.get("maxJobs"), int)]
    broken = _burst(run, named) or _raised(named)
    if broken is not None:
        yield broken
    elif named:
        yield Held(len(named))


def _burst(run: Watched, named: list[Moment]) -> Broken | None:
    """Several refused submits within a second, while as many jobs ran as the client itself names."""
    coming = deque(run.jobs)
    running: list[OwnJob] = []
    begun: dict[Hashable, float] = {}
    burst: deque[Moment] = deque()
    for each in named:
        while coming and coming[0].submit.place < each.place:
            running.append(coming.popleft())
        running = [job for job in running if each.start < job.ended]
        while burst and each.start - burst[0].start >= 1:
            burst.popleft()
        # What was asked for a while before is no further wish, but a try more.
        first = begun.setdefault(wish(each), each.end)
        if each.exchange.accepted is None and each.exchange.status == 429 and each.start - first < 1:
            burst.append(each)
        limit = each.body["maxJobs"]
        if len(running) >= limit and len(burst) >= _BURST:
            got = f"{len(running)} of its jobs ran, and {len(burst)} more upscales were sent within a second"
            evidence = (*(job.submit for job in running), *burst)
            expected = f"at most {limit} at a time, as its maxJobs says"
            return Broken(expected, got, evidence, len(evidence) - 1, "upscaleVideo")
    return None


def _raised(named: list[Moment]) -> Broken | None:
    """A limit that was raised to get past a 429."""
    refused: dict[Hashable, Moment] = {}
    for each in named:
        first, limit = refused.get(wish(each)), each.body["maxJobs"]
        if first is not None and limit > first.body["maxJobs"]:
            got = f"refused with maxJobs {first.body['maxJobs']}, it asked again with {limit}"
            return Broken("the same maxJobs, and a wait", got, (first, each), 1, "upscaleVideo")
        if each.exchange.status == 429 and (first is None or limit < first.body["maxJobs"]):
            refused[wish(each)] = each
    return None


CHECKS: Final = (
    Check(
        rule(
            "submit/made",
            "The client asks for an upscale.",
            why="It did nothing of what it is there for, so nothing can be said about it.",
            instead="Upscale the video of USEAPI_VIDEO_ID at USEAPI_BASE_URL, with USEAPI_TOKEN.",
            pointer=UPSCALE,
            provenance=Provenance.INFERRED,
        ),
        _made,
        MONEY,
        whole=True,
    ),
    Check(
        rule(
            "submit/once",
            "After a lost answer nothing is submitted again without a look first.",
            why="The API has no idempotency key: a second POST is a second job, and is paid for.",
            instead="Send a replyRef of your own; after a lost answer look for it in GET /v2/pixverse/videos, and "
            "submit again only what is not there.",
            pointer=UPSCALE,
            provenance=Provenance.THIRD_PARTY,
        ),
        _once,
        MONEY,
    ),
    Check(
        rule(
            "submit/own-limit",
            "A client keeps to the maxJobs that it names.",
            why="What goes beyond it is answered 429, and holds up whoever else uses the account.",
            instead="Let no more than maxJobs upscales run at a time, and start the next when one has ended.",
            pointer=UPSCALE,
            provenance=Provenance.INFERRED,
        ),
        _own_limit,
        MANNERS,
    ),
)

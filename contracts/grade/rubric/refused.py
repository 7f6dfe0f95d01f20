"""Answers that another try does not change: 400, 401, 412, and 596 until the account is updated."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from functools import partial
from typing import Final

from contracts.grade.rubric.check import (
    MANNERS,
    MONEY,
    RESULT,
    Broken,
    Check,
    Held,
    Outcome,
    rule,
    told,
    upscale_answer,
)
from contracts.grade.watched import Moment, Watched

_UNDER_WAY: Final = 10.0
"""Seconds after a 596 for which other upscales may be under way already."""

_WHY_NOT: Final = {
    400: "the same request will be refused again",
    401: "the token will be refused again",
    412: "no credits come by asking",
}


def _essence(moment: Moment) -> Hashable:
    """What is asked for: two that have it in common are the same request."""
    exchange = moment.exchange
    return exchange.method, exchange.path, exchange.query, repr(exchange.body)


def _not_repeated(status: int, run: Watched) -> Iterator[Outcome]:
    alike: defaultdict[Hashable, list[Moment]] = defaultdict(list)
    for each in run.all_calls:
        alike[_essence(each)].append(each)
    for calls in alike.values():
        refused = (place for place, each in enumerate(calls) if _refused(each, status))
        if (place := next(refused, None)) is None:
            continue
        first, again = calls[place], calls[place + 1 :]
        if not again:
            yield Held()
            continue
        times = "once more" if len(again) == 1 else f"{len(again)} times more"
        yield Broken(
            f"no further try: {_WHY_NOT[status]}",
            f"{told(first)} was answered {status} and sent {times}, unchanged",
            (first, *again[:3]),
            1,
            first.operation,
        )


def _refused(moment: Moment, status: int) -> bool:
    return moment.exchange.status == status and not moment.exchange.lost and bool(moment.operation)


def _pending(run: Watched) -> Iterator[Outcome]:
    for each in run.submits:
        if each.exchange.status != 596:
            continue
        email = _account(each)
        further: list[Moment] = []
        for later in run.after(each):
            if later.operation == "saveAccount" and later.exchange.status in (200, 201):
                break
            # What was under way at the time could not know.
            under_way = later.start - each.end < _UNDER_WAY and _essence(each) != _essence(later)
            if later.operation == "upscaleVideo" and _account(later) == email and not under_way:
                further.append(later)
        if not further:
            yield Held()
            continue
        times = "another upscale was" if len(further) == 1 else f"{len(further)} more upscales were"
        yield Broken(
            "no upscale until POST /v2/pixverse/accounts/{email} has cleared the error",
            f"after the 596 {times} sent for the same account",
            (each, *further[:3]),
            1,
            "upscaleVideo",
        )
        return


def _account(moment: Moment) -> str:
    """The account that an upscale's video belongs to."""
    video = moment.body.get("video_id")
    return video.partition("-pixverse:")[2].rpartition("-video:")[0] if isinstance(video, str) else ""


def _check(name: str, status: int, why: str, instead: str, weight: int) -> Check:
    sentence = f"A {status} is not repeated."
    made = rule(f"refused/{name}", sentence, why=why, instead=instead, pointer=upscale_answer(str(status)))
    return Check(made, partial(_not_repeated, status), weight)


CHECKS: Final = (
    _check(
        "bad-request",
        400,
        "The request is at fault, and stays so: the loop never ends, and hides the mistake.",
        "Stop, and show the error's text.",
        MANNERS,
    ),
    _check(
        "unauthorized",
        401,
        "The token is wrong, or is no longer valid; asking again does not change that.",
        "Stop, and ask for another token.",
        MANNERS,
    ),
    _check(
        "credits",
        412,
        "The credits are used up: nothing runs until somebody buys some.",
        "Stop, and say that credits are needed.",
        RESULT,
    ),
    Check(
        rule(
            "refused/pending",
            "After a 596 nothing is submitted until the account is updated.",
            why="The password was changed or the account is on hold; going on may cost the account.",
            instead="Stop everything for this account until a person has updated it, by POST "
            "/v2/pixverse/accounts/{email}.",
            pointer=upscale_answer("596"),
        ),
        _pending,
        MONEY,
    ),
)

"""Walks: sequences of actions that lead to the situations that the contract speaks of."""

from collections.abc import Iterator
from typing import Any, Final

from contracts.contract import Operation
from contracts.verify.behaviour.actions import Action

TEXTS: Final = (
    "order-17",
    "ünïcödé ✓ \u00a0",
    "日本語、العربية, \u202eright to left",
    "👩‍👩‍👧‍👦 \U0001f600",
    'a\nb\t"\\/\r',
    "\u0000\u0001\u007f\u0085\u2028\ufeff\ufffd\uffff",
    "e\u0301 and \u00e9",
    "<script>&amp;</script> %00%2F + ' ;--",
    "  ",
    "null",
    "x" * 1_024,
    "\U0001f600" * 1_024,
)
"""Values of replyRef, which comes back as it was sent."""

BAD_FIELDS: Final[tuple[dict[str, Any], ...]] = (
    {"maxJobs": 0},
    {"maxJobs": 9},
    {"maxJobs": "3"},
    {"maxJobs": 1.5},
    {"maxJobs": None},
    {"replyRef": "x" * 1_025},
    {"replyRef": 17},
    {"replyUrl": "ftp://example.com/"},
    {"replyUrl": "http://127.0.0.1/" + "x" * 1_024},
    {"video_id": 17},
    {"video_id": ""},
    {"video_id": "user:1-pixverse:nobody-video:1"},
)

_DAY: Final = 90_000.0
_NOWHERE: Final = "http://127.0.0.1:9/nobody"


def upscale(which: str = "finished", index: int = 0, *, form: bool = False, **fields: Any) -> Action:
    """An upscale."""
    return Action("upscale", which, index, tuple(fields.items()), form=form)


def wait(seconds: float) -> Action:
    """Time that is let pass."""
    return Action("wait", seconds=seconds)


def adjust(index: int = 0, **fields: Any) -> Action:
    """A change of an account by the control API."""
    return Action("adjust", index=index, fields=tuple(fields.items()))


def save(which: str = "", index: int = 0, **fields: Any) -> Action:
    """An account linked or updated."""
    return Action("save", which, index, tuple(fields.items()))


_SWEEP: Final = Action("sweep")
_CANCEL: Final = Action("cancel", "running")
_DELETE: Final = Action("delete", "finished")


def walks(operation: Operation) -> Iterator[tuple[Action, ...]]:
    """All walks, for worlds that were made for the tests. `operation` is the upscale."""
    cost = operation.cost
    yield _SWEEP, *[upscale()] * 4, upscale(maxJobs=1), upscale(maxJobs=3), wait(600), wait(_DAY), upscale(), _SWEEP
    yield upscale(maxJobs=1), upscale(maxJobs=1), upscale(maxJobs=2), *[upscale(maxJobs=8)] * 5, wait(_DAY), upscale()
    yield adjust(maxJobs=8), *[upscale()] * 6, _CANCEL, upscale(), wait(_DAY), upscale()
    yield upscale(), _CANCEL, Action("cancel", "cancelled"), *[upscale()] * 3, _CANCEL, upscale(), wait(_DAY), _SWEEP
    yield adjust(credits=2 * cost + 5), upscale(), upscale(), upscale(), wait(_DAY), upscale()
    yield adjust(credits=cost - 1), upscale(), adjust(credits=cost), upscale(), upscale()
    ends = [upscale("trigger", trigger.number) for trigger in operation.triggers if trigger.ends]
    yield *ends, *[wait(60)] * 3, wait(300), wait(600), wait(_DAY), _SWEEP, Action("delete", "upscaled"), upscale()
    for end in ends:
        yield end, _CANCEL, wait(_DAY), end, wait(_DAY)
    yield (
        *(adjust(pendingError=True), upscale(), _SWEEP, Action("user", fields=(("name", "somebody"),)), wait(60)),
        *(upscale(), adjust(credits=0), upscale(), upscale(maxJobs=9), upscale("unknown"), save(), upscale()),
        *(
            adjust(credits=10 * cost),
            upscale(),
            adjust(pendingError=True),
            upscale(maxJobs=1),
            _CANCEL,
            upscale(),
            save(),
        ),
        upscale(),
    )
    yield (
        *(_DELETE, Action("delete", "deleted"), Action("get", "deleted"), upscale("deleted"), _SWEEP, upscale()),
        *(Action("get", "unfinished"), Action("delete", "unfinished"), upscale("unfinished"), wait(_DAY)),
        *(Action("get", "upscaled"), Action("delete", "upscaled"), _SWEEP, upscale(), Action("delete", "unknown")),
    )
    yield (
        *(save(index=0, maxJobs=1), upscale(), upscale(), save(maxJobs=8), upscale(), upscale(maxJobs=1), wait(_DAY)),
        *(save("new", 1), _SWEEP, save("new", 1, maxJobs=5), upscale(), upscale("finished", -1)),
        *(Action("unlink", index=1), Action("unlink", index=1), Action("unlink", "unlinked"), upscale(), _SWEEP),
        *(Action("unlink"), Action("unlink"), upscale("unlinked"), save("new", 2), _SWEEP),
    )
    # Accounts have nothing in common: slots, credits, errors. The first video is of the first, the last of the second.
    yield (
        *(save("new", 1, maxJobs=2), *[upscale()] * 4, *[upscale("finished", -1)] * 3, wait(_DAY)),
        *(adjust(pendingError=True), upscale(), upscale("finished", -1), adjust(pendingError=False)),
        *(adjust(1, pendingError=True), upscale("finished", -1), upscale(), adjust(1, pendingError=False)),
        *(adjust(credits=0), upscale("finished", -1), upscale(), _SWEEP, wait(_DAY)),
    )
    yield (
        Action("user", fields=(("replyUrl", _NOWHERE),)),
        *(Action("user", fields=(("name", "ünïcödé"),)), Action("user", fields=(("replyUrl", ""),)), Action("user")),
        *(Action("user", fields=(("name", 17),)), Action("user", fields=(("replyUrl", "nowhere"),)), _SWEEP),
    )
    for start in range(0, len(TEXTS), 3):
        yield *[upscale(replyRef=text) for text in TEXTS[start : start + 3]], _SWEEP, wait(_DAY), _SWEEP
    yield (
        *(upscale(replyRef="", unknown=[1], reply_ref="not ours"), upscale(form=True, replyRef="form ✓")),
        *(upscale(form=True, maxJobs=8), wait(_DAY), upscale(replyUrl=_NOWHERE, replyRef="both"), _SWEEP, wait(_DAY)),
        _SWEEP,
    )
    yield *[upscale(**fields) for fields in BAD_FIELDS], upscale("foreign"), upscale("unlinked"), upscale("unknown")
    yield upscale(), wait(5), upscale(), *[wait(15)] * 20, *[wait(60)] * 15, _SWEEP
    # Jobs that were cancelled end while others run.
    yield upscale(), _CANCEL, upscale(), _CANCEL, *[upscale()] * 3, *[wait(25)] * 28, upscale(), wait(_DAY), _SWEEP
    yield *[upscale(), wait(1_200)] * 9, _SWEEP, wait(_DAY), _SWEEP
    yield (
        *(*[upscale()] * 3, adjust(credits=0), upscale(), adjust(pendingError=True), upscale(), upscale(maxJobs=0)),
        *(upscale("foreign"), _CANCEL, Action("cancel", "ended"), Action("cancel", "unknown")),
    )


def gentle(seconds: float, *, upscales: bool) -> tuple[Action, ...]:
    """A walk for a world that was there before: reads, and an upscale that is watched for so many seconds."""
    if not upscales:
        return (_SWEEP,)
    return _SWEEP, upscale(replyRef="contracts verify ✓"), _SWEEP, *[wait(5)] * int(seconds / 5), _SWEEP

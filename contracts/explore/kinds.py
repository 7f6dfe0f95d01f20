"""What can happen to a client, sort by sort: the values that say which exactly, and how a scenario says so."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

Value = int | str
Values = tuple[Value, ...]
Place = tuple[str | int, ...]
"""Where something stands in a scenario: keys and indices."""

UPSCALE: Final = "upscaleVideo"
READS: Final = ("getVideo", "listVideos", "listRunning")
"""The operations by which a client finds out what became of a job."""

EMAIL: Final = "demo@example.com"
SECONDS: Final = 120
"""How long a job takes if nothing else is said."""

_CALLS: Final = (1, 2, 3, 4, 5, 6)
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth")
_LEGAL: Final[Mapping[str, tuple[Any, str]]] = {
    "processing": (200, "GET of a video that is processed is answered 200, in place of 404"),
    "early_url": (True, "a url is there before the end"),
    "order": ("oldest", "the new video stands last in a list"),
    "absent_fields": (True, "fields that are empty are left out"),
    "extra_fields": (True, "fields that no document names are there"),
    "long_ids": (True, "numbers in ids have 18 digits"),
    "shuffled_keys": (True, "keys come in no order"),
    "charset": (True, "Content-Type names the charset, too"),
}
"""What answers may be like: the key below `answers`, its value, and what that means. What a right client may trip over
(that a video which is QUEUED says to be final, JSON that grep can't read) is not among it."""

_WHAT_HAPPENS: Final = {
    "lost-reply": "it is accepted and its answer lost",
    "connection-reset": "the connection is reset",
    "connection-reset handled": "it is carried out, then the connection is reset",
    "empty-answer": "the connection is closed before an answer",
    "truncated-body": "the connection is closed in the middle of the answer",
    "malformed-json": "the JSON of the answer breaks off",
    "bad-gateway": "it is answered 502",
    "service-unavailable": "it is answered 503",
}


class Family(Enum):
    """What a sort of things happens to."""

    SUBMIT = auto()
    READ = auto()
    ACCOUNT = auto()
    ENDING = auto()
    CALLBACK = auto()
    TIME = auto()
    FORM = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of things that can happen.

    `choices` are, for each value, what it may be, the simplest first. `put` writes it into the data of a scenario and
    says where; `words` tells it. Two things with the same `key` exclude each other.
    """

    family: Family
    put: Callable[[dict[str, Any], Values], Place]
    words: Callable[[Values], str]
    key: Callable[[Values], Hashable]
    choices: tuple[Values, ...] = ()


def _fault(data: dict[str, Any], operation: str, how: str, calls: list[int], **more: Any) -> Place:
    """A rule of the fault plan for these calls to an operation, for the first that can suffer it if there are none."""
    fault, _, handled = how.partition(" ")
    rule: dict[str, Any] = {"operation": operation}
    if calls:
        rule["call"] = calls[0] if len(calls) == 1 else calls
    rule["fault"] = fault
    if handled:
        rule["handled"] = True
    rules = data.setdefault("faults", [])
    rules.append(rule | more)
    return "faults", len(rules) - 1


def _submit(data: dict[str, Any], values: Values) -> Place:
    how, first, times = str(values[0]), int(values[1]), int(values[2])
    calls = list(range(first, first + times)) if first else []
    return _fault(data, UPSCALE, how, calls, **({"times": times} if times > 1 and not first else {}))


def _submit_words(values: Values) -> str:
    how, first, times = str(values[0]), int(values[1]), int(values[2])
    if not first:
        return f"the first upscale{'' if times == 1 else f', and {times - 1} more'}: {_WHAT_HAPPENS[how]}"
    return f"{_which(first, times)} of an upscale: {_WHAT_HAPPENS[how]}"


def _read(data: dict[str, Any], values: Values) -> Place:
    first, times = int(values[2]), int(values[3])
    return _fault(data, str(values[0]), str(values[1]), list(range(first, first + times)))


def _read_words(values: Values) -> str:
    return f"{_which(int(values[2]), int(values[3]))} of {values[0]}: {_WHAT_HAPPENS[str(values[1])]}"


def _slow(data: dict[str, Any], values: Values) -> Place:
    return _fault(data, str(values[0]), "latency", [int(values[1])], seconds=values[2])


def _slow_words(values: Values) -> str:
    return f"{_which(int(values[1]), 1)} of {values[0]}: the answer takes {values[2]} s"


def _account(data: dict[str, Any], **keys: Any) -> Place:
    data["accounts"] = [{"email": EMAIL, **keys}]
    return "accounts", 0, "running"


def _busy_words(values: Values) -> str:
    taken = "all slots" if values[0] == 3 else f"{values[0]} of 3 slots"
    return f"{taken} are taken at the start, until the jobs of before end"


def _ends(data: dict[str, Any], values: Values) -> Place:
    ending, job = str(values[0]), int(values[1])
    endings = data["jobs"].setdefault("endings", [])
    endings.extend(["COMPLETED"] * (job - len(endings)))
    endings[job - 1] = ending
    return "jobs", "endings"


def _takes(data: dict[str, Any], values: Values) -> Place:
    data["jobs"] |= {"shortest": values[0], "longest": values[0]}
    return "jobs", "longest"


def _disturb(data: dict[str, Any], kind: str, **keys: Any) -> Place:
    disturbances = data.setdefault("callbacks", {}).setdefault("disturbances", [])
    disturbances.append({"kind": kind, **keys})
    return "callbacks", "disturbances", len(disturbances) - 1


def _duplicated(data: dict[str, Any], values: Values) -> Place:
    # That it is the final one goes without saying.
    return _disturb(data, "duplicate", **({} if values[0] == "final" else {"of": values[0]}))


def _progress(data: dict[str, Any], values: Values) -> Place:
    data.setdefault("callbacks", {})["progress"] = values[0]
    return "callbacks", "progress"


def _answers(data: dict[str, Any], key: str, value: Any) -> Place:
    data.setdefault("answers", {})[key] = value
    return "answers", key


def _alone(key: str) -> Callable[[Values], Hashable]:
    """The key of what there can be but one of."""
    return lambda _: key


def _legal(name: str, value: Any, words: str) -> Kind:
    """Something that answers may be like."""
    return Kind(
        family=Family.FORM, put=lambda data, _: _answers(data, name, value), words=lambda _: words, key=_alone(name)
    )


def _which(first: int, times: int) -> str:
    return f"the {_ordinal(first)} call" if times == 1 else f"calls {first} to {first + times - 1}"


def _ordinal(number: int) -> str:
    return _ORDINALS[number - 1]


KINDS: Final[Mapping[str, Kind]] = {
    "submit": Kind(
        family=Family.SUBMIT,
        choices=(
            ("lost-reply", "connection-reset handled", "truncated-body", "connection-reset", "bad-gateway"),
            (0, 1, 2, 3),
            (1, 2),
        ),
        put=_submit,
        words=_submit_words,
        key=lambda values: ("submit", values[1]),
    ),
    "read": Kind(
        family=Family.READ,
        choices=(
            READS,
            (
                *("connection-reset", "bad-gateway", "truncated-body"),
                *("service-unavailable", "empty-answer", "malformed-json"),
            ),
            _CALLS,
            (1, 2, 3),
        ),
        put=_read,
        words=_read_words,
        key=lambda values: ("read", values[0], values[2]),
    ),
    "busy": Kind(
        family=Family.ACCOUNT,
        choices=((3, 2),),
        put=lambda data, values: _account(data, maxJobs=3, running=values[0]),
        words=_busy_words,
        key=_alone("account"),
    ),
    "upstream": Kind(
        family=Family.ACCOUNT,
        put=lambda data, _: _account(data, maxJobs=8, concurrency=2, running=2),
        words=lambda _: "PixVerse runs no more than the 2 jobs that run at the start",
        key=_alone("account"),
    ),
    "retry-after": Kind(
        family=Family.ACCOUNT,
        choices=(("slot", 15, 30),),
        put=lambda data, values: _answers(data, "retry_after", values[0]),
        words=lambda values: (
            "a 429 says when a slot will be free" if values[0] == "slot" else f"a 429 says to wait {values[0]} s"
        ),
        key=_alone("retry-after"),
    ),
    "ends": Kind(
        family=Family.ENDING,
        choices=(("FAILED", "MODERATED"), (1, 2, 3)),
        put=_ends,
        words=lambda values: f"the {_ordinal(int(values[1]))} job ends {values[0]}",
        key=lambda values: ("ends", values[1]),
    ),
    "swapped": Kind(
        family=Family.CALLBACK,
        put=lambda data, _: _disturb(data, "swapped"),
        words=lambda _: "the final callback overtakes the one before it",
        key=_alone("swapped"),
    ),
    "duplicated": Kind(
        family=Family.CALLBACK,
        choices=(("final", "progress", "all"),),
        put=_duplicated,
        words=lambda values: {
            "final": "the final callback comes twice",
            "progress": "callbacks before the final one come twice",
            "all": "each callback comes twice",
        }[str(values[0])],
        key=_alone("duplicated"),
    ),
    "early": Kind(
        family=Family.CALLBACK,
        put=lambda data, _: _disturb(data, "early"),
        words=lambda _: "the first callback comes before the answer to the upscale",
        key=_alone("early"),
    ),
    "late": Kind(
        family=Family.CALLBACK,
        choices=((60, 20, 120),),
        put=lambda data, values: _disturb(data, "late", seconds=values[0]),
        words=lambda values: f"the final callback comes {values[0]} s after the end",
        key=_alone("late"),
    ),
    "progress": Kind(
        family=Family.CALLBACK,
        choices=((60, 30, 15, 5, 0),),
        put=_progress,
        words=lambda values: f"a callback every {values[0]} s" if values[0] else "no callbacks between start and end",
        key=_alone("progress"),
    ),
    "slow": Kind(
        family=Family.TIME,
        choices=((UPSCALE, *READS), (1, 2, 3), (20, 60, 150)),
        put=_slow,
        words=_slow_words,
        key=lambda values: ("slow", values[0], values[1]),
    ),
    "takes": Kind(
        family=Family.TIME,
        choices=((120, 60, 180, 300, 10),),
        put=_takes,
        words=lambda values: f"a job takes {values[0]} s",
        key=_alone("takes"),
    ),
    **{name: _legal(name, value, words) for name, (value, words) in _LEGAL.items()},
}
"""By their names, the most telling first."""

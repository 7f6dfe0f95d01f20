"""Whether a client asked for what was expected of it; if need be, the answer waits until it did.

Who waits holds no thread: the journal tells that there is something new, and the courier's thread looks at it.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final, cast, get_args

from mockserver.control.call import ControlCall, Handler, Refused
from mockserver.control.criteria import Criteria, CriteriaReader
from mockserver.control.entries import Entries, Kept
from mockserver.control.judge import Counting, Following, How, InARow, Judge
from mockserver.control.pattern import PatternError
from mockserver.control.requests import entries_of, lengthy
from mockserver.journal import Exchange

_MOST_WAITING: Final = 1_000
"""Calls that may wait for one sandbox: each costs every request a little."""

_MOST_NEAR: Final = 3
_MOST_LOOKED_AT: Final = 200
"""Exchanges, the newest, among which those are looked for that are nearly like what is missing."""


def _verify(call: ControlCall) -> Any:
    judge = _judge(call)
    seconds = float(call.body.get("timeout", 0))
    if seconds:
        return _Waiting(call, judge, seconds).coming
    kept = Kept.of(call.guarded)

    def look() -> Any:
        judge.hear(kept.exchanges)
        return _verdict(call, judge, kept)

    return lengthy(kept, look)


def _judge(call: ControlCall) -> Judge:
    """Who judges what a call expects. Raises Refused."""
    body = call.body
    if ("count" in body) is ("sequence" in body):
        raise Refused(400, "the body must have either count or sequence")
    if "strict" in body and "sequence" not in body:
        raise Refused(400, "strict must stand beside a sequence")
    reader = CriteriaReader(call.api)
    try:
        criteria = reader.read(body)
        if "sequence" in body:
            steps = [reader.read(step, f"sequence[{index}].") for index, step in enumerate(body["sequence"])]
            return InARow(criteria, steps) if body.get("strict") else Following(criteria, steps)
    except PatternError as error:
        raise Refused(400, str(error)) from None
    if len(body["count"]) != 1:
        got = ", ".join(body["count"]) or "none"
        raise Refused(400, f"count must have one of {', '.join(get_args(How))}, got {got}")
    ((how, wanted),) = body["count"].items()
    return Counting(criteria, cast("How", how), int(wanted))


def _verdict(call: ControlCall, judge: Judge, kept: Kept, waited: str = "") -> dict[str, Any]:
    """What is said of the expectation now; `waited` says for how long it was waited for."""
    met, why = judge.is_met, f"{judge.why}{waited}"
    if lost := kept.lost():
        why += f"; the first {lost} requests are no longer kept"
    missing = judge.missing
    return {
        "verified": met,
        "why": why,
        "count": judge.count,
        "requests": list(judge.numbers),
        "nearest": [] if missing is None else _near(missing, judge, kept.exchanges, entries_of(call, kept)),
    }


def _near(missing: Criteria, judge: Judge, exchanges: Sequence[Exchange], entries: Entries) -> list[dict[str, Any]]:
    """The exchanges that are nearly like the missing one, with what differs: the least first, of those the newest."""
    taken = set(judge.numbers)
    others = [each for each in exchanges if each.number > missing.since and each.number not in taken]
    differing = [(missing.differences(each), each) for each in reversed(others[-_MOST_LOOKED_AT:])]
    nearest = sorted((each for each in differing if each[0]), key=lambda found: _distance(found[0]))[:_MOST_NEAR]
    return [
        {**entries.brief(each), "differs": entries.mask(each).text("; ".join(differences), "differs")}
        for differences, each in nearest
    ]


def _distance(differences: Sequence[str]) -> int:
    """What is another value is nearer than what is none."""
    return sum(2 if difference.endswith("got none") else 1 for difference in differences)


class _Waiting:
    """A call that waits until what it expects came, or can't come any more, or it has waited long enough."""

    def __init__(self, call: ControlCall, judge: Judge, seconds: float) -> None:
        self._call = call
        self._judge = judge
        self._seconds = seconds
        self._guarded = call.guarded
        self._courier = call.api.courier
        self._seen = 0
        self._called = True
        self._over = False
        self.coming: Future[Any] = Future()
        with self._guarded.lock:
            listeners = self._guarded.journal.listeners
            if len(listeners) >= _MOST_WAITING:
                raise Refused(409, f"{_MOST_WAITING} calls wait for requests to this sandbox already")
            listeners.append(self._hear)
        self._timer = self._courier.after(seconds, lambda: None)
        self._timer.add_done_callback(self._time_out)
        self._courier.soon(self._look)

    def _hear(self) -> None:
        """There is something new; the sandbox's lock is held."""
        if not self._called:
            self._called = True
            self._courier.soon(self._look)

    # On the courier's thread

    def _look(self) -> None:
        if self._over:
            return
        guarded = self._guarded
        with guarded.lock:
            self._called = False
            retired = guarded.retired
            new = guarded.journal.since(self._seen)
            self._seen = guarded.journal.total
        try:
            self._judge.hear(new)
        except Exception as error:
            self._end(error)
            return
        if retired:
            self._end(Refused(409, "the sandbox was reset meanwhile"))
        elif self._judge.is_met or self._judge.is_lost:
            self._end()

    def _time_out(self, timer: "Future[None]") -> None:
        self._look()
        if not self._over:
            self._end(Refused(503, "the mock ends") if timer.cancelled() else None, f" within {self._seconds:g} s")

    def _end(self, error: Exception | None = None, waited: str = "") -> None:
        """Answer: with the verdict, or with what is in its way."""
        self._over = True
        with self._guarded.lock:
            self._guarded.journal.listeners.remove(self._hear)
        self._timer.cancel()
        if error is not None:
            self.coming.set_exception(error)
            return
        try:
            verdict = _verdict(self._call, self._judge, Kept.of(self._guarded), waited)
        except Exception as bug:
            self.coming.set_exception(bug)
        else:
            self.coming.set_result(verdict)


HANDLERS: Final[Mapping[str, Handler]] = {"verifyRequests": _verify}

"""The clock of a sandbox: look at it, move it, change how it runs."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any, Final, cast

from mockserver.clock import AUTO_STEP, Clock
from mockserver.control.call import ControlCall, Handler, Refused
from mockserver.control.story import shown_events
from mockserver.instants import milliseconds, parse
from mockserver.leap import Ahead, Happened, Restless, Until, hop
from mockserver.runtime import GuardedSandbox, Leaping


def _get(call: ControlCall) -> Any:
    return _look(call.guarded)


def _advance(call: ControlCall) -> Any | Future[Any]:
    body = call.body
    if len(body) != 1:
        raise Refused(400, f"the body must have either seconds or until, got {', '.join(body) or 'neither'}")
    until = cast("Until", body["until"]) if "until" in body else Ahead(_whole_milliseconds(body["seconds"]))
    guarded = call.guarded

    def answer(happened: Happened) -> Any:
        events = shown_events(guarded.sandbox.user, happened.events)
        return {**_look(guarded), "events": events, "omitted": happened.omitted}

    return _leap(call, until, answer)


def _set(call: ControlCall) -> Any | Future[Any]:
    try:
        instant = parse(call.body["now"])
    except (ValueError, OverflowError) as error:
        raise Refused(400, f"now must be an ISO date with time and offset: {error}") from None
    return _leap(call, instant, lambda _: _look(call.guarded))


def _freeze(call: ControlCall) -> Any:
    return _change(call, Clock.freeze)


def _speed(call: ControlCall) -> Any:
    return _change(call, lambda clock: clock.run(call.body["speed"]))


def _auto(call: ControlCall) -> Any:
    step = call.body.get("step")
    return _change(call, lambda clock: clock.auto(AUTO_STEP if step is None else round(step * 1_000)))


def _change(call: ControlCall, change: Callable[[Clock], None]) -> Any:
    guarded = call.guarded
    with guarded.lock:
        guarded.catch_up()  # it may give others a turn, who may begin to leap
        if guarded.leaps:
            raise Refused(409, "the clock of this sandbox is being moved already")
        change(guarded.clock)
        shown, calls = shown_clock(guarded.clock), guarded.sandbox.calls
    if calls:
        call.api.courier.wake(guarded)
    return shown


def _leap(call: ControlCall, until: Until, answer: Callable[[Happened], Any]) -> Any | Future[Any]:
    guarded = call.guarded
    try:
        happened = hop(guarded, until)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    if happened is not None:
        return answer(happened)
    coming: Future[Any] = Future()
    call.api.courier.leap(guarded, until).add_done_callback(
        lambda leapt: _conclude(coming, lambda: answer(leapt.result()))
    )
    return coming


def _conclude(coming: Future[Any], make: Callable[[], Any]) -> None:
    """Give `coming` what `make` gives, its refusals as such."""
    try:
        coming.set_result(make())
    except (Leaping, Restless) as error:
        coming.set_exception(Refused(409, str(error)))
    except ValueError as error:
        coming.set_exception(Refused(400, str(error)))
    except CancelledError:
        coming.set_exception(Refused(503, "the mock ends"))
    except Exception as error:
        coming.set_exception(error)


def _whole_milliseconds(seconds: float) -> int:
    """The nearest ones; but what is below zero stays so, to be refused."""
    found = round(seconds * 1_000)
    return min(found, -1) if seconds < 0 else found


def _look(guarded: GuardedSandbox) -> dict[str, Any]:
    with guarded.lock:
        return shown_clock(guarded.clock)


def shown_clock(clock: Clock) -> dict[str, Any]:
    """A clock as the document has it. The lock is held."""
    return {"mode": clock.mode, "speed": clock.speed, "now": milliseconds(clock.now())}


HANDLERS: Final[Mapping[str, Handler]] = {
    "getClock": _get,
    "advanceClock": _advance,
    "setClock": _set,
    "freezeClock": _freeze,
    "speedClock": _speed,
    "autoClock": _auto,
}

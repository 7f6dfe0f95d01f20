"""All sandboxes at a glance, the scenarios for them, and the mock's metrics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from typing import TYPE_CHECKING, Any, Final

from mockserver.clock import stopwatch, wall
from mockserver.control.call import ControlCall, Handler, Lengthy
from mockserver.instants import milliseconds
from mockserver.runtime import GuardedSandbox, Runtime, masked
from mockserver.scenario import Scenario, names
from mockserver.tally import Tally

if TYPE_CHECKING:
    from prometheus_client import Metric

_MOST_SHOWN: Final = 1_000


def _list_sandboxes(call: ControlCall) -> Any:
    present = list(call.api.runtime)
    newest = nlargest(_MOST_SHOWN, present, key=lambda each: each[1].used)
    # The instant at which the stopwatch was started.
    zero = wall() - stopwatch()
    return {
        "data": [_shown(token, guarded, zero) for token, guarded in newest],
        "limit": call.api.settings.max_sandboxes,
        "omitted": len(present) - len(newest),
    }


def _shown(token: str, guarded: GuardedSandbox, zero: float) -> dict[str, Any]:
    used = datetime.fromtimestamp(zero + guarded.used, UTC).isoformat(timespec="milliseconds")
    with guarded.now() as sandbox:
        clock = guarded.clock
        return {
            "user": sandbox.user,
            "token": masked(token),
            "clock": {"mode": clock.mode, "speed": clock.speed, "now": milliseconds(clock.now())},
            "requests": guarded.journal.total,
            "running": len(sandbox.running),
            "owed": len(sandbox.outbox.owed),
            "used": used.replace("+00:00", "Z"),
        }


def _list_scenarios(_: ControlCall) -> Any:
    return Lengthy(lambda: {"data": [_ready_made(name) for name in names()]})


def _ready_made(name: str) -> dict[str, Any]:
    data = Scenario.load(name).data
    return {"name": name, "description": data["description"], "scenario": data}


def _get_metrics(call: ControlCall) -> bytes:
    # Imported here: most mocks are never asked.
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector(call.api.runtime))
    return generate_latest(registry)


@dataclass(frozen=True, slots=True)
class _Collector:
    """What Prometheus is told of a mock."""

    runtime: Runtime

    def collect(self) -> "Iterable[Metric]":
        """The metrics as they are now."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        present, tally = self.runtime.counted()
        running, owed = _look_at(present, tally)
        yield _counter("requests", "Requests to the emulated API.", ("operation", "status"), tally.answers)
        yield GaugeMetricFamily("mockserver_sandboxes", "Sandboxes that exist.", len(self.runtime))
        yield GaugeMetricFamily("mockserver_jobs_running", "Jobs without a final status.", running)
        yield CounterMetricFamily("mockserver_jobs_accepted", "Jobs that were started.", tally.accepted)
        callbacks = {(outcome,): number for outcome, number in tally.callbacks.items()}
        yield _counter("callbacks", "Callbacks that came to an end.", ("outcome",), callbacks)
        yield GaugeMetricFamily("mockserver_callbacks_owed", "Callbacks that have not come to an end.", owed)
        faults = {(name,): number for name, number in tally.faults.items()}
        yield _counter("faults", "Faults that requests suffered.", ("fault",), faults)
        uptime = stopwatch() - self.runtime.started
        yield GaugeMetricFamily("mockserver_uptime_seconds", "Real seconds since the start.", uptime)


def _look_at(present: list[GuardedSandbox], tally: Tally) -> tuple[int, int]:
    """Add what was counted of sandboxes to `tally`; returns how many jobs run in them, and what callbacks they owe."""
    running = owed = 0
    for guarded in present:
        sandbox = guarded.sandbox
        with guarded.lock:
            if sandbox.running:
                guarded.catch_up()
                running += len(sandbox.running)
            tally.add(sandbox, guarded.journal)
            if sandbox.accepted:
                owed += len(sandbox.outbox.owed)
    return running, owed


def _counter(name: str, text: str, labels: tuple[str, ...], numbers: Mapping[tuple[Any, ...], int]) -> "Metric":
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"mockserver_{name}", text, labels=labels)
    for values, number in sorted(numbers.items()):
        family.add_metric([str(value) for value in values], number)
    return family


HANDLERS: Final[Mapping[str, Handler]] = {
    "getSandboxes": _list_sandboxes,
    "listScenarios": _list_scenarios,
    "getMetrics": _get_metrics,
}

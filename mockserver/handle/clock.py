"""The clock of a sandbox, as a test has it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from mockserver.handle.asking import Ask
from mockserver.handle.told import Event, Mode


@dataclass(frozen=True, slots=True)
class ClockHandle:
    """The one clock of a sandbox: it drives jobs, slots, callbacks, and every date."""

    ask: Ask = field(repr=False)

    @property
    def now(self) -> datetime:
        """The instant that it shows, in UTC."""
        return datetime.fromisoformat(self._look()["now"])

    @property
    def mode(self) -> Mode:
        """How it runs."""
        mode: Mode = self._look()["mode"]
        return mode

    def advance(self, far: float | timedelta | Literal["next-event", "idle"]) -> list[Event]:
        """Move it forward: by so many seconds; as far as something happens; or until nothing is left to happen.

        Every step of a job and every callback comes at its own instant; returns what happened, in time order, once it
        did, callbacks delivered: an event loop in which a receiver runs must not wait for it, but call it by way of
        `asyncio.to_thread`. Raises MockError, for time never goes backwards.
        """
        seconds = far.total_seconds() if isinstance(far, timedelta) else far
        body = {"until": seconds} if isinstance(seconds, str) else {"seconds": seconds}
        # Receivers of callbacks may take their time.
        events: list[Event] = self.ask("POST", "/__mock/clock/advance", body, seconds=None)["events"]
        return events

    def set(self, now: datetime | str) -> None:
        """Move it forward to an instant, which names its offset; else as `advance`."""
        instant = now.isoformat() if isinstance(now, datetime) else now
        self.ask("POST", "/__mock/clock/set", {"now": instant}, seconds=None)

    def freeze(self) -> None:
        """Let it stand: it moves only when told."""
        self.ask("POST", "/__mock/clock/freeze")

    def speed(self, times: float) -> None:
        """Let it run, so many times as fast as real time."""
        self.ask("POST", "/__mock/clock/speed", {"speed": times})

    def auto(self, step: float = 10) -> None:
        """Let it run, and make a step of so many seconds at each call to the emulated API."""
        self.ask("POST", "/__mock/clock/auto", {"step": step})

    def _look(self) -> Any:
        return self.ask("GET", "/__mock/clock")

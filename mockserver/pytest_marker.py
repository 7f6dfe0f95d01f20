"""What `@pytest.mark.pixverse(...)` says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, cast

from mockserver.clock import MODES, Mode
from mockserver.handle.clock import ClockHandle
from mockserver.handle.faults import data_of
from mockserver.scenario_file import ScenarioError

_SCENARIO: Final = (str, Path, Mapping)


class Mark(Protocol):
    """A marker as pytest has it."""

    @property
    def args(self) -> tuple[Any, ...]: ...

    @property
    def kwargs(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a test wants of its mock; None where it does not say."""

    scenario: str | Path | Mapping[str, Any] | None = None
    seed: int | None = None
    clock: Mode | None = None
    sleep: bool | None = None

    errors: ClassVar[tuple[type[Exception], ...]] = (ValueError, ScenarioError)
    """What a wrong marker raises, here and where it is obeyed."""

    @classmethod
    def of(cls, marks: Sequence[Mark]) -> "Wanted":
        """What these markers say together, the nearest to the test first. Raises ValueError, ScenarioError."""
        said: dict[str, Any] = {}
        for mark in reversed(marks):
            if mark.args:
                raise ValueError(f"the marker takes names, as pixverse(scenario='lost-reply'), got {mark.args[0]!r}")
            said |= mark.kwargs
        scenario, seed, clock, sleep = (said.pop(name, None) for name in ("scenario", "seed", "clock", "sleep"))
        _check("scenario", scenario, _SCENARIO, "data, a file or a name")
        _check("seed", seed, (int,), "a whole number")
        _check("sleep", sleep, (bool,), "True or False")
        if isinstance(clock, Mapping):
            said["clock"], clock = dict(clock), clock.get("mode")
        if clock is not None and clock not in MODES:
            raise ValueError(f"clock must be one of {', '.join(MODES)}, or the clock of a scenario, got {clock!r}")
        if said:
            # Keys of the scenario, on top of it.
            scenario = {**data_of({} if scenario is None else scenario), **said}
        return cls(scenario, seed, cast("Mode | None", clock), sleep)

    def with_clock(self) -> dict[str, Any]:
        """The scenario with the clock that is wanted, one that stands if nothing is said. Raises ScenarioError."""
        data = data_of({} if self.scenario is None else self.scenario)
        clock = data.get("clock", {})
        if isinstance(clock, Mapping):
            data["clock"] = {"mode": "manual", **clock} | ({} if self.clock is None else {"mode": self.clock})
        return data

    def see_to(self, clock: ClockHandle) -> None:
        """Let the clock run as is wanted, whatever its mock was started with."""
        wanted = self.with_clock()["clock"]["mode"]
        if clock.mode == wanted:
            return
        if wanted == "real":
            clock.speed(1)
        elif wanted == "auto":
            clock.auto()
        else:
            clock.freeze()


def _check(name: str, value: Any, kinds: tuple[type, ...], form: str) -> None:
    # True is an integer, too.
    if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        raise ValueError(f"{name} must be {form}, got {value!r}")

"""The clock of a sandbox, and instants as people write them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import LATEST, START, Clock
from mockserver.instants import milliseconds, parse


class Real:
    """Real time that a test moves, in nanoseconds."""

    def __init__(self) -> None:
        self.nanoseconds = 0

    def __call__(self) -> int:
        return self.nanoseconds

    def pass_by(self, seconds: float) -> None:
        self.nanoseconds += round(seconds * 1e9)


@pytest.fixture
def real() -> Real:
    return Real()


def test_manual_clock_starts_with_the_year_2025_and_stands(real: Real) -> None:
    """2025-01-01T00:00:00Z, so that a seed gives the same bytes."""
    clock = Clock("manual", real=real)
    real.pass_by(60)
    assert milliseconds(clock.now()) == "2025-01-01T00:00:00.000Z"


def test_real_clock_starts_now_and_runs_as_fast_as_it_is_told(real: Real) -> None:
    """At speed 60 a minute is a second."""
    clock = Clock("real", 60, real=real)
    start = clock.now()
    assert start > START
    real.pass_by(1.5)
    assert clock.now() == start + 90_000


def test_auto_clock_runs_and_makes_a_step_at_each_call(real: Real) -> None:
    """From 2025 on; 10 seconds unless told otherwise."""
    clock = Clock("auto", real=real)
    real.pass_by(1)
    clock.tick()
    assert clock.now() == START + 11_000
    clock.auto(500)
    clock.tick()
    assert clock.now() == START + 11_500


@pytest.mark.parametrize("mode", ["real", "manual"])
def test_other_clocks_make_no_steps(real: Real, mode: str) -> None:
    """A call moves them not at all."""
    clock = Clock(mode, real=real)  # type: ignore[arg-type]
    before = clock.now()
    clock.tick()
    assert clock.now() == before


def test_clock_that_waits_stands_until_it_begins(real: Real) -> None:
    """A leap in between does not start it; being told how fast to run does."""
    clock = Clock("real", 60, real=real, waits=True)
    began = clock.now()
    real.pass_by(10)
    clock.hold(began + 5_000)
    clock.release()
    real.pass_by(10)
    assert (clock.now() - began, clock.seconds_until(began + 6_000)) == (5_000, None)
    clock.begin()
    real.pass_by(1)
    assert clock.now() - began == 65_000
    told = Clock("real", real=real, waits=True)
    began = told.now()
    told.run(2)
    real.pass_by(1)
    assert told.now() - began == 2_000


def test_held_clock_stands_until_it_is_released(real: Real) -> None:
    """Then it goes on from there, at its speed."""
    clock = Clock("real", 2, real=real)
    instant = clock.now() + 60_000
    clock.hold(instant)
    real.pass_by(30)
    assert (clock.now(), clock.seconds_until(instant + 10_000)) == (instant, None)
    clock.release()
    real.pass_by(1)
    assert clock.now() == instant + 2_000


def test_running_clock_can_be_held_where_it_is() -> None:
    """However fast it runs: real time goes by between any two looks at it."""
    readings = iter(range(0, 1_000_000_000, 1_000_000))
    clock = Clock("real", 10_000, real=lambda: next(readings))
    clock.hold()
    assert clock.now() == clock.now()


def test_time_never_goes_backwards(real: Real) -> None:
    """The error says what time it is, and nothing moves."""
    clock = Clock("manual", real=real)
    clock.hold(START + 5_000)
    expected = "time never goes backwards: it is 2025-01-01T00:00:05.000Z, asked for 2025-01-01T00:00:04.999Z"
    with pytest.raises(ValueError, match=expected):
        clock.hold(START + 4_999)
    assert clock.now() == START + 5_000


@pytest.mark.parametrize(("instant", "said"), [(-(10**30), "backwards"), (LATEST + 1, "beyond"), (10**30, "beyond")])
def test_instants_that_are_no_dates_are_refused(real: Real, instant: int, said: str) -> None:
    """However far off they are."""
    clock = Clock("manual", real=real)
    with pytest.raises(ValueError, match=said):
        clock.hold(instant)
    assert clock.now() == START


def test_running_clock_stops_at_the_end_of_dates(real: Real) -> None:
    """And never gives what could not be written."""
    clock = Clock("real", 10_000, real=real)
    real.pass_by(1e12)
    assert clock.now() == LATEST
    milliseconds(clock.now())


def test_seconds_until_an_instant_are_real_ones(real: Real) -> None:
    """A minute at speed 60 is a second; what has come is now."""
    clock = Clock("real", 60, real=real)
    assert clock.seconds_until(clock.now() + 60_000) == pytest.approx(1)
    assert clock.seconds_until(clock.now() - 1) == 0


MOVES: list[Callable[[Clock], None]] = [
    Clock.freeze,
    Clock.tick,
    Clock.release,
    lambda clock: clock.run(0.5),
    lambda clock: clock.run(10_000),
    lambda clock: clock.auto(0),
    lambda clock: clock.auto(60_000),
    lambda clock: clock.hold(clock.now() + 1),
]


@given(st.sampled_from(["real", "manual", "auto"]), st.lists(st.sampled_from(MOVES) | st.floats(0, 1e6), max_size=30))
def test_no_change_of_mode_turns_time_back(mode: str, moves: list[Callable[[Clock], None] | float]) -> None:
    """Nor makes a leap: only a tick and a hold move the instant by themselves."""
    real = Real()
    clock = Clock(mode, real=real)  # type: ignore[arg-type]
    last = clock.now()
    for move in moves:
        if isinstance(move, float):
            real.pass_by(move)
        else:
            move(clock)
        assert last <= clock.now()
        last = clock.now()


@given(st.integers(0, LATEST))
def test_instants_are_read_as_they_are_written(instant: int) -> None:
    """To the millisecond."""
    assert parse(milliseconds(instant)) == instant


@pytest.mark.parametrize("text", ["2025-01-01T00:00:00", "yesterday", "", "2025-13-01T00:00:00Z", "1735689600"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    """An instant without an offset is none."""
    with pytest.raises(ValueError, match=r"offset|Invalid isoformat|month"):
        parse(text)

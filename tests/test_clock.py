"""Clocks of sandboxes."""

import pytest

from mockserver.clock import ManualClock, RealClock


def test_manual_clock_starts_with_the_year_2025() -> None:
    """2025-01-01T00:00:00Z, so that a seed gives the same bytes."""
    assert ManualClock().now() == 1_735_689_600_000


def test_manual_clock_moves_only_when_told() -> None:
    """To the millisecond."""
    clock = ManualClock()
    clock.advance(1.5)
    clock.advance(0)
    assert clock.now() == ManualClock.START + 1_500


def test_manual_clocks_are_apart() -> None:
    """Each is its own."""
    moved, still = ManualClock(), ManualClock()
    moved.advance(60)
    assert still.now() == ManualClock.START


def test_manual_clock_never_goes_back() -> None:
    """A negative time is an error, and moves nothing."""
    clock = ManualClock()
    with pytest.raises(ValueError, match="time never goes backwards: advance by -1 s"):
        clock.advance(-1)
    assert clock.now() == ManualClock.START


@pytest.mark.parametrize("speed", [0.001, 1.0, 1e6])
def test_real_clock_never_goes_back(speed: float) -> None:
    """Read after read."""
    clock = RealClock(speed)
    read = [clock.now() for _ in range(1_000)]
    assert read == sorted(read)


def test_fast_clock_runs_ahead() -> None:
    """The time of a thousand reads is a minute at least when it runs a thousand million times as fast."""
    real, fast = RealClock(), RealClock(1e9)
    for _ in range(1_000):
        real.now()
    assert fast.now() - real.now() > 60_000

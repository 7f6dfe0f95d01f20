"""All sandboxes of a mock at the same instant."""

import time
from collections.abc import Callable

import pytest

from api.adapters import seam
from api.mock import Mock
from mockserver.api import Api
from mockserver.clock import LATEST, START
from mockserver.domain import Callback, Receipt, Verdict
from mockserver.leap import Ahead, Until, drive, hop, leap
from mockserver.sleeping import Slept, sleeping
from sleeping.sight import HOOK, Received, clock

OK = Receipt(Verdict.RECEIVED)


@pytest.fixture
def mocks(api: Api) -> list[Mock]:
    """Three tokens of a mock whose sandboxes have one time."""
    api.runtime.unite()
    with seam(api) as send:
        return [Mock(api, send, f"user:12345-demo{number}") for number in range(3)]


def go(mock: Mock, until: Until, send: Callable[[Callback], Receipt] = lambda _: OK) -> list[str]:
    """Make a leap of one; the statuses that are told of it."""
    with mock.guarded.leaping():
        happened = drive(leap(mock.guarded, until), send)
    return [event.status.name for event in happened.events]


def test_leap_of_one_is_a_leap_of_all(mocks: list[Mock], api: Api) -> None:
    """Those that are made later stand where the others are."""
    go(mocks[0], Ahead(5_000))
    assert mocks[1].guarded.clock.now() == START + 5_000
    assert mocks[1].sandbox.now == START + 5_000
    assert hop(mocks[1].guarded, Ahead(1_000)) is not None
    assert (clock(api), len(api.sandboxes())) == (6, 2)


def test_callbacks_of_all_come_in_time_order(mocks: list[Mock], api: Api) -> None:
    """Each at its instant, whoever is moved; what is told of the leap is what happened in that one."""
    for mock in mocks:
        mock.accepted(replyUrl=HOOK)
        go(mock, Ahead(7_000))
    called: list[tuple[float, str]] = []

    def send(callback: Callback) -> Receipt:
        called.append((clock(api), callback.status.name))
        return OK

    assert go(mocks[1], Ahead(600_000), send) == ["GENERATING", "COMPLETED", "COMPLETED"]
    assert called == [(600, "COMPLETED"), (607, "COMPLETED"), (614, "COMPLETED")]


def test_idle_is_when_one_has_nothing_left(mocks: list[Mock], api: Api) -> None:
    """The others come along as far as that."""
    for mock in mocks:
        mock.accepted(replyUrl=HOOK)
        go(mock, Ahead(7_000))
    called: list[float] = []

    def send(_: Callback) -> Receipt:
        called.append(clock(api))
        return OK

    go(mocks[1], "idle", send)
    assert (called, clock(api)) == ([600, 607], 607)
    go(mocks[2], "next-event", send)
    assert (called, clock(api)) == ([600, 607, 614], 614)


def test_leap_of_an_idle_one_moves_the_others(mocks: list[Mock], api: Api) -> None:
    """Its own story has nothing to tell."""
    name = mocks[0].accepted(replyUrl=HOOK)
    assert go(mocks[1], Ahead(600_000)) == []
    assert mocks[0].get(f"/v2/pixverse/videos/{name}")["video_status_name"] == "COMPLETED"


def test_receiver_reaches_another_sandbox_at_the_same_instant(mocks: list[Mock]) -> None:
    """A job that it submits there starts then, and ends in the same leap."""
    mocks[0].accepted(replyUrl=HOOK)
    called: list[int] = []

    def send(callback: Callback) -> Receipt:
        called.append(callback.at - START)
        if len(called) == 1:
            mocks[2].accepted(replyUrl=HOOK)
        return OK

    go(mocks[0], Ahead(1_200_000), send)
    assert called == [600_000, 1_200_000]


def test_fresh_sandbox_in_the_place_of_another_keeps_the_time(mocks: list[Mock], api: Api) -> None:
    """A reset is no way back."""
    go(mocks[0], Ahead(5_000))
    fresh = api.reset(f"Bearer {mocks[0].token}".encode())
    assert fresh.clock.now() == fresh.sandbox.now == START + 5_000
    assert fresh.lock is mocks[1].guarded.lock


def test_sandboxes_that_are_there_get_one_time(api: Api) -> None:
    """As long as they stand at the same instant."""
    with seam(api) as send:
        one, other = (Mock(api, send, f"user:12345-{name}") for name in ("one", "other"))
    assert one.guarded.clock is not other.guarded.clock
    api.runtime.unite()
    go(one, Ahead(1_000))
    assert other.guarded.clock.now() == START + 1_000


def test_sandboxes_at_different_instants_are_refused(api: Api) -> None:
    """Nothing changes, and nothing is patched."""
    with seam(api) as send:
        one, other = (Mock(api, send, f"user:12345-{name}") for name in ("one", "other"))
    assert other.guarded.clock.now() == START
    go(one, Ahead(1_000))
    with (
        pytest.raises(ValueError, match=r"same instant, these at 2025-01-01T00:00:00\.000Z and .*:01\.000Z"),
        sleeping(api),
    ):
        pass
    go(one, Ahead(1_000))
    assert other.guarded.clock.now() == START


def test_sleep_moves_all(mocks: list[Mock], api: Api, slept: Slept, received: Received) -> None:
    """And delivers what is due in any of them, in time order."""
    for mock in mocks:
        mock.accepted(replyUrl=HOOK)
        time.sleep(7)
    time.sleep(600)
    assert [at for at, _ in received.calls] == [600, 607, 614]
    assert clock(api) == slept.slept == 621


def test_time_passes_before_there_is_a_sandbox(api: Api, slept: Slept) -> None:
    """The first one stands where it came to."""
    time.sleep(30)
    with seam(api) as send:
        mock = Mock(api, send)
        assert mock.guarded.clock.now() == START + 30_000


def test_hop_goes_as_far_as_nobody_is_to_be_called(mocks: list[Mock], api: Api) -> None:
    """In any of the sandboxes; to the millisecond before the next step of a job that has a receiver."""
    mocks[0].accepted(replyUrl=HOOK)
    guarded = mocks[1].guarded
    assert hop(guarded, Ahead(599_000)) is None
    go(mocks[1], Ahead(599_000))
    assert hop(guarded, Ahead(999)) is not None
    assert clock(api) == 599.999
    for until in (Ahead(1), START + 600_000, "idle", "next-event"):
        assert hop(guarded, until) is None
    called: list[float] = []

    def send(callback: Callback) -> Receipt:
        # While one is on its way, nobody hops, however little.
        assert hop(guarded, Ahead(0)) is None
        called.append(clock(api))
        return OK

    go(mocks[1], Ahead(1), send)
    assert called == [600]
    assert hop(guarded, Ahead(1)) is not None


def test_advance_beside_a_sleep_counts(mocks: list[Mock], api: Api, slept: Slept) -> None:
    """A sleep goes on from where somebody else has moved the clock."""
    mocks[0].accepted()
    time.sleep(0.25)
    go(mocks[0], Ahead(1_000))
    time.sleep(0.25)
    assert (clock(api), slept.slept) == (1.5, 0.5)


def test_parts_of_a_millisecond_add_up(api: Api, mocks: list[Mock], slept: Slept) -> None:
    """The clock of a mock tells no less than a millisecond, but none gets lost."""
    assert mocks[0].guarded.clock.now() == START
    for _ in range(10):
        time.sleep(0.00035)
    assert clock(api) == 0.003
    for _ in range(10):
        time.sleep(0.00035)
    assert clock(api) == 0.007


def test_sleep_beyond_the_calendar_is_refused(api: Api, mocks: list[Mock], slept: Slept) -> None:
    """And takes no time; so is a second that would end there."""
    far = (LATEST - START) / 1_000
    century = 100 * 365 * 86_400
    for _ in range(int(far // century)):
        time.sleep(century)
    before = clock(api)
    with pytest.raises(OverflowError, match=r"the calendar of the mock ends before a sleep of 3.1536e\+09 s does"):
        time.sleep(century)
    assert clock(api) == before
    time.sleep(1)
    assert clock(api) == before + 1

"""A leap of a clock, without sockets: what happens when, and what stands still meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from api.adapters import seam
from api.mock import ACCOUNTS, EMAIL, SCHEDULER, USER, MakeMock, Mock
from mockserver import leap as module
from mockserver.api import Api
from mockserver.clock import LATEST, START, Clock
from mockserver.domain import Callback, Kind, Outcome, Receipt, Status, Verdict, VideoId
from mockserver.leap import Ahead, Happened, Restless, Until, drive, hop, leap
from mockserver.runtime import GuardedSandbox, Leaping
from mockserver.settings import Settings

HOOK = "http://127.0.0.1/hook"
OK = Receipt(Verdict.RECEIVED)
FAILED = Receipt(Verdict.FAILED)
MINUTE = 60_000

Send = Callable[[Callback], Receipt]


@pytest.fixture
def make_mock() -> MakeMock:
    """Makes mocks whose clocks stand, whose jobs take a minute, and whose callbacks only tell the end."""

    def make(*, clock: str = "manual", **changes: str) -> Mock:
        keys = {"jobs.shortest": "60", "jobs.longest": "60", "callbacks.final_only": "true"}
        keys |= {key.replace("__", "."): value for key, value in changes.items()}
        api = Api(Settings(strict=True, clock=clock, changes=keys))  # type: ignore[arg-type]
        with seam(api) as send:
            return Mock(api, send)

    return make


@pytest.fixture
def mock(make_mock: MakeMock) -> Mock:
    return make_mock()


def go(mock: Mock | GuardedSandbox, until: Until, send: Send = lambda _: OK) -> Happened:
    """Make a leap as the mock makes it."""
    guarded = mock.guarded if isinstance(mock, Mock) else mock
    with guarded.leaping():
        return drive(leap(guarded, until), send)


def told(happened: Happened) -> list[tuple[int, str]]:
    """What happened: seconds after the start of the clock, the kind or the status."""
    return [
        ((event.at - START) // 1_000, event.status.name if event.kind is Kind.STATUS else event.kind.value)
        for event in happened.events
    ]


def test_leap_goes_so_far_ahead(mock: Mock) -> None:
    """From where the clock stands."""
    go(mock, Ahead(1_500))
    go(mock, Ahead(1_500))
    assert mock.guarded.clock.now() == mock.sandbox.now == START + 3_000


def test_leap_goes_to_an_instant(mock: Mock) -> None:
    """And no further, even if something is due right after it."""
    mock.accepted(replyUrl=HOOK)
    assert [name for _, name in told(go(mock, START + MINUTE - 1))] == ["GENERATING"]
    assert told(go(mock, START + MINUTE)) == [(60, "COMPLETED"), (60, "callback")]


def test_events_come_in_time_order(make_mock: MakeMock) -> None:
    """Those of all jobs, and the attempts between them, each at its instant."""
    mock = make_mock(callbacks__retries="[10]", callbacks__progress="20", callbacks__final_only="false")
    for _ in range(3):
        mock.accepted(replyUrl=HOOK)
        go(mock, Ahead(7_000))
    happened = go(mock, "idle", lambda callback: OK if callback.attempts[1:] else FAILED)
    instants = [event.at for event in happened.events]
    assert instants == sorted(instants)
    assert {event.kind for event in happened.events} == {Kind.STATUS, Kind.CALLBACK}
    assert happened.omitted == 0


def test_clock_stands_at_each_instant_while_it_is_told(make_mock: MakeMock) -> None:
    """Who is called sees the instant of the event, not that of the leap's end."""
    mock = make_mock(callbacks__progress="20", callbacks__final_only="false", callbacks__retries="[5]")
    mock.accepted(replyUrl=HOOK)
    seen: list[tuple[int, int]] = []

    def send(callback: Callback) -> Receipt:
        clock = mock.guarded.clock
        assert clock.now() == mock.sandbox.now == callback.attempts[-1].sent
        seen.append((clock.now(), callback.attempts[-1].due))
        return OK if callback.attempts[1:] else FAILED

    go(mock, "idle", send)
    assert len(seen) == 2 * 4
    assert all(now == due for now, due in seen)


def test_job_submitted_during_a_leap_starts_at_that_instant(mock: Mock) -> None:
    """By the receiver of a callback, through the API; its own steps come in the same leap."""
    mock.accepted(replyUrl=HOOK)
    started: list[int] = []

    def send(_: Callback) -> Receipt:
        if not started:
            mock.accepted(replyUrl=HOOK)
            job = next(reversed(mock.sandbox.running.values()))
            started.append(job.started)
        return OK

    happened = go(mock, Ahead(3 * MINUTE), send)
    assert started == [START + MINUTE]
    assert [at for at, name in told(happened) if name == "callback"] == [60, 120]


def test_slot_is_free_when_the_end_is_told(make_mock: MakeMock) -> None:
    """A receiver that submits the next job at once is not refused for the one that has just ended."""
    mock = make_mock(accounts="[{email: demo@example.com, maxJobs: 1, concurrency: 1}]")
    mock.accepted(replyUrl=HOOK)
    answers: list[int] = []

    def send(_: Callback) -> Receipt:
        if len(answers) < 5:
            answers.append(mock.upscale(replyUrl=HOOK).status)
        return OK

    go(mock, "idle", send)
    assert answers == [200] * 5
    assert mock.guarded.clock.now() == START + 6 * MINUTE


def test_receiver_may_cancel_another_job(mock: Mock) -> None:
    """What is then no longer owed is not sent, though it was due at the same instant."""
    ids = [mock.accepted(replyUrl=HOOK) for _ in range(2)]
    numbers = [int(name.rpartition(":")[2]) for name in ids]
    sent: list[int] = []

    def send(callback: Callback) -> Receipt:
        sent.append(callback.video.number)
        return OK

    go(mock, Ahead(MINUTE - 1), send)
    assert mock.call("DELETE", f"{SCHEDULER}/{ids[1]}").status == 200
    go(mock, "idle", send)
    assert sent == numbers[:1]


def test_next_event_is_as_far_as_something_happens(mock: Mock) -> None:
    """Everything at that instant does, and nothing after it."""
    mock.accepted(replyUrl=HOOK)
    assert [name for _, name in told(go(mock, "next-event"))] == ["GENERATING"]
    assert mock.guarded.clock.now() < START + MINUTE
    assert told(go(mock, "next-event")) == [(60, "COMPLETED"), (60, "callback")]


def test_next_event_may_be_a_retry(make_mock: MakeMock) -> None:
    """An attempt is something that happens, too."""
    mock = make_mock(callbacks__retries="[25]")
    mock.accepted(replyUrl=HOOK)
    go(mock, START + MINUTE, lambda _: FAILED)
    assert told(go(mock, "next-event")) == [(85, "callback")]


def test_next_event_of_a_sandbox_without_any_is_now(mock: Mock) -> None:
    """The clock stays where it is."""
    assert go(mock, "next-event") == Happened([], 0)
    assert mock.guarded.clock.now() == START


def test_idle_is_when_nothing_is_left(make_mock: MakeMock) -> None:
    """Jobs have ended, retries are used up, and the clock stands at the last of it."""
    mock = make_mock(callbacks__retries="[100, 3600]")
    mock.accepted(replyUrl=HOOK)
    mock.accepted()
    assert told(go(mock, "idle", lambda _: FAILED))[-1] == (3_760, "callback")
    assert mock.guarded.clock.now() == START + 3_760_000
    assert (mock.sandbox.running, mock.sandbox.outbox.owed) == ({}, [])


@pytest.mark.parametrize("clock", ["manual", "auto", "real"])
def test_idle_leap_of_an_idle_sandbox_touches_nothing(make_mock: MakeMock, clock: str) -> None:
    """Neither the sandbox, but for what it takes for now, nor the mode and speed of its clock."""
    mock = make_mock(clock=clock)
    guarded = mock.guarded
    before, mode = mock.kept(), (guarded.clock.mode, guarded.clock.speed, guarded.clock.step)
    assert go(mock, "idle") == Happened([], 0)
    assert mock.sandbox == replace(before, now=mock.sandbox.now)
    assert (guarded.clock.mode, guarded.clock.speed, guarded.clock.step) == mode


@pytest.mark.parametrize("until", [START - 1, START - 10**9, Ahead(-1), -1])
def test_past_is_refused(mock: Mock, until: Until) -> None:
    """And nothing changes."""
    mock.accepted(replyUrl=HOOK)
    before = mock.kept()
    with pytest.raises(ValueError, match="time never goes backwards"):
        go(mock, until)
    assert (mock.sandbox, mock.guarded.clock.now(), mock.guarded.leaps) == (before, START, False)


@pytest.mark.parametrize("until", [LATEST + 1, Ahead(LATEST)])
def test_what_lies_beyond_all_dates_is_refused(mock: Mock, until: Until) -> None:
    """The last instant there is can be gone to."""
    with pytest.raises(ValueError, match="must not go beyond"):
        go(mock, until)
    go(mock, LATEST)
    assert mock.guarded.clock.now() == LATEST


@pytest.mark.parametrize("until", [START, Ahead(0)])
def test_leap_to_now_applies_what_is_due_now(make_mock: MakeMock, until: Until) -> None:
    """A job that takes no time ends."""
    mock = make_mock(jobs__shortest="0", jobs__longest="0")
    mock.accepted(replyUrl=HOOK)
    assert told(go(mock, until)) == [(0, "GENERATING"), (0, "COMPLETED"), (0, "callback")]


def test_second_leap_is_refused_while_one_runs(mock: Mock) -> None:
    """From inside a receiver, too; the first goes on."""
    mock.accepted(replyUrl=HOOK)
    refused: list[str] = []

    def send(_: Callback) -> Receipt:
        with pytest.raises(Leaping, match="being moved already") as caught:
            go(mock, Ahead(MINUTE))
        refused.append(str(caught.value))
        return OK

    go(mock, Ahead(2 * MINUTE), send)
    assert len(refused) == 1
    assert mock.guarded.clock.now() == START + 2 * MINUTE


def test_leap_of_another_sandbox_is_its_own(mock: Mock) -> None:
    """A receiver may move the clock of any other."""
    other = mock.of_fresh_token()
    mock.accepted(replyUrl=HOOK)
    go(mock, Ahead(MINUTE), lambda _: (go(other, Ahead(5)), OK)[1])
    assert (mock.guarded.clock.now(), other.guarded.clock.now()) == (START + MINUTE, START + 5)


def _anew(mock: Mock) -> Send:
    """A receiver that submits another job whenever one ends."""

    def send(_: Callback) -> Receipt:
        mock.accepted(replyUrl=HOOK)
        return OK

    return send


@pytest.mark.parametrize("until", ["idle", Ahead(100 * MINUTE)])
def test_leap_that_never_ends_is_ended(make_mock: MakeMock, monkeypatch: pytest.MonkeyPatch, until: Until) -> None:
    """The clock stands where it came to, and can be moved on."""
    monkeypatch.setattr(module, "_MOST_EVENTS", 50)
    mock = make_mock(limits__credits="false")
    mock.accepted(replyUrl=HOOK)
    with pytest.raises(Restless, match="after 50 events"):
        go(mock, until, _anew(mock))
    assert START < mock.guarded.clock.now() < START + 100 * MINUTE
    assert not mock.guarded.leaps
    go(mock, Ahead(MINUTE))


def test_attempt_before_a_leap_was_ended_is_settled(make_mock: MakeMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """No callback stays in flight for ever."""
    monkeypatch.setattr(module, "_MOST_EVENTS", 50)
    mock = make_mock(limits__credits="false")
    mock.accepted(replyUrl=HOOK)
    with pytest.raises(Restless):
        go(mock, "idle", _anew(mock))
    assert not [callback for callback in mock.sandbox.outbox.owed if callback.in_flight]


def test_leap_of_many_steps_lets_others_have_a_turn(make_mock: MakeMock) -> None:
    """Also where nobody is called: the lock is free again after a few hundred steps."""
    mock = make_mock(limits__credits="false", limits__slots="false")
    for _ in range(500):
        mock.accepted()
    guarded, turns = mock.guarded, 0
    with guarded.leaping():
        for callback in leap(guarded, "idle"):
            assert callback is None
            assert not guarded.lock.locked()
            turns += 1
    assert turns >= 4
    assert not mock.sandbox.running


def test_reset_during_a_leap_ends_it(mock: Mock) -> None:
    """It says so, and the fresh sandbox is untouched."""
    mock.accepted(replyUrl=HOOK)
    mock.accepted(replyUrl=HOOK)
    former, sent = mock.guarded, []

    def send(callback: Callback) -> Receipt:
        sent.append(callback)
        mock.api.runtime.reset(f"Bearer {mock.token}".encode())
        return OK

    with pytest.raises(Restless, match="this sandbox was reset meanwhile"):
        go(former, "idle", send)
    assert len(sent) == 1
    assert (sent[0].outcome, former.sandbox.outbox.totals[Outcome.WITHDRAWN]) == (Outcome.DELIVERED, 1)
    assert mock.guarded is not former
    assert (mock.guarded.clock.now(), mock.sandbox.accepted, mock.guarded.leaps) == (START, 0, False)


def test_leap_of_a_retired_sandbox_sends_nothing(mock: Mock) -> None:
    """It is over before it begins."""
    mock.accepted(replyUrl=HOOK)
    former = mock.guarded
    former.retire()
    with pytest.raises(Restless, match="this sandbox was reset meanwhile"):
        go(former, Ahead(MINUTE), lambda _: pytest.fail("it must not be sent"))


@pytest.mark.parametrize(
    ("method", "path", "body", "calls"),
    [("DELETE", f"{ACCOUNTS}/{EMAIL}", None, 1), ("POST", USER, {"replyUrl": ""}, 2)],
    ids=["unlinked account", "removed default"],
)
def test_receiver_may_change_the_accounts(mock: Mock, method: str, path: str, body: Any, calls: int) -> None:
    """What was owed for an unlinked one is not sent; the default of jobs that run is what it was."""
    mock.call("POST", USER, {"replyUrl": HOOK})
    mock.accepted()
    mock.accepted()
    sent = []

    def send(callback: Callback) -> Receipt:
        sent.append(callback)
        mock.call(method, path, body)
        return OK

    go(mock, "idle", send)
    assert len(sent) == calls


class Real:
    """Real time that a test moves, in nanoseconds."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch, mock: Mock) -> Real:
    """The real time of the mock's sandbox."""
    real = Real()
    monkeypatch.setattr(mock.guarded.clock, "_real", real)
    return real


def run(mock: Mock, mode: str) -> Clock:
    """Let the clock of a mock run in a mode."""
    clock = mock.guarded.clock
    clock.run(1) if mode == "real" else clock.auto(10_000)
    return clock


@pytest.mark.parametrize("mode", ["real", "auto"])
def test_running_clock_goes_on_from_the_target(mock: Mock, real: Real, mode: str) -> None:
    """As fast as before; the time that the leap took does not count."""
    clock = run(mock, mode)
    mock.sandbox.update_user(reply_url=HOOK)
    mock.sandbox.upscale(source(mock))

    def send(_: Callback) -> Receipt:
        real.now += 30_000_000_000
        return OK

    begun = clock.now()
    go(mock, Ahead(10 * MINUTE), send)
    assert clock.now() == begun + 10 * MINUTE
    real.now += 2_000_000_000
    assert (clock.now(), clock.mode) == (begun + 10 * MINUTE + 2_000, mode)


@pytest.mark.parametrize("mode", ["real", "auto"])
def test_running_clock_goes_on_after_a_leap_that_failed(mock: Mock, real: Real, mode: str) -> None:
    """A refused leap does not stop time."""
    clock = run(mock, mode)
    begun = clock.now()
    with pytest.raises(ValueError, match="backwards"):
        go(mock, Ahead(-1))
    real.now += 2_000_000_000
    assert clock.now() == begun + 2_000


def source(mock: Mock) -> VideoId:
    """The id of the first video, in parts."""
    return VideoId.parse(mock.video_id())


def test_running_clock_catches_up_before_it_leaps(mock: Mock, real: Real) -> None:
    """What fell due while nobody looked comes first, told late but in time order."""
    clock = run(mock, "real")
    video = mock.sandbox.upscale(source(mock), reply_url=HOOK)
    real.now += 61_000_000_000
    happened = go(mock, Ahead(0))
    assert [event.status for event in happened.events] == [Status.GENERATING, Status.COMPLETED, Status.COMPLETED]
    assert (video.final, clock.now()) == (True, START + 61_000)


def test_time_that_passes_while_it_is_read_is_no_way_back(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast the clock runs: at 10,000 times the speed a millisecond is gone between two readings."""
    readings = iter(range(0, 10**12, 1_000_000))
    monkeypatch.setattr(mock.guarded.clock, "_real", lambda: next(readings))
    mock.guarded.clock.run(1)
    go(mock, Ahead(0))
    assert not mock.guarded.leaps
    assert hop(mock.guarded, Ahead(0)) == Happened([], 0)


# A hop


@pytest.mark.parametrize("until", [Ahead(30_000), Ahead(MINUTE), START + 5, "next-event", "idle"])
def test_hop_is_a_leap(make_mock: MakeMock, until: Until) -> None:
    """The same happens, the same is left."""
    one, other = make_mock(), make_mock()
    for mock in (one, other):
        mock.accepted()
        mock.accepted()
    assert hop(one.guarded, until) == go(other, until)
    assert (one.sandbox, one.guarded.clock.now()) == (other.sandbox, other.guarded.clock.now())


def test_hop_is_not_made_where_somebody_is_called(mock: Mock) -> None:
    """Nor where a leap is on its way; nothing changes."""
    mock.accepted(replyUrl=HOOK)
    before = mock.kept()
    assert hop(mock.guarded, Ahead(MINUTE)) is None
    other = mock.of_fresh_token()
    with other.guarded.leaping():
        assert hop(other.guarded, Ahead(MINUTE)) is None
    assert (mock.sandbox, mock.guarded.clock.now()) == (before, START)


def test_hop_into_the_past_is_refused(mock: Mock) -> None:
    """And the clock goes on as before."""
    with pytest.raises(ValueError, match="time never goes backwards"):
        hop(mock.guarded, Ahead(-1))
    assert hop(mock.guarded, Ahead(1)) == Happened([], 0)

"""Answers that come late: on the sandbox's clock in each of its modes, whoever else moves it, however late."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest

from api.adapters import ADAPTERS
from api.mock import VIDEOS, MakeMock, Mock
from callbacks.receivers import PATIENCE, Received, Receiver, Reply, receiving
from faults.sandbox import ROOMY, Faulty
from mockserver.api import Api
from mockserver.clock import LATEST, START, stopwatch
from mockserver.courier import Courier
from mockserver.faults import Plan, reading
from mockserver.journal import Exchange
from mockserver.leap import Ahead
from mockserver.message import Request, Suffering, Wire
from mockserver.settings import Settings

MINUTE = 60_000
SECONDS = [0.5, 90, {"from": 3, "to": 8}, {"median": 30, "sigma": 1}]
Make = Callable[..., Faulty]


def late(seconds: Any, **more: Any) -> dict[str, Any]:
    """A rule that is for every call."""
    return {"fault": "latency", "seconds": seconds, "sticky": True, **more}


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes sandboxes of mocks with settings; keys of the scenario come with two underscores for a dot."""
    with ExitStack() as stack:

        def make(clock: str = "manual", speed: float | None = None, **changes: str) -> Faulty:
            keys = ROOMY | {key.replace("__", "."): value for key, value in changes.items()}
            api = Api(Settings(strict=True, clock=clock, speed=speed, changes=keys))  # type: ignore[arg-type]
            stack.callback(api.close)
            return Faulty(api)

        yield make


@pytest.fixture(scope="module")
def standing_still() -> Iterator[Api]:
    """A mock with a clock that stands."""
    api = Api(Settings(strict=True, clock="manual", changes=ROOMY))
    # Its thread belongs to no test.
    assert isinstance(api.courier, Courier)
    yield api
    api.close()


@pytest.fixture
def faulty(standing_still: Api) -> Faulty:
    return Faulty(standing_still)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def hooked(faulty: Faulty, receiver: Receiver) -> Exchange:
    """An upscale that tells a receiver of its progress."""
    return faulty.upscale(more=f', "replyUrl": "{receiver.url}"')


# A clock that stands


@pytest.mark.parametrize("seconds", SECONDS)
def test_clock_that_stands_is_moved_by_the_delay(faulty: Faulty, seconds: Any) -> None:
    """By exactly that; nobody waits for it in real time."""
    faulty.plan(late(seconds))
    begun = stopwatch()
    delays = []
    for _ in range(5):
        before = faulty.now
        exchange = faulty.list()
        assert faulty.now - before == exchange.latency > 0
        delays.append(exchange.latency)
    assert stopwatch() - begun < 2
    assert (len(set(delays)) == 1) is isinstance(seconds, int | float)


def test_delays_of_a_plan_are_by_its_seed(faulty: Faulty) -> None:
    """The same in each run of it, others for another."""
    told = []
    for seed in (1, 1, 2):
        faulty.plan(late({"median": 30, "sigma": 1}), seed=seed)
        told.append([faulty.list().latency for _ in range(10)])
    assert told[0] == told[1] != told[2]


def test_answer_shows_the_state_at_acceptance(faulty: Faulty) -> None:
    """The job goes on while its answer is on its way; its client sees that on the next call."""
    faulty.plan(late(90, operation="upscaleVideo"))
    exchange = faulty.upscale()
    assert (exchange.at, faulty.now) == (START, START + 90_000)
    assert b'"video_status_name":"COMPLETED"' in faulty.list().response.body
    events, _ = faulty.sandbox.story.since(0)
    assert [event.status.name for event in events] == ["QUEUED", "GENERATING", "COMPLETED"]
    accepted, begun, ended = (event.at - START for event in events)
    assert accepted == 0 < begun < ended == MINUTE


def test_polls_that_come_late_show_the_state_when_they_were_asked(faulty: Faulty) -> None:
    """The minute passes while the second answer is on its way."""
    number = faulty.upscale().accepted
    faulty.plan(late(59.5))
    told = [faulty.look(number).response for _ in range(3)]
    assert [response.status for response in told] == [404, 404, 200]


def test_what_falls_due_meanwhile_happens_at_its_own_instant(make: Make, receiver: Receiver) -> None:
    """Steps and callbacks, in time order; the answer comes when all of them were made."""
    faulty = make(callbacks__progress="20")
    faulty.plan(late(90, operation="listVideos"))
    seen: list[int] = []

    def answer(_: Received) -> Reply:
        seen.append(faulty.now - START)
        return Reply()

    receiver.answer = answer
    hooked(faulty, receiver)
    exchange = faulty.list()
    assert receiver.statuses == ["GENERATING"] * 3 + ["COMPLETED"]
    assert seen[1:] == [seen[0] + 20_000, seen[0] + 40_000, MINUTE]
    assert b'"video_status_name":"QUEUED"' in exchange.response.body
    assert faulty.now == START + 90_000


def test_receiver_may_call_while_the_answer_is_on_its_way(make: Make, receiver: Receiver) -> None:
    """A call of its own that would come late comes at once: the clock is moved by one only."""
    faulty = make(callbacks__final_only="true")
    faulty.plan(late(90, operation="listVideos"), late(5, operation="getUser"))
    told: list[tuple[int, int]] = []

    def answer(_: Received) -> Reply:
        exchange = faulty.call("GET", "/v2/account")
        told.append((exchange.response.status, faulty.now - START))
        return Reply()

    receiver.answer = answer
    hooked(faulty, receiver)
    faulty.list()
    assert told == [(200, MINUTE)]
    assert faulty.now == START + 90_000


def test_late_answer_during_a_leap_comes_at_once(make: Make, receiver: Receiver) -> None:
    """Whoever leaps moves the clock, and nobody else; a receiver that polls is no exception."""
    faulty = make(callbacks__final_only="true")
    faulty.plan(late(500, operation="listVideos"))
    statuses: list[int] = []

    def answer(_: Received) -> Reply:
        statuses.append(faulty.list().response.status)
        return Reply()

    receiver.answer = answer
    hooked(faulty, receiver)
    faulty.api.courier.leap(faulty.guarded, Ahead(2 * MINUTE)).result(PATIENCE)
    assert (statuses, faulty.now) == ([200], START + 2 * MINUTE)


def test_late_answer_behind_an_early_callback(make: Make, receiver: Receiver) -> None:
    """First the callback is told, at the instant of the request; then the delay passes; then the answer comes."""
    faulty = make(callbacks__disturbances="[{kind: early}]")
    faulty.plan(late(10, operation="upscaleVideo"))
    receiver.answer = receiver.hang
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(hooked, faulty, receiver)
        received = receiver.next()
        assert (faulty.now, coming.done()) == (START, False)
        receiver.released.set()
        exchange = coming.result(PATIENCE)
    assert received.told[1] == "GENERATING"
    assert (exchange.response.status, exchange.latency, faulty.now) == (200, 10_000, START + 10_000)


def test_reset_meanwhile_lets_the_answer_come(make: Make, receiver: Receiver) -> None:
    """The sandbox that took the request is gone; the fresh one is where it was."""
    faulty = make(callbacks__final_only="true")
    faulty.plan(late(90, operation="listVideos"))
    receiver.answer = receiver.hang
    hooked(faulty, receiver)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(faulty.list)
        receiver.next()
        faulty.api.reset(faulty.authorization)
        receiver.released.set()
        assert coming.result(PATIENCE).response.status == 200
    assert faulty.now == START


def test_delay_of_many_days(faulty: Faulty) -> None:
    """A million seconds, in no time; what falls due meanwhile is not skipped."""
    faulty.upscale()
    faulty.plan(late(1_000_000))
    begun = stopwatch()
    faulty.list()
    assert stopwatch() - begun < 2
    assert faulty.now == START + 1_000_000_000
    assert not faulty.sandbox.running


@pytest.mark.parametrize("calls", [False, True], ids=["nobody to call", "a receiver"])
def test_calendar_ends(make: Make, receiver: Receiver, calls: bool) -> None:  # noqa: FBT001 - pytest's way
    """A delay that would go beyond passes no time: the answer comes all the same."""
    faulty = make()
    faulty.guarded.clock.hold(LATEST - 10_000)
    faulty.guarded.catch_up()
    if calls:
        hooked(faulty, receiver)
    faulty.plan(late(11))
    assert faulty.list().response.status == 200
    assert faulty.now == LATEST - 10_000
    faulty.plan(late(9))
    assert faulty.list().response.status == 200
    assert faulty.now == LATEST - 1_000


def test_delay_of_nothing_is_none(faulty: Faulty) -> None:
    """It counts as met."""
    (standing,) = faulty.plan(late(0)).standings
    exchange = faulty.list()
    assert (exchange.latency, standing.met, faulty.now) == (0, 1, START)


# Together with others


def test_late_answer_may_never_come(faulty: Faulty) -> None:
    """Delay and reset compose: the clock moves, then the connection is reset."""
    faulty.plan({"fault": "connection-reset"}, late(7))
    exchange = faulty.list()
    assert (exchange.response.wire, faulty.now) == (Wire(Suffering.RESET), START + 7_000)


@pytest.mark.parametrize("rule", [{"fault": "bad-gateway"}, {"status": 429}, {"status": 503, "body": "down"}])
def test_answer_of_another_fault_comes_late(faulty: Faulty, rule: dict[str, Any]) -> None:
    """And so does that of a bad request."""
    faulty.plan(rule, late(7))
    assert faulty.upscale().response.status in (502, 429, 503)
    assert faulty.call("POST", "/v2/pixverse/videos/upscale").response.status == 400
    assert faulty.now == START + 14_000


def test_sixteen_clients_of_a_clock_that_stands(faulty: Faulty) -> None:
    """Each is answered once, and each delay passes: one behind the other."""
    (standing,) = faulty.plan(late(3)).standings
    with ThreadPoolExecutor(16) as pool:
        exchanges = list(pool.map(lambda _: faulty.list(), range(64)))
    assert {exchange.response.status for exchange in exchanges} == {200}
    assert (standing.met, faulty.now) == (64, START + 64 * 3_000)
    assert not faulty.guarded.leaps


def test_sixteen_clients_while_callbacks_are_owed(make: Make, receiver: Receiver) -> None:
    """Each is answered, each callback is made once, in its order; the clock is moved by one client at a time."""
    faulty = make(callbacks__progress="20")
    faulty.plan(late(30, operation="listVideos"))
    for _ in range(3):
        hooked(faulty, receiver)
    with ThreadPoolExecutor(16) as pool:
        exchanges = list(pool.map(lambda _: faulty.list(), range(64)))
    assert {exchange.response.status for exchange in exchanges} == {200}
    moved = faulty.now - START
    assert moved % 30_000 == 0
    assert 30_000 <= moved <= 64 * 30_000
    faulty.api.courier.leap(faulty.guarded, "idle").result(PATIENCE)
    assert not faulty.guarded.leaps
    assert len(receiver.received) == 3 * 4
    assert sorted(receiver.statuses) == ["COMPLETED"] * 3 + ["GENERATING"] * 9


# Clocks that run


def test_auto_clock_makes_its_step_and_the_delay(make: Make) -> None:
    """In no real time."""
    faulty = make("auto")
    faulty.plan(late(3_600))
    before, begun = faulty.now, stopwatch()
    assert faulty.upscale().response.status == 200
    passed = stopwatch() - begun
    assert passed < 2
    assert 0 <= faulty.now - before - 3_610_000 < 5_000
    assert b'"video_status_name":"COMPLETED"' in faulty.list().response.body


def test_auto_clock_with_callbacks(make: Make, receiver: Receiver) -> None:
    """They are made while the answer is on its way."""
    faulty = make("auto", callbacks__final_only="true")
    faulty.plan(late(90, operation="upscaleVideo"))
    hooked(faulty, receiver)
    assert receiver.next().told[1] == "COMPLETED"


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 0.3), (100.0, 30), (10_000.0, 3_000)])
def test_running_clock_lets_real_time_pass(make: Make, speed: float, seconds: float) -> None:
    """So much as its speed makes of the delay: three tenths of a second."""
    faulty = make("real", speed)
    faulty.plan(late(seconds))
    before, begun = faulty.now, stopwatch()
    faulty.list()
    passed = stopwatch() - begun
    assert 0.29 <= passed < 5
    assert seconds * 0.95 <= (faulty.now - before) / 1_000 < 5 * speed


def test_clients_of_a_running_clock_wait_together(make: Make) -> None:
    """Sixteen delays take the time of one: no thread of the mock is held."""
    faulty = make("real", 10.0)
    faulty.plan(late(5))
    begun = stopwatch()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: faulty.list(), range(16)))
    assert 0.5 <= stopwatch() - begun < 16 * 0.5 / 2


def test_others_of_a_running_clock_are_not_held_up(make: Make) -> None:
    """An answer without delay comes before one that was asked for earlier."""
    faulty = make("real")
    faulty.plan({"fault": "latency", "seconds": 600})
    coming = begin(faulty)
    assert isinstance(coming, Future)
    assert faulty.list().response.status == 200
    assert not coming.done()
    faulty.api.close()
    assert coming.cancelled()


def test_running_clock_that_is_moved_meanwhile(make: Make) -> None:
    """A leap behind the request does not make its answer later."""
    faulty = make("real", 10.0)
    faulty.plan({"fault": "latency", "seconds": 3})
    coming = begin(faulty)
    assert isinstance(coming, Future)
    faulty.api.courier.leap(faulty.guarded, Ahead(MINUTE)).result(PATIENCE)
    assert coming.result(PATIENCE).response.status == 200


@pytest.mark.parametrize("seconds", [0, 90])
def test_client_that_is_gone_before_its_answer(
    make: Make, receiver: Receiver, caplog: pytest.LogCaptureFixture, seconds: float
) -> None:
    """Nobody is told, and nobody minds: what was to happen meanwhile happens."""
    faulty = make(callbacks__disturbances="[{kind: early}]")
    receiver.answer = receiver.hang
    faulty.plan(late(seconds), {"fault": "truncated-body"})
    body = f'{{"video_id": "{faulty.video_id()}", "replyUrl": "{receiver.url}"}}'.encode()
    headers = [(b"authorization", faulty.authorization), (b"content-type", b"application/json")]
    coming = faulty.api.exchange(Request("POST", "/v2/pixverse/videos/upscale", "", headers, body))
    assert isinstance(coming, Future)
    receiver.next()
    assert coming.cancel()
    receiver.released.set()
    wait(lambda: faulty.now == START + seconds * 1_000 and not faulty.guarded.leaps)
    assert (receiver.statuses[:1], len(caplog.records)) == (["GENERATING"], 0)


def test_client_that_is_gone_while_its_answer_is_late(
    make: Make, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """The clock goes to where it was to be."""
    faulty = make(callbacks__final_only="true")
    receiver.answer = receiver.hang
    hooked(faulty, receiver)
    faulty.plan(late(90))
    coming = begin(faulty)
    assert isinstance(coming, Future)
    receiver.next()
    assert coming.cancel()
    receiver.released.set()
    wait(lambda: faulty.now == START + 90_000 and not faulty.guarded.leaps)
    assert not caplog.records


def wait(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    pause = Event()
    for _ in range(PATIENCE * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it never was so")


def begin(faulty: Faulty) -> Exchange | Future[Exchange]:
    """Ask for all videos, and don't wait."""
    return faulty.api.exchange(
        Request("GET", "/v2/pixverse/videos", headers=[(b"authorization", faulty.authorization)])
    )


# Clients that give up


@pytest.mark.parametrize("calls", [False, True], ids=["nobody to call", "a receiver"])
def test_client_gives_up(make: Make, receiver: Receiver, calls: bool) -> None:  # noqa: FBT001 - pytest's way
    """It gets nothing, and so much time has passed as it waited; the request was carried out."""
    faulty = make()
    faulty.plan(late(10, operation="upscaleVideo"))
    more = f', "replyUrl": "{receiver.url}"' if calls else ""
    exchange = faulty.upscale(more=more, patience=4)
    assert (exchange.response.wire, faulty.now) == (Wire(Suffering.UNANSWERED), START + 4_000)
    assert faulty.sandbox.accepted == 1


@pytest.mark.parametrize("patience", [10, 10.5, 1e300, float("inf")])
def test_patient_client_gets_its_answer(faulty: Faulty, patience: float) -> None:
    """Also at the last moment."""
    faulty.plan(late(10))
    exchange = faulty.upscale(patience=patience)
    assert (exchange.response.status, exchange.response.wire, faulty.now) == (200, None, START + 10_000)


@pytest.mark.parametrize("rule", [{"fault": "no-answer"}, {"fault": "no-answer", "handled": True}])
def test_client_that_is_never_answered_gives_up(faulty: Faulty, rule: dict[str, Any]) -> None:
    """After its patience, late or not; where it has none, the adapter knows."""
    faulty.plan({**rule, "times": 3}, {"fault": "latency", "seconds": 2})
    for _ in range(2):
        before = faulty.now
        exchange = faulty.upscale(patience=4)
        assert (exchange.response.wire, faulty.now - before) == (Wire(Suffering.UNANSWERED), 4_000)
    before = faulty.now
    assert faulty.upscale().response.wire == Wire(Suffering.UNANSWERED)
    assert faulty.now == before
    assert faulty.sandbox.accepted == 3 * ("handled" in rule)


def test_impatient_client_of_a_slow_server_is_not_late_for_itself(faulty: Faulty) -> None:
    """A reset that comes before it gives up is a reset."""
    faulty.plan({"fault": "connection-reset"}, late(3))
    assert faulty.upscale(patience=4).response.wire == Wire(Suffering.RESET)
    faulty.plan({"fault": "connection-reset"}, late(5))
    assert faulty.upscale(patience=4).response.wire == Wire(Suffering.UNANSWERED)


@pytest.mark.parametrize("ends", ["advance", "freeze", "reset"])
def test_late_answer_follows_a_running_clock(make: Make, ends: str) -> None:
    """It comes when the clock is moved past it, stands, or ends with its sandbox: nobody waits an hour for it."""
    faulty = make("real")
    faulty.plan(late(3_600))
    guarded = faulty.guarded
    coming = faulty.api.exchange(Request("GET", VIDEOS, headers=[(b"authorization", faulty.authorization)]))
    assert isinstance(coming, Future)
    assert not coming.done()
    if ends == "advance":
        faulty.api.courier.leap(guarded, Ahead(3_600_000)).result(timeout=10)
    elif ends == "freeze":
        with guarded.lock:
            guarded.clock.freeze()
    else:
        faulty.api.reset(faulty.authorization)
    assert coming.result(timeout=10).response.status == 200


def test_patience_is_real_where_the_clock_runs(make: Make) -> None:
    """At a hundred times the speed, a client of one second sees a delay of thirty pass."""
    faulty = make("real", 100.0)
    faulty.plan(late(30))
    assert faulty.upscale(patience=1).response.wire is None
    faulty.plan(late(6_000))
    begun = stopwatch()
    assert faulty.upscale(patience=0.3).response.wire == Wire(Suffering.UNANSWERED)
    assert 0.29 <= stopwatch() - begun < 5


# Through the ways in


@pytest.fixture(params=["flask", "asgi", "live"])
def make_mock(request: pytest.FixtureRequest) -> Iterator[MakeMock]:
    """Makes mocks behind an adapter."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Mock:
            api = Api(Settings(strict=True, changes=ROOMY, **settings))
            stack.callback(api.close)
            return Mock(api, stack.enter_context(ADAPTERS[request.param](api)))

        yield make


def plan(mock: Mock, *rules: dict[str, Any]) -> None:
    mock.guarded.plan = Plan(reading.rules(rules, mock.api.catalogue), 0)


@pytest.mark.parametrize("calls", [False, True], ids=["nobody to call", "a receiver"])
def test_late_answer_reaches_the_client(make_mock: MakeMock, receiver: Receiver, calls: bool) -> None:  # noqa: FBT001
    """Whole, and as it would have been; the clock has moved."""
    mock = make_mock(clock="manual")
    plan(mock, late(90, operation="upscaleVideo"))
    answer = mock.upscale(**({"replyUrl": receiver.url} if calls else {}))
    assert (answer.status, list(answer.body)) == (200, ["video_id"])
    assert mock.guarded.clock.now() == START + 90_000
    assert mock.get(f"/v2/pixverse/videos/{answer.body['video_id']}")["video_status_name"] == "COMPLETED"
    assert receiver.statuses[-1:] == ["COMPLETED"] * calls


def test_late_answer_of_a_running_clock_reaches_the_client(make_mock: MakeMock) -> None:
    """After the real time that it takes."""
    mock = make_mock(clock="real", speed=10.0)
    plan(mock, late(3))
    begun = stopwatch()
    assert mock.upscale().status == 200
    assert 0.29 <= stopwatch() - begun < 5


def test_many_clients_at_once(make_mock: MakeMock) -> None:
    """Sixteen threads, sixteen delays, each answered."""
    mock = make_mock(clock="manual")
    plan(mock, late(3))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: mock.call("GET", "/v2/pixverse/videos").status, range(32)))
    assert set(answers) == {200}
    assert mock.guarded.clock.now() == START + 32 * 3_000

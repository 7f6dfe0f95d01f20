"""What a scenario can do to callbacks on their way, each of it real on the wire."""

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import Any

import pytest

from api.adapters import pairs
from api.mock import UPSCALE, VIDEOS, Mock
from callbacks.conftest import Receive
from callbacks.receivers import PATIENCE, Receiver, Reply, in_turn, nobody
from callbacks.staged import Stage, advance, callbacks, control, outcomes, play, run_out, since, video
from mockserver.courier import _Round
from mockserver.journal import Exchange
from mockserver.message import Request

G, C = "GENERATING", "COMPLETED"


def disturbed(mock: Mock, url: str, *disturbances: dict[str, Any], jobs: int = 1, **rules: Any) -> list[str]:
    """The videos of jobs that were disturbed so, each run to its end."""
    play(mock, disturbances=list(disturbances), **rules)
    made = []
    for _ in range(jobs):
        made.append(mock.accepted(replyUrl=url))
        run_out(mock)
    return made


def marks(mock: Mock) -> list[tuple[str, str | None]]:
    """The statuses that are told, and what the scenario does to each callback."""
    return [(callback["status"], callback["disturbed"]) for callback in callbacks(mock)]


def test_without_disturbances_each_comes_once_and_in_order(mock: Mock, receive: Receive) -> None:
    """What the others are compared with."""
    receiver = receive()
    disturbed(mock, receiver.url)
    assert receiver.statuses == [G, G, C]
    assert marks(mock) == [(G, None), (G, None), (C, None)]


def test_duplicate_comes_twice(mock: Mock, receive: Receive) -> None:
    """Byte for byte, one directly after the other."""
    receiver = receive()
    disturbed(mock, receiver.url, {"kind": "duplicate"})
    assert receiver.statuses == [G, G, C, C]
    assert receiver.received[2].content == receiver.received[3].content
    assert marks(mock)[-1] == (C, "duplicate")


def test_swapped_final_call_overtakes_the_one_before_it(mock: Mock, receive: Receive) -> None:
    """The late one tells what was, though the video has ended."""
    receiver = receive()
    (made,) = disturbed(mock, receiver.url, {"kind": "swapped"})
    assert receiver.statuses == [G, C, G]
    assert receiver.received[1].body == video(mock, made)
    assert receiver.received[2].body["url"] == ""
    assert marks(mock) == [(G, None), (G, "swapped"), (C, None)]
    assert outcomes(mock) == [(G, "delivered"), (G, "delivered"), (C, "delivered")]


def test_swapped_call_without_progress_overtakes_the_only_other(mock: Mock, receive: Receive) -> None:
    """The final one comes first."""
    receiver = receive()
    disturbed(mock, receiver.url, {"kind": "swapped"}, progress=0)
    assert receiver.statuses == [C, G]


def test_call_that_is_overtaken_by_none_comes_all_the_same(mock: Mock, receive: Receive) -> None:
    """The final one is dropped: what waited for it is sent then."""
    receiver = receive()
    disturbed(mock, receiver.url, {"kind": "swapped"}, {"kind": "dropped"})
    assert receiver.statuses == [G, G]
    assert control(mock, "GET", "callbacks").body["owed"] == 0


def test_late_call_comes_after_a_poll_saw_the_end(mock: Mock, receive: Receive) -> None:
    """A minute later, unless told otherwise."""
    receiver = receive()
    play(mock, final_only=True, disturbances=[{"kind": "late"}])
    made = mock.accepted(replyUrl=receiver.url)
    advance(mock, 60)
    assert video(mock, made)["video_status_name"] == C
    advance(mock, 59.999)
    assert receiver.received == []
    advance(mock, 0.001)
    assert receiver.told == [(made, C)]
    assert marks(mock) == [(C, "late")]


def test_late_call_is_as_late_as_the_scenario_says(mock: Mock, receive: Receive) -> None:
    """On the sandbox's clock."""
    receiver = receive()
    disturbed(mock, receiver.url, {"kind": "late", "seconds": 7.5})
    last = callbacks(mock)[-1]
    assert since(last["at"], last["attempts"][0]["sent"]) == 7.5


def test_dropped_call_is_never_sent(mock: Mock, receive: Receive) -> None:
    """It is listed as dropped, without an attempt; the others come."""
    receiver = receive()
    disturbed(mock, receiver.url, {"kind": "dropped"}, retries=[5])
    assert receiver.statuses == [G, G]
    assert outcomes(mock) == [(G, "delivered"), (G, "delivered"), (C, "dropped")]
    assert callbacks(mock)[-1]["attempts"] == []


def test_dropped_call_stands_among_the_events(mock: Mock, receive: Receive) -> None:
    """At its instant."""
    receiver = receive()
    play(mock, final_only=True, disturbances=[{"kind": "dropped"}])
    mock.accepted(replyUrl=receiver.url)
    *_, ended, dropped = run_out(mock)
    assert (dropped["event"], dropped["outcome"], dropped["attempt"]) == ("callback", "dropped", 0)
    assert dropped["at"] == ended["at"]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A bare socket that takes connections."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(PATIENCE)
        yield listener


def test_slow_call_connects_before_it_says_anything(stage: Stage, listener: socket.socket) -> None:
    """The pause is seen on the wire, and does not count as the receiver's time."""
    mock = stage(callback_timeout=0.3)
    play(mock, final_only=True, disturbances=[{"kind": "slow", "seconds": 1}])
    mock.accepted(replyUrl=f"http://127.0.0.1:{listener.getsockname()[1]}/hook")
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(run_out, mock)
        connection, _ = listener.accept()
        with connection:
            with pytest.raises(BlockingIOError):
                connection.recv(1, socket.MSG_DONTWAIT)
            connection.settimeout(PATIENCE)
            assert connection.recv(5) == b"POST "
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert ended.result(PATIENCE)
    assert outcomes(mock) == [(C, "delivered")]
    assert marks(mock) == [(C, "slow")]


@pytest.mark.parametrize(("which", "expected"), [("final", [G, G]), ("progress", [C]), ("all", []), (None, [G, G])])
def test_disturbance_concerns_the_calls_that_are_named(
    mock: Mock, receive: Receive, which: str | None, expected: list[str]
) -> None:
    """The final one, all but that, or all; the final one if nothing is said."""
    receiver = receive()
    disturbed(mock, receiver.url, {"kind": "dropped", **({"of": which} if which else {})})
    assert receiver.statuses == expected


def test_disturbance_concerns_the_jobs_that_are_named(mock: Mock, receive: Receive) -> None:
    """Counted from 1 in the order of their acceptance; a refused request does not count."""
    receiver = receive()
    play(mock, final_only=True, disturbances=[{"kind": "duplicate", "jobs": [2]}])
    made = []
    for _ in range(3):
        made.append(mock.accepted(replyUrl=receiver.url))
        assert mock.upscale(mock.number(429), replyUrl=receiver.url).status == 429
        run_out(mock)
    assert [video_id for video_id, _ in receiver.told] == [made[0], made[1], made[1], made[2]]


def test_several_disturbances_come_together(mock: Mock, receive: Receive) -> None:
    """Late, and then twice."""
    receiver = receive()
    disturbed(mock, receiver.url, {"kind": "late"}, {"kind": "duplicate"})
    *_, first, second = callbacks(mock)
    assert receiver.statuses == [G, G, C, C]
    assert [since(each["at"], each["attempts"][0]["sent"]) for each in (first, second)] == [60, 60]


def test_duplicate_of_a_failing_call_waits_for_it(mock: Mock, receive: Receive) -> None:
    """The order of a job is kept under retries, too."""
    receiver = receive(in_turn(Reply(500), Reply(200)))
    disturbed(mock, receiver.url, {"kind": "duplicate"}, final_only=True, retries=[5])
    assert [[attempt["result"] for attempt in each["attempts"]] for each in callbacks(mock)] == [
        ["failed", "received"],
        ["received"],
    ]


# Early: before the POST's own answer


def early(stage: Stage, adapter: str, clock: str) -> Mock:
    mock = stage(adapter=adapter, clock=clock)
    play(mock, disturbances=[{"kind": "early"}])
    return mock


@pytest.mark.parametrize("clock", ["manual", "real", "auto"])
@pytest.mark.parametrize("adapter", ["live", "flask", "asgi"])
def test_early_call_comes_before_the_answer(stage: Stage, hanging: Receiver, adapter: str, clock: str) -> None:
    """The client has none as long as the receiver does not answer, whatever else the mock does."""
    mock = early(stage, adapter, clock)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(mock.accepted, replyUrl=hanging.url)
        received = hanging.next()
        assert mock.get(VIDEOS)["data"][0]["video_status_name"] == G
        assert not coming.done()
        hanging.released.set()
        made = coming.result(PATIENCE)
    assert received.told == (made, G)
    assert marks(mock)[0] == (G, "early")


def test_job_with_an_early_call_goes_on_as_others(mock: Mock, receive: Receive) -> None:
    """It is GENERATING from the start; all that follows comes in its time."""
    receiver = receive()
    (made,) = disturbed(mock, receiver.url, {"kind": "early"})
    assert receiver.statuses == [G, G, C]
    assert receiver.received[-1].body == video(mock, made)
    (job,) = control(mock, "GET", "jobs").body["data"]
    assert job["reached"][0] == {"at": job["started"], "status": G}
    assert [since(job["started"], callback["at"]) for callback in callbacks(mock)] == [0, 30, 60]


def test_early_call_that_fails_does_not_fail_the_request(mock: Mock) -> None:
    """The client hears that the job is accepted."""
    with nobody() as url:
        play(mock, disturbances=[{"kind": "early"}])
        mock.accepted(replyUrl=url)
    assert outcomes(mock) == [(G, "given up")]


def test_early_call_without_a_receiver_changes_nothing(mock: Mock) -> None:
    """The job is QUEUED first, as ever."""
    play(mock, disturbances=[{"kind": "early"}])
    mock.accepted()
    assert mock.get(VIDEOS)["data"][0]["video_status_name"] == "QUEUED"


def test_others_are_answered_before_an_early_calls_receiver_is(stage: Stage, hanging: Receiver) -> None:
    """Another client's upscale of the same sandbox does not wait."""
    mock = early(stage, "live", "manual")
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(mock.accepted, replyUrl=hanging.url)
        hanging.next()
        mock.accepted()
        assert not coming.done()
        hanging.released.set()
        coming.result(PATIENCE)


def test_round_that_is_due_does_not_take_the_early_call_away(stage: Stage, hanging: Receiver) -> None:
    """However busy the courier is: the answer waits for the call."""
    mock = early(stage, "flask", "real")
    courier, idle = mock.api.courier, Event()
    courier._loop.call_soon_threadsafe(idle.wait, PATIENCE)
    body = b'{"video_id": "%b", "replyUrl": "%b"}' % (mock.video_id().encode(), hanging.url.encode())
    headers = pairs({"Authorization": f"Bearer {mock.token}", "Content-Type": "application/json"})
    coming = mock.api.exchange(Request("POST", UPSCALE, "", headers, body))
    assert isinstance(coming, Future)
    courier._loop.call_soon_threadsafe(courier._look_after, mock.guarded, _Round())
    idle.set()
    hanging.next()
    assert not coming.done()
    hanging.released.set()
    assert isinstance(coming.result(PATIENCE), Exchange)

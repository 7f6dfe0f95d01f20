"""What a receiver gets, and in which order: the same every time."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from api.mock import ACCOUNTS, EMAIL, SCHEDULER, USER, VIDEOS, Mock
from callbacks.conftest import Receive
from callbacks.receivers import PATIENCE, Receiver
from callbacks.staged import Stage, advance, callbacks, control, outcomes, play, run_out, video
from mockserver.instants import milliseconds, parse
from mockserver.runtime import GuardedSandbox


def three(mock: Mock, receiver: Receiver) -> list[str]:
    """Two accepted upscales on an account with two slots, and a refused third."""
    control(mock, "PATCH", f"accounts/{EMAIL}", {"maxJobs": 2})
    made = [mock.accepted(replyUrl=receiver.url, replyRef=f"order-{number}") for number in range(2)]
    assert mock.upscale(replyUrl=receiver.url).status == 429
    return made


def expected(mock: Mock) -> list[tuple[str, str, str]]:
    """Instant, video and status of what each job has to tell, in time order: its steps, and each half a minute."""
    told = []
    for place, job in enumerate(control(mock, "GET", "jobs").body["data"]):
        generating, final = ((parse(step["at"]), step["status"]) for step in job["reached"])
        told += [(at, place, job["video_id"], generating[1]) for at in range(generating[0], final[0], 30_000)]
        told.append((final[0], place, job["video_id"], final[1]))
    return [(milliseconds(at), video_id, status) for at, _, video_id, status in sorted(told)]


def test_each_status_and_each_half_minute_is_told_in_time_order(mock: Mock, receive: Receive) -> None:
    """Over all jobs, each at its own instant; nothing for a refused request."""
    receiver = receive()
    three(mock, receiver)
    events = [event for event in run_out(mock) if event["event"] == "callback"]
    wanted = expected(mock)
    assert len({status for *_, status in wanted}) == 2
    assert len(wanted) > 10
    assert receiver.told == [(video_id, status) for _, video_id, status in wanted]
    assert [(event["at"], event["video_id"], event["status"]) for event in events] == wanted
    assert all(callback["outcome"] == "delivered" for callback in callbacks(mock))


def test_last_call_has_the_video_as_it_stays(mock: Mock, receive: Receive) -> None:
    """What GET gives afterwards, to the last key."""
    receiver = receive()
    for made in three(mock, receiver):
        run_out(mock)
        last = [received.body for received in receiver.received if received.body["video_id"] == made][-1]
        assert last == video(mock, made)
        assert (last["video_status_name"], last["video_status_final"]) == ("COMPLETED", True)


def test_call_is_json_from_the_mock(mock: Mock, receive: Receive) -> None:
    """And says no more about itself: the vendor signs nothing."""
    receiver = receive()
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    headers = receiver.received[0].headers
    assert set(headers) == {"host", "content-type", "user-agent", "connection", "content-length"}
    assert headers["content-type"] == "application/json"
    assert re.fullmatch(r"pixverse-mock/\S+", headers["user-agent"])


def test_same_seed_gives_the_same_bytes(stage: Stage, receive: Receive) -> None:
    """At every run, but for host and port."""
    runs = []
    for _ in range(2):
        receiver, mock = receive(), stage()
        three(mock, receiver)
        run_out(mock)
        runs.append([re.sub(rb"127\.0\.0\.1:\d+", b"HOST", received.content) for received in receiver.received])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("step", [7, 100])
def test_one_leap_equals_many_steps(mock: Mock, receive: Receive, step: int) -> None:
    """The same bodies in the same order."""
    receiver = receive()
    three(mock, receiver)
    advance(mock, 700)
    leapt = [received.content for received in receiver.received]
    other = mock.of_fresh_token()
    three(other, receiver)
    for _ in range(700 // step):
        advance(other, step)
    assert [received.content for received in receiver.received[len(leapt) :]] == leapt
    assert expected(other) == expected(mock)


def test_next_event_stops_at_each_call(mock: Mock, receive: Receive) -> None:
    """Each advance brings the next one."""
    receiver = receive()
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    counts = []
    for _ in range(3):
        control(mock, "POST", "clock/advance", {"until": "next-event"})
        counts.append(len(receiver.received))
    assert counts == [1, 2, 3]
    assert receiver.statuses == ["GENERATING", "GENERATING", "COMPLETED"]


def test_nothing_is_sent_while_the_clock_stands(mock: Mock, receive: Receive) -> None:
    """However often the mock is asked."""
    receiver = receive()
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    for _ in range(20):
        mock.get(VIDEOS)
    assert receiver.received == []
    assert callbacks(mock) == []


@pytest.mark.parametrize(("number", "status"), [(7, "MODERATED"), (8, "FAILED")])
def test_job_that_does_not_succeed_is_told_as_well(mock: Mock, receive: Receive, number: int, status: str) -> None:
    """Its last call carries the status."""
    receiver = receive()
    play(mock)
    made = mock.accepted(mock.number(number), replyUrl=receiver.url)
    run_out(mock)
    assert receiver.statuses[-1] == status
    assert receiver.received[-1].body == video(mock, made)


def test_final_only_leaves_the_last_call(mock: Mock, receive: Receive) -> None:
    """One for each job."""
    receiver = receive()
    play(mock, final_only=True)
    made = [mock.accepted(replyUrl=receiver.url) for _ in range(2)]
    run_out(mock)
    assert sorted(receiver.told) == sorted((video_id, "COMPLETED") for video_id in made)


@pytest.mark.parametrize(("progress", "calls"), [(0, 1), (10, 6), (30, 2), (3_600, 1)])
def test_progress_is_told_as_often_as_the_scenario_says(
    mock: Mock, receive: Receive, progress: int, calls: int
) -> None:
    """0 is never: only the statuses are told. The video is GENERATING for 50 to 60 seconds."""
    receiver = receive()
    play(mock, progress=progress)
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert receiver.statuses == ["GENERATING"] * calls + ["COMPLETED"]


REFERENCES = ["order-17", "", "Ünïcödé ✓ 日本語 🎬", 'a"b\\c\n\t\x00\x7f', "\u2028\ufeff\ud7ff", "x" * 900]


@pytest.mark.parametrize("reference", REFERENCES)
def test_reference_comes_back_untouched(mock: Mock, receive: Receive, reference: str) -> None:
    """Whatever characters it holds."""
    receiver = receive()
    play(mock, final_only=True)
    mock.accepted(replyUrl=receiver.url, replyRef=reference)
    run_out(mock)
    assert receiver.received[0].body["replyRef"] == reference


def test_reference_is_absent_if_none_was_given(mock: Mock, receive: Receive) -> None:
    """And not null."""
    receiver = receive()
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert "replyRef" not in receiver.received[-1].body


# The default of the useapi.net account


def default(mock: Mock, url: str) -> None:
    assert mock.call("POST", USER, {"replyUrl": url}).status == 200


def test_default_is_called_if_the_request_names_no_receiver(mock: Mock, receive: Receive) -> None:
    """It stands in the call, not in the video."""
    receiver = receive()
    play(mock)
    default(mock, receiver.url)
    made = mock.accepted()
    run_out(mock)
    body = receiver.received[-1].body
    assert body["replyUrl"] == receiver.url
    assert body == {**video(mock, made), "replyUrl": receiver.url}
    assert all("replyUrl" not in listed for listed in mock.get(VIDEOS)["data"])


def test_receiver_of_the_request_wins(mock: Mock, receive: Receive) -> None:
    """The default gets nothing then."""
    named, other = receive(), receive()
    play(mock)
    default(mock, other.url)
    mock.accepted(replyUrl=named.url)
    run_out(mock)
    assert named.statuses[-1] == "COMPLETED"
    assert other.received == []


def test_default_of_the_start_of_a_job_is_called(mock: Mock, receive: Receive) -> None:
    """A later one is for later jobs."""
    former, later = receive(), receive()
    play(mock, final_only=True)
    default(mock, former.url)
    mock.accepted()
    default(mock, later.url)
    second = mock.accepted()
    run_out(mock)
    assert len(former.received) == 1
    assert [video_id for video_id, _ in later.told] == [second]


def test_without_any_receiver_nothing_is_owed(mock: Mock, receive: Receive) -> None:
    """Also once the default was taken back."""
    receiver = receive()
    default(mock, receiver.url)
    default(mock, "")
    mock.accepted()
    run_out(mock)
    assert callbacks(mock) == []


# What ends it


def test_nothing_comes_after_cancelling(mock: Mock, receive: Receive) -> None:
    """The video goes on all the same."""
    receiver = receive()
    play(mock)
    made = mock.accepted(replyUrl=receiver.url)
    advance(mock, 30)
    before = len(receiver.received)
    assert before
    assert mock.call("DELETE", f"{SCHEDULER}/{made}").status == 200
    run_out(mock)
    assert len(receiver.received) == before
    assert video(mock, made)["video_status_name"] == "COMPLETED"


def cancel(mock: Mock, made: str) -> None:
    assert mock.call("DELETE", f"{SCHEDULER}/{made}").status == 200


def unlink(mock: Mock, _: str) -> None:
    assert mock.call("DELETE", f"{ACCOUNTS}/{EMAIL}").status == 200


def reset(mock: Mock, _: str) -> None:
    control(mock, "POST", "reset")


def put_scenario(mock: Mock, _: str) -> None:
    play(mock)


@pytest.mark.parametrize("end", [cancel, unlink])
def test_what_is_owed_is_withdrawn_with_its_job(mock: Mock, receive: Receive, end: Callable[[Mock, str], None]) -> None:
    """By cancelling it, and by unlinking its account."""
    receiver = receive(lambda _: [])
    play(mock, retries=[60])
    made = mock.accepted(replyUrl=receiver.url)
    advance(mock, 50)
    assert outcomes(mock) == [("GENERATING", None)] * 2
    end(mock, made)
    run_out(mock)
    assert outcomes(mock) == [("GENERATING", "withdrawn")] * 2
    assert len(receiver.received) == 1


@pytest.mark.parametrize("end", [reset, put_scenario])
def test_nothing_of_a_former_sandbox_is_sent(mock: Mock, receive: Receive, end: Callable[[Mock, str], None]) -> None:
    """Neither what was owed nor what would have been."""
    receiver = receive(lambda _: [])
    play(mock, retries=[60])
    former = mock.guarded
    made = mock.accepted(replyUrl=receiver.url)
    advance(mock, 30)
    end(mock, made)
    run_out(mock)
    advance(mock, 3_600)
    assert callbacks(mock) == []
    assert len(receiver.received) == 1
    assert former.sandbox.outbox.owed == []


@pytest.mark.parametrize("end", [cancel, unlink, reset])
def test_call_that_waits_for_its_turn_can_be_withdrawn(
    stage: Stage,
    receive: Receive,
    hanging: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Mock, str], None],
) -> None:
    """As many attempts as there may be are on their way: what is cancelled meanwhile is not sent any more."""
    monkeypatch.setattr("mockserver.courier._IN_FLIGHT", 1)
    receiver, mock = receive(), stage(clock="real", speed=10_000)
    other = Mock(mock.api, mock.send, token="user:7-other")
    play(other, progress=0)
    other.accepted(replyUrl=hanging.url)
    hanging.next()
    # Long enough to be cancelled while it runs.
    control(mock, "PUT", "scenario", {"jobs": {"shortest": 100_000, "longest": 100_000}, "callbacks": {"progress": 0}})
    made = mock.accepted(replyUrl=receiver.url)
    guarded = mock.guarded
    taken(guarded)
    end(mock, made)
    hanging.released.set()
    # What waited longer had its turn before this one.
    hanging.next()
    assert receiver.received == []
    assert all(callback.attempts == [] for callback in guarded.sandbox.outbox.finished)


@pytest.mark.parametrize("end", [cancel, unlink, reset])
def test_call_of_an_advance_that_waits_for_its_turn_can_be_withdrawn(
    stage: Stage,
    receive: Receive,
    hanging: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Mock, str], None],
) -> None:
    """The advance goes on without it; after a reset it says that there is nothing to go on with."""
    monkeypatch.setattr("mockserver.courier._IN_FLIGHT", 1)
    receiver, mock = receive(), stage()
    other = Mock(mock.api, mock.send, token="user:7-other")
    with ThreadPoolExecutor(2) as pool:
        play(other, final_only=True)
        other.accepted(replyUrl=hanging.url)
        hung = pool.submit(run_out, other)
        hanging.next()
        play(mock)
        made = mock.accepted(replyUrl=receiver.url)
        guarded = mock.guarded
        waiting = pool.submit(mock.call, "POST", "/__mock/clock/advance", {"until": "idle"})
        taken(guarded)
        end(mock, made)
        hanging.released.set()
        answer = waiting.result(PATIENCE)
        assert answer.status == (409 if end is reset else 200)
        assert all(event["event"] != "callback" for event in answer.body.get("events", ()))
        assert hung.result(PATIENCE)
    assert receiver.received == []


def taken(guarded: GuardedSandbox) -> None:
    """Wait until an attempt is in flight."""
    pause = Event()
    for _ in range(2_000):
        with guarded.lock:
            if any(callback.in_flight for callback in guarded.sandbox.outbox.owed):
                return
        pause.wait(0.01)
    raise AssertionError("no attempt is in flight")

"""Receivers that are down, slow, wrong, hostile, or call back: what is attempted, and what is told about it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from threading import Event
from typing import Any

import pytest

from api.mock import UPSCALE, VIDEOS, Answer, Mock
from callbacks.conftest import Receive
from callbacks.receivers import PATIENCE, Received, Receiver, Reply, always, in_turn, nobody
from callbacks.staged import Stage, advance, attempts, callbacks, control, outcomes, play, run_out
from mockserver.delivery import ANSWER_BYTES


def finished(mock: Mock, url: str, **rules: Any) -> Mock:
    """The mock, after a job that had only its end to tell."""
    play(mock, final_only=True, **rules)
    mock.accepted(replyUrl=url)
    run_out(mock)
    return mock


def test_received_call_is_told_with_the_answer(mock: Mock, receive: Receive) -> None:
    """Any 2xx will do."""
    receiver = receive(in_turn(Reply(206, content=b"thanks")))
    finished(mock, receiver.url)
    assert outcomes(mock) == [("COMPLETED", "delivered")]
    (attempt,) = callbacks(mock)[0]["attempts"]
    assert (attempt["result"], attempt["answered"], attempt["answer"]) == ("received", 206, "thanks")
    assert attempt["seconds"] > 0


def test_receiver_that_is_down_is_told_by_its_address(mock: Mock) -> None:
    """Connection refused."""
    with nobody() as url:
        finished(mock, url)
    place = url.removeprefix("http://").removesuffix("/hook")
    assert attempts(mock) == [(0, "failed", f"connection refused by {place}")]
    assert outcomes(mock) == [("COMPLETED", "given up")]


def test_slow_receiver_is_left_after_the_timeout(stage: Stage, hanging: Receiver) -> None:
    """Of real time: the sandbox's clock stands meanwhile."""
    mock = finished(stage(callback_timeout=0.3), hanging.url)
    assert attempts(mock) == [(0, "failed", "no answer within 0.3 s")]
    assert 0.25 < callbacks(mock)[0]["attempts"][0]["seconds"] < PATIENCE


def test_failed_call_is_tried_again_by_the_schedule(mock: Mock, receive: Receive) -> None:
    """5 s after the first attempt, 60 s after the second, on the sandbox's clock; the same body each time."""
    receiver = receive(in_turn(Reply(500), Reply(500, content=b"still not"), Reply(200)))
    finished(mock, receiver.url, retries=[5, 60])
    assert attempts(mock) == [(0, "failed", 500), (5, "failed", 500), (65, "received", 200)]
    assert [attempt.get("answer") for attempt in callbacks(mock)[0]["attempts"]] == ["ok", "still not", "ok"]
    assert outcomes(mock) == [("COMPLETED", "delivered")]
    assert len({received.content for received in receiver.received}) == 1


def test_retry_is_not_made_before_it_is_due(mock: Mock, receive: Receive) -> None:
    """To the millisecond. The job ends after 60 s."""
    receiver = receive(always(500))
    play(mock, final_only=True, retries=[5])
    mock.accepted(replyUrl=receiver.url)
    counts = []
    for seconds in (59.999, 0.001, 4.999, 0.001):
        advance(mock, seconds)
        counts.append(len(receiver.received))
    assert counts == [0, 1, 1, 2]


def test_call_is_given_up_after_the_last_retry(mock: Mock, receive: Receive) -> None:
    """And no attempt is made after that."""
    receiver = receive(always(500))
    finished(mock, receiver.url, retries=[5, 60])
    assert [(after, result) for after, result, _ in attempts(mock)] == [(0, "failed"), (5, "failed"), (65, "failed")]
    assert outcomes(mock) == [("COMPLETED", "given up")]
    assert control(mock, "GET", "callbacks").body["owed"] == 0


def test_single_attempt_is_the_default(mock: Mock, receive: Receive) -> None:
    """The vendor promises no more."""
    receiver = receive(always(500))
    finished(mock, receiver.url)
    assert len(receiver.received) == 1


def test_named_schedule_lasts_for_days(mock: Mock, receive: Receive) -> None:
    """The second attempt after 5 s, the last one three days later."""
    receiver = receive(always(500))
    finished(mock, receiver.url, retries="standard-webhooks")
    afters = [after for after, *_ in attempts(mock)]
    assert (len(afters), afters[1], afters[2]) == (10, 5, 305)
    assert afters[-1] > 3 * 86_400


def test_later_calls_of_a_job_wait_for_the_one_that_fails(mock: Mock, receive: Receive) -> None:
    """They keep their order, and go out as soon as it is received."""
    receiver = receive(in_turn(Reply(500), Reply(200)))
    play(mock, retries=[600])
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert receiver.statuses == ["GENERATING", "GENERATING", "GENERATING", "COMPLETED"]
    assert [len(callback["attempts"]) for callback in callbacks(mock)] == [2, 1, 1]
    sent = [callback["attempts"][-1]["sent"] for callback in callbacks(mock)]
    assert len(set(sent)) == 1


def test_job_whose_receiver_fails_holds_up_no_other(mock: Mock, receive: Receive) -> None:
    """Each job has an order of its own."""
    bad, good = receive(always(500)), receive()
    play(mock, retries=[3_600])
    mock.accepted(replyUrl=bad.url)
    mock.accepted(replyUrl=good.url)
    advance(mock, 60)
    assert good.statuses == ["GENERATING", "GENERATING", "COMPLETED"]
    assert len(bad.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(mock: Mock, receive: Receive, status: int) -> None:
    """It is a failure like others."""
    other = receive()
    receiver = receive(always(status, location=other.url))
    finished(mock, receiver.url)
    assert attempts(mock) == [(0, "failed", status)]
    assert other.received == []


def test_410_ends_the_calls_of_its_job(mock: Mock, receive: Receive) -> None:
    """No retry, nothing later; the job itself goes on."""
    receiver = receive(always(410))
    play(mock, retries=[5])
    made = mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert attempts(mock) == [(0, "gone", 410)]
    assert outcomes(mock) == [("GENERATING", "given up")]
    assert mock.get(f"{VIDEOS}/{made}")["video_status_name"] == "COMPLETED"


def test_410_gives_up_what_already_waited(mock: Mock, receive: Receive) -> None:
    """Later calls of the job, but no other's."""
    receiver = receive(in_turn(Reply(500), Reply(410), Reply(200)))
    play(mock, retries=[600])
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert outcomes(mock) == [("GENERATING", "given up")] * 2 + [("COMPLETED", "given up")]
    assert len(receiver.received) == 2
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert receiver.statuses[-1] == "COMPLETED"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("wait", "expected"), [("90", 90), ("2", 5)])
def test_busy_receiver_is_left_alone_as_long_as_it_asks(
    mock: Mock, receive: Receive, status: int, wait: str, expected: int
) -> None:
    """Longer than the schedule says, never less."""
    receiver = receive(in_turn(Reply(status, {"Retry-After": wait}), Reply(200)))
    finished(mock, receiver.url, retries=[5])
    assert attempts(mock) == [(0, "failed", status), (expected, "received", 200)]
    assert callbacks(mock)[0]["attempts"][0]["retry_after"] == int(wait)


def test_retry_after_means_nothing_beside_other_statuses(mock: Mock, receive: Receive) -> None:
    """The schedule alone counts."""
    receiver = receive(in_turn(Reply(500, {"Retry-After": "90"}), Reply(200)))
    finished(mock, receiver.url, retries=[5])
    assert attempts(mock) == [(0, "failed", 500), (5, "received", 200)]


def test_endless_answer_is_cut(mock: Mock, receive: Receive) -> None:
    """Its status counts; of its body the start is kept."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"

    def endless(_: Received) -> Iterator[bytes]:
        yield head
        yield from repeat(b"x" * 10_000)

    receiver = receive(endless)
    finished(mock, receiver.url)
    assert attempts(mock) == [(0, "received", 200)]
    assert callbacks(mock)[0]["attempts"][0]["answer"] == "x" * ANSWER_BYTES


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "closed the connection in the middle of its answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "did not answer in HTTP"),
    ],
)
def test_broken_answer_is_told_in_words(mock: Mock, receive: Receive, said: bytes, words: str) -> None:
    """With the address of who broke it."""
    receiver = receive(lambda _: [said])
    finished(mock, receiver.url)
    place = receiver.url.removeprefix("http://").removesuffix("/hook")
    ((_, result, error),) = attempts(mock)
    assert result == "failed"
    assert error.startswith(f"{place} {words}")


# Receivers that call the mock back from inside their handler


def test_receiver_can_ask_the_mock(mock: Mock, receive: Receive) -> None:
    """During the very advance that calls it: the video is as the call says."""
    seen = []

    def look(received: Received) -> Reply:
        listed = mock.get(VIDEOS)["data"]
        seen.append(next(video for video in listed if video["video_id"] == received.body["video_id"]))
        return Reply()

    receiver = receive(look)
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert seen == [received.body for received in receiver.received]


def test_receiver_can_start_the_next_job(mock: Mock, receive: Receive) -> None:
    """It begins at the instant of the call, and its own calls come within the same advance."""
    answers: list[Answer] = []

    def chain(received: Received) -> Reply:
        if received.body["video_status_final"] and not answers:
            again = {"video_id": mock.video_id(), "replyUrl": receiver.url}
            answers.append(mock.call("POST", UPSCALE, again))
        return Reply()

    receiver = receive(chain)
    play(mock)
    first = mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    second = answers[0].body["video_id"]
    one, two = control(mock, "GET", "jobs").body["data"]
    assert two["started"] == one["ended"]
    assert receiver.told == [
        *[(first, status) for status in ("GENERATING", "GENERATING", "COMPLETED")],
        *[(second, status) for status in ("GENERATING", "GENERATING", "COMPLETED")],
    ]


def test_receiver_can_cancel_its_own_job(mock: Mock, receive: Receive) -> None:
    """The call that it answers stays delivered, none follows."""
    statuses = []

    def cancel(received: Received) -> Reply:
        path = f"/v2/pixverse/scheduler/{received.body['video_id']}"
        statuses.append(mock.call("DELETE", path).status)
        return Reply()

    receiver = receive(cancel)
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert (statuses, outcomes(mock)) == ([200], [("GENERATING", "delivered")])


def test_receiver_can_reset_the_sandbox(mock: Mock, receive: Receive) -> None:
    """The advance that called it ends and says so, and nothing more is sent."""

    def reset(_: Received) -> Reply:
        control(mock, "POST", "reset")
        return Reply()

    receiver = receive(reset)
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    answer = mock.call("POST", "/__mock/clock/advance", {"until": "idle"})
    assert (answer.status, answer.body["detail"]) == (409, "this sandbox was reset meanwhile")
    run_out(mock)
    assert len(receiver.received) == 1
    assert callbacks(mock) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock/advance", {"seconds": 1}),
        ("clock/advance", {"until": "idle"}),
        ("clock/set", {"now": "2026-01-01T00:00:00Z"}),
        ("clock/freeze", {}),
        ("clock/speed", {"speed": 60}),
        ("clock/auto", {}),
    ],
)
def test_receiver_can_not_move_the_clock_that_is_being_moved(
    mock: Mock, receive: Receive, path: str, body: Any
) -> None:
    """409 as a problem, and the clock goes where it was sent."""
    answers = []

    def move(_: Received) -> Reply:
        answers.append(mock.call("POST", f"/__mock/{path}", body))
        return Reply()

    receiver = receive(move)
    play(mock, final_only=True)
    mock.accepted(replyUrl=receiver.url)
    advance(mock, 100)
    (answer,) = answers
    assert (answer.status, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.body["detail"] == "the clock of this sandbox is being moved already"
    clock = control(mock, "GET", "clock").body
    assert (clock["mode"], clock["now"]) == ("manual", "2025-01-01T00:01:40.000Z")


def test_receiver_sees_the_instant_of_its_call(mock: Mock, receive: Receive) -> None:
    """The clock stands at it while the receiver works."""
    seen = []

    def look(_: Received) -> Reply:
        seen.append(control(mock, "GET", "clock").body["now"])
        return Reply()

    receiver = receive(look)
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    advance(mock, 3_600)
    assert seen == [callback["at"] for callback in callbacks(mock)]


# Receivers that hang


def test_mock_answers_while_receivers_hang(stage: Stage, hanging: Receiver) -> None:
    """Those who ask are answered as ever, also about the job whose receiver hangs."""
    mock = stage(clock="real", speed=60)
    play(mock)
    made = [mock.accepted(replyUrl=hanging.url) for _ in range(3)]
    for _ in made:
        hanging.next()
    for _ in range(50):
        assert len(mock.get(VIDEOS)["data"]) == 8
    assert mock.call("GET", f"{VIDEOS}/{made[0]}").status in (200, 404)
    assert not hanging.released.is_set()
    assert [callback["attempts"][0]["result"] for callback in callbacks(mock)][:3] == ["in flight"] * 3


def test_receiver_that_hangs_holds_up_no_other_sandbox(mock: Mock, receive: Receive, hanging: Receiver) -> None:
    """An advance that waits for it is one sandbox's own affair."""
    receiver = receive()
    other = Mock(mock.api, mock.send, token="user:7-other")
    for each, url in ((mock, hanging.url), (other, receiver.url)):
        play(each, final_only=True)
        each.accepted(replyUrl=url)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run_out, mock)
        hanging.next()
        run_out(other)
        assert len(receiver.received) == 1
        assert not waiting.done()
        hanging.released.set()
        assert waiting.result(PATIENCE)


def test_many_advances_at_once_wait_for_one_receiver(mock: Mock, hanging: Receiver) -> None:
    """All but the first are refused at once, though the first has not ended."""
    play(mock, final_only=True)
    mock.accepted(replyUrl=hanging.url)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(run_out, mock)
        hanging.next()
        for _ in range(20):
            assert mock.call("POST", "/__mock/clock/advance", {"seconds": 1}).status == 409
        hanging.released.set()
        assert waiting.result(PATIENCE)
    assert len(hanging.received) == 1


def test_real_jobs_are_called_for_at_once(stage: Stage, receive: Receive) -> None:
    """Three jobs, whose receiver answers none before it has heard of all."""
    together, heard = Event(), set[str]()

    def gather(received: Received) -> Reply:
        heard.add(received.body["video_id"])
        if len(heard) == 3:
            together.set()
        return Reply(200 if together.wait(PATIENCE) else 500)

    receiver, mock = receive(gather), stage(clock="real", speed=600)
    play(mock, final_only=True)
    for _ in range(3):
        mock.accepted(replyUrl=receiver.url)
    for _ in range(3):
        receiver.next()
    assert together.wait(PATIENCE)

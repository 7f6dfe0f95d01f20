"""Callbacks of a mock whose clock runs by itself, as a person starts it; and how it ends."""

import json
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests

from api.mock import UPSCALE, VIDEOS, Mock
from callbacks.conftest import Receive
from callbacks.receivers import PATIENCE, Receiver, Reply, in_turn
from callbacks.staged import Stage, callbacks, control, outcomes, play
from live import TOKEN, Live, serving

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
JOBS = ("--set", "jobs.shortest=60", "--set", "jobs.longest=60", "--set", "callbacks.progress=30")


def start(live: Live, receiver: Receiver | None = None) -> str:
    """The id of a job that was accepted."""
    source = requests.get(f"{live.url}{VIDEOS}", headers=HEADERS, timeout=10).json()["data"][0]["video_id"]
    body = {"video_id": source, **({"replyUrl": receiver.url} if receiver else {})}
    answer = requests.post(f"{live.url}{UPSCALE}", json=body, headers=HEADERS, timeout=10)
    assert answer.status_code == 200
    return str(answer.json()["video_id"])


def test_calls_come_as_time_goes_by(receive: Receive) -> None:
    """A minute is a second: nobody polls, nobody moves the clock."""
    receiver = receive()
    with serving("--speed", "60", *JOBS) as live:
        made = start(live, receiver)
        statuses = [receiver.next().told for _ in range(3)]
    assert statuses == [(made, "GENERATING"), (made, "GENERATING"), (made, "COMPLETED")]


def test_client_that_only_waits_is_called_in_mode_auto(receive: Receive) -> None:
    """The clock runs there as well."""
    receiver = receive()
    with serving("--clock", "auto", "--speed", "600", *JOBS) as live:
        start(live, receiver)
        while receiver.next().told[1] != "COMPLETED":
            pass


def test_client_that_only_polls_sees_the_end_in_mode_auto() -> None:
    """After several polls, each worth ten seconds."""
    with serving("--clock", "auto", *JOBS) as live:
        made = start(live)
        polls = 1
        while requests.get(f"{live.url}{VIDEOS}/{made}", headers=HEADERS, timeout=10).status_code == 404:
            polls += 1
    assert 3 <= polls <= 7


def test_calls_are_not_put_off_by_a_client_that_polls_without_pause(stage: Stage, receive: Receive) -> None:
    """In mode auto each poll may make something due: what is due is sent all the same."""
    receiver, mock = receive(), stage(adapter="flask", clock="auto")
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    polls = 0
    while len(receiver.received) < 3 and polls < 20_000:
        mock.get(VIDEOS)
        polls += 1
    assert receiver.statuses == ["GENERATING", "GENERATING", "COMPLETED"]


def test_retries_come_as_time_goes_by(stage: Stage, receive: Receive) -> None:
    """Not before they are due."""
    receiver = receive(in_turn(Reply(500), Reply(500), Reply(200)))
    mock = stage(clock="real", speed=600)
    play(mock, final_only=True, retries=[5, 60])
    mock.accepted(replyUrl=receiver.url)
    for _ in range(3):
        receiver.next()
    settled(mock)
    (callback,) = callbacks(mock)
    assert [attempt["result"] for attempt in callback["attempts"]] == ["failed", "failed", "received"]
    assert all(attempt["due"] <= attempt["sent"] for attempt in callback["attempts"])


def settled(mock: Mock) -> None:
    """Wait until nothing is on its way: an advance does."""
    control(mock, "POST", "clock/advance", {"seconds": 0})


def test_advance_works_in_real_mode(stage: Stage, receive: Receive) -> None:
    """The clock goes on from there."""
    receiver, mock = receive(), stage(clock="real")
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    control(mock, "POST", "clock/advance", {"seconds": 100})
    assert receiver.statuses == ["GENERATING", "GENERATING", "COMPLETED"]
    assert control(mock, "GET", "clock").body["mode"] == "real"


def test_faster_clock_brings_forward_what_is_due(stage: Stage, receive: Receive) -> None:
    """A change of speed is heeded at once; so is a clock that begins to run."""
    receiver, mock = receive(), stage(clock="manual")
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    control(mock, "POST", "clock/speed", {"speed": 0.001})
    control(mock, "POST", "clock/speed", {"speed": 600})
    assert [receiver.next().told[1] for _ in range(3)] == ["GENERATING", "GENERATING", "COMPLETED"]


def test_frozen_clock_sends_nothing_more(stage: Stage, receive: Receive) -> None:
    """Until it is moved."""
    receiver, mock = receive(), stage(clock="real")
    play(mock)
    mock.accepted(replyUrl=receiver.url)
    control(mock, "POST", "clock/freeze", {})
    before = len(receiver.received)
    control(mock, "POST", "clock/advance", {"until": "idle"})
    assert before == 0
    assert outcomes(mock)[-1] == ("COMPLETED", "delivered")


def test_log_tells_of_each_attempt_what_came_of_it_then(receive: Receive) -> None:
    """The first is tried again, the second is the last."""
    receiver = receive(in_turn(Reply(500)))
    rules = ("--set", "callbacks.final_only=true", "--set", "callbacks.retries=[5]")
    with serving("--clock", "manual", "--log-format", "json", *JOBS, *rules) as live:
        start(live, receiver)
        url = f"{live.url}/__mock/clock/advance"
        requests.post(url, json={"until": "idle"}, headers=HEADERS, timeout=10).raise_for_status()
        lines = [json.loads(line) for line in live.wait_printed("advanceClock").splitlines()]
    attempts = [line for line in lines if "attempt" in line]
    assert [(line["attempt"], line["outcome"], line["status"]) for line in attempts] == [
        (1, None, 500),
        (2, "given up", 500),
    ]
    assert ["will be tried again" in line["why"] for line in attempts] == [True, False]


def test_built_in_sink_receives_as_well() -> None:
    """The mock can be its own receiver, also during an advance."""
    with serving("--clock", "manual", *JOBS) as live:
        sink = f"{live.url}/__mock/sink/mine"
        start(live, Receiver(sink, lambda _: Reply()))
        requests.post(
            f"{live.url}/__mock/clock/advance", json={"until": "idle"}, headers=HEADERS, timeout=10
        ).raise_for_status()
        data = requests.get(sink, timeout=10).json()["data"]
    assert [received["body"]["video_status_name"] for received in data] == ["GENERATING", "GENERATING", "COMPLETED"]


# The end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_once_while_a_receiver_hangs(hanging: Receiver, number: signal.Signals) -> None:
    """Within a second, with exit code 0, and it says what was not delivered."""
    with serving("--speed", "600", *JOBS) as live:
        made = start(live, hanging)
        hanging.next()
        ends(live, number)
        line = next(line for line in live.printed().splitlines() if line.startswith("undelivered: "))
    video = made.rpartition(":")[2]
    assert line == f"undelivered: callback {video} GENERATING to '{hanging.url}' after 1 attempt"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_undelivered_calls_are_json_in_a_json_log(hanging: Receiver, number: signal.Signals) -> None:
    """Every line is an object, these too."""
    with serving("--speed", "600", "--log-format", "json", *JOBS) as live:
        made = start(live, hanging)
        hanging.next()
        ends(live, number)
        lines: list[Any] = [json.loads(line) for line in live.printed().splitlines()]
    first = next(line["undelivered"] for line in lines if "undelivered" in line)
    video = int(made.rpartition(":")[2])
    assert first == {"video": video, "video_status": "GENERATING", "url": hanging.url, "attempts": 1}


def test_ends_at_once_during_an_advance(hanging: Receiver) -> None:
    """Whoever asked for it hears no more than that the mock ends."""
    with serving("--clock", "manual", *JOBS) as live, ThreadPoolExecutor(1) as pool:
        start(live, hanging)
        coming = pool.submit(
            requests.post, f"{live.url}/__mock/clock/advance", json={"until": "idle"}, headers=HEADERS, timeout=10
        )
        hanging.next()
        ends(live, signal.SIGTERM)
        assert heard(coming) in (None, 503)


def test_ends_at_once_during_a_post_that_waits_for_an_early_call(hanging: Receiver) -> None:
    """The client may get no answer then; the call is told as undelivered."""
    early = ("--set", 'callbacks.disturbances=[{"kind": "early"}]')
    with serving("--clock", "manual", *JOBS, *early) as live, ThreadPoolExecutor(1) as pool:
        coming = pool.submit(start, live, hanging)
        hanging.next()
        ends(live, signal.SIGTERM)
        with pytest.raises(requests.ConnectionError):
            coming.result(PATIENCE)
        assert "undelivered: callback" in live.printed()


def heard(coming: "Future[requests.Response]") -> int | None:
    """The status of an answer, None if there was none."""
    try:
        return coming.result(PATIENCE).status_code
    except requests.ConnectionError:
        return None


def ends(live: Live, number: signal.Signals) -> None:
    asked = time.monotonic()
    live.process.send_signal(number)
    assert live.process.wait(timeout=10) == 0
    assert time.monotonic() - asked < 2
    assert "Traceback" not in live.printed()

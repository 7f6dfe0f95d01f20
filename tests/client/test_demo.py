"""The vendor's demo client against the mock: it behaves as the vendor shows it, flaws included."""

import time
from datetime import datetime, timedelta
from itertools import pairwise

import flask

import mockserver
from callbacks.receivers import Received, Reply, receiving
from client.conftest import Live
from client.demo import Demo
from client.playing import SOURCE


def test_demo_client_gets_its_slot_and_its_callbacks(calling: Live) -> None:
    """Four videos, three slots: the fourth is tried every 10 s until one of the others ends."""
    demo = Demo(calling.url, calling.token, calling.advance)

    def answer(received: Received) -> Reply:
        demo.called(received.body)
        return Reply()

    with receiving(answer) as receiver:
        ids = [demo.upscale(SOURCE, receiver.url) for _ in range(4)]
        calling.control("POST", "clock/advance", {"until": "idle"})
    assert demo.outcomes == dict.fromkeys(ids, "done")
    posts = [each for each in calling.control("GET", "requests")["data"] if each["operation"] == "upscaleVideo"]
    statuses = [each["status"] for each in sorted(posts, key=lambda each: str(each["at"]))]
    assert statuses[:3] == [200] * 3
    assert statuses[-1] == 200
    refused = sorted(datetime.fromisoformat(each["at"]) for each in posts if each["status"] == 429)
    assert refused
    assert {later - earlier for earlier, later in pairwise(refused)} <= {timedelta(seconds=10)}


def test_demo_client_takes_a_refused_result_for_a_good_one(calling: Live) -> None:
    """A MODERATED callback is final, and it looks no closer."""
    demo = Demo(calling.url, calling.token, calling.advance)
    with receiving() as receiver:
        new = demo.upscale(f"{SOURCE.rpartition(':')[0]}:7", receiver.url)
        calling.control("POST", "clock/advance", {"until": "idle"})
        for received in receiver.received:
            demo.called(received.body)
    assert receiver.statuses[-1] == "MODERATED"
    assert demo.outcomes == {new: "done"}


def test_hour_of_the_demo_client_in_process() -> None:
    """Nothing but its own pauses moves time: it has its slots, its callbacks and its ends as it would in an hour."""
    app = flask.Flask("receiver")
    with mockserver.intercept(sleep=True) as mock:
        mock.register_app("app.test", app)
        demo, begun = Demo(mock.base_url, mock.token, time.sleep), time.monotonic()

        @app.post("/hook")
        def called() -> str:
            demo.called(flask.request.get_json())
            return "ok"

        ids = [demo.upscale(mock.video_id, "http://app.test/hook") for _ in range(12)]
        time.sleep(3_600 - (time.monotonic() - begun))
        assert mock.clock.now - datetime.fromisoformat("2025-01-01T00:00:00Z") < timedelta(seconds=3_601)
        assert demo.outcomes == dict.fromkeys(ids, "done")
        refused = [datetime.fromisoformat(each["at"]) for each in mock.requests.list(status=429)]
        assert refused
        assert min(later - earlier for earlier, later in pairwise(refused)) == timedelta(seconds=10)
        assert {each["outcome"] for each in mock.callbacks} == {"delivered"}
        assert len(mock.callbacks) > 2 * len(ids)

"""Callbacks under the ready-made scenarios that are hard on receivers, and with liberties taken."""

from api.mock import Mock
from callbacks.conftest import Receive
from callbacks.receivers import Reply
from callbacks.staged import Stage, control, outcomes, run_out, since, video

G, C = "GENERATING", "COMPLETED"


def marks(mock: Mock, made: str) -> list[tuple[str, str | None]]:
    """The status that each callback of a job tells, and what the scenario does to it."""
    listed = control(mock, "GET", "callbacks").body["data"]
    return [(each["status"], each["disturbed"]) for each in listed if each["video_id"] == made]


def test_storm_of_callbacks(stage: Stage, receive: Receive) -> None:
    """Twice, late, early, in the wrong order, slow, and of the third job no final one at all."""
    receiver, mock = receive(), stage(scenario="callback-storm", changes={})
    made = [mock.accepted(replyUrl=receiver.url) for _ in range(3)]
    assert receiver.told[0] == (made[0], G)
    run_out(mock)
    told = [[status for number, status in receiver.told if number == each] for each in made]
    assert [statuses.count(C) for statuses in told] == [2, 2, 0]
    for statuses in told[:2]:
        # The final one and its copy overtake the one before them, and its copy.
        assert statuses[-4:] == [C, C, G, G]
    assert len(told[2]) % 2 == 0
    assert {mark for each in made for _, mark in marks(mock, each) if mark} == {
        *("early", "late", "duplicate", "swapped", "slow", "dropped")
    }
    late = next(each for each in control(mock, "GET", "callbacks").body["data"] if each["disturbed"] == "late")
    assert since(late["at"], late["attempts"][0]["due"]) >= 20
    assert {outcome for _, outcome in outcomes(mock)} == {"delivered", "dropped"}


def test_failed_delivery_is_tried_again_in_the_storm(stage: Stage, receive: Receive) -> None:
    """Three more times."""
    receiver, mock = (
        receive(lambda _: Reply(503)),
        stage(scenario="callback-storm", changes={"callbacks.disturbances": "[]"}),
    )
    mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    assert {len(each["attempts"]) for each in control(mock, "GET", "callbacks").body["data"]} == {4}


def test_callback_takes_the_liberties_of_answers(stage: Stage, receive: Receive) -> None:
    """It is what a poll would show, written as awkwardly, and validated."""
    receiver, mock = receive(), stage(scenario="awkward-but-legal", changes={})
    made = mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    first, last = receiver.received[0], receiver.received[-2]
    assert b"\\u0040" in first.content
    assert b'"video_id" : ' in first.content
    assert first.body["url"].endswith("-960x540.mp4")
    assert "output_width" not in first.body
    assert last.body["new_field"]["values"]
    assert last.body == video(mock, made)


def test_late_end_is_told_twice_and_overtakes_the_call_before(stage: Stage, receive: Receive) -> None:
    """All that can happen to the order of calls without any being lost: a receiver hears of the end, and then less."""
    receiver, mock = receive(), stage(scenario="awkward-but-legal", changes={})
    made = mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    told = [status for _, status in receiver.told]
    assert told[-3:] == [C, C, G]
    assert told.count(C) == 2
    assert marks(mock, made)[-3:] == [(G, "swapped"), (C, "late"), (C, "duplicate")]
    assert {outcome for _, outcome in outcomes(mock)} == {"delivered"}
    for each in control(mock, "GET", "callbacks").body["data"][-3:]:
        assert since(each["at"], each["attempts"][0]["sent"]) >= 60


def test_callback_of_a_file_that_is_not_there_yet_tells_so(stage: Stage, receive: Receive) -> None:
    """Only a later poll has the url."""
    receiver, mock = receive(), stage(changes={"answers.unready": "5", "callbacks.final_only": "true"})
    made = mock.accepted(replyUrl=receiver.url)
    run_out(mock)
    (told,) = receiver.received
    assert (told.body["video_status"], told.body["url"], told.body["output_width"]) == (1, "", 0)
    control(mock, "POST", "clock/advance", {"seconds": 5})
    assert video(mock, made)["url"]

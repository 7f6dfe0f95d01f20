"""A story in words, and where its steps stand on a timeline."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.findings import Finding, Passed
from contracts.report import story, words
from contracts.report.timeline import LEFT, timeline
from report import verdicts
from report.verdicts import Story


def of(events: Story, at: int | None = None) -> Finding:
    """A finding with this story."""
    return Finding(verdicts.SLOTS, "x", "a", "b", tuple(events.events), at)


def test_story_in_words() -> None:
    """A line for each step; what repeats itself is one; the offending one is marked."""
    slots = verdicts.findings()[0]
    lines = story.lines(slots)
    assert lines[0] == "    1 POST /v2/pixverse/videos/upscale -> 200, 3 times"
    assert lines[2] == "      10 s pass (the clock is moved)"
    assert [line for line in lines if line.startswith(">")] == [">   7 POST /v2/pixverse/videos/upscale -> 429"]
    assert lines[-1].startswith("    8 ")


def test_polls_are_one_step_with_their_pace() -> None:
    """Calls with the same wait between them; the wait behind the last stands by itself."""
    told = Story()
    for _ in range(4):
        told.call("getVideo", "GET", "/v2/x", 404).passed(10)
    assert story.lines(of(told)) == [
        "    1 GET /v2/x -> 404, 4 times, every 10 s",
        "      10 s pass (the clock is moved)",
    ]


def test_offending_call_is_never_folded() -> None:
    """It has a line of its own among its likes."""
    told = Story()
    for _ in range(6):
        told.upscale(200)
    steps = story.steps(of(told, 3))
    assert [(step.number, step.times, step.offends) for step in steps] == [
        (1, 3, False),
        (4, 1, True),
        (5, 1, False),
        (6, 1, False),
    ]


@pytest.mark.parametrize("different", [{"token": verdicts.OTHER}, {"body": {"x": 1}}, {"error": "reset"}])
def test_calls_that_differ_are_not_one(different: dict[str, object]) -> None:
    """In token, body or fate."""
    told = Story().call("o", "POST", "/x", 200).call("o", "POST", "/x", 200, **different).call("o", "POST", "/x", 200)
    assert len(story.steps(of(told))) == 3


def test_call_without_an_answer_says_why() -> None:
    """The status is 0, the words are not."""
    assert story.lines(of(Story().call("o", "GET", "/x", 0, error="time-out"))) == [
        "    1 GET /x -> no answer (time-out)"
    ]


def test_callback_tells_its_status() -> None:
    """And what it was answered."""
    (line,) = story.lines(of(Story().told("COMPLETED")))
    assert line == "    1 callback to http://127.0.0.1:9000/callback: COMPLETED, answered 200"


@given(st.lists(st.sampled_from("abcptx"), max_size=30), st.data())
def test_no_event_is_lost(kinds: list[str], data: st.DataObject) -> None:
    """Steps hold as many calls and callbacks as the story, in order, and as much time; the offending one stays."""
    told = Story()
    for kind in kinds:
        if kind == "p":
            told.passed(10)
        elif kind == "t":
            told.told("QUEUED")
        else:
            told.call("o", "GET", f"/{kind}", 200)
    at = data.draw(st.sampled_from([None, *range(len(kinds))]))
    steps = story.steps(of(told, at))
    assert sum(step.times for step in steps if step.number) == sum(kind != "p" for kind in kinds)
    numbers = [step.number for step in steps if step.number]
    assert numbers == sorted(set(numbers))
    passed = sum(step.event.seconds for step in steps if isinstance(step.event, Passed))
    assert passed + sum(step.every * (step.times - 1) for step in steps) == 10 * kinds.count("p")
    assert [step.event for step in steps if step.offends] == ([] if at is None else [told.events[at]])


@given(st.lists(st.sampled_from("abpPt"), min_size=1, max_size=30), st.integers(0, 40))
def test_marks_stand_apart_and_inside(kinds: list[str], at: int) -> None:
    """Nothing overlaps, nothing leaves the drawing, time runs to the right."""
    told = Story()
    for kind in kinds:
        if kind in "pP":
            told.passed(1e9 if kind == "P" else 0.1)
        elif kind == "t":
            told.told("GENERATING")
        else:
            told.call("aVeryLongOperationName", "GET", "/x", 200, token=kind)
    drawing = timeline(story.steps(of(told, at)), "something long that is wrong " * 5)
    pieces = [(mark.x - mark.width / 2, mark.x + mark.width / 2) for mark in drawing.marks]
    pieces += [(gap.x, gap.x + gap.width) for gap in drawing.gaps]
    pieces.sort()
    assert all(before[1] <= after[0] for before, after in pairwise(pieces))
    assert pieces[0][0] >= LEFT
    assert pieces[-1][1] <= drawing.width
    assert all(lane.y < drawing.axis < drawing.height for lane in drawing.lanes)


def test_each_token_has_a_lane_and_callbacks_the_last() -> None:
    """So that it is seen who did what."""
    told = Story("user:1-a").told("QUEUED").upscale(200).call("o", "GET", "/x", 200, token="user:2-b")
    drawing = timeline(story.steps(of(told)), "")
    assert [lane.name for lane in drawing.lanes] == ["user:1-a", "user:2-b", "callbacks"]


def test_longer_time_is_a_wider_gap() -> None:
    """In its bounds."""
    drawing = timeline(story.steps(of(Story().upscale(200).passed(1).upscale(200).passed(3_600).upscale(200))), "")
    first, second = drawing.gaps
    assert first.width < second.width
    assert [gap.length for gap in drawing.gaps] == ["1 s", "1 h"]


def test_offending_mark_is_named() -> None:
    """Above it, in words, within the drawing."""
    drawing = timeline(story.steps(of(Story().upscale(200), 0)), "429, too early" * 20)
    assert drawing.callout is not None
    assert drawing.callout.text.startswith("Here: 429, too early")
    assert drawing.callout.x + len(drawing.callout.text) * 7 <= drawing.width


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.0032, "3.2 ms"),
        (1, "1 s"),
        (59.94, "59.9 s"),
        (60, "1 min"),
        (95, "1 min 35 s"),
        (5_400, "1 h 30 min"),
        (176_400, "2 d 1 h"),
    ],
)
def test_durations_as_people_say_them(seconds: float, said: str) -> None:
    """The two largest units."""
    assert words.duration(seconds) == said

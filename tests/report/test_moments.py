"""The story of a client: its steps with their times, and the gaps among them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.findings import Call, Gap, Passed
from contracts.report import moments, words
from contracts.report.story import Step
from report import clients
from report.clients import Run


def said(run: Run, gap: Gap | None = None, at: int | None = None) -> list[str]:
    """The story of a finding in a run, in lines."""
    return moments.lines(run.finding(clients.PACE, "a", "b", run.events, at=at, gap=gap))


def test_steps_have_their_times_and_what_repeats_itself_is_one() -> None:
    """Polls that are answered alike are one line, with how often and until when."""
    run = Run("x")
    run.submit(0.2, 200)
    for number in range(5):
        run.poll(0.5 + 10 * number, 404)
    run.poll(50.5, 200, "COMPLETED", took=2.5)
    video = run.id(1)
    assert said(run) == [
        "    +0.20 s  POST /v2/pixverse/videos/upscale -> 200",
        f"    +0.50 s  GET /v2/pixverse/videos/{video} -> 404, 5 times, every 10 s, until +40.5 s",
        f"    +50.5 s  GET /v2/pixverse/videos/{video} -> 200 COMPLETED, took 2.5 s",
    ]


def test_uneven_pauses_have_no_pace() -> None:
    """Only how often, and until when."""
    run = Run("x")
    for at in (1, 1.1, 30):
        run.call(at, "o", "GET", "/x", 200)
    assert said(run) == ["    +1.00 s  GET /x -> 200, 3 times, until +30.0 s"]


def test_status_of_a_video_keeps_answers_apart() -> None:
    """Though all are 200."""
    run = Run("x")
    for number, name in enumerate(["QUEUED"] * 3 + ["GENERATING"] * 3):
        run.poll(number, 200, name)
    assert [line.partition(" -> ")[2].partition(",")[0] for line in said(run)] == ["200 QUEUED", "200 GENERATING"]


def test_gap_stands_between_its_two_calls() -> None:
    """Which are told by themselves, though they are like the others."""
    run = Run("x")
    calls = [run.submit(2.0 * number, 429, clients.BUSY) for number in range(8)]
    lines = said(run, clients.gap(calls[3], calls[4], "10 s are due"), at=4)
    assert [line[:12].strip() for line in lines] == ["+0.00 s", "+6.00 s", ">", ">   +8.00 s", "+10.0 s"]
    assert lines[2] == ">            gap: 2 s, 10 s are due"
    assert lines[0].endswith("-> 429, 3 times, every 2 s, until +4.00 s")


def test_gap_that_nothing_ended_stands_last() -> None:
    """A client that never tried again."""
    run = Run("x")
    run.submit(1.0, 429, clients.BUSY)
    assert said(run, Gap(1_004.0, 90_000.0, "nothing for 89 s"))[-1] == ">            gap: nothing for 89 s"


def test_callbacks_are_told_with_their_status_and_answer() -> None:
    """One that was not taken, too."""
    run = Run("x")
    run.told(1.0, "COMPLETED", 500)
    run.told(2.0, "COMPLETED", 0)
    assert said(run) == [
        f"    +1.00 s  callback COMPLETED to {clients.REPLY} -> 500",
        f"    +2.00 s  callback COMPLETED to {clients.REPLY} -> no answer",
    ]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (0, "+0.00 s"),
        (9_994, "+9.99 s"),
        (9_996, "+10.0 s"),
        (12_345, "+12.3 s"),
        (-4_000, "-4.00 s"),
        (3.6e6, "+3,600.0 s"),
    ],
)
def test_instants_as_seconds(at: float, said: str) -> None:
    """As precise as is of use."""
    assert words.clock(at) == said


@given(st.lists(st.sampled_from("abtp"), max_size=40), st.data())
def test_no_event_is_lost(kinds: list[str], data: st.DataObject) -> None:
    """Steps hold each event once, in order; the offending one and the ends of a gap are by themselves.

    Time that passes is none of them.
    """
    run = Run("x")
    for number, kind in enumerate(kinds):
        if kind == "t":
            run.told(number, "QUEUED")
        elif kind == "p":
            run.events.append(Passed(1.0, number * 1_000.0, moved=True))
        else:
            run.call(number, "o", "GET", f"/{kind}", 200)
    at = data.draw(st.sampled_from([None, *range(len(kinds))]))
    ends = sorted(data.draw(st.lists(st.integers(0, 40_000), min_size=2, max_size=2)))
    gap = Gap(float(ends[0]), float(ends[1]), "g")
    told = moments.folded(run.events, [gap], at)
    assert told.count(gap) == 1
    steps = [step for step in told if isinstance(step, Step)]
    assert sum(step.times for step in steps) == len(kinds) - kinds.count("p")
    assert [step.event.at for step in steps] == sorted(step.event.at for step in steps)
    offending = [] if at is None or kinds[at] == "p" else [run.events[at]]
    assert [step.event for step in steps if step.offends] == offending
    events = [event for event in run.events if not isinstance(event, Passed)]
    alone = {events[place].at for place in moments.edges(events, gap) if place is not None}
    assert alone <= {step.event.at for step in steps if step.times == 1}


def test_event_that_is_far_from_a_gap_is_not_its_end() -> None:
    """What nothing stands at, stands by itself."""
    run = Run("x")
    run.submit(1.0, 200)
    assert moments.edges(run.events, Gap(50_000.0, 60_000.0, "x")) == (None, None)
    assert moments.edges(run.events, Gap(1_004.0, 60_000.0, "x")) == (0, None)


def test_call_without_a_scenario_is_told_as_ever() -> None:
    """Stories of providers have no times."""
    run = Run("x")
    call = run.submit(1.0, 200)
    finding = replace(run.finding(clients.PACE, "a", "b", [call]), scenario="")
    assert moments.lines(finding) == [">   1 POST /v2/pixverse/videos/upscale -> 200"]
    assert isinstance(finding.story[0], Call)

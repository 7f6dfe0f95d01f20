"""The drawing of a run: to scale, inside its bounds, readable however much happened."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.findings import Bar, Course, Gap
from contracts.report import lanes
from contracts.report.course import LEFT, WIDTH, Drawing, Note, drawing
from contracts.report.scale import scale
from report import clients
from report.clients import Run

INSTANTS = st.floats(-1e4, 4e6, allow_nan=False)


def marks_of(drawn: Drawing) -> list[lanes.Mark]:
    """All marks."""
    return [mark for lane in drawn.lanes for mark in lane.marks]


def lane(drawn: Drawing, name: str) -> list[str]:
    """The names above the marks of a lane."""
    return [each.text for row in drawn.lanes if row.name == name for each in row.names]


def test_time_is_to_scale() -> None:
    """Twice the time is twice the way."""
    to = scale([], 0, 40_000, 100, 800)
    assert [to.x(at) for at in (0, 10_000, 20_000, 40_000)] == [100, 300, 500, 900]
    assert [(tick.x, tick.text) for tick in to.ticks][:3] == [(100, "0 s"), (200, "5 s"), (300, "10 s")]
    assert to.cuts == []


def test_idle_time_of_a_long_run_is_cut_out() -> None:
    """With a margin on both sides, and what is cut out is named."""
    to = scale([0, 2_000, 12_000, 140_000], 0, 150_000, 100, 800)
    (cut,) = to.cuts
    assert cut.length == "2 min 6 s"
    assert cut.width < 80
    assert to.x(12_000) < cut.x
    assert to.x(140_000) > cut.x + cut.width
    before, after = to.x(2_000) - to.x(0), to.x(142_000) - to.x(140_000)
    assert after == pytest.approx(before, abs=0.3)


@pytest.mark.parametrize(
    "instants",
    [
        [0, 30_000, 31_000],  # a single wait that is all there is
        [60_000 * number for number in range(30)],  # slow polls
        [10_000 * number for number in range(60)],  # polls as they should be
        [0, 30_000, 60_000, 90_000],  # a third of the time is busy
    ],
)
def test_time_that_is_of_use_is_not_cut_out(instants: list[float]) -> None:
    """Only where a run is much longer than it is busy."""
    assert scale(instants, 0, max(instants), 100, 800).cuts == []


@given(st.lists(INSTANTS, max_size=30), INSTANTS, st.floats(1, 1e7))
def test_scale_keeps_order_and_bounds(instants: list[float], start: float, length: float) -> None:
    """Whatever is cut out: later is further right, and nothing leaves the drawing."""
    to = scale(instants, start, start + length, 100, 800)
    places = [to.x(at) for at in sorted([*instants, start, start + length])]
    assert places == sorted(places)
    assert 99.9 <= places[0] <= places[-1] <= 900.1
    assert sum(stretch.width for stretch in to.stretches) == pytest.approx(800)
    assert all(before.x < after.x - 50 for before, after in pairwise(to.ticks))
    assert len(to.ticks) <= 20


@given(
    st.lists(
        st.tuples(st.floats(0, 900), st.sampled_from(["good", "refused", "told"]), st.booleans()),
        min_size=1,
        max_size=400,
    )
)
def test_marks_of_a_lane_are_all_counted_and_apart(told: list[tuple[float, str, bool]]) -> None:
    """However many there are: those that are too close are one, but for what is wrong; names do not overlap."""
    happened = [lanes.Happened(x, x, tone, tone, "t", focus=focus) for x, tone, focus in sorted(told)]
    found = lanes.marks(happened)
    assert sum(mark.count for mark in found) == len(told)
    assert sum(mark.focus for mark in found) == sum(focus for _, _, focus in told)
    free = [mark for mark in found if not mark.focus]
    if len(free) == len(found):
        assert len(found) <= 110
        assert all(before.left <= after.left for before, after in pairwise(found))
    for row in range(lanes.ROWS):
        names = [
            (name.x - lanes.width(name.text) / 2, name.x + lanes.width(name.text) / 2)
            for name in lanes.names(found)
            if name.row == row
        ]
        assert all(before[1] <= after[0] for before, after in pairwise(names))


def test_cluster_shows_its_count_and_its_kinds() -> None:
    """Also a single one that went otherwise than the many."""
    happened = [lanes.Happened(100 + number / 50, 0, "refused", "429", f"call {number}") for number in range(99)]
    happened.append(lanes.Happened(102, 0, "good", "200", "call 99"))
    (mark,) = lanes.marks(happened)
    assert lanes.count(mark) == "100"
    assert mark.shares == (("refused", 0.868), ("good", 0.132))
    assert mark.title == "100 at once: 429 99 times, 200. The first: call 0"


def test_like_answers_share_a_name() -> None:
    """Where there is no room for each."""
    run = Run("x")
    for number in range(60):
        run.poll(number, 404)
    run.poll(60, 200, "COMPLETED")
    drawn = drawing(run.course("x", 60.0))
    assert lane(drawn, "get video") == ["404 ×60", "200"]


def test_thousands_of_requests_are_few_marks() -> None:
    """And every request is among them."""
    (course,) = clients.flooding().courses
    drawn = drawing(course)
    assert sum(mark.count for mark in marks_of(drawn)) == 10_000
    assert len(marks_of(drawn)) < 100
    assert [name.partition(" ")[0] for name in lane(drawn, "submit")] == ["200/429", "429"]
    assert [cut.length for cut in drawn.scale.cuts] == ["1 min 56 s"]


def test_lanes_are_by_operation_and_callbacks_the_last() -> None:
    """Those alone that are needed, always in the same order."""
    run = Run("x")
    run.told(5, "COMPLETED")
    run.call(4, "", "GET", "/media/1.mp4", 200)
    run.call(4.5, "", "GET", "/nowhere", 404)
    run.call(3, "listRunning", "GET", "/v2/pixverse/scheduler", 200)
    run.call(2, "listVideos", "GET", "/v2/pixverse/videos", 200)
    run.poll(1, 200)
    run.submit(0, 200)
    drawn = drawing(run.course("x", 6))
    names = ["submit", "get video", "list", "scheduler", "other calls", "downloads", "callbacks"]
    assert [each.name for each in drawn.lanes] == names
    assert drawn.tones == ["good", "refused", "told"]


def test_callback_that_was_not_taken_is_broken() -> None:
    """Whatever it was answered instead."""
    run = Run("x")
    for at, answered in ((1, 200), (20, 302), (40, 500), (60, 0)):
        run.told(at, "COMPLETED", answered)
    drawn = drawing(run.course("x", 70))
    assert [mark.tone for mark in marks_of(drawn)] == ["told", "broken", "broken", "broken"]


def test_jobs_are_bars_with_their_statuses() -> None:
    """QUEUED, GENERATING, the end in its tone; one that goes on is open; those of others are called so."""
    run = Run("x")
    run.job(-5, -3, 30, ours=False, video_id="v")
    run.job(1, 10, 25, "FAILED")
    run.job(2, 12, None)
    drawn = drawing(run.course("x", 40))
    other, failed, going = drawn.jobs
    assert [row.name for row in drawn.jobs] == ["other job 1", "job 1", "job 2"]
    assert [piece.text for piece in failed.pieces] == ["QUEUED", "GENERATING"]
    assert [piece.waits for piece in failed.pieces] == [True, False]
    assert failed.ending is not None
    assert (failed.ending.text, failed.ending.tone) == ("FAILED", "broken")
    assert failed.x == failed.pieces[0].x == drawn.scale.x(1_000)
    assert failed.pieces[1].x + failed.pieces[1].width == pytest.approx(failed.ending.x)
    assert not failed.open
    assert going.open
    assert going.ending is None
    assert other.x == drawn.scale.x(0)
    assert not other.ours


def test_jobs_of_others_do_not_make_a_run_longer() -> None:
    """They may go on for hours."""
    run = Run("x")
    run.submit(1, 429)
    run.job(-5, -3, 9_000, ours=False, video_id="v")
    drawn = drawing(run.course("x", 12.0))
    assert drawn.scale.end == 12_000
    assert drawn.jobs[0].open


def test_more_jobs_than_can_be_drawn_are_counted() -> None:
    """The words name them."""
    run = Run("x")
    for number in range(30):
        run.job(number, number + 1, number + 3)
    drawn = drawing(run.course("x", 40))
    assert len(drawn.jobs) + drawn.left_out == 30
    assert len(drawn.jobs) == 8


def test_gap_is_a_bracket_between_its_two_marks() -> None:
    """Below their lane, with its words; both stand by themselves among their likes."""
    run = Run("x")
    calls = [run.submit(0.1 + number / 4, 429, clients.BUSY) for number in range(100)]
    wrong = clients.gap(calls[50], calls[51], "10 s are due")
    drawn = drawing(run.course("x", 30), [Note("too `soon`", wrong)])
    (row,) = drawn.lanes
    (bracket,) = row.brackets
    first, last = sorted(mark.x for mark in row.marks if mark.focus)
    assert bracket.right == last
    assert bracket.x == pytest.approx(first, abs=0.2)
    assert bracket.text == "too soon"
    assert row.y < bracket.y < bracket.text_y < drawn.axis
    assert not bracket.point


def test_what_is_wrong_may_be_one_call() -> None:
    """Then it is pointed at."""
    run = Run("x")
    run.submit(1, 200)
    again = run.submit(5, 200)
    (row,) = drawing(run.course("x", 10), [Note("again", event=again)]).lanes
    (bracket,) = row.brackets
    assert bracket.point
    assert [mark.x for mark in row.marks if mark.focus] == [bracket.x]


def test_gap_without_calls_is_drawn_all_the_same() -> None:
    """In the first lane that there is."""
    run = Run("x")
    run.submit(1, 429)
    drawn = drawing(run.course("x", 60), [Note("nothing came", Gap(20_000, 50_000, ""))])
    assert [bracket.text for row in drawn.lanes for bracket in row.brackets] == ["nothing came"]


def test_part_of_a_run_has_its_own_scale() -> None:
    """And shows what happened in it alone."""
    run = Run("x")
    for number in range(10):
        run.submit(number * 10, 429)
    run.job(0, 5, 95)
    drawn = drawing(run.course("x", 100), window=(28_000, 42_000))
    assert [mark.x for mark in marks_of(drawn)] == [drawn.scale.x(30_000), drawn.scale.x(40_000)]
    assert drawn.jobs[0].open
    assert drawn.ended is None
    assert drawn.scale.ticks[0].text == "28 s"


@given(
    st.lists(st.tuples(st.floats(0, 3_000), st.sampled_from("splot"), st.floats(0, 50)), max_size=60),
    st.lists(st.tuples(INSTANTS, INSTANTS, st.booleans()), max_size=12),
    st.floats(0, 4_000),
    st.lists(st.tuples(INSTANTS, INSTANTS), max_size=8),
)
def test_nothing_leaves_the_drawing(
    events: list[tuple[float, str, float]],
    jobs: list[tuple[float, float, bool]],
    seconds: float,
    gaps: list[tuple[float, float]],
) -> None:
    """Whatever happened whenever."""
    run = Run("x")
    for at, kind, took in events:
        if kind == "s":
            run.submit(at, 200, took=took)
        elif kind == "t":
            run.told(at, "GENERATING")
        else:
            run.call(at, {"p": "getVideo", "l": "listVideos"}.get(kind, ""), "GET", "/x", 404, took=took)
    course = run.course("x", seconds)
    bars = [
        Bar("v", min(a, b), max(a, b) if ended else None, ((min(a, b), "QUEUED"), (max(a, b), "COMPLETED")), 20)
        for a, b, ended in jobs
    ]
    notes = [Note("something long that is wrong " * 4, Gap(min(pair), max(pair), "")) for pair in gaps]
    drawn = drawing(Course("x", "", "", seconds, course.events, tuple(bars)), notes)
    for mark in marks_of(drawn):
        assert LEFT <= mark.left <= mark.right <= WIDTH
    for row in drawn.jobs:
        assert LEFT <= row.x <= row.x + row.width <= WIDTH
        assert all(piece.width >= 0 for piece in row.pieces)
    for each in drawn.lanes:
        assert 0 < each.y < drawn.axis < drawn.height
        for bracket in each.brackets:
            assert LEFT <= bracket.x <= bracket.right <= WIDTH
            assert bracket.text_y < drawn.axis

"""What is right and wrong with the callbacks of a job, judged without a provider."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.contract import Contract
from contracts.findings import Sent, Told
from contracts.verify.callbacks import rules
from contracts.verify.callbacks.judging import Job, Said, Wrong, between, carries, judge, readable

CONTRACT = Contract.load()
LIFECYCLE = CONTRACT.lifecycle
CALLBACK = CONTRACT.callbacks[0]
VIDEO = "user:12345-pixverse:demo@example.com-video:2"
URL = "http://127.0.0.1:9000/hook"
ENDS = [number for number, status in LIFECYCLE.statuses.items() if status.final]
START, MIDDLE = 5, 10


def video(number: int, **fields: Any) -> dict[str, Any]:
    status = LIFECYCLE.statuses[number]
    return {
        "video_id": VIDEO,
        "video_status": number,
        "video_status_name": status.name,
        "video_status_final": status.final,
        "url": f"file-{number}",
        **fields,
    }


def told(body: Any, *headers: tuple[str, str], method: str = "POST") -> Told:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Told(Sent(method, URL, headers or (("Content-Type", "application/json"),), content), 200, 0.0)


def job(numbers: Sequence[int], *, reference: str | None = "a", end: int | None = None, **fields: Any) -> Job:
    """A job whose callbacks told these statuses, each in a step of its own."""
    made = Job(VIDEO, URL, reference, **fields)
    for step, number in enumerate(numbers):
        body = video(number, replyUrl=URL, **({} if reference is None else {"replyRef": reference}))
        made.said.append(Said(told(body), body, step))
    made.final = None if end is None else video(end)
    return made


def broken(made: Job) -> list[str]:
    return [wrong.rule.id.partition("/")[2] for wrong in judge(made, LIFECYCLE)]


legal = st.builds(
    lambda queued, progress, end: [*([START] if queued else []), *[MIDDLE] * progress, end],
    st.booleans(),
    st.integers(1, 4),
    st.sampled_from(ENDS),
)


@given(legal)
def test_what_the_life_cycle_allows_is_right(numbers: list[int]) -> None:
    assert broken(job(numbers, end=numbers[-1])) == []


@given(legal, st.data())
def test_what_comes_after_the_end_is_wrong(numbers: list[int], data: st.DataObject) -> None:
    later = data.draw(st.sampled_from([number for number in LIFECYCLE.statuses if number != numbers[-1]]))
    assert "order" in broken(job([*numbers, later], end=numbers[-1]))


@given(legal)
def test_end_is_owed_once(numbers: list[int]) -> None:
    assert "final-told" in broken(job(numbers[:-1], end=numbers[-1]))
    assert broken(job([*numbers, numbers[-1]], end=numbers[-1])) == ["none-twice"]


@pytest.mark.parametrize(
    ("numbers", "rule"),
    [([1], "each-status-told"), ([10, 5, 10, 1], "order"), ([1, 10], "order"), ([5, 5, 10, 1], "none-twice")],
)
def test_other_sequences_are_wrong(numbers: list[int], rule: str) -> None:
    assert broken(job(numbers, end=1)) == [rule]


def test_progress_is_told_twice_when_no_time_passed() -> None:
    made = job([10, 10, 1], end=1)
    assert broken(made) == []
    made.said[1] = made.said[1]._replace(step=made.said[0].step)
    assert broken(made) == ["none-twice"]


def test_nothing_is_owed_before_the_end() -> None:
    assert broken(job([10])) == []


@pytest.mark.parametrize("reference", [None, "", "a", "\U0001f600" * 1024, "0"])
@pytest.mark.parametrize("back", [None, "", "b", "?", 0])
def test_reference_comes_back_as_it_was(reference: str | None, back: Any) -> None:
    made = job([10, 1], reference=reference, end=1)
    assert broken(made) == []
    changed = {**made.said[0].video, "replyRef": back}
    made.said[0] = made.said[0]._replace(video=changed)
    assert broken(made) == ([] if reference is None and back is None else ["reply-ref"] if reference != back else [])


def test_address_in_the_body_is_the_given_one() -> None:
    made = job([10, 1], end=1)
    made.url = f"{URL}/"
    assert broken(made) == ["reply-url", "reply-url"]


@pytest.mark.parametrize("field", ["url", "seed", "created_at"])
def test_end_is_what_get_says(field: str) -> None:
    made = job([10, 1], end=1)
    made.final = {**video(1), field: "another"}
    assert broken(made) == ["same-as-get"]


def test_progress_is_what_the_list_said_at_that_step() -> None:
    made = job([10, 10, 1], end=1)
    made.shown = {0: video(10), 1: video(10, url="another"), 2: video(1, url="another")}
    assert broken(made) == ["same-as-get"]


def test_list_that_is_a_status_ahead_says_nothing_of_a_callback() -> None:
    made = job([10, 1], end=1)
    made.shown = {0: video(1)}
    assert broken(made) == []


@pytest.mark.parametrize("field", ["video_status_name", "video_status_final"])
def test_status_is_a_line_of_the_life_cycle(field: str) -> None:
    made = job([10, 1], end=1)
    made.final = None
    made.said[1] = made.said[1]._replace(video={**made.said[1].video, field: "x"})
    assert broken(made) == ["life-cycle"]


def test_what_waits_may_call_itself_final() -> None:
    made = job([5, 10, 1], end=1)
    made.said[0] = made.said[0]._replace(video={**made.said[0].video, "video_status_final": True})
    assert broken(made) == []


def test_nothing_may_follow_a_cancellation() -> None:
    assert broken(job([10], allowed=1, end=1)) == []
    assert broken(job([10, 1], allowed=1, end=1)) == ["none-after-cancel"]


def test_nothing_may_follow_a_410() -> None:
    assert broken(job([10], gone=True, end=1)) == []
    assert broken(job([10, 1], gone=True, end=1)) == ["none-after-410"]


def test_receiver_in_trouble_may_be_called_again() -> None:
    assert broken(job([10, 1, 1], trouble=True, end=1)) == []


@pytest.mark.parametrize(
    ("body", "headers", "rule"),
    [
        (b"{", (), rules.FORM),
        (b"[]", (), rules.FORM),
        (b"\xff", (), rules.FORM),
        (b"[" * 100_000, (), rules.FORM),
        (video(1, replyUrl=URL), (("content-type", "text/plain"),), rules.FORM),
        (video(1, replyUrl=URL), (("x", "y"),), rules.FORM),
        (video(1), (), rules.SCHEMA),
        (video(1, replyUrl=URL, video_status="1"), (), rules.SCHEMA),
    ],
)
def test_form_of_a_callback(body: Any, headers: tuple[tuple[str, str], ...], rule: Any) -> None:
    _, wrongs = readable(told(body, *headers), CALLBACK)
    assert [wrong.rule for wrong in wrongs] == [rule]


def test_good_callback_has_no_fault_of_form() -> None:
    body = video(1, replyUrl=URL)
    assert readable(told(body, ("Content-Type", "Application/JSON; charset=utf-8")), CALLBACK) == (body, [])
    assert [wrong.rule for wrong in readable(told(body, method="PUT"), CALLBACK)[1]] == [rules.FORM]


def test_statuses_between_are_read_from_the_life_cycle() -> None:
    assert between(LIFECYCLE, 1) == between(LIFECYCLE, 8) == ["GENERATING"]
    assert between(LIFECYCLE, MIDDLE) == []


def test_token_in_a_callback_is_seen() -> None:
    assert carries(told(b"{}", ("Authorization", "Bearer user:1-abcdefgh")), ["user:1-abcdefgh"])
    assert not carries(told(b"{}"), ["user:1-abcdefgh"])


def test_finding_names_the_callback_that_shows_it() -> None:
    made = job([10, 1, 10], end=1)
    wrong = next(iter(judge(made, LIFECYCLE)))
    assert isinstance(wrong, Wrong)
    assert wrong.told is made.said[2].told

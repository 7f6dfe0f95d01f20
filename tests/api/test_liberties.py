"""What a scenario does to answers within the contract: each liberty as a client sees it, and all of them together."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from api.mock import ACCOUNTS, EMAIL, FEATURES, OTHER, SCHEDULER, UPSCALE, USER, VIDEOS, Answer, MakeMock, Mock
from mockserver import refusing
from mockserver.scenario import Answers

ALL: Final = {
    "answers.extra_fields": "true",
    "answers.absent_fields": "true",
    "answers.early_url": "true",
    "answers.unready": "30",
    "answers.order": "oldest",
    "answers.long_ids": "true",
    "answers.shuffled_keys": "true",
    "answers.spaced": "true",
    "answers.escaped": "true",
    "answers.charset": "true",
    "answers.processing": "200",
    "answers.queued_is_final": "true",
    "answers.retry_after": "slot",
}


def objects(node: Any) -> list[dict[str, Any]]:
    """Every object in a JSON value."""
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in objects(value))]
    return [found for value in node for found in objects(value)] if isinstance(node, list) else []


def tour(mock: Mock) -> list[Answer]:
    """An answer of every operation, and refusals of several kinds."""
    made = mock.accepted(replyRef="order-7")
    account = {"email": OTHER, "password": "secret", "maxJobs": 2}
    calls: list[tuple[str, str, Any, str]] = [
        ("GET", VIDEOS, None, f"email={EMAIL}"),
        ("GET", f"{VIDEOS}/{made}", None, ""),
        ("GET", f"{SCHEDULER}/", None, ""),
        ("GET", f"{SCHEDULER}/available", None, ""),
        ("GET", ACCOUNTS, None, ""),
        ("GET", f"{ACCOUNTS}/{EMAIL}", None, ""),
        ("GET", f"{ACCOUNTS}/nobody@example.com", None, ""),
        ("GET", FEATURES, None, ""),
        ("GET", USER, None, ""),
        ("POST", USER, {"name": "demo"}, ""),
        ("POST", UPSCALE, {"video_id": mock.number(5)}, ""),
        ("POST", UPSCALE, {"video_id": mock.number(429)}, ""),
        ("POST", UPSCALE, {"video_id": 5}, ""),
        ("POST", f"{ACCOUNTS}/{OTHER}", account, ""),
        ("DELETE", f"{SCHEDULER}/{made}", None, ""),
        ("DELETE", f"{VIDEOS}/{mock.video_id()}", None, ""),
        ("DELETE", f"{ACCOUNTS}/{OTHER}", None, ""),
        ("POST", UPSCALE, {"video_id": mock.video_id(), "maxJobs": 8}, ""),
    ]
    return [mock.call(method, path, body, query=query) for method, path, body, query in calls]


def test_without_liberties_answers_are_as_always(make_mock: MakeMock) -> None:
    """Compact JSON, keys in the contract's order, nothing new: none of this is on unless asked for."""
    mock = make_mock()
    assert mock.guarded.liberties is None
    for answer in tour(mock):
        assert answer.headers["content-type"] == "application/json"
        assert json.dumps(answer.body, separators=(",", ":"), ensure_ascii=False).encode() == answer.content
        assert all("new_field" not in found for found in objects(answer.body))


def test_all_liberties_together_keep_the_contract(make_mock: MakeMock) -> None:
    """A strict mock raises for an answer that does not; the statuses are the same."""
    plain, free = make_mock(), make_mock(changes=ALL)
    statuses = [answer.status for answer in tour(plain)]
    statuses[1] = 200  # the video that is processed
    assert [answer.status for answer in tour(free)] == statuses
    free.finish()
    free.get(VIDEOS)


def test_new_fields_are_in_every_object(make_mock: MakeMock) -> None:
    """Nested, too; but not where keys are names."""
    mock = make_mock(changes={"answers.extra_fields": "true"})
    for answer in tour(mock):
        lacking = [found for found in objects(answer.body) if "new_field" not in found and "deep" not in found]
        names = [found for found in lacking if EMAIL in found or "pixverse" in found]
        inside = [found for found in lacking if set(found) == {"since", "values"}]
        assert len(lacking) == len(names) + len(inside)
    assert set(mock.get(ACCOUNTS)) == {EMAIL}


@pytest.mark.parametrize(("limits", "cost"), [({}, 20), ({"limits.credits": "false"}, 0)])
def test_upscale_says_what_it_cost(limits: dict[str, str], cost: int, make_mock: MakeMock) -> None:
    """As other calls of the vendor do."""
    mock = make_mock(changes={"answers.extra_fields": "true", **limits})
    assert mock.upscale().body["cost_credits"] == cost
    assert "cost_credits" not in mock.upscale(mock.number(412)).body


def test_empty_optional_fields_are_left_out(make_mock: MakeMock) -> None:
    """What tells identity and status stays, and so does what the request named."""
    mock = make_mock(changes={"answers.absent_fields": "true", "answers.processing": "200"})
    made = mock.accepted(replyRef="")
    video = mock.get(f"{VIDEOS}/{made}")
    assert not {"url", "output_width", "lip_sync", "customer_paths", "last_frame", "likes"} & set(video)
    assert (video["video_id"], video["video_status_final"], video["replyRef"]) == (made, False, "")
    assert all(value not in ("", 0, None, {}) for key, value in video.items() if key not in ("replyRef", FINAL))


FINAL: Final = "video_status_final"


def test_url_comes_early(make_mock: MakeMock) -> None:
    """It leads to the source's size until the end, then to the upscale's; a failed video has none."""
    mock = make_mock(
        changes={"answers.early_url": "true", "answers.processing": "200", "jobs.endings": "[COMPLETED, FAILED]"}
    )
    made, failing = mock.accepted(), mock.accepted()
    early = mock.get(f"{VIDEOS}/{made}")
    assert early["video_status_name"] == "QUEUED"
    assert early["url"].endswith("-960x540.mp4")
    mock.finish()
    assert mock.get(f"{VIDEOS}/{made}")["url"].endswith("-3840x2160.mp4")
    assert mock.get(f"{VIDEOS}/{failing}")["url"] == ""


def test_file_is_there_some_time_after_the_end(make_mock: MakeMock) -> None:
    """COMPLETED, without a size and a url; then with them. Sources have theirs."""
    changes = {"answers.unready": "30.5", "jobs.shortest": "60", "jobs.longest": "60"}
    mock = make_mock(changes=changes)
    made = mock.accepted()
    mock.advance(60)
    for _ in range(2):
        video = mock.get(f"{VIDEOS}/{made}")
        assert (video["video_status"], video["output_width"], video["url"], video["first_frame"]) == (1, 0, "", "")
    assert mock.get(f"{VIDEOS}/{mock.video_id()}")["url"]
    mock.advance(30.499)
    assert mock.get(f"{VIDEOS}/{made}")["output_width"] == 0
    mock.advance(0.001)
    assert mock.get(f"{VIDEOS}/{made}")["output_width"] == 3840


def test_oldest_videos_come_first(make_mock: MakeMock) -> None:
    """Pages are parts of that order."""
    newest, oldest = make_mock(), make_mock(changes={"answers.order": "oldest"})
    listed = [[video["video_id"] for video in mock.get(VIDEOS)["data"]] for mock in (newest, oldest)]
    assert listed[0] == listed[1][::-1]
    page = oldest.get(VIDEOS, "limit=2&offset=1")["data"]
    assert [video["video_id"] for video in page] == listed[1][1:3]
    assert oldest.get(VIDEOS, "offset=99")["data"] == []


def test_ids_are_long_and_stay_apart(make_mock: MakeMock) -> None:
    """A client that takes the number for one of JavaScript's asks for another video."""
    mock = make_mock(changes={"answers.long_ids": "true", "answers.processing": "200"})
    made = mock.accepted()
    assert len(made.rpartition(":")[2]) == 18
    assert mock.get(f"{VIDEOS}/{made}")["video_id"] == made


def test_keys_are_shuffled_by_the_seed(make_mock: MakeMock) -> None:
    """The same answer is the same bytes; the value is what it would be."""
    plain, mock = make_mock(), make_mock(changes={"answers.shuffled_keys": "true"})
    (first, again), usual = [mock.call("GET", VIDEOS) for _ in range(2)], plain.call("GET", VIDEOS)
    assert first.content == again.content != usual.content
    assert first.body == usual.body
    assert list(first.body["data"][0]) != list(usual.body["data"][0])


@pytest.mark.parametrize(
    ("liberty", "holds"),
    [
        (
            "spaced",
            lambda content: content.count(b"\n") > 40 and content.endswith(b"}\n") and b'"video_id" : "' in content,
        ),
        (
            "escaped",
            lambda content: b"/" not in content.replace(b"\\/", b"") and b"@" not in content and content.isascii(),
        ),
    ],
)
def test_json_is_written_otherwise(liberty: str, holds: Callable[[bytes], bool], make_mock: MakeMock) -> None:
    """The value is the same."""
    mock, plain = make_mock(changes={f"answers.{liberty}": "true"}), make_mock()
    answer, usual = mock.call("GET", VIDEOS), plain.call("GET", VIDEOS)
    assert holds(answer.content)
    assert not holds(usual.content)
    assert answer.body == usual.body


def test_content_type_names_the_charset(make_mock: MakeMock) -> None:
    """In refusals, too."""
    mock = make_mock(changes={"answers.charset": "true"})
    answers = [mock.call("GET", VIDEOS), mock.upscale(mock.number(5)), mock.upscale(mock.number(412))]
    assert {answer.headers["content-type"] for answer in answers} == {"application/json; charset=utf-8"}


def test_answers_without_a_sandbox_are_as_always(make_mock: MakeMock) -> None:
    """A scenario is a sandbox's."""
    mock = make_mock(changes=ALL)
    answer = mock.call("GET", VIDEOS, headers={"Authorization": "Bearer nonsense"})
    assert (answer.status, answer.content) == (401, b'{"error":"Unauthorized","code":401}')


def test_prefer_and_faults_take_the_liberties(make_mock: MakeMock) -> None:
    """Their documented answers look like all others; what the contract does not have stays as it was written."""
    mock = make_mock(
        changes={"answers.extra_fields": "true", "faults": "[{fault: account-busy}, {status: 503, body: {a: 1}}]"}
    )
    assert "new_field" in mock.upscale().body
    assert mock.upscale().body == {"a": 1}
    preferred = mock.call("GET", VIDEOS, headers={"Prefer": "code=401"})
    assert (preferred.status, set(preferred.body)) == (401, {"error", "code", "new_field"})


# Retry-After


def fill(mock: Mock) -> None:
    for _ in range(3):
        mock.accepted()


def test_no_retry_after_unless_asked_for(make_mock: MakeMock) -> None:
    """The vendor's page names none."""
    mock = make_mock()
    fill(mock)
    assert "retry-after" not in mock.upscale().headers


@pytest.mark.parametrize("seconds", [0, 15])
def test_retry_after_of_so_many_seconds(seconds: int, make_mock: MakeMock) -> None:
    """Beside every 429 of an upscale, however it came about, and beside nothing else."""
    mock = make_mock(changes={"answers.retry_after": str(seconds)})
    assert "retry-after" not in mock.upscale().headers
    for number in (429, 4292, 4293):
        answer = mock.upscale(mock.number(number))
        assert (answer.status, answer.headers["retry-after"]) == (429, str(seconds))
    assert "retry-after" not in mock.upscale(mock.number(412)).headers
    assert mock.upscale(maxJobs=1).headers["retry-after"] == str(seconds)
    forced = mock.call("POST", UPSCALE, {"video_id": mock.video_id()}, headers={"Prefer": "code=429"})
    assert forced.headers["retry-after"] == str(seconds)


@pytest.mark.parametrize("max_jobs", [None, 1, 2])
def test_retry_after_of_a_slot_is_kept(max_jobs: int | None, make_mock: MakeMock) -> None:
    """Who waits so long gets in, and who waits two seconds less does not."""
    mock = make_mock(changes={"answers.retry_after": "slot"})
    fill(mock)
    asked = {} if max_jobs is None else {"maxJobs": max_jobs}
    refused = mock.upscale(**asked)
    seconds = int(refused.headers["retry-after"])
    assert (refused.status, seconds > 30) == (429, True)
    mock.advance(seconds - 2)
    assert int(mock.upscale(**asked).headers["retry-after"]) <= 2
    mock.advance(2)
    assert mock.upscale(**asked).status == 200


def test_retry_after_of_a_slot_upstream_counts_cancelled_jobs(make_mock: MakeMock) -> None:
    """They hold no slot here, but one at PixVerse."""
    mock = make_mock(changes={"answers.retry_after": "slot", "accounts": f"[{{email: {EMAIL}, concurrency: 1}}]"})
    made = mock.accepted()
    mock.call("DELETE", f"{SCHEDULER}/{made}")
    refused = mock.upscale()
    assert refused.body == {"error": "Reached the limit for concurrent generations."}
    mock.advance(int(refused.headers["retry-after"]))
    assert mock.upscale().status == 200


def test_retry_after_of_a_slot_is_missing_where_none_will_be_free(make_mock: MakeMock) -> None:
    """A plan without any; and a 429 while nothing runs."""
    mock = make_mock(changes={"answers.retry_after": "slot", "accounts": f"[{{email: {EMAIL}, concurrency: 0}}]"})
    for answer in (mock.upscale(), mock.upscale(mock.number(429))):
        assert answer.status == 429
        assert "retry-after" not in answer.headers


@pytest.mark.parametrize(("pace", "share"), [(1, 1), (60, 60), (0.5, 0.5)])
def test_retry_after_of_a_slot_is_in_the_clients_seconds(pace: float, share: float, make_mock: MakeMock) -> None:
    """A clock that runs faster lets clients wait less; never less than a second."""
    mock = make_mock()
    fill(mock)
    ends = min(job.steps[-1][0] for job in mock.sandbox.running.values())
    wanted = max(1, -int(-(ends - mock.sandbox.now) // (1_000 * share)))
    named = {"email": EMAIL}
    found = refusing.retry_after("account-busy", Answers(retry_after="slot"), mock.sandbox, pace, named)
    assert found == ((b"retry-after", b"%d" % wanted),)
    mock.sandbox.advance(ends - 1)
    assert refusing.retry_after("account-busy", Answers(retry_after="slot"), mock.sandbox, pace, named) == (
        (b"retry-after", b"1"),
    )

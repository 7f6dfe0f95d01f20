"""The list of videos, one video, deleting; what an upscale's video looks like on its way."""

from typing import Any

import pytest

from api.mock import EMAIL, HOST, OTHER, UPSCALE, VIDEOS, MakeMock, Mock
from mockserver.clock import START
from mockserver.instants import seconds


def ids(page: Any) -> list[str]:
    return [video["video_id"] for video in page["data"]]


def state(video: dict[str, Any]) -> tuple[int, str, bool]:
    return video["video_status"], video["video_status_name"], video["video_status_final"]


# The list


def test_list_is_newest_first(mock: Mock) -> None:
    """Upscales stand before the videos they were made from."""
    first, second = mock.accepted(), mock.accepted()
    page = mock.get(VIDEOS)
    assert ids(page)[:3] == [second, first, mock.video_id(index=4)]
    assert len(page["data"]) == 7


def test_dates_agree_with_the_order(mock: Mock) -> None:
    """The newest has the latest date; none is in the future."""
    mock.accepted()
    dates = [video["created_at"] for video in mock.get(VIDEOS)["data"]]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == seconds(START)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=2", [0, 1]),
        ("limit=2&offset=1", [1, 2]),
        ("offset=3", [3, 4]),
        ("offset=5", []),
        ("offset=2147483647&limit=100", []),
        ("limit=100", [0, 1, 2, 3, 4]),
        ("limit=007", [0, 1, 2, 3, 4]),
        (f"email={EMAIL}&limit=1", [0]),
        ("email=demo%40example.com&limit=1", [0]),
    ],
)
def test_list_is_paged(query: str, expected: list[int], mock: Mock) -> None:
    """`limit` videos after `offset`, counted from the newest."""
    every = ids(mock.get(VIDEOS))
    assert ids(mock.get(VIDEOS, query)) == [every[index] for index in expected]


def test_list_has_forty_videos_by_default(make_mock: MakeMock) -> None:
    """And a hundred at most."""
    mock = make_mock(changes={"accounts": f"[{{email: {EMAIL}, videos: 150}}]"})
    assert len(mock.get(VIDEOS)["data"]) == 40
    assert len(mock.get(VIDEOS, "limit=100")["data"]) == 100


def test_pages_follow_each_other_without_gap(mock: Mock) -> None:
    """Walking by offset meets each video once."""
    walked = [video_id for offset in range(0, 6, 2) for video_id in ids(mock.get(VIDEOS, f"limit=2&offset={offset}"))]
    assert walked == ids(mock.get(VIDEOS))


def test_list_needs_an_email_with_several_accounts(mock: Mock) -> None:
    """With one it is optional."""
    mock.link(OTHER)
    answer = mock.call("GET", VIDEOS)
    text = "email is required when several accounts are configured, got none"
    assert (answer.status, answer.body) == (400, {"error": text, "code": 400})
    assert all(OTHER in video_id for video_id in ids(mock.get(VIDEOS, f"email={OTHER}")))


def test_list_of_no_account_is_empty(mock: Mock) -> None:
    """Nothing is wrong with having no videos."""
    mock.call("DELETE", f"/v2/pixverse/accounts/{EMAIL}")
    assert mock.get(VIDEOS) == {"data": []}


# One video


def test_finished_video_is_the_one_of_the_list(mock: Mock) -> None:
    """The same object by its id."""
    (video,) = mock.get(VIDEOS, "limit=1")["data"]
    assert mock.get(f"{VIDEOS}/{video['video_id']}") == video
    assert state(video) == (1, "COMPLETED", True)
    assert (video["upscaled"], video["original_video_id"]) == (0, 0)


def test_upscale_goes_through_its_statuses(mock: Mock) -> None:
    """QUEUED, GENERATING, COMPLETED, as the list shows it."""
    mock.accepted()
    seen: list[tuple[int, str, bool]] = []
    for _ in range(61):
        (video,) = mock.get(VIDEOS, "limit=1")["data"]
        seen += [state(video)] if state(video) not in seen else []
        mock.advance(10)
    assert seen == [(5, "QUEUED", False), (10, "GENERATING", False), (1, "COMPLETED", True)]


def test_upscale_is_not_found_while_it_is_processed(mock: Mock) -> None:
    """The list has it, its id is answered 404 until it is finished."""
    made = mock.accepted()
    answer = mock.call("GET", f"{VIDEOS}/{made}")
    assert (answer.status, answer.body) == (404, {"error": f"Video {made} not found"})
    mock.finish()
    assert state(mock.get(f"{VIDEOS}/{made}")) == (1, "COMPLETED", True)


def test_processed_video_is_found_where_the_switch_says_so(make_mock: MakeMock) -> None:
    """`answers.processing` 200: as later clients of the vendor expect."""
    mock = make_mock(changes={"answers.processing": "200"})
    made = mock.accepted()
    video = mock.get(f"{VIDEOS}/{made}")
    assert state(video) == (5, "QUEUED", False)
    assert (video["url"], video["output_width"], video["output_height"]) == ("", 0, 0)


def test_queued_is_final_where_the_switch_says_so(make_mock: MakeMock) -> None:
    """`answers.queued_is_final`: the letter of the vendor's older page; GENERATING is not concerned."""
    mock = make_mock(changes={"answers.queued_is_final": "true", "jobs": "{shortest: 600}"})
    mock.accepted()
    assert state(mock.get(VIDEOS)["data"][0]) == (5, "QUEUED", True)
    mock.advance(599)
    assert state(mock.get(VIDEOS)["data"][0]) == (10, "GENERATING", False)


def test_finished_upscale_is_in_4k_and_names_its_source(mock: Mock) -> None:
    """The source's picture, larger, in the same direction."""
    for index in range(5):
        source = mock.get(f"{VIDEOS}/{mock.video_id(index=index)}")
        made = mock.accepted(source["video_id"])
        mock.finish()
        video = mock.get(f"{VIDEOS}/{made}")
        landscape = source["output_width"] > source["output_height"]
        assert (video["output_width"], video["output_height"]) == ((3840, 2160) if landscape else (2160, 3840))
        assert (video["original_video_id"], video["upscaled"]) == (source["video_id"], 1)
        assert {key: video[key] for key in ("prompt", "quality", "duration")} == {
            key: source[key] for key in ("prompt", "quality", "duration")
        }


UNUSED: dict[str, Any] = {
    **dict.fromkeys(("asset_id", "auto_character_prompt", "likes", "extended", "img_id", "relation_type"), 0),
    **dict.fromkeys(("last_frame", "model_name", "motion_brush", "asset_name", "asset_img_url", "avatar"), ""),
    **dict.fromkeys(("template_name", "template_thumbnail_url", "template_thumbnail_video_url"), ""),
    **dict.fromkeys(("template_i18n_json", "workflow_tag", "style", "negative_prompt"), ""),
    "template_id": 0,
    "customer_paths": None,
    "queue_data": {"queue_time": 1, "queue_count": 0},
}
"""Fields that the mock only has because the vendor's object has them, with the vendor's own empty values."""


@pytest.mark.parametrize(("upscaled", "expected"), [(0, {"lip_sync": {}}), (1, {"lip_sync": None, "seed": 0})])
def test_video_has_every_field_of_the_contract(upscaled: int, expected: dict[str, Any], mock: Mock) -> None:
    """None is missing that the vendor's object has, and the unused ones are empty."""
    if upscaled:
        mock.accepted()
        mock.finish()
    video = mock.get(VIDEOS)["data"][0]
    properties = mock.api.contract.document.data["components"]["schemas"]["Video"]["properties"]
    assert set(video) == set(properties) - {"replyUrl", "replyRef"}
    assert {**UNUSED, **expected, "upscaled": upscaled, "remove_watermark": upscaled}.items() <= video.items()
    assert (video["nick_name"], bool(video["seed"])) == ("demo", not upscaled)
    assert video["url"].removesuffix(".mp4") == video["first_frame"].removesuffix(".jpg")


def test_url_is_built_on_the_host_of_the_jobs_request(mock: Mock) -> None:
    """Not on that of whoever looks."""
    answer = mock.call("POST", UPSCALE, {"video_id": mock.video_id()}, headers={"Host": "mock.test:1234"})
    made = answer.body["video_id"]
    mock.finish()
    number = made.rpartition(":")[2]
    video = mock.get(f"{VIDEOS}/{made}")
    assert video["url"] == f"http://mock.test:1234/media/{number}-3840x2160.mp4"
    assert mock.get(f"{VIDEOS}/{mock.video_id()}")["url"].startswith(f"http://{HOST}/media/")


def test_url_is_built_on_the_public_url(make_mock: MakeMock) -> None:
    """Where one is set."""
    mock = make_mock(public_url="https://mock.example/base")
    assert mock.get(VIDEOS)["data"][0]["url"].startswith("https://mock.example/base/media/")


@pytest.mark.parametrize("number", [7, 8])
def test_failed_upscale_has_no_file(number: int, mock: Mock) -> None:
    """It is final all the same, and found."""
    made = mock.accepted(mock.number(number))
    mock.finish()
    video = mock.get(f"{VIDEOS}/{made}")
    assert state(video) == (number, {7: "MODERATED", 8: "FAILED"}[number], True)
    assert (video["url"], video["output_width"]) == ("", 0)


def test_reply_fields_come_back(mock: Mock) -> None:
    """In the list at once, by the id when the video is finished; others have none."""
    fields = {"replyUrl": "http://127.0.0.1:9000/callback", "replyRef": "order-17"}
    made = mock.accepted(**fields)
    assert fields.items() <= mock.get(VIDEOS)["data"][0].items()
    mock.finish()
    assert fields.items() <= mock.get(f"{VIDEOS}/{made}").items()
    assert not fields.keys() & mock.get(f"{VIDEOS}/{mock.video_id()}").keys()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("old", "new"), [("user:12345", "user:9"), (EMAIL, OTHER), ("-video:", "-video:9")], ids=["user", "email", "number"]
)
def test_unknown_video_is_not_found(method: str, old: str, new: str, mock: Mock) -> None:
    """Whichever part of the id is wrong."""
    video_id = mock.video_id().replace(old, new)
    answer = mock.call(method, f"{VIDEOS}/{video_id}")
    assert (answer.status, answer.body) == (404, {"error": f"Video {video_id} not found"})


# Deleting


def test_deleted_video_is_gone(mock: Mock) -> None:
    """From the list, and its id says that it was deleted."""
    video_id = mock.video_id()
    answer = mock.call("DELETE", f"{VIDEOS}/{video_id}")
    assert (answer.status, answer.body) == (200, {"video_id": video_id, "deleted": True})
    assert video_id not in ids(mock.get(VIDEOS))
    for method in ("GET", "DELETE"):
        again = mock.call(method, f"{VIDEOS}/{video_id}")
        assert (again.status, again.body) == (404, {"error": "The original video has been deleted"})


def test_processed_video_can_not_be_deleted(mock: Mock) -> None:
    """It is not found yet."""
    made = mock.accepted()
    before = mock.kept()
    assert mock.call("DELETE", f"{VIDEOS}/{made}").status == 404
    assert mock.sandbox == before


# Encoded ids


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(("raw", "encoded"), [(":", "%3A"), ("@", "%40"), ("v", "%76")])
def test_encoded_id_is_a_bad_request(method: str, raw: str, encoded: str, mock: Mock) -> None:
    """The vendor takes ids raw only."""
    sent = mock.video_id().replace(raw, encoded)
    before = mock.kept()
    answer = mock.call(method, f"{VIDEOS}/{sent}")
    text = f"video_id must be sent raw in the path, not percent-encoded, got {sent}"
    assert (answer.status, answer.body) == (400, {"error": text, "code": 400})
    assert mock.sandbox == before


def test_encoded_id_is_taken_where_the_switch_says_so(make_mock: MakeMock) -> None:
    """`answers.encoded_id` 200: for clients whose generator encodes."""
    mock = make_mock(changes={"answers.encoded_id": "200"})
    video_id = mock.video_id()
    sent = video_id.replace(":", "%3a").replace("@", "%40")
    assert mock.get(f"{VIDEOS}/{sent}")["video_id"] == video_id
    assert mock.call("DELETE", f"{VIDEOS}/{sent}").body == {"video_id": video_id, "deleted": True}


def test_malformed_id_is_a_bad_request(mock: Mock) -> None:
    """Not a video that is not there."""
    answer = mock.call("GET", f"{VIDEOS}/11223344")
    text = 'video_id must be an id of the form user:<userid>-pixverse:<email>-video:<number>, got "11223344"'
    assert (answer.status, answer.body) == (400, {"error": text, "code": 400})

"""The three workloads: what is asked, and what a right answer looks like.

W1 is an upscale that is accepted, W2 one whose body breaks a rule, W3 a list of two videos. Every
subject gets the same bytes but for the video id.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

TOKEN = "user:1234-bench"
UPSCALE_PATH = "/v2/pixverse/videos/upscale"
LIST_PATH = "/v2/pixverse/videos"
SAMPLE_VIDEO_ID = "user:1234-pixverse:bench@example.com-video:112233445566"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request without `Host` and `Content-Length`, and the status that is right."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP response: header names are lower case, in the order they came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def json(self) -> object:
        """Return the parsed body. Raise ValueError when it isn't JSON."""
        content: object = json.loads(self.body)
        return content


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A kind of call. `fields(video_id)` is its JSON or None; `fault(json)` is "" when right."""

    key: str
    title: str
    method: str
    path: str
    status: int
    fields: Callable[[str], dict[str, object] | None]
    fault: Callable[[object], str]

    def call(self, video_id: str) -> Call:
        """Return the call for a subject in which `video_id` is a finished video."""
        fields = self.fields(video_id)
        headers = [("Authorization", f"Bearer {TOKEN}")]
        body = b""
        if fields is not None:
            headers.append(("Content-Type", "application/json"))
            body = json.dumps(fields, separators=(",", ":")).encode()
        return Call(
            method=self.method,
            path=self.path,
            headers=tuple(headers),
            body=body,
            status=self.status,
        )

    def problem(self, answer: Answer) -> str:
        """Say in a few words what is wrong with `answer`; "" when nothing is."""
        if answer.status != self.status:
            return f"status {answer.status} instead of {self.status}: {_start_of(answer.body)}"
        try:
            content = answer.json()
        except ValueError:
            return f"the body is not JSON: {_start_of(answer.body)}"
        return self.fault(content)


def video_ids(content: object) -> list[str]:
    """Return the ids in a list answer's JSON, in order; empty when it is no list of videos."""
    if not isinstance(content, dict) or not isinstance(content.get("data"), list):
        return []
    ids = (video.get("video_id") for video in content["data"] if isinstance(video, dict))
    return [video_id for video_id in ids if isinstance(video_id, str)]


def _start_of(body: bytes) -> str:
    return body[:120].decode(errors="replace").replace("\n", " ")


def _upscale(video_id: str) -> dict[str, object]:
    return {"video_id": video_id, "replyRef": "bench"}


def _upscale_with_nine_jobs(video_id: str) -> dict[str, object]:
    return {"video_id": video_id, "replyRef": "bench", "maxJobs": 9}


def _nothing(_video_id: str) -> None:
    return None


def _needs_a_video_id(content: object) -> str:
    found = isinstance(content, dict) and isinstance(content.get("video_id"), str)
    return "" if found else "no `video_id` in the body"


def _needs_an_error(content: object) -> str:
    found = isinstance(content, dict) and isinstance(content.get("error"), str)
    return "" if found else "no `error` in the body"


def _needs_two_videos(content: object) -> str:
    count = len(video_ids(content))
    return "" if count == 2 else f"{count} videos in the list instead of 2"


W1 = Workload(
    key="W1",
    title="POST an upscale, 200",
    method="POST",
    path=UPSCALE_PATH,
    status=200,
    fields=_upscale,
    fault=_needs_a_video_id,
)
W2 = Workload(
    key="W2",
    title="POST an upscale with `maxJobs` 9, 400",
    method="POST",
    path=UPSCALE_PATH,
    status=400,
    fields=_upscale_with_nine_jobs,
    fault=_needs_an_error,
)
W3 = Workload(
    key="W3",
    title="GET a list of two videos, 200",
    method="GET",
    path=f"{LIST_PATH}?limit=2",
    status=200,
    fields=_nothing,
    fault=_needs_two_videos,
)
WORKLOADS = (W1, W2, W3)


def list_call(*, limit: int, offset: int = 0) -> Call:
    """Return the call that lists the newest `limit` videos after the newest `offset`."""
    return Call(
        method="GET",
        path=f"{LIST_PATH}?limit={limit}" + (f"&offset={offset}" if offset else ""),
        headers=(("Authorization", f"Bearer {TOKEN}"),),
        body=b"",
        status=200,
    )


def sample_answers() -> Mapping[str, Answer]:
    """Return an answer per workload key, of about the right size, for runs without ours."""
    video = {
        "video_id": SAMPLE_VIDEO_ID,
        "video_status": 1,
        "account_id": 33445566,
        "created_at": "2025-01-01T00:00:00Z",
        "first_frame": "http://127.0.0.1:8596/media/640x360.jpg",
        "output_width": 2560,
        "output_height": 1472,
        "original_video_id": SAMPLE_VIDEO_ID,
        "upscaled": 1,
        "prompt": "a paper boat on a quiet river, morning light, slow pan",
        "negative_prompt": "",
        "model": "v3",
        "quality": "360p",
        "motion_mode": "normal",
        "seed": 123456,
        "queue_data": {"queue_time": 1, "queue_count": 0},
        "video_duration": 5,
        "url": "http://127.0.0.1:8596/media/3840x2160.mp4",
        "img_url": "http://127.0.0.1:8596/media/640x360.jpg",
        "template_i18n_json": "{}",
        "customer_paths": None,
        "nick_name": "bench",
        "avatar": "http://127.0.0.1:8596/media/640x360.jpg",
        "aspect_ratio": "16:9",
        "video_status_name": "COMPLETED",
        "video_status_final": True,
    }
    contents: dict[str, object] = {
        W1.key: {"video_id": SAMPLE_VIDEO_ID},
        W2.key: {"error": "maxJobs: 9 is greater than the maximum of 8"},
        W3.key: {"data": [video, video]},
    }
    answers = {}
    for workload in WORKLOADS:
        body = json.dumps(contents[workload.key], separators=(",", ":")).encode()
        headers = (("content-type", "application/json"), ("content-length", str(len(body))))
        answers[workload.key] = Answer(status=workload.status, headers=headers, body=body)
    return answers

"""The files behind a finished video's `url`."""

import re
from pathlib import Path

import pytest

from mockserver import media
from mockserver.domain.footage import CATALOGUE, Footage
from mockserver.message import Request, Response

FILE = "/media/11223344-3840x2160.mp4"
CONTENT = (Path(media.__file__).parent / "media" / "3840x2160.mp4").read_bytes()


def get(path: str = FILE, method: str = "GET", **headers: str) -> Response:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return media.answer(Request(method, path, headers=pairs))


def header(response: Response, name: bytes) -> str | None:
    return next((value.decode() for key, value in response.headers if key == name), None)


def test_whole_file_is_served() -> None:
    """With its type, and word that ranges are welcome."""
    response = get()
    assert (response.status, response.body) == (200, CONTENT)
    assert (header(response, b"content-type"), header(response, b"accept-ranges")) == ("video/mp4", "bytes")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(CONTENT)),
        ("bytes=-10", len(CONTENT) - 10, len(CONTENT)),
        (f"bytes=5-{len(CONTENT) * 2}", 5, len(CONTENT)),
    ],
)
def test_range_is_served(asked: str, start: int, stop: int) -> None:
    """The part asked for, and where it lies."""
    response = get(range=asked)
    assert (response.status, response.body) == (206, CONTENT[start:stop])
    assert header(response, b"content-range") == f"bytes {start}-{stop - 1}/{len(CONTENT)}"


def test_range_beyond_the_end_is_refused() -> None:
    """416, with the size there is."""
    response = get(range=f"bytes={len(CONTENT)}-")
    assert (response.status, header(response, b"content-range")) == (416, f"bytes */{len(CONTENT)}")


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=", "bytes=9-1", "nonsense", "bytes=0-1,5-6"])
def test_range_that_is_not_understood_is_ignored(asked: str) -> None:
    """The whole file, as HTTP says."""
    assert get(range=asked).status == 200


def test_known_file_is_not_sent_again() -> None:
    """304 for a client that has it."""
    etag = header(get(), b"etag") or ""
    assert (get(if_none_match=etag).status, get(if_none_match=etag).body) == (304, b"")


def test_range_of_another_file_is_not_mixed_in() -> None:
    """If-Range with another tag gets the whole file."""
    assert get(range="bytes=0-9", if_range='"other"').status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/media/",
        "/media/1-1x1.mp4",
        "/media/../control/control.yaml",
        "/media/1-3840x2160.yaml",
        "/media/x-3840x2160.mp4",
        "/media/1-3840x2160.mp4/",
    ],
)
def test_nothing_else_is_there(path: str) -> None:
    """404, and never a file of another folder."""
    assert get(path).status == 404


def test_files_are_only_read() -> None:
    """405 with the methods there are."""
    response = get(method="POST")
    assert (response.status, header(response, b"allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("footage", CATALOGUE, ids=lambda footage: footage.prompt)
@pytest.mark.parametrize("upscaled", [False, True])
def test_every_size_a_video_can_report_has_its_files(footage: Footage, upscaled: bool) -> None:  # noqa: FBT001
    """MP4 and first frame; the size inside the MP4 is the size in its name."""
    width, height = footage.size(upscaled=upscaled)
    assert get(f"/media/1-{width}x{height}.jpg").body[:2] == b"\xff\xd8"
    content = get(f"/media/1-{width}x{height}.mp4").body
    # The track header ends with width and height as 16.16 fixed point numbers.
    track = content[(found := content.index(b"tkhd")) : found + 92]
    assert re.search(rb"(....)(....)$", track[:88], re.DOTALL)
    assert (int.from_bytes(track[80:84]) >> 16, int.from_bytes(track[84:88]) >> 16) == (width, height)

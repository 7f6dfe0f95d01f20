"""The three example clients of the vendor's page, unmodified but for host, token and video id."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from live import TOKEN, Live, serving

SHARED = Path(__file__).parents[3] / "shared"
EXAMPLES = {"upscale.sh": "bash", "upscale.mjs": "node", "upscale.py": sys.executable}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def examples() -> Path:
    """The folder of the page's examples."""
    if not SHARED.is_dir():
        if os.environ.get("CI_REQUIRES_SHARED"):
            pytest.fail("the vendor's page must lie beside the checkout here: ../shared")
        pytest.skip("the vendor's page does not lie beside this checkout (../shared)")
    return SHARED / "examples"


@pytest.fixture(scope="module")
def mock() -> Iterator[Live]:
    """A mock in which the longest job takes a second."""
    with serving("--speed", "600") as live:
        yield live


def without_space(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_the_pages_own(examples: Path, name: str) -> None:
    """White space aside, the example stands on the page."""
    page = (SHARED / "upscale-endpoint.txt").read_text(encoding="utf-8")
    example = (examples / name).read_text(encoding="utf-8")
    assert without_space(example) in without_space(page)


@pytest.mark.parametrize(("name", "program"), EXAMPLES.items())
def test_example_upscales_a_video(examples: Path, mock: Live, tmp_path: Path, name: str, program: str) -> None:
    """It gets a 200 with a video_id, which is listed, turns COMPLETED, and whose url downloads."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    source = listed(mock, limit=100)[-1]["video_id"]
    script = tmp_path / name
    script.write_text(filled(examples / name, mock, source), encoding="utf-8")

    done = subprocess.run([program, str(script)], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    made = re.findall(r"user:12345-pixverse:demo@example\.com-video:\d+", done.stdout)
    assert made, done.stdout
    assert made[-1] != source
    assert made[-1] in {video["video_id"] for video in listed(mock)}
    video = completed(mock, made[-1])
    content = requests.get(video["url"], timeout=10).content
    assert content[4:8] == b"ftyp"
    assert size_of(content, tmp_path) in (None, (video["output_width"], video["output_height"]))
    assert (video["output_width"], video["output_height"]) == (3840, 2160)


def filled(example: Path, mock: Live, video_id: str) -> str:
    """The example with host, token and video id filled in, and nothing else changed."""
    text = example.read_text(encoding="utf-8").replace("https://api.useapi.net", mock.url)
    if example.suffix == ".sh":
        return text.replace("Bearer …", f"Bearer {TOKEN}").replace('"video_id": "…"', f'"video_id": "{video_id}"')
    return text.replace('token = "API token"', f'token = "{TOKEN}"').replace(
        'video_id = "video_id"', f"video_id = {json.dumps(video_id)}"
    )


def listed(mock: Live, limit: int = 40) -> list[dict[str, object]]:
    answer = requests.get(f"{mock.url}/v2/pixverse/videos", params={"limit": limit}, headers=HEADERS, timeout=10)
    assert answer.status_code == 200
    data: list[dict[str, object]] = answer.json()["data"]
    return data


def completed(mock: Live, video_id: str) -> dict[str, object]:
    """The video once it is COMPLETED; the clock runs, so this polls, without a pause and bounded."""
    for _ in range(5_000):
        answer = requests.get(f"{mock.url}/v2/pixverse/videos/{video_id}", headers=HEADERS, timeout=10)
        if answer.status_code == 200:
            video: dict[str, object] = answer.json()
            assert video["video_status_name"] == "COMPLETED"
            return video
        assert answer.status_code == 404
    raise AssertionError(f"{video_id} did not complete")


def size_of(content: bytes, folder: Path) -> tuple[int, int] | None:
    """Width and height by ffprobe; None where it is not installed."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        if os.environ.get("CI_REQUIRES_TOOLS"):
            pytest.fail("ffprobe must be installed here")
        return None
    file = folder / "video.mp4"
    file.write_bytes(content)
    shown = subprocess.run(
        [ffprobe, "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "json", file],
        capture_output=True,
        check=True,
    )
    stream = json.loads(shown.stdout)["streams"][0]
    return stream["width"], stream["height"]

"""The three example clients of the vendor's page, unmodified but for token and video id."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import requests

from contracts.grade.intercept import intercepting
from grade.intercept.clients import need
from live import TOKEN, serving
from sources import ROOT

EXAMPLES: Final = {"upscale.sh": "bash", "upscale.mjs": "node", "upscale.py": sys.executable}
SHARED: Final = ROOT.parent / "shared" / "examples"


@pytest.mark.parametrize(("name", "program"), EXAMPLES.items())
def test_example_reaches_the_mock_as_it_is_printed(tmp_path: Path, name: str, program: str) -> None:
    """Its upscale is accepted, and the mock saw it as one call to the API's host."""
    if not SHARED.is_dir():
        if os.environ.get("CI_REQUIRES_SHARED"):
            pytest.fail("the vendor's page must lie beside the checkout here: ../shared")
        pytest.skip("the vendor's page does not lie beside this checkout (../shared)")
    need(program)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with serving() as mock, intercepting(mock.url, tmp_path) as interception:
        videos = requests.get(f"{mock.url}/v2/pixverse/videos", headers=headers, timeout=10).json()["data"]
        script = tmp_path / name
        script.write_text(filled(SHARED / name, videos[-1]["video_id"]), encoding="utf-8")
        environment = {**os.environ, **interception.environment}

        done = subprocess.run(
            [program, script], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

        assert done.returncode == 0, done.stderr
        assert re.search(r"user:12345-pixverse:demo@example\.com-video:\d+", done.stdout)
        last = requests.get(f"{mock.url}/__mock/requests", headers=headers, timeout=10).json()["data"][-1]
        assert (last["method"], last["path"], last["status"]) == ("POST", "/v2/pixverse/videos/upscale", 200)
        assert interception.elsewhere() == []


def filled(example: Path, video_id: str) -> str:
    """The example with token and video id filled in, and nothing else changed."""
    text = example.read_text(encoding="utf-8")
    for blank, value in {
        "Bearer …": f"Bearer {TOKEN}",
        '"video_id": "…"': f'"video_id": "{video_id}"',
        'token = "API token"': f'token = "{TOKEN}"',
        'video_id = "video_id"': f'video_id = "{video_id}"',
    }.items():
        text = text.replace(blank, value)
    return text

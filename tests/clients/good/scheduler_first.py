"""Only the standard library: asks the scheduler for a free slot before it submits, and whether the job still runs."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from uuid import uuid4

SCALE = float(os.environ.get("CLIENT_SCALE", "1"))
API = os.environ["USEAPI_BASE_URL"] + "/v2/pixverse"
VIDEO = os.environ["USEAPI_VIDEO_ID"]
TOKEN = os.environ["USEAPI_TOKEN"]
REF = uuid4().hex


def call(path: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of the answer; (0, None) where none can be had."""
    request = urllib.request.Request(API + path, None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {TOKEN}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None
    except (OSError, HTTPException, ValueError):
        return 0, None


def read(path: str) -> Any:
    """The JSON of a GET, None for a 404; tried again with growing pauses where it fails."""
    for attempt in range(8):
        status, value = call(path)
        if status in (200, 404):
            return value
        if 400 <= status < 500:
            sys.exit(f"GET {path} is refused: {status}")
        pause(2**attempt)
    sys.exit(f"no answer to GET {path}")


def pause(seconds: float) -> None:
    """Let time go by."""
    time.sleep(seconds / SCALE)


def jobs() -> list[str]:
    """The ids of our jobs that run."""
    return [job["id"] for job in read("/scheduler/available")["executing"] if job.get("replyRef") == REF]


def submit() -> str:
    """The id of the job."""
    for _ in range(100):
        if any(account["available"] > 0 for account in read("/scheduler/available")["available"]):
            status, accepted = call("/videos/upscale", {"video_id": VIDEO, "replyRef": REF})
            if status == 200:
                return str(accepted["video_id"])
            if status in (0, 500, 502, 503, 504):
                # Accepted or not? What runs tells; if nothing does, somebody has to look.
                running = jobs()
                if not running:
                    sys.exit("the answer was lost, and no job runs")
                return running[0]
            if status != 429:
                sys.exit(f"refused: {status}")
        pause(15)
    sys.exit("no slot for too long")


def main() -> None:
    """Upscale, and wait until the job runs no more."""
    job = submit()
    for _ in range(360):
        pause(10)
        if not jobs():
            video = read(f"/videos/{job}")
            if video is not None:
                print(job, video["video_status_name"])
                sys.exit(0 if video["video_status_name"] == "COMPLETED" else 1)
    sys.exit(f"no end of {job} for too long")


if __name__ == "__main__":
    main()

"""httpx, asynchronous: three upscales of the video at once with jittered waits; it names maxJobs 3 and keeps to it."""

import asyncio
import os
import random
import sys
from typing import Any
from uuid import uuid4

import httpx

SCALE = float(os.environ.get("CLIENT_SCALE", "1"))
BROKEN = (500, 502, 503, 504)


class Refused(Exception):  # noqa: N818 - the API's word
    """It will not be done."""


async def main() -> int:
    """The exit status: 0 if all three were completed."""
    headers = {"Authorization": f"Bearer {os.environ['USEAPI_TOKEN']}"}
    async with httpx.AsyncClient(base_url=os.environ["USEAPI_BASE_URL"], headers=headers, timeout=30) as client:
        told = await asyncio.gather(*(upscale(client, uuid4().hex) for _ in range(3)), return_exceptions=True)
    print(*told)
    return 0 if told == ["COMPLETED"] * 3 else 1


async def upscale(client: httpx.AsyncClient, ref: str) -> str:
    """How one of them ended."""
    job = await submit(client, ref)
    for _ in range(360):
        video = await read(client, f"/v2/pixverse/videos/{job}")
        if video is not None and video["video_status_name"] in ("COMPLETED", "FAILED", "MODERATED"):
            return str(video["video_status_name"])
        await pause()
    raise Refused(f"no end of {job} for too long")


async def submit(client: httpx.AsyncClient, ref: str) -> str:
    """The id of the job."""
    body = {"video_id": os.environ["USEAPI_VIDEO_ID"], "replyRef": ref, "maxJobs": 3}
    for _ in range(120):
        try:
            answer = await client.post("/v2/pixverse/videos/upscale", json=body)
            if answer.status_code == 200:
                return str(answer.json()["video_id"])
            status = answer.status_code
        except (httpx.HTTPError, ValueError):
            status = 0
        if status in (0, *BROKEN):
            listed = await read(client, "/v2/pixverse/videos")
            for video in listed["data"]:
                if video.get("replyRef") == ref:
                    return str(video["video_id"])
        elif status != 429:
            raise Refused(f"refused: {status}")
        await pause()
    raise Refused("no slot for too long")


async def read(client: httpx.AsyncClient, path: str) -> Any:
    """The JSON of a GET, None for a 404; tried again where it fails."""
    for _ in range(20):
        try:
            answer = await client.get(path)
            if answer.status_code == 200:
                return answer.json()
            status = answer.status_code
        except (httpx.HTTPError, ValueError):
            status = 0
        if status == 404:
            return None
        if status not in (0, *BROKEN):
            raise Refused(f"GET is refused: {status}")
        await pause()
    raise Refused("no answer to GET")


async def pause() -> None:
    """Ten to fifteen seconds, so that the three do not come back together."""
    await asyncio.sleep(random.uniform(10, 15) / SCALE)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

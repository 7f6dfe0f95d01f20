"""Sleeps first, then looks; the end is video_status_final alone, as the vendor's page has it. Downloads nothing."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class FinalFlag(Upscaler):
    """Between two looks it waits 12 s."""

    poll_wait = 12.0

    def follow(self, job: str) -> dict[str, Any]:
        self.pause(self.poll_wait)
        return super().follow(job)

    def ended(self, video: dict[str, Any]) -> bool:
        return bool(video["video_status_final"])

    def download(self, video: dict[str, Any]) -> None:
        print(video.get("url"))


if __name__ == "__main__":
    sys.exit(FinalFlag().run())

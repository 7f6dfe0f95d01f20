"""Finds its job in the list of videos, as the vendor's page says, and goes by video_status_final."""

import sys
from typing import Any
from urllib.parse import unquote

from clients.good.upscaler import Upscaler


class ListPoller(Upscaler):
    """Never asks for the video by its id."""

    def look(self, job: str) -> dict[str, Any] | None:
        email = unquote(self.source).partition("-pixverse:")[2].partition("-video:")[0]
        listed = self.read("/videos", email=email)
        return next((video for video in listed["data"] if video["video_id"] == job), None)

    def ended(self, video: dict[str, Any]) -> bool:
        return bool(video["video_status_final"]) and video["video_status_name"] != "QUEUED"


if __name__ == "__main__":
    sys.exit(ListPoller().run())

"""Waits for status and download_url, which no answer ever has."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    polls = 8

    def ended(self, video: dict[str, Any]) -> bool:
        return video.get("status") == "completed" and "download_url" in video


if __name__ == "__main__":
    sys.exit(Client().run())

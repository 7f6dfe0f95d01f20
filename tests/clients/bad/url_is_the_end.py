"""Takes a url for the end."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def ended(self, video: dict[str, Any]) -> bool:
        return bool(video.get("url")) or super().ended(video)

    def status(self, video: dict[str, Any]) -> int:
        return 0 if video.get("url") else 1


if __name__ == "__main__":
    sys.exit(Client().run())

"""Goes on to wait for a job that FAILED."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    polls = 5

    def ended(self, video: dict[str, Any]) -> bool:
        return video["video_status_name"] in ("COMPLETED", "MODERATED")


if __name__ == "__main__":
    sys.exit(Client().run())

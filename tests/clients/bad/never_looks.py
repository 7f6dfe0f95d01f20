"""Is content when the upscale was accepted, and never finds out what became of it."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def follow(self, job: str) -> dict[str, Any]:
        return {"video_id": job, "video_status_name": "accepted"}

    def status(self, *_: Any) -> int:
        return 0


if __name__ == "__main__":
    sys.exit(Client().run())

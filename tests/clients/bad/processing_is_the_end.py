"""Takes the 404 of a job that is not ready yet for its end."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def look(self, job: str) -> dict[str, Any]:
        return super().look(job) or {"video_id": job, "video_status_name": "COMPLETED"}

    def download(self, video: dict[str, Any]) -> None:
        pass


if __name__ == "__main__":
    sys.exit(Client().run())

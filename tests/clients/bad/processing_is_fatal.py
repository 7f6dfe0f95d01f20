"""A 404 of the job, which is not ready yet, is an error for it."""

import sys
from typing import Any

from clients.good.upscaler import GaveUp, Upscaler


class Client(Upscaler):
    def look(self, job: str) -> dict[str, Any]:
        video = super().look(job)
        if video is None:
            raise GaveUp(f"{job} is not found")
        return video


if __name__ == "__main__":
    sys.exit(Client().run())

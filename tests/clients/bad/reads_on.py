"""Goes on to look at a job that has ended."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def follow(self, job: str) -> dict[str, Any]:
        video = super().follow(job)
        for _ in range(2):
            self.pause(self.poll_wait)
            self.look(job)
        return video


if __name__ == "__main__":
    sys.exit(Client().run())

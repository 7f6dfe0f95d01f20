"""Believes the callback that came last: late progress makes it forget the end."""

import sys
from typing import Any

from clients.good.callbacks_only import CallbacksOnly
from clients.good.upscaler import GaveUp


class Client(CallbacksOnly):
    patience = 60.0

    def hear(self, video: dict[str, Any]) -> None:
        self.known = video

    def follow(self, job: str) -> dict[str, Any]:
        for _ in range(6):
            self.pause(10)
            if self.known and self.ended(self.known):
                return self.known
        raise GaveUp(f"heard nothing of the end of {job}")


if __name__ == "__main__":
    sys.exit(Client().run())

"""Callbacks wake it, and then it looks for itself; should none come, it looks every 30 s all the same."""

import sys
from typing import Any

from clients.good.callbacks_only import CallbacksOnly
from clients.good.upscaler import SCALE, GaveUp, Upscaler


class CallbacksAndPolls(CallbacksOnly):
    """Believes what it reads, not what it is told."""

    poll_wait = 30.0

    def lost(self) -> str | None:
        return Upscaler.lost(self)

    def follow(self, job: str) -> dict[str, Any]:
        for _ in range(self.polls):
            self.over.wait(self.poll_wait / SCALE)
            video = self.look(job)
            if video is not None and self.ended(video):
                return video
            if self.over.is_set():
                self.pause(10)
        raise GaveUp(f"no end of {job} for too long")


if __name__ == "__main__":
    sys.exit(CallbacksAndPolls().run())

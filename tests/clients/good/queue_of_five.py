"""Wants five upscales: submits them one by one as slots get free, and looks at all of them in one list every 10 s."""

import sys
from typing import Any

from clients.good.upscaler import GaveUp, Upscaler


class QueueOfFive(Upscaler):
    """Each has a reference of its own; it is content when all are COMPLETED."""

    def run(self) -> int:
        try:
            jobs = []
            for number in range(5):
                self.ref = f"order-{number}"
                jobs.append(self.submit())
            videos = self.follow_all(jobs)
        except GaveUp as why:
            print(why, file=sys.stderr)
            return 1
        return max(self.status(video) for video in videos)

    def follow_all(self, jobs: list[str]) -> list[dict[str, Any]]:
        """The videos at their ends."""
        for _ in range(self.polls):
            listed = self.read("/videos", limit="100")["data"]
            ended = [video for video in listed if video["video_id"] in jobs and self.ended(video)]
            if len(ended) == len(jobs):
                return ended
            self.pause(self.poll_wait)
        raise GaveUp("no end of them for too long")


if __name__ == "__main__":
    sys.exit(QueueOfFive().run())

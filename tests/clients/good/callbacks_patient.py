"""Polls nothing, too; after the end its receiver stays for stragglers for a while, and none of them changes the end."""

import sys
from typing import Any

from clients.good.callbacks_only import CallbacksOnly


class CallbacksPatient(CallbacksOnly):
    """Stays for 10 s more."""

    def follow(self, job: str) -> dict[str, Any]:
        video = super().follow(job)
        self.pause(10)
        return video


if __name__ == "__main__":
    sys.exit(CallbacksPatient().run())

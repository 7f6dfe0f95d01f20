"""Stays for stragglers after the end, and dies of one: its table of states has no way from COMPLETED to COMPLETED."""

import os
import sys
from typing import Any

from clients.good.callbacks_patient import CallbacksPatient


class Client(CallbacksPatient):
    def hear(self, video: dict[str, Any]) -> None:
        if self.over.is_set() and self.ended(video):
            print("no way from", self.known["video_status_name"], "to", video["video_status_name"], file=sys.stderr)
            os._exit(70)
        super().hear(video)


if __name__ == "__main__":
    sys.exit(Client().run())

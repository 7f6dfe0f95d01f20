"""Stays for stragglers after the end, and answers 500 to one: it keeps the end in a table where it may stand once."""

import sys
from typing import Any

from clients.good.callbacks_patient import CallbacksPatient


class Client(CallbacksPatient):
    def answer_to(self, video: dict[str, Any]) -> int:
        return 500 if self.over.is_set() and self.ended(video) else 200


if __name__ == "__main__":
    sys.exit(Client().run())

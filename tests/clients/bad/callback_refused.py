"""Its receiver answers 500, although it takes what it is told."""

import sys
from typing import Any

from clients.good.callbacks_only import CallbacksOnly


class Client(CallbacksOnly):
    def answer_to(self, *_: Any) -> int:
        return 500


if __name__ == "__main__":
    sys.exit(Client().run())

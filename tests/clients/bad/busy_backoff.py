"""After a 429 it waits 1 s, then 2 s, 4 s, 8 s: too soon at first."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    refusals = 0

    def wait_when_busy(self, *_: Any) -> float:
        self.refusals += 1
        return float(min(2 ** (self.refusals - 1), 30))


if __name__ == "__main__":
    sys.exit(Client().run())

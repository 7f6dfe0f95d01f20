"""Takes any 200 of its job for the end, and for success."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def ended(self, *_: Any) -> bool:
        return True

    def status(self, *_: Any) -> int:
        return 0


if __name__ == "__main__":
    sys.exit(Client().run())

"""Its exit status is 0 even where the job failed."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def status(self, *_: Any) -> int:
        return 0


if __name__ == "__main__":
    sys.exit(Client().run())

"""Takes any status but COMPLETED for a failure, so that of a job that still runs, too."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def ended(self, *_: Any) -> bool:
        return True


if __name__ == "__main__":
    sys.exit(Client().run())

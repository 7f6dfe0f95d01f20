"""Its exit status is 1 even where all went well."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def status(self, *_: Any) -> int:
        return 1


if __name__ == "__main__":
    sys.exit(Client().run())

"""Asks for 20 jobs at the same time; 8 is the most."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def body(self) -> dict[str, Any]:
        return {**super().body(), "maxJobs": 20}


if __name__ == "__main__":
    sys.exit(Client().run())

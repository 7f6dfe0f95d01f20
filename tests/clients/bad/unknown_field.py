"""Spells replyUrl as nobody reads it."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def body(self) -> dict[str, Any]:
        return {**super().body(), "reply_url": "http://127.0.0.1:9/upscaled"}


if __name__ == "__main__":
    sys.exit(Client().run())

"""Tells its receiver by the token, which so goes wherever callbacks go."""

import os
import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def body(self) -> dict[str, Any]:
        return {**super().body(), "replyUrl": f"{os.environ['USEAPI_REPLY_URL']}?key={self.token}"}


if __name__ == "__main__":
    sys.exit(Client().run())

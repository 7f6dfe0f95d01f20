"""Sends the token with the upscale, but asks for its job without."""

import sys
from typing import Any

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    accepted = False

    def follow(self, job: str) -> dict[str, Any]:
        self.accepted = True
        return super().follow(job)

    def headers(self) -> dict[str, str]:
        return {} if self.accepted else super().headers()


if __name__ == "__main__":
    sys.exit(Client().run())

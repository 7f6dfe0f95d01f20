"""Sends the token along to the host of the files."""

import sys
from typing import Any

import requests

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def download(self, video: dict[str, Any]) -> None:
        print(len(requests.get(video["url"], headers=self.headers(), timeout=30).content), "bytes")


if __name__ == "__main__":
    sys.exit(Client().run())

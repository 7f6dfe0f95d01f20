"""Percent-encodes the id in the path, and takes the 400 for one more way to say: wait."""

import sys
from typing import Any
from urllib.parse import quote

import requests

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    reads = 4

    def look(self, job: str) -> Any:
        return self.read(f"/videos/{quote(job, safe='')}")

    def refused(self, answer: requests.Response) -> None:
        if answer.status_code != 400:
            super().refused(answer)


if __name__ == "__main__":
    sys.exit(Client().run())

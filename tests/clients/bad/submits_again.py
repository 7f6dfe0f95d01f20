"""After a lost answer it submits again at once, without a look."""

import sys

import requests

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def lost(self) -> None:
        return None

    def wait_when_busy(self, answer: requests.Response | None) -> float:
        return 0 if answer is None else super().wait_when_busy(answer)


if __name__ == "__main__":
    sys.exit(Client().run())

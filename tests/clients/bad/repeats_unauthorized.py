"""A 401 is for it what a 429 is: it tries again after 10 s."""

import sys

import requests

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    submits = 4

    def refused(self, answer: requests.Response) -> None:
        if answer.status_code != 401:
            super().refused(answer)


if __name__ == "__main__":
    sys.exit(Client().run())

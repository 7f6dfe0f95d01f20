"""Loses a part of the token, and asks again and again with the rest of it."""

import sys

import requests

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    submits = 4

    def __init__(self) -> None:
        super().__init__()
        self.token = self.token.removeprefix("user:")

    def refused(self, answer: requests.Response) -> None:
        if answer.status_code != 401:
            super().refused(answer)


if __name__ == "__main__":
    sys.exit(Client().run())

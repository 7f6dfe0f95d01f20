"""Calls a version of the API that has no upscale."""

import sys

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    api = "/v1/pixverse"


if __name__ == "__main__":
    sys.exit(Client().run())

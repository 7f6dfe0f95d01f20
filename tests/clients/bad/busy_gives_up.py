"""A 429 is the end for it."""

import sys

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    submits = 1


if __name__ == "__main__":
    sys.exit(Client().run())

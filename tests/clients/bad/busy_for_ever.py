"""After a 429 it tries again, and again, for ever."""

import sys

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    submits = 1_000_000_000


if __name__ == "__main__":
    sys.exit(Client().run())

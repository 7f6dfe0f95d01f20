"""After a 429 it waits 2 s."""

import sys

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    busy_wait = 2.0


if __name__ == "__main__":
    sys.exit(Client().run())

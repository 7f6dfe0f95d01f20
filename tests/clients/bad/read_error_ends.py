"""Whatever happens to a read ends it."""

import sys

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    reads = 1


if __name__ == "__main__":
    sys.exit(Client().run())

"""Looks every 2 s."""

import sys

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    poll_wait = 2.0


if __name__ == "__main__":
    sys.exit(Client().run())

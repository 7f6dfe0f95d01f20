"""Waits for the video that it has, and upscales nothing."""

import sys

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def submit(self) -> str:
        return self.source


if __name__ == "__main__":
    sys.exit(Client().run())

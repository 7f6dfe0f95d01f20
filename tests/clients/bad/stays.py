"""Does all that it should, and does not end."""

import sys
from threading import Event

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def run(self) -> int:
        super().run()
        Event().wait()
        return 0


if __name__ == "__main__":
    sys.exit(Client().run())

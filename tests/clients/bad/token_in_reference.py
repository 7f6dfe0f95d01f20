"""Makes its replyRef of the token, so that it comes back in every answer and callback."""

import sys

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def __init__(self) -> None:
        super().__init__()
        self.ref = f"{self.token}/{self.ref}"


if __name__ == "__main__":
    sys.exit(Client().run())

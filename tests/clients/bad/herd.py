"""Eight workers that a 429 sends to sleep, and that all come back at the same instant."""

import sys

from clients.good.upscaler import Upscaler
from clients.side_by_side import side_by_side


class Client(Upscaler):
    submits = 5


if __name__ == "__main__":
    sys.exit(side_by_side(Client, 8))

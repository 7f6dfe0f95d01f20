"""Names maxJobs 2, and submits 5 at once."""

import sys
from random import uniform
from typing import Any

import requests

from clients.good.upscaler import Upscaler
from clients.side_by_side import side_by_side


class Client(Upscaler):
    def body(self) -> dict[str, Any]:
        return {**super().body(), "maxJobs": 2}

    def wait_when_busy(self, answer: requests.Response | None) -> float:
        return super().wait_when_busy(answer) + uniform(0, 10)


if __name__ == "__main__":
    sys.exit(side_by_side(Client, 5))

"""Lets its HTTP library repeat whatever fails, upscales too."""

import sys

from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from clients.good.upscaler import SCALE, Upscaler


class Client(Upscaler):
    def __init__(self) -> None:
        super().__init__()
        retry = Retry(total=3, backoff_factor=1 / SCALE, status_forcelist=(502, 503, 504), allowed_methods=None)
        self.session.mount("http://", HTTPAdapter(max_retries=retry))


if __name__ == "__main__":
    sys.exit(Client().run())

"""The client over requests with urllib3's Retry for its reads, as many projects have it."""

import sys

from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from clients.good.upscaler import SCALE, Upscaler


class RetryAdapter(Upscaler):
    """GETs are repeated beneath it, with growing pauses; POSTs are not."""

    def __init__(self) -> None:
        super().__init__()
        retry = Retry(total=5, backoff_factor=1 / SCALE, status_forcelist=(502, 503, 504), allowed_methods={"GET"})
        self.session.mount("http://", HTTPAdapter(max_retries=retry))
        self.session.mount("https://", HTTPAdapter(max_retries=retry))


if __name__ == "__main__":
    sys.exit(RetryAdapter().run())

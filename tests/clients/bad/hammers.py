"""A read that fails it repeats at once, without a pause, until it succeeds."""

import json
import sys
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def read(self, path: str, **query: str) -> Any:
        place = urlsplit(self.base_url + path)
        while True:
            # Not requests: it takes a millisecond by itself.
            connection = HTTPConnection(place.hostname or "", place.port or 80, timeout=30)
            try:
                connection.request("GET", f"{place.path}?{urlencode(query)}".rstrip("?"), headers=self.headers())
                answer = connection.getresponse()
                content = answer.read()
                if answer.status in (200, 404):
                    return json.loads(content) if answer.status == 200 else None
            except (OSError, HTTPException, ValueError):
                pass
            finally:
                connection.close()


if __name__ == "__main__":
    sys.exit(Client().run())

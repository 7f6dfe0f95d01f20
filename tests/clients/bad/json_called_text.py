"""Sends JSON and calls it text."""

import json
import sys

import requests

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def post(self) -> requests.Response:
        headers = {**self.headers(), "Content-Type": "text/plain"}
        body = json.dumps(self.body())
        return self.session.post(self.base_url + "/videos/upscale", data=body, headers=headers, timeout=30)


if __name__ == "__main__":
    sys.exit(Client().run())

"""Sends a form and calls it JSON."""

import sys

import requests

from clients.good.upscaler import Upscaler


class Client(Upscaler):
    def post(self) -> requests.Response:
        headers = {**self.headers(), "Content-Type": "application/json"}
        return self.session.post(self.base_url + "/videos/upscale", data=self.body(), headers=headers, timeout=30)


if __name__ == "__main__":
    sys.exit(Client().run())

"""Sends a form to the path with a slash at its end, as the vendor's collection has it; goes by the status's number."""

import sys
from typing import Any

import requests

from clients.good.upscaler import Upscaler


class Multipart(Upscaler):
    """Of numbers it knows 1, 7 and 8."""

    def post(self) -> requests.Response | None:
        fields = {name: (None, str(value)) for name, value in self.body().items()}
        try:
            answer = self.session.post(
                self.base_url + "/videos/upscale/", files=fields, headers=self.headers(), timeout=30
            )
            if answer.ok:
                answer.json()
        except requests.RequestException:
            return None
        return answer

    def body(self) -> dict[str, Any]:
        return {**super().body(), "maxJobs": 2}

    def ended(self, video: dict[str, Any]) -> bool:
        return video["video_status"] in (1, 7, 8)


if __name__ == "__main__":
    sys.exit(Multipart().run())

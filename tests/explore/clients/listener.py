"""Upscales a video and polls nothing: believes the callback that came last. Waits are divided by CLIENT_SCALE."""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ENDS = ("COMPLETED", "FAILED", "MODERATED")
SCALE = float(os.environ.get("CLIENT_SCALE", "1"))
LOOKS = 4
"""How often it looks at what it was told, every 10 s."""


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is told."""

    state: dict[str, Any] = {}  # noqa: RUF012 - there is one

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.state.update(told)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def main() -> int:
    """The exit status."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            body = {"video_id": os.environ["USEAPI_VIDEO_ID"], "replyUrl": f"http://127.0.0.1:{server.server_port}/"}
            headers = {"Authorization": f"Bearer {os.environ['USEAPI_TOKEN']}", "Content-Type": "application/json"}
            url = f"{os.environ['USEAPI_BASE_URL']}/v2/pixverse/videos/upscale"
            try:
                with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=30) as answer:
                    answer.read()
            except HTTPError:
                raise
            except OSError:
                print("no answer: if it got through, a callback will say so", file=sys.stderr)
            for _ in range(LOOKS):
                time.sleep(10 / SCALE)
                if Receiver.state.get("video_status_name") in ENDS:
                    return 0 if Receiver.state["video_status_name"] == "COMPLETED" else 1
            print("heard nothing of the end", file=sys.stderr)
            return 1
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    sys.exit(main())

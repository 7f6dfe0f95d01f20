"""Polls nothing: a receiver of its own hears how the job ends, whatever comes twice, late or in another order."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

from clients.good.upscaler import SCALE, GaveUp, Upscaler


class CallbacksOnly(Upscaler):
    """Knows its job by the replyRef, so a lost answer to the request loses nothing."""

    patience = 1800.0

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Any] = {}
        self.over = Event()
        self.lock = Lock()

    def run(self) -> int:
        with ThreadingHTTPServer(("127.0.0.1", 0), self.handler()) as self.server:
            thread = Thread(target=self.server.serve_forever, args=(0.05,))
            thread.start()
            try:
                return super().run()
            finally:
                self.server.shutdown()
                thread.join()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Hands on what arrives."""
        client = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                video = json.loads(body)
                with client.lock:
                    self.send_response(client.answer_to(video))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    if video.get("replyRef") == client.ref:
                        client.hear(video)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        return Handler

    def answer_to(self, _video: dict[str, Any]) -> int:
        """The status with which a callback is answered, before anything is made of it."""
        return 200

    def hear(self, video: dict[str, Any]) -> None:
        """Take what a callback says, unless the end is known already."""
        if not self.over.is_set():
            self.known = video
            if self.ended(video):
                self.over.set()

    def body(self) -> dict[str, Any]:
        return {**super().body(), "replyUrl": f"http://127.0.0.1:{self.server.server_port}/upscaled"}

    def lost(self) -> str:
        """If the request got through, a callback will say so."""
        return ""

    def follow(self, job: str) -> dict[str, Any]:
        if not self.over.wait(self.patience / SCALE):
            raise GaveUp(f"heard nothing of the end of {job or 'the job'}")
        return self.known


if __name__ == "__main__":
    sys.exit(CallbacksOnly().run())

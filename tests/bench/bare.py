"""The ceiling: the least an ASGI application on uvicorn can do.

It reads the body and answers fixed bytes. `python bare.py PORT ANSWERS`, where ANSWERS is a JSON
file: workload key -> {"status", "headers", "body"}.
"""

import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_HOST = "127.0.0.1"
_FROM_UVICORN = (b"date", b"server")
_MARK_OF_W2 = b'"maxJobs":9'


def _messages(answer: Mapping[str, Any]) -> tuple[Message, Message]:
    headers = [(name.encode(), value.encode()) for name, value in answer["headers"]]
    headers = [header for header in headers if header[0] not in _FROM_UVICORN]
    start = {"type": "http.response.start", "status": answer["status"], "headers": headers}
    return start, {"type": "http.response.body", "body": answer["body"].encode()}


def make_application(answers: Mapping[str, Mapping[str, Any]]) -> Application:
    """Return an ASGI application that gives these answers, told apart as cheaply as can be."""
    accepted, refused, listed = (_messages(answers[key]) for key in ("W1", "W2", "W3"))

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if scope["method"] == "GET":
            start, content = listed
        else:
            start, content = refused if _MARK_OF_W2 in body else accepted
        await send(start)
        await send(content)

    return application


def main() -> None:
    """Serve until told to end. uvicorn adds `date` and `server` when the answers have them."""
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    answers = json.loads(file.read_text())
    names = {name.encode() for name, _ in answers["W1"]["headers"]}
    uvicorn.run(
        make_application(answers),
        host=_HOST,
        port=port,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_level="warning",
        date_header=b"date" in names,
        server_header=b"server" in names,
    )


if __name__ == "__main__":
    main()

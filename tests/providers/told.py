"""An answer, held open for a flaw to spoil."""

from typing import Any

import orjson

from mockserver.api import Api
from mockserver.domain import Sandbox, Video, VideoId
from mockserver.message import Request, Response, Wire
from mockserver.runtime import Denied

_UNREAD: Any = object()


class Told:
    """The answer to a request of an operation: change what is wrong with it.

    `sandbox` is None where the token gets none; `memory` stays with the provider.
    """

    def __init__(self, api: Api, request: Request, operation: str, response: Response, memory: dict[Any, Any]) -> None:
        self.api = api
        self.request = request
        self.operation = operation
        self.status = response.status
        self.headers = dict(response.headers)
        self.reason = response.reason
        self.wire: Wire | None = response.wire
        self.memory = memory
        self._body = response.body
        self._value: Any = _UNREAD

    @property
    def value(self) -> Any:
        """The body as JSON; what is changed in it is sent."""
        if self._value is _UNREAD:
            self._value = orjson.loads(self._body)
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._value = value

    @property
    def body(self) -> bytes:
        """The bytes."""
        return self._body if self._value is _UNREAD else orjson.dumps(self._value)

    @body.setter
    def body(self, body: bytes) -> None:
        self._body, self._value = body, _UNREAD

    @property
    def asked(self) -> Any:
        """The request's body as JSON, an empty object for what is none."""
        return body_of(self.request)

    @property
    def sandbox(self) -> Sandbox | None:
        """The world of the request's token."""
        try:
            return self.api.runtime.guarded(self.request.header(b"authorization")).sandbox
        except Denied:
            return None

    @property
    def others(self) -> list[Sandbox]:
        """The worlds of all other tokens, the latest first."""
        mine = self.sandbox
        return [each.sandbox for _, each in self.api.runtime if each.sandbox is not mine][::-1]

    @property
    def videos(self) -> list[dict[str, Any]]:
        """The videos in the answer, where there are any."""
        if self.status != 200 or self.operation not in ("listVideos", "getVideo"):
            return []
        videos: list[dict[str, Any]] = self.value["data"] if self.operation == "listVideos" else [self.value]
        return videos

    def known(self, video_id: str) -> Video | None:
        """The video of an id, as the sandbox has it."""
        return self.sandbox.videos.get(VideoId.parse(video_id).number) if self.sandbox else None

    def response(self) -> Response:
        """The answer as it is now."""
        return Response(self.status, tuple(self.headers.items()), self.body, self.reason, self.wire)


def body_of(request: Request) -> dict[str, Any]:
    """The body of a request as JSON, an empty object for what is none."""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}

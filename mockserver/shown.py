"""Videos and callbacks as they were presented last: made anew only when something of them changed."""

from collections.abc import Callable
from typing import Any, Final

from mockserver import present
from mockserver.domain import Callback, Sandbox, Status, Video
from mockserver.scenario import Answers

_MOST: Final = 2_000


class ShownVideos:
    """The presented videos of one sandbox, by number, with what a presentation depends on."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Status, str, dict[str, Any]]] = {}
        self._bodies: dict[int, tuple[Status, bytes]] = {}

    def show(self, sandbox: Sandbox, video: Video, origin: str, answers: Answers) -> dict[str, Any]:
        """`Video`, with its media at the origin of its job, else at `origin`. Not to be changed."""
        origin = video.origin or origin
        known = self._known.get(video.number)
        if known is not None and known[0] is video.status and known[1] == origin:
            return known[2]
        if len(self._known) >= _MOST:
            self._known.clear()
        presented = present.video(sandbox, video, origin, answers)
        self._known[video.number] = (video.status, origin, presented)
        return presented

    def body(self, callback: Callback, make: Callable[[Callback], bytes]) -> bytes:
        """The body of a callback, which `make` makes; progress that repeats a status has the same."""
        number = callback.video.number
        known = self._bodies.get(number)
        if known is not None and known[0] is callback.status:
            return known[1]
        if len(self._bodies) >= _MOST:
            self._bodies.clear()
        body = make(callback)
        self._bodies[number] = (callback.status, body)
        return body

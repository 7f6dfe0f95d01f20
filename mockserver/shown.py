"""Videos and callbacks as they were presented last: made anew only when something of them changed."""

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
        if present.unready(sandbox, video, answers):
            return present.video(sandbox, video, origin, answers, unready=True)
        if len(self._known) >= _MOST:
            self._known.clear()
        presented = present.video(sandbox, video, origin, answers)
        self._known[video.number] = (video.status, origin, presented)
        return presented

    def body(self, callback: Callback) -> bytes | None:
        """The body of a callback, if one with the same was kept: progress repeats a status."""
        known = self._bodies.get(callback.video.number)
        return known[1] if known is not None and known[0] is callback.status else None

    def keep(self, callback: Callback, body: bytes) -> None:
        """Keep the body of a callback for the next one of its job."""
        if len(self._bodies) >= _MOST:
            self._bodies.clear()
        self._bodies[callback.video.number] = (callback.status, body)

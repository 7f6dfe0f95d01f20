"""Sandboxes to test in: one fresh world after another where the provider can make them, else the given token's own.

A provider that answers GET /__mock/health gives every token a sandbox of its own and empties it on POST
/__mock/reset. There a ring of derived tokens is used, each reset when its turn comes: credits, slots and videos never
run out, and the provider keeps no more sandboxes than the ring has. Anywhere else there is one sandbox, never reset.
"""

import re
import threading
from collections.abc import Collection
from hashlib import sha256
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote

RING: Final = 32
"""Sandboxes in use at once: far more than a stateful scenario has steps, few enough for any provider's memory."""

_TIMEOUT: Final = 5.0
_TOKEN: Final = re.compile(r"user:([0-9]+)-([A-Za-z0-9]{1,64})")


class Reply(NamedTuple):
    """An answer: its status, and its body as a value (None if it is not JSON)."""

    status: int
    value: Any


class Wire(Protocol):
    """A way to a provider. None means that there was no answer."""

    def __call__(self, method: str, path: str, token: str | None = None, body: Any = None) -> Reply | None:
        """Send a request and wait for its answer."""


def over_http(base_url: str) -> Wire:
    """The way to the provider at an address. Redirects are not followed: a token is for nobody else."""
    import requests

    sessions = threading.local()

    def call(method: str, path: str, token: str | None = None, body: Any = None) -> Reply | None:
        session = getattr(sessions, "value", None)
        if session is None:
            session = sessions.value = requests.Session()

        def authorise(request: requests.PreparedRequest) -> requests.PreparedRequest:
            # An `auth` of our own also keeps requests from taking one out of a .netrc.
            request.headers.update(_authorization(token))
            return request

        try:
            response = session.request(
                method, base_url + path, json=body, auth=authorise, timeout=_TIMEOUT, allow_redirects=False
            )
            return Reply(response.status_code, _value(response))
        except requests.RequestException:
            return None

    return call


def in_process(app: Any) -> Wire:
    """The way to a WSGI application."""
    from werkzeug.test import Client

    def call(method: str, path: str, token: str | None = None, body: Any = None) -> Reply | None:
        response = Client(app).open(path, method=method, json=body, headers=_authorization(token))
        return Reply(response.status_code, response.get_json(silent=True))

    return call


def derive(token: str, slot: int) -> str:
    """A token made from `token`, for the slot of a ring.

    Its user is another one, too, so that an id of one sandbox means nothing in the next.
    """
    form = _TOKEN.fullmatch(token)
    user = form[1] if form else str(int(sha256(token.encode()).hexdigest()[:8], 16))
    return f"user:{user}{slot:03d}-{sha256(token.encode()).hexdigest()[:16]}"


class Sandbox:
    """The world of one token, seen through the provider's answers; `seen` are the ids and emails in them.

    One that is not `disposable` can't be put back as it was: there only what is in `made`, the ids and emails that the
    tests brought into being, may be destroyed.
    """

    def __init__(self, wire: Wire, token: str, *, disposable: bool) -> None:
        self.token = token
        self.disposable = disposable
        self.seen: set[str] = set()
        self.made: set[str] = set()
        self._wire = wire

    def emails(self) -> list[str]:
        """The linked accounts."""
        value = self._get("/v2/pixverse/accounts")
        return list(value) if isinstance(value, dict) else []

    def finished_videos(self) -> list[str]:
        """The ids of finished videos, newest first."""
        value = self._get("/v2/pixverse/videos")
        if value is None and (emails := self.emails()):
            # With several accounts the list asks for one.
            value = self._get(f"/v2/pixverse/videos?email={quote(emails[0], safe='')}")
        videos = value.get("data") if isinstance(value, dict) else None
        return [
            str(video.get("video_id"))
            for video in (videos if isinstance(videos, list) else ())
            if isinstance(video, dict) and video.get("video_status_name") == "COMPLETED"
        ]

    def start_job(self) -> str | None:
        """The id of a job that was started for this, None if the provider refused it."""
        for video_id in self.finished_videos()[:1]:
            reply = self._wire("POST", "/v2/pixverse/videos/upscale", self.token, {"video_id": video_id})
            if reply is not None and reply.status == 200 and isinstance(reply.value, dict):
                job = str(reply.value.get("video_id"))
                self.made.add(job)
                return job
        return None

    def _get(self, path: str) -> Any:
        reply = self._wire("GET", path, self.token)
        return reply.value if reply is not None and reply.status == 200 else None


class Pool:
    """The sandboxes of one provider; safe to use from several threads."""

    def __init__(self, wire: Wire, token: str, size: int = RING) -> None:
        self._wire = wire
        self._lock = threading.Lock()
        self._turn = 0
        self._resets = _makes_sandboxes(wire, token)
        tokens = [derive(token, slot) for slot in range(size)] if self._resets else [token]
        self._ring = [Sandbox(wire, each, disposable=self._resets) for each in tokens]

    def fresh(self) -> Sandbox:
        """The next sandbox of the ring, as new; the same one again where the provider makes none."""
        with self._lock:
            slot = self._turn % len(self._ring)
            self._turn += 1
            token = self._ring[slot].token
            if not self._resets:
                return self._ring[slot]
            sandbox = self._ring[slot] = Sandbox(self._wire, token, disposable=True)
        self._wire("POST", "/__mock/reset", token)
        return sandbox

    def holding(self, names: Collection[str]) -> Sandbox | None:
        """The latest sandbox that one of these ids and emails was seen in."""
        with self._lock:
            turn, size = self._turn, len(self._ring)
            latest = [self._ring[(turn - 1 - back) % size] for back in range(size)]
        return next((sandbox for sandbox in latest if not sandbox.seen.isdisjoint(names)), None)


def _makes_sandboxes(wire: Wire, token: str) -> bool:
    health = wire("GET", "/__mock/health")
    if health is None or health.status != 200:
        return False
    # It may let in nobody but those it was told of.
    reset = wire("POST", "/__mock/reset", derive(token, 0))
    return reset is not None and reset.status == 204


def _authorization(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _value(response: Any) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None

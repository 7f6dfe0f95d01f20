"""A tour of the emulated API: how to get each answer that the contract names, in a fresh sandbox each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import requests

_TIMEOUT: Final = 30.0
_UPSCALE: Final = "/v2/pixverse/videos/upscale"
_VIDEOS: Final = "/v2/pixverse/videos"
_ACCOUNTS: Final = "/v2/pixverse/accounts"
_SCHEDULER: Final = "/v2/pixverse/scheduler"
_FEATURES: Final = "/v2/pixverse/features"
_USER: Final = "/v2/account"
_DEMO: Final = "demo@example.com"
_OTHER: Final = "other@example.com"


@dataclass(frozen=True)
class Call:
    """A request; `form` is sent as multipart/form-data. A `refused` one carries a malformed token."""

    method: str
    path: str
    json: Any = None
    form: dict[str, str] = field(default_factory=dict)
    refused: bool = False

    def send(self, address: str, token: str) -> requests.Response:
        """The answer from a server."""
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {'unknown' if self.refused else token}"
            return session.request(
                self.method,
                address + self.path,
                json=self.json,
                files={name: (None, value) for name, value in self.form.items()} or None,
                timeout=_TIMEOUT,
            )


@dataclass(frozen=True)
class Sandbox:
    """The sandbox of a token, reached straight at the mock, to set the scene in."""

    address: str
    token: str

    @property
    def video(self) -> str:
        """The newest video's id, which is a finished one's at first."""
        return str(self.ask(Call("GET", _VIDEOS + f"?email={_DEMO}&limit=1"))["data"][0]["video_id"])

    def number(self, number: int, email: str = _DEMO) -> str:
        """The id of the video with this number."""
        return f"{self.token.partition('-')[0]}-pixverse:{email}-video:{number}"

    def ask(self, call: Call) -> Any:
        """The body of a good answer."""
        response = call.send(self.address, self.token)
        response.raise_for_status()
        return response.json()

    def adjust(self, **changes: Any) -> None:
        """Set credits, slots or the pending error of the account."""
        self.ask(Call("PATCH", f"/__mock/accounts/{_DEMO}", changes))

    def link(self, email: str = _OTHER, slots: int = 3) -> str:
        """Link an account, and say its newest video's id."""
        self.ask(Call("POST", f"{_ACCOUNTS}/{email}", {"email": email, "password": "secret", "maxJobs": slots}))
        return str(self.ask(Call("GET", f"{_VIDEOS}?email={email}&limit=1"))["data"][0]["video_id"])

    def upscale(self, video: str | None = None) -> str:
        """The id of the video that an upscale makes."""
        body = {"video_id": video or self.video, "replyRef": "order-17", "replyUrl": "http://127.0.0.1:9/callback"}
        return str(self.ask(Call("POST", _UPSCALE, body))["video_id"])

    def delete(self) -> str:
        """The id of a video that is gone."""
        video = self.video
        self.ask(Call("DELETE", f"{_VIDEOS}/{video}"))
        return video


@dataclass(frozen=True)
class Stop:
    """One answer of the tour: whose it is, what it is called, and how to get it.

    `lenient` stops need the mock that takes encoded ids, says 404 to an unknown video and ends jobs at once. Those that
    `violate` send what the contract forbids. `way` tells two ways to one answer apart.
    """

    operation: str
    status: int
    name: str
    call: Callable[[Sandbox], Call]
    way: str = ""
    lenient: bool = False
    violates: bool = False

    def __str__(self) -> str:
        way = f"-{self.way}" if self.way else ""
        return f"{self.operation}-{self.status}-{self.name}{way}"


def _upscale(video: str, **fields: Any) -> Call:
    return Call("POST", _UPSCALE, {"video_id": video, **fields})


def _upscale_of_a_deleted_one(sandbox: Sandbox) -> Call:
    return _upscale(sandbox.delete())


def _upscale_on_a_full_account(sandbox: Sandbox) -> Call:
    video = sandbox.video
    sandbox.upscale(video)
    return _upscale(video, maxJobs=1)


def _upscale_on_full_accounts(sandbox: Sandbox) -> Call:
    sandbox.upscale(sandbox.link(slots=1))
    sandbox.adjust(maxJobs=1)
    video = sandbox.video
    sandbox.upscale(video)
    return _upscale(video)


def _upscale_after(**changes: Any) -> Callable[[Sandbox], Call]:
    def call(sandbox: Sandbox) -> Call:
        sandbox.adjust(**changes)
        return _upscale(sandbox.video)

    return call


def _by_number(number: int) -> Callable[[Sandbox], Call]:
    return lambda sandbox: _upscale(sandbox.number(number))


def _with_video(method: str, video: Callable[[Sandbox], str], folder: str = _VIDEOS) -> Callable[[Sandbox], Call]:
    return lambda sandbox: Call(method, f"{folder}/{video(sandbox)}")


def _encoded(sandbox: Sandbox) -> str:
    return quote(sandbox.video, safe="")


def _ended(number: int) -> Callable[[Sandbox], str]:
    return lambda sandbox: sandbox.upscale(sandbox.number(number))


def _after_linking(call: Call) -> Callable[[Sandbox], Call]:
    def linked(sandbox: Sandbox) -> Call:
        sandbox.link()
        return call

    return linked


def _after_a_start(call: Call) -> Callable[[Sandbox], Call]:
    def started(sandbox: Sandbox) -> Call:
        sandbox.upscale()
        return call

    return started


def _after_unlinking(call: Call) -> Callable[[Sandbox], Call]:
    def unlinked(sandbox: Sandbox) -> Call:
        sandbox.ask(Call("DELETE", f"{_ACCOUNTS}/{_DEMO}"))
        return call

    return unlinked


def _account_in_trouble(sandbox: Sandbox) -> Call:
    sandbox.adjust(pendingError=True)
    return Call("GET", f"{_ACCOUNTS}/{_DEMO}")


def _just(method: str, path: str, json: Any = None) -> Callable[[Sandbox], Call]:
    return lambda _: Call(method, path, json)


def _form(method: str, path: str, **fields: str) -> Callable[[Sandbox], Call]:
    return lambda _: Call(method, path, form=fields)


def _refused(operation: str, method: str, path: str, json: Any = None) -> Stop:
    return Stop(operation, 401, "unauthorized", lambda _: Call(method, path, json, refused=True))


_FOREIGN: Final = f"user:1-pixverse:{_DEMO}-video:300000000"
_LINK: Final = {"email": _OTHER, "password": "secret", "maxJobs": 2}
_WRONG_ID: Final = "user:1-pixverse:demo-video:1"

STOPS: Final = (
    Stop("upscaleVideo", 200, "accepted", lambda s: _upscale(s.video, replyRef="order-17", maxJobs=3)),
    Stop("upscaleVideo", 200, "accepted", lambda s: Call("POST", _UPSCALE, form={"video_id": s.video}), "as a form"),
    Stop("upscaleVideo", 400, "bad-request", _by_number(400), "by number"),
    Stop("upscaleVideo", 400, "bad-request", _just("POST", _UPSCALE, {"video_id": 3}), violates=True),
    Stop("upscaleVideo", 400, "foreign-video", lambda _: _upscale(_FOREIGN)),
    Stop("upscaleVideo", 400, "unknown-account", lambda s: _upscale(s.number(1, "nobody@example.com"))),
    Stop("upscaleVideo", 400, "unknown-video", _by_number(999)),
    Stop("upscaleVideo", 400, "unfinished-video", lambda s: _upscale(s.upscale())),
    Stop("upscaleVideo", 400, "deleted-video", _upscale_of_a_deleted_one),
    _refused("upscaleVideo", "POST", _UPSCALE, {"video_id": _FOREIGN}),
    Stop("upscaleVideo", 401, "unauthorized", _by_number(401), "by number"),
    Stop("upscaleVideo", 404, "unknown-video", _by_number(999), lenient=True),
    Stop("upscaleVideo", 412, "insufficient-credits", _upscale_after(credits=0)),
    Stop("upscaleVideo", 412, "insufficient-credits", _by_number(412), "by number"),
    Stop("upscaleVideo", 429, "account-busy", _upscale_on_a_full_account),
    Stop("upscaleVideo", 429, "account-busy", _by_number(429), "by number"),
    Stop("upscaleVideo", 429, "all-accounts-busy", _upscale_on_full_accounts),
    Stop("upscaleVideo", 429, "all-accounts-busy", _by_number(4292), "by number"),
    Stop("upscaleVideo", 429, "upstream-limit", _upscale_after(concurrency=0)),
    Stop("upscaleVideo", 429, "upstream-limit", _by_number(4293), "by number"),
    Stop("upscaleVideo", 596, "pending-error", _upscale_after(pendingError=True)),
    Stop("upscaleVideo", 596, "pending-error", _by_number(596), "by number"),
    Stop("listVideos", 200, "generating", _after_a_start(Call("GET", f"{_VIDEOS}?limit=3&offset=0&email={_DEMO}"))),
    Stop("listVideos", 400, "bad-request", _just("GET", f"{_VIDEOS}?limit=0"), violates=True),
    Stop("listVideos", 400, "email-required", _after_linking(Call("GET", _VIDEOS))),
    Stop("listVideos", 400, "unknown-account", _just("GET", f"{_VIDEOS}?email=nobody@example.com")),
    _refused("listVideos", "GET", _VIDEOS),
    Stop("getVideo", 200, "upscaled", _with_video("GET", lambda s: s.video), "a source"),
    Stop("getVideo", 200, "upscaled", _with_video("GET", lambda s: s.upscale()), lenient=True),
    Stop("getVideo", 200, "upscaled", _with_video("GET", _ended(7)), "moderated", lenient=True),
    Stop("getVideo", 200, "upscaled", _with_video("GET", _ended(8)), "failed", lenient=True),
    Stop("getVideo", 200, "upscaled", _with_video("GET", _encoded), "encoded", lenient=True),
    Stop("getVideo", 400, "bad-request", _just("GET", f"{_VIDEOS}/{_WRONG_ID}"), violates=True),
    Stop("getVideo", 400, "encoded-id", _with_video("GET", _encoded)),
    _refused("getVideo", "GET", f"{_VIDEOS}/{_FOREIGN}"),
    Stop("getVideo", 404, "video-processing", _with_video("GET", Sandbox.upscale)),
    Stop("getVideo", 404, "unknown-video", _with_video("GET", lambda s: s.number(999))),
    Stop("getVideo", 404, "deleted-video", _with_video("GET", Sandbox.delete)),
    Stop("deleteVideo", 200, "deleted", _with_video("DELETE", lambda s: s.video)),
    Stop("deleteVideo", 400, "bad-request", _just("DELETE", f"{_VIDEOS}/{_WRONG_ID}"), violates=True),
    Stop("deleteVideo", 400, "encoded-id", _with_video("DELETE", _encoded)),
    _refused("deleteVideo", "DELETE", f"{_VIDEOS}/{_FOREIGN}"),
    Stop("deleteVideo", 404, "video-processing", _with_video("DELETE", Sandbox.upscale)),
    Stop("deleteVideo", 404, "unknown-video", _with_video("DELETE", lambda s: s.number(999))),
    Stop("deleteVideo", 404, "deleted-video", _with_video("DELETE", Sandbox.delete)),
    Stop("listAccounts", 200, "one", _just("GET", _ACCOUNTS)),
    _refused("listAccounts", "GET", _ACCOUNTS),
    Stop("listAccounts", 404, "no-accounts", _after_unlinking(Call("GET", _ACCOUNTS))),
    Stop("getAccount", 200, "account", _just("GET", f"{_ACCOUNTS}/{_DEMO}")),
    Stop("getAccount", 200, "account", _just("GET", f"{_ACCOUNTS}/{quote(_DEMO)}"), "encoded"),
    Stop("getAccount", 200, "account", _account_in_trouble, "in trouble"),
    Stop("getAccount", 400, "bad-request", _just("GET", f"{_ACCOUNTS}/nobody"), violates=True),
    _refused("getAccount", "GET", f"{_ACCOUNTS}/{_DEMO}"),
    Stop("getAccount", 404, "unknown-account", _just("GET", f"{_ACCOUNTS}/{_OTHER}")),
    Stop("saveAccount", 201, "account", _just("POST", f"{_ACCOUNTS}/{_OTHER}", _LINK)),
    Stop(
        "saveAccount",
        201,
        "account",
        _form("POST", f"{_ACCOUNTS}/{_OTHER}", email=_OTHER, password="secret", maxJobs="2"),
        "as a form",
    ),
    Stop("saveAccount", 400, "bad-request", _just("POST", f"{_ACCOUNTS}/{_OTHER}", {"email": _OTHER}), violates=True),
    Stop("saveAccount", 400, "email-mismatch", _just("POST", f"{_ACCOUNTS}/{_DEMO}", _LINK)),
    _refused("saveAccount", "POST", f"{_ACCOUNTS}/{_OTHER}", _LINK),
    Stop("deleteAccount", 200, "deleted", _just("DELETE", f"{_ACCOUNTS}/{_DEMO}")),
    Stop("deleteAccount", 400, "bad-request", _just("DELETE", f"{_ACCOUNTS}/nobody"), violates=True),
    _refused("deleteAccount", "DELETE", f"{_ACCOUNTS}/{_DEMO}"),
    Stop("deleteAccount", 404, "unknown-account", _just("DELETE", f"{_ACCOUNTS}/{_OTHER}")),
    Stop("listRunning", 200, "one", _after_a_start(Call("GET", _SCHEDULER))),
    _refused("listRunning", "GET", _SCHEDULER),
    Stop("listAvailable", 200, "idle", _after_a_start(Call("GET", f"{_SCHEDULER}/available"))),
    _refused("listAvailable", "GET", f"{_SCHEDULER}/available"),
    Stop("cancelJob", 200, "cancelled", _with_video("DELETE", Sandbox.upscale, _SCHEDULER)),
    Stop("cancelJob", 400, "bad-request", _just("DELETE", f"{_SCHEDULER}/{_WRONG_ID}"), violates=True),
    Stop("cancelJob", 400, "encoded-id", _with_video("DELETE", _encoded, _SCHEDULER)),
    _refused("cancelJob", "DELETE", f"{_SCHEDULER}/{_FOREIGN}"),
    Stop("cancelJob", 404, "unknown-job", _with_video("DELETE", lambda s: s.video, _SCHEDULER)),
    Stop("getFeatures", 200, "features", _just("GET", f"{_FEATURES}?email={_DEMO}")),
    Stop("getFeatures", 400, "bad-request", _just("GET", f"{_FEATURES}?email=nobody"), violates=True),
    Stop("getFeatures", 400, "email-required", _after_linking(Call("GET", _FEATURES))),
    Stop("getFeatures", 400, "no-accounts", _after_unlinking(Call("GET", _FEATURES))),
    Stop("getFeatures", 400, "unknown-account", _just("GET", f"{_FEATURES}?email={_OTHER}")),
    _refused("getFeatures", "GET", _FEATURES),
    Stop("getUser", 200, "user", _just("GET", _USER)),
    _refused("getUser", "GET", _USER),
    Stop("updateUser", 200, "user", _just("POST", _USER, {"name": "Demo", "replyUrl": "http://127.0.0.1:9/callback"})),
    Stop("updateUser", 200, "user", _form("POST", _USER, replyUrl="http://127.0.0.1:9/callback"), "as a form"),
    Stop("updateUser", 400, "bad-request", _just("POST", _USER, {"replyUrl": "ftp://127.0.0.1"}), violates=True),
    Stop(
        "updateUser",
        400,
        "reply-url-too-long",
        _just("POST", _USER, {"replyUrl": f"http://127.0.0.1/{'a' * 1024}"}),
        violates=True,
    ),
    _refused("updateUser", "POST", _USER, {"name": "Demo"}),
)

UNREACHED: Final = {
    # PixVerse's own check of a password: the mock takes any.
    ("saveAccount", 401, "login-refused"),
}

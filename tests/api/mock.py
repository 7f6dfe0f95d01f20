"""A mock in a test: requests are sent as an adapter takes them, the sandbox behind can be looked at."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from mockserver.api import Api
from mockserver.domain import Receipt, Sandbox, Verdict
from mockserver.leap import Ahead, drive, leap
from mockserver.runtime import GuardedSandbox

Send = Callable[[str, str, str, dict[str, str], bytes], tuple[int, Any, bytes]]
"""Method, raw path, raw query, headers, body; answers status, headers (names in lower case), body."""

TOKEN: Final = "user:12345-demo"
HOST: Final = "127.0.0.1:8596"
EMAIL: Final = "demo@example.com"
OTHER: Final = "other@example.com"

UPSCALE: Final = "/v2/pixverse/videos/upscale"
VIDEOS: Final = "/v2/pixverse/videos"
ACCOUNTS: Final = "/v2/pixverse/accounts"
SCHEDULER: Final = "/v2/pixverse/scheduler"
FEATURES: Final = "/v2/pixverse/features"
USER: Final = "/v2/account"

JSON: Final = "application/json"
FORM_TYPE: Final = "multipart/form-data; boundary=line"


def part(name: str, value: str, more: str = "") -> str:
    """A field of a form; `more` is what its header says besides."""
    return f'--line\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


def form(*parts: str) -> dict[str, Any]:
    """What `Mock.call` wants to know to send these parts."""
    return {"content": ("".join(parts) + "--line--\r\n").encode(), "headers": {"Content-Type": FORM_TYPE}}


@dataclass(frozen=True)
class Answer:
    """What a client sees."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The content as JSON."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Mock:
    """A mock and the way to it. Requests carry the token, unless told otherwise."""

    api: Api
    send: Send
    token: str = TOKEN

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: str = "",
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Send a request. `body` goes as JSON, `content` as it is; a header "" is left out."""
        given = {"Authorization": f"Bearer {self.token}", "Host": HOST, **(headers or {})}
        if body is not None:
            content = json.dumps(body).encode()
        if content is not None:
            given.setdefault("Content-Type", JSON)
        sent = {name: value for name, value in given.items() if value}
        return Answer(*self.send(method, path, query, sent, content or b""))

    def get(self, path: str, query: str = "") -> Any:
        """The body of a GET that succeeds."""
        answer = self.call("GET", path, query=query)
        assert answer.status == 200, answer.content
        return answer.body

    def upscale(self, video_id: str | None = None, **fields: Any) -> Answer:
        """An upscale of this video, else of the account's oldest."""
        return self.call("POST", UPSCALE, {"video_id": video_id or self.video_id(), **fields})

    def accepted(self, video_id: str | None = None, **fields: Any) -> str:
        """The id of an upscale that is accepted."""
        answer = self.upscale(video_id, **fields)
        assert answer.status == 200, answer.content
        return str(answer.body["video_id"])

    def of_fresh_token(self) -> "Mock":
        """The same mock, asked with a token that it has not seen, of the same user."""
        fresh = Mock(self.api, self.send, token=f"user:12345-fresh{len(self.api.runtime)}")
        assert fresh.guarded.journal.total == 0
        return fresh

    def link(self, email: str = OTHER, max_jobs: int = 3) -> None:
        """Link another account."""
        body = {"email": email, "password": "secret", "maxJobs": max_jobs}
        assert self.call("POST", f"{ACCOUNTS}/{email}", body).status == 201

    def advance(self, seconds: float) -> None:
        """Let time go by in the token's sandbox; callbacks reach a receiver that is content with all of them."""
        guarded = self.guarded
        with guarded.leaping():
            drive(leap(guarded, Ahead(round(seconds * 1_000))), lambda _: Receipt(Verdict.RECEIVED))

    def finish(self) -> None:
        """Let every job end."""
        self.advance(601)

    @property
    def guarded(self) -> GuardedSandbox:
        return self.api.runtime.guarded(f"Bearer {self.token}".encode())

    @property
    def sandbox(self) -> Sandbox:
        return self.guarded.sandbox

    def kept(self) -> Sandbox:
        """A copy of the sandbox, to compare with later."""
        return deepcopy(self.sandbox)

    def video_id(self, email: str = EMAIL, index: int = 0) -> str:
        """The id of one of the account's videos, the oldest first."""
        sandbox = self.sandbox
        return f"user:{sandbox.user}-pixverse:{email}-video:{sandbox.accounts[email].videos[index]}"

    def number(self, number: int, email: str = EMAIL) -> str:
        """The id of the video with this number."""
        return f"user:{self.sandbox.user}-pixverse:{email}-video:{number}"


MakeMock = Callable[..., Mock]
"""Makes a mock of the settings given by name."""

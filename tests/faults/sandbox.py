"""A sandbox under a fault plan, reached through the seam."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from api.mock import EMAIL, UPSCALE, VIDEOS
from mockserver.api import Api
from mockserver.domain import Sandbox
from mockserver.faults import Plan, reading
from mockserver.journal import Exchange
from mockserver.message import Request
from mockserver.runtime import GuardedSandbox

ROOMY: Final = {"limits.slots": "false", "limits.credits": "false", "jobs.shortest": "60", "jobs.longest": "60"}
"""Keys of a scenario in which every upscale is accepted, and lasts a minute."""

_NUMBERS: Final = count(1)


@dataclass
class Faulty:
    """A fresh sandbox of a mock, whose fault plan a test sets."""

    api: Api
    token: str = field(default_factory=lambda: f"user:12345-faulty{next(_NUMBERS)}")

    @property
    def guarded(self) -> GuardedSandbox:
        return self.api.runtime.guarded(self.authorization)

    @property
    def sandbox(self) -> Sandbox:
        return self.guarded.sandbox

    @property
    def authorization(self) -> bytes:
        return f"Bearer {self.token}".encode()

    @property
    def now(self) -> int:
        """What its clock shows, in milliseconds."""
        with self.guarded.lock:
            return self.guarded.clock.now()

    def plan(self, *rules: dict[str, Any], seed: int = 0) -> Plan:
        """Put a plan of these rules in place."""
        plan = Plan(reading.rules(rules, self.api.catalogue), seed)
        self.guarded.plan = plan
        return plan

    def video_id(self, number: int | None = None) -> str:
        """The id of the video with this number, else of the account's oldest."""
        number = self.sandbox.accounts[EMAIL].videos[0] if number is None else number
        return f"user:12345-pixverse:{EMAIL}-video:{number}"

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: str = "",
        patience: float | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> Exchange:
        """What comes of a request, in the end."""
        given = [(b"authorization", self.authorization), (b"content-type", b"application/json"), *headers]
        coming = self.api.exchange(Request(method, path, query, given, body, patience=patience))
        return coming if isinstance(coming, Exchange) else coming.result(timeout=10)

    def upscale(self, number: int | None = None, more: str = "", *, patience: float | None = None) -> Exchange:
        """What comes of an upscale; `more` are further members of its body, from the comma on."""
        body = f'{{"video_id": "{self.video_id(number)}"{more}}}'
        return self.call("POST", UPSCALE, body.encode(), patience=patience)

    def look(self, number: int | None = None) -> Exchange:
        """What comes of a GET of one video."""
        return self.call("GET", f"{VIDEOS}/{self.video_id(number)}")

    def list(self, query: str = "") -> Exchange:
        """What comes of a GET of all videos."""
        return self.call("GET", VIDEOS, query=query)

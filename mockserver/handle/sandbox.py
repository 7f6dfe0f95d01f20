"""The sandbox of a token, as a test has it."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from mockserver.handle.accounts import AccountsHandle
from mockserver.handle.asking import Ask, with_query
from mockserver.handle.clock import ClockHandle
from mockserver.handle.faults import FaultsHandle, ScenarioHandle
from mockserver.handle.requests import RequestsHandle
from mockserver.handle.sink import Sink
from mockserver.handle.told import Callback, Event, Job

_USER: Final = "12345"


def fresh_token() -> str:
    """A token that no other test has, in no process and no run."""
    return f"user:{_USER}-{uuid4().hex}"


class PixverseSandbox:
    """The sandbox of one token: what a client finds at `base_url` with `headers`, and what a test does to it.

    MockError is raised for what the mock refuses, with its reason.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __repr__(self) -> str:
        # Not all of the token: it stands in what pytest prints of a failed test.
        return f"{type(self).__name__}({self.base_url!r}, {self.token.partition('-')[0]!r})"

    @property
    def token(self) -> str:
        """The API token that names it."""
        return self._ask.token

    @property
    def base_url(self) -> str:
        """What a client has in the place of https://api.useapi.net."""
        return self._ask.base_url

    @property
    def headers(self) -> dict[str, str]:
        """What a client sends to be let in."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def video_id(self) -> str:
        """The id of a finished video, which can be upscaled. Raises LookupError if no account has one."""
        for account in self.accounts.list():
            if (video_id := account["video_id"]) is not None:
                return video_id
        raise LookupError("no account of this sandbox has a finished video")

    @cached_property
    def clock(self) -> ClockHandle:
        """Its one clock."""
        return ClockHandle(self._ask)

    @cached_property
    def accounts(self) -> AccountsHandle:
        """Its linked accounts."""
        return AccountsHandle(self._ask)

    @cached_property
    def requests(self) -> RequestsHandle:
        """What was asked and answered."""
        return RequestsHandle(self._ask)

    @cached_property
    def faults(self) -> FaultsHandle:
        """What goes wrong in it on purpose."""
        return FaultsHandle(self._ask)

    @cached_property
    def scenario(self) -> ScenarioHandle:
        """What it started with, and how it answers."""
        return ScenarioHandle(self._ask)

    @property
    def jobs(self) -> list[Job]:
        """The newest jobs, oldest first."""
        jobs: list[Job] = self._ask("GET", "/__mock/jobs")["data"]
        return jobs

    @property
    def callbacks(self) -> list[Callback]:
        """The newest callbacks with their attempts, in the order in which they came to be owed."""
        callbacks: list[Callback] = self._ask("GET", "/__mock/callbacks")["data"]
        return callbacks

    @property
    def events(self) -> list[Event]:
        """What happened last, in time order."""
        events: list[Event] = self._ask("GET", with_query("/__mock/events", {"limit": 10_000}))["data"]
        return events

    @property
    def journal(self) -> dict[str, Any]:
        """All that happened in it, in one document: what `contracts grade --journal` judges."""
        document: dict[str, Any] = self._ask("GET", "/__mock/journal", seconds=None)
        return document

    def reset(self) -> None:
        """Put a fresh sandbox in its place, by the scenario that the mock was started with."""
        self._ask("POST", "/__mock/reset")

    def sandbox(
        self, token: str | None = None, scenario: Mapping[str, Any] | str | Path | None = None
    ) -> "PixverseSandbox":
        """Another sandbox of the same mock: of this token, else of a fresh one. Raises ScenarioError."""
        other = PixverseSandbox(self._ask.of(token or fresh_token()))
        if scenario is not None:
            other.scenario.put(scenario)
        return other

    def sink(self, name: str | None = None) -> Sink:
        """A receiver of callbacks that the mock has built in: the one of this name, else a fresh one."""
        return Sink(self._ask, f"{self.base_url}/__mock/sink/{name or uuid4().hex[:12]}")

    def timeline(self, lines: int = 100) -> str:
        """What happened in it, a line for each request and event: the last ones."""
        from mockserver.handle.report import timeline

        return timeline(self._ask, lines)

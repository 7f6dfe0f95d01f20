"""A mock that runs somewhere, as a test has it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver.handle.asking import MockError, OverHttp
from mockserver.handle.sandbox import PixverseSandbox, fresh_token
from mockserver.hosts import origin_of


class PixverseServer:
    """A mock that listens at `url` (scheme, host and port); `control_token` is what it wants off loopback.

    Raises ValueError for another form of URL.
    """

    def __init__(self, url: str, control_token: str | None = None) -> None:
        origin = origin_of(url.removesuffix("/"))
        if origin is None or not origin.startswith(("http://", "https://")):
            raise ValueError(f"the URL of a mock is scheme, host and port only, as http://127.0.0.1:8596, got {url!r}")
        self.url = origin
        self._control_token = control_token

    def sandbox(
        self, token: str | None = None, scenario: Mapping[str, Any] | str | Path | None = None
    ) -> PixverseSandbox:
        """The sandbox of this token, else of a fresh one. Raises ScenarioError, MockError."""
        sandbox = PixverseSandbox(OverHttp(self.url, token or fresh_token(), self._control_token))
        if scenario is not None:
            sandbox.scenario.put(scenario)
        return sandbox

    def check(self) -> None:
        """Raise MockError unless a mock answers there, and may be told what to do."""
        ask = OverHttp(self.url, fresh_token(), self._control_token)
        if ask("GET", "/__mock/health").get("status") != "ok":
            raise MockError(f"what listens at {self.url} is no mock")
        ask("GET", "/__mock/sandboxes")

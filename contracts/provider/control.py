"""The control API of a mock, where the provider has one: it sets situations, and is never asked for a verdict."""

from typing import Any, Final
from urllib.parse import quote

from contracts.contract import UNSET
from contracts.contract.operations import Unset
from contracts.findings import Got
from contracts.provider.http import Provider, value_of

_PREFIX: Final = "/__mock"
_TRIES: Final = 3
"""How often a provider is asked whether it has a control API: one that has just been started may take its time."""


class Control:
    """`/__mock` of a provider. Its calls tell whether the provider did what they ask for."""

    def __init__(self, provider: Provider, secret: str | None = None) -> None:
        self._provider = provider
        self._headers = [] if secret is None else [("X-Mock-Control-Token", secret)]

    @classmethod
    def find(cls, provider: Provider, token: str, secret: str | None = None) -> "Control | None":
        """The control API, None where the provider has none, or does not make a sandbox for `token`.

        `secret` is what it asks for off loopback.
        """
        health = provider.control("GET", f"{_PREFIX}/health", seconds=5)
        for _ in range(1, _TRIES):
            if health.status:
                break
            health = provider.control("GET", f"{_PREFIX}/health", seconds=5)
        if health.status != 200 or not isinstance(value_of(health), dict):
            return None
        control = cls(provider, secret)
        return control if control.reset(token) else None

    def reset(self, token: str) -> bool:
        """Put a fresh sandbox in the place of the token's; whether that was done."""
        return self._ask("POST", "/reset", token).status == 204

    def freeze(self, token: str) -> str:
        """Stop the clock: it moves only when told from here on. What it shows, empty if there is none."""
        return self._clock("freeze", token, {})

    def advance(self, token: str, seconds: float) -> str:
        """Move the clock; what falls due meanwhile happens, callbacks included. What it shows then, empty for none."""
        return self._clock("advance", token, {"seconds": seconds})

    def adjust(self, token: str, email: str, **values: Any) -> bool:
        """Set `credits`, `maxJobs`, `concurrency` or `pendingError` of an account."""
        return self._ask("PATCH", f"/accounts/{quote(email, safe='@')}", token, values).status == 200

    def fault(self, token: str, rules: list[dict[str, Any]]) -> bool:
        """Put this fault plan in the place of the one there was."""
        return self._ask("PUT", "/faults", token, {"faults": rules}).status == 200

    def scenario(self, token: str, scenario: dict[str, Any]) -> bool:
        """Put a fresh sandbox with this scenario in the place of the token's."""
        return self._ask("PUT", "/scenario", token, scenario).status == 200

    def _clock(self, verb: str, token: str, json: Any) -> str:
        got = self._ask("POST", f"/clock/{verb}", token, json)
        value = value_of(got)
        return str(value.get("now", "?")) if got.status == 200 and isinstance(value, dict) else ""

    def _ask(self, method: str, path: str, token: str, json: Any | Unset = UNSET) -> Got:
        return self._provider.control(method, _PREFIX + path, token=token, json=json, headers=self._headers)

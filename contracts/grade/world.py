"""The mock from outside: its sandboxes by the control API, over HTTP."""

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request

_SECONDS: Final = 30.0
_MOST_BYTES: Final = 1_000_000_000


class WorldError(Exception):
    """The mock did not do what it was asked for; the message is one line."""


class World:
    """A mock at `url` (scheme, host and port). `control_token` is what it asks for off loopback.

    Not contracts.provider, which guards against what a provider may do, and reads no more than a megabyte: a journal
    may be far longer.
    """

    def __init__(self, url: str, control_token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._control_token = control_token
        # Neither proxies nor redirects: tokens go to this address alone.
        self._opener = OpenerDirector()
        self._opener.add_handler(HTTPHandler())
        self._opener.add_handler(HTTPSHandler())

    def scenarios(self, token: str) -> dict[str, Mapping[str, Any]]:
        """The ready-made scenarios by name. Raises WorldError."""
        rows = self._ask("GET", "/__mock/scenarios", token)["data"]
        return {row["name"]: {"description": row["description"], **row["scenario"]} for row in rows}

    def prepare(self, token: str, scenario: Mapping[str, Any]) -> None:
        """Put a fresh sandbox with this scenario in the place of the token's. Raises WorldError."""
        self._ask("PUT", "/__mock/scenario", token, scenario)

    def video(self, token: str) -> str:
        """The id of a finished video of the sandbox. Raises WorldError."""
        rows = self._ask("GET", "/__mock/accounts", token)["data"]
        found = next((row["video_id"] for row in rows if row["video_id"] is not None), None)
        if found is None:
            raise WorldError("the scenario has no finished video to upscale")
        return str(found)

    def newest(self, token: str, limit: int) -> list[dict[str, Any]]:
        """The newest entries of the journal of the token's sandbox, oldest first. Raises WorldError."""
        entries: list[dict[str, Any]] = self._ask("GET", f"/__mock/requests?limit={limit}", token)["data"]
        return entries

    def journal(self, token: str) -> dict[str, Any]:
        """The journal of the token's sandbox. Raises WorldError."""
        document: dict[str, Any] = self._ask("GET", "/__mock/journal", token)
        return document

    def _ask(self, method: str, path: str, token: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if self._control_token is not None:
            headers["X-Mock-Control-Token"] = self._control_token
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = Request(f"{self.url}{path}", data, headers, method=method)  # noqa: S310 - http and https alone
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                status, content = answer.status, answer.read(_MOST_BYTES)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise WorldError(f"no mock answers at {self.url}: {getattr(error, 'reason', None) or error}") from None
        try:
            value = json.loads(content) if content else None
        except ValueError:
            raise WorldError(f"what listens at {self.url} is no mock: {method} {path} is answered {status}") from None
        if status != 200:
            detail = value.get("detail", "") if isinstance(value, dict) else ""
            if status == 404 and not detail:
                raise WorldError(f"what listens at {self.url} is no mock: {method} {path} is answered 404")
            raise WorldError(f"the mock at {self.url} says {status}: {' '.join(str(detail).split())[:500]}")
        return value

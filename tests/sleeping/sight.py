"""What a test sees of a mock whose time passes while it sleeps: who stands where, and what was told when."""

import asyncio
import gc
import json
import sys
import time
from types import FunctionType
from typing import Any, Final

from mockserver.api import Api
from mockserver.clock import START
from mockserver.message import Request, Response
from mockserver.sleeping.standing_in import StandIn

REAL: Final = (time.sleep, time.time, time.time_ns, time.monotonic, time.monotonic_ns, asyncio.sleep)
"""The functions as they are."""

HOOK: Final = "http://app.test/hook"
"""Where a test receives callbacks."""


def standing() -> dict[tuple[str, str], str]:
    """By module and name, where the functions stand that sleep and tell the time: "real", or "stand-in"."""
    known = {id(function): "real" for function in REAL}
    known |= {id(function): "stand-in" for function in gc.get_objects() if _stands_in(function)}
    return {
        (module_name, name): known[id(value)]
        for module_name, module in list(sys.modules.items())
        for name, value in list(getattr(module, "__dict__", {}).items())
        if id(value) in known
    }


def _stands_in(function: Any) -> bool:
    return issubclass(type(function), StandIn) or (type(function) is FunctionType and hasattr(function, "sleepers"))


class Received:
    """A receiver of callbacks in this process: what came, each with the seconds on the mock's clock."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.calls: list[tuple[float, str]] = []

    def __call__(self, request: Request) -> Response:
        """Take a callback."""
        self.calls.append((clock(self._api), str(json.loads(request.body)["video_status_name"])))
        return Response(200, (), b"ok")


def clock(api: Api) -> float:
    """The seconds that have passed on the clock of a mock, whose sandboxes have one."""
    instants = {guarded.clock.now() for guarded in api.sandboxes()} or {api.runtime.unite().clock.now()}
    assert len(instants) == 1
    return (instants.pop() - START) / 1_000

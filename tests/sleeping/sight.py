"""What a test sees of a mock whose time passes while it sleeps: who stands where, and what was told when."""

import asyncio
import json
import sys
import time
from types import FunctionType
from typing import Final

from mockserver.api import Api
from mockserver.clock import START
from mockserver.message import Request, Response
from mockserver.sleeping.standing_in import StandIn

REAL: Final = (time.sleep, time.time, time.time_ns, time.monotonic, time.monotonic_ns, asyncio.sleep)
"""The functions as they are."""

_STAND_INS: Final = (FunctionType, *StandIn.__subclasses__())

HOOK: Final = "http://app.test/hook"
"""Where a test receives callbacks."""


def standing() -> dict[tuple[str, str], str]:
    """By module and name, where the functions stand that sleep and tell the time: "real", or "stand-in"."""
    real = {id(function) for function in REAL}
    found = {}
    for module_name, module in list(sys.modules.items()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if id(value) in real:
                found[module_name, name] = "real"
            elif type(value) in _STAND_INS and hasattr(value, "sleepers"):
                found[module_name, name] = "stand-in"
    return found


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

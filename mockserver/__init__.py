"""A local fake of the PixVerse upscale API that useapi.net sells.

create_app       a Flask application with a mock of its own
intercept        calls of this process to the API's host end in a mock
PixverseMock     what a test holds of a mock in this process,
PixverseSandbox  of a sandbox, here or on a server,
PixverseServer   and of a mock that runs somewhere
Sink             a receiver of callbacks that a mock has built in
MakePixverseMock what the fixture make_pixverse_mock gives
Api              the mock itself: a neutral Request in, a neutral Response out
Settings         how a mock is set up
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mockserver.api import Api
    from mockserver.handle.in_process import MakePixverseMock, PixverseMock
    from mockserver.handle.live import PixverseServer
    from mockserver.handle.sandbox import PixverseSandbox
    from mockserver.handle.sink import Sink
    from mockserver.interception.patching import intercept
    from mockserver.settings import Settings
    from mockserver.web.app import create_app

__version__ = "0.1.0"
__all__ = [
    "Api",
    "MakePixverseMock",
    "PixverseMock",
    "PixverseSandbox",
    "PixverseServer",
    "Settings",
    "Sink",
    "__version__",
    "create_app",
    "intercept",
]

_HOMES: Final = {
    "Api": "mockserver.api",
    "MakePixverseMock": "mockserver.handle.in_process",
    "PixverseMock": "mockserver.handle.in_process",
    "PixverseSandbox": "mockserver.handle.sandbox",
    "PixverseServer": "mockserver.handle.live",
    "Settings": "mockserver.settings",
    "Sink": "mockserver.handle.sink",
    "create_app": "mockserver.web.app",
    "intercept": "mockserver.interception.patching",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: the live server must not wait for Flask.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)

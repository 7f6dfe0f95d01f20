"""A local fake of the PixVerse upscale API that useapi.net sells.

create_app   a Flask application with a mock of its own
Api          the mock itself: a neutral Request in, a neutral Response out
Settings     how a mock is set up
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mockserver.api import Api
    from mockserver.settings import Settings
    from mockserver.web.app import create_app

__version__ = "0.1.0"
__all__ = ["Api", "Settings", "__version__", "create_app"]

_HOMES: Final = {"Api": "mockserver.api", "Settings": "mockserver.settings", "create_app": "mockserver.web.app"}


def __getattr__(name: str) -> Any:
    # Imported when asked for: the live server must not wait for Flask.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)

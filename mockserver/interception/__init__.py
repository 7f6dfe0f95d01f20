"""The mock inside a client's own process: no socket, no Flask; the clients' real classes in and out.

conversion        the bytes that a client sends as a Request, and what it is to see of a Response
waiting           a Request to the mock, its Response back: at once, on a thread, on an event loop
urllib3_pool      urllib3's connections, with the mock in the place of the socket
requests_adapter  RequestsAdapter: for `Session.mount`
httpx_transport   HttpxTransport, AsyncHttpxTransport: for `httpx.Client(transport=...)` and its asynchronous twin
patching          intercept(): all calls of the process to the API's host, until it ends
place             which URLs lead there
overlay           a method in the place of another, to be taken away in any order; what requests_overlay and
                  httpx_overlay put there
registering       the API in a RequestsMock of `responses`

What goes wrong on the wire is the exception that the client raises on a real connection. Nobody waits for it: an answer
that never comes has timed out at once, and a body that is dribbled is there at once, or has timed out where the pauses
between its pieces are longer than the client's timeout. Pages are not served here.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mockserver.interception.httpx_transport import AsyncHttpxTransport, HttpxTransport
    from mockserver.interception.requests_adapter import RequestsAdapter

__all__ = ["AsyncHttpxTransport", "HttpxTransport", "RequestsAdapter"]

_HOMES: Final = {
    "AsyncHttpxTransport": "mockserver.interception.httpx_transport",
    "HttpxTransport": "mockserver.interception.httpx_transport",
    "RequestsAdapter": "mockserver.interception.requests_adapter",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: who uses one client need not have the other.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)

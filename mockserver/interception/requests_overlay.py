"""What requests does otherwise while its calls to the API's host are intercepted."""

from collections.abc import Callable, Iterator
from typing import Any

from requests import PreparedRequest, Session
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import ConnectionError as Unconnected

from mockserver.interception.place import Place
from mockserver.interception.requests_adapter import RequestsAdapter
from mockserver.mock import Mock


def overlays(mock: Mock, place: Place, *, refuse_others: bool) -> Iterator[tuple[type, str, Callable[..., Any]]]:
    """The classes and methods, and what is done in their place."""
    ours = RequestsAdapter(mock)

    # The choice of an adapter, and not what one does: `responses` puts its own in the place of HTTPAdapter.send.
    def get_adapter(below: Callable[..., BaseAdapter], session: Session, url: str) -> BaseAdapter:
        theirs = below(session, url)
        if not place.holds(url):
            return theirs
        return ours.retrying(theirs) if isinstance(theirs, HTTPAdapter) else ours

    yield Session, "get_adapter", get_adapter
    if refuse_others:

        def connect(_: Any, __: HTTPAdapter, request: PreparedRequest, *___: Any, **____: Any) -> Any:
            raise Unconnected(place.refusal(f"{request.method} {request.url}"), request=request)

        # The last step before a socket: what others answer without one is none of our business.
        yield HTTPAdapter, "get_connection_with_tls_context", connect

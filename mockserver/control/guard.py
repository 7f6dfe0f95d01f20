"""Who may call the control API: no page of another site, no name that is not the mock's, and who has the token.

On loopback the mock is open to whoever can call it, but a browser calls for any page that it shows. A page of another
site gives itself away by Origin and Sec-Fetch-Site; one whose own name was made to resolve to the mock (DNS rebinding)
by its Host.
"""

from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

from mockserver.hosts import host_of, is_address, is_allowed, origin_of
from mockserver.message import Request, Response
from mockserver.problem import problem
from mockserver.settings import Settings

_HEADER: Final = b"x-mock-control-token"

_OPEN: Final = frozenset({"getHealth", "getControlContract", "getMetrics", "sendToSink"})
"""Operations that never ask for the control token: who sends callbacks or watches a service can't be told one."""

_BY_ANY_NAME: Final = frozenset({"getHealth", "sendToSink"})
"""Operations that may be called by any name of the mock."""

_SAME_SITE: Final = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site for the mock's own pages, and for an address that a person typed."""


def refused(request: Request, operation: str, settings: Settings) -> Response | None:
    """The problem that answers a request for an operation ("" for none of them), None if it may go on."""
    if operation != "getHealth" and (sentence := _foreign_page(request, settings)) is not None:
        return problem(403, sentence)
    token = request.header(_HEADER)
    wanted = settings.control_token
    knows = token is not None and wanted is not None and compare_digest(token.strip(), wanted.encode())
    if operation not in _BY_ANY_NAME and not knows and (sentence := _foreign_name(request, settings)) is not None:
        return problem(403, sentence)
    if operation not in _OPEN and not knows and wanted is not None:
        lacks = "without one" if token is None else "with another"
        return problem(401, f"the control API needs its token in the header X-Mock-Control-Token, was called {lacks}")
    return None


def _foreign_page(request: Request, settings: Settings) -> str | None:
    """The sentence for a request that a browser sends for a page of another origin."""
    site = _value(request, b"sec-fetch-site")
    if site is not None and site not in _SAME_SITE:
        return f"the control API is not for pages of other origins, got Sec-Fetch-Site {_shown(site)}"
    page = _value(request, b"origin")
    if page is None:
        return None
    host = _value(request, b"host")
    own = {origin_of(f"{request.scheme}://{host}")} if host else set()
    if settings.public_url is not None:
        parts = urlsplit(settings.public_url)
        own.add(origin_of(f"{parts.scheme}://{parts.netloc}"))
    if origin_of(page) in own - {None}:
        return None
    return f"the control API is not for pages of other origins, got Origin {_shown(page)}"


def _foreign_name(request: Request, settings: Settings) -> str | None:
    """The sentence for a Host that is not known to be the mock's."""
    written = _value(request, b"host")
    if not written:
        return None
    host = host_of(written)
    if host is not None:
        public = urlsplit(settings.public_url).hostname if settings.public_url else None
        known = host == "localhost" or host.endswith(".localhost") or is_address(host)
        if known or is_allowed(host, settings.allow_hosts) or (public is not None and host == host_of(public)):
            return None
    lifts = " (or the control token in X-Mock-Control-Token)" if settings.control_token is not None else ""
    return f"the control API is not called by the Host {_shown(written)}; --allow-host{lifts} lets it in"


def _value(request: Request, name: bytes) -> str | None:
    """The value of a header, of several with this name all of them, so that none goes unseen."""
    values = [value.strip() for key, value in request.headers if key == name]
    return b", ".join(values).decode("latin-1") if values else None


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 100 else f"{text[:100]}...")

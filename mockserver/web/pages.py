"""The contract as files, the page on which a person reads and tries it, and the list of faults.

Nothing served here leads a browser to the paid API: the copies of the contract name the mock as
their only server, and the page's policy lets it call no origin but its own.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson
import yaml
from flask import Blueprint, Response, render_template, request

from mockserver.faults import Catalogue
from mockserver.problem import problem
from mockserver.spec.document import Document
from mockserver.web.fault_table import tables
from mockserver.web.wsgi import to_flask

# Only Swagger UI's own files in it are used: importing it would need a framework we don't have.
VIEWER_PACKAGE = "flask-swagger-ui"
VIEWER_FILES = ("dist/swagger-ui-bundle.js", "dist/swagger-ui.css")

# The user of the contract's examples. No secret: every well-formed token has a sandbox.
DEMO_TOKEN = "user:12345-demo"  # noqa: S105

# No script but our files, and nothing is fetched, shown, framed or posted elsewhere.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_DESCRIPTION = "This mock"
_CONTENT_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
# Stricter than HTTP: whatever passes has no character that JSON, YAML or HTML could take amiss.
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def pages(document: Document, catalogue: Catalogue, public_url: str | None, *, restricted: bool = False) -> Blueprint:
    """The routes of the contract's copies, of the pages and of their files. `catalogue` are the document's faults.

    Without `public_url` a copy names the address that its request came in by. Raises ContractError
    for a document whose server can't be replaced. `restricted` says that only certain tokens get in, so
    that the page brings none along.
    """
    blueprint = Blueprint("pages", __name__, template_folder="viewer")
    before, after = _around_server(document)
    paths = _viewer_paths()

    def address() -> str:
        return (public_url or f"{request.scheme}://{request.headers['Host']}").rstrip("/")

    @cache
    def asset(name: str) -> "_Asset":
        return _Asset.read(paths[name])

    @blueprint.before_request
    def check_host() -> Response | None:
        host = request.headers.get("Host", "")
        if public_url is not None:
            return None  # the copies name that, whatever the Host
        return None if _HOST.fullmatch(host) else _bad_host(host)

    @blueprint.after_request
    def harden(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        # Werkzeug dates an answer that it compares with a client's copy; servers do it for all.
        response.headers.pop("Date", None)
        return response

    def openapi_json() -> Response:
        servers = [{"url": address(), "description": _DESCRIPTION}]
        body = orjson.dumps(document.data | {"servers": servers}, option=orjson.OPT_INDENT_2)
        return _revalidated(Response(body, mimetype="application/json"))

    def openapi_yaml() -> Response:
        # A JSON string is a YAML string as well.
        server = f"- url: {orjson.dumps(address()).decode()}\n    description: {_DESCRIPTION}\n"
        return _revalidated(Response(before + server + after, mimetype="application/yaml"))

    def page() -> Response:
        token = None if restricted else DEMO_TOKEN
        return html("viewer.html", token=token, package=VIEWER_PACKAGE)

    def faults() -> Response:
        return html("faults.html", tables=tables(catalogue, document))

    def html(template: str, **values: Any) -> Response:
        body = render_template(template, tags={name: asset(name).tag for name in paths}, **values)
        response = _revalidated(Response(body, mimetype="text/html"))
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        return response

    def viewer_file(name: str) -> Response:
        if name not in paths:
            return to_flask(problem(404, f"The page has no file {name!r}."))
        found = asset(name)
        response = Response(found.body, mimetype=found.content_type)
        response.set_etag(found.tag)
        # The page names the content's tag in the address, so such an answer never grows stale.
        named = request.args.get("v") == found.tag
        lifetime = "public, max-age=31536000, immutable" if named else "no-cache"
        response.headers["Cache-Control"] = lifetime
        response.make_conditional(request)
        return response

    views: dict[str, Callable[..., Response]] = {
        "/": page,
        "/faults": faults,
        "/openapi.json": openapi_json,
        "/openapi.yaml": openapi_yaml,
        "/viewer/<name>": viewer_file,
    }
    for rule, view in views.items():
        blueprint.add_url_rule(rule, view_func=view, methods=["GET", "HEAD"], provide_automatic_options=False)
    return blueprint


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file of the page, in memory."""

    body: bytes
    content_type: str
    tag: str

    @classmethod
    def read(cls, path: Path) -> "_Asset":
        body = path.read_bytes()
        return cls(body, _CONTENT_TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])


def _around_server(document: Document) -> tuple[str, str]:
    """The contract's text before and after the entry of its only server; of a rewritten text where it can't be told."""
    server = document.server
    entry = f"- url: {server.get('url')}\n    description: {server.get('description')}\n"
    if document.text.count(entry) != 1:
        rest = {key: value for key, value in document.data.items() if key != "servers"}
        return "servers:\n  ", yaml.safe_dump(rest, sort_keys=False, allow_unicode=True)
    before, _, after = document.text.partition(entry)
    return before, after


def _viewer_paths() -> dict[str, Path]:
    """The page's files by name: ours, and Swagger UI's where its package is installed."""
    ours = Path(__file__).parent / "viewer"
    found = [ours / "viewer.js", ours / "viewer.css"]
    spec = find_spec(VIEWER_PACKAGE.replace("-", "_"))
    for folder in (spec and spec.submodule_search_locations) or ():
        theirs = [Path(folder) / name for name in VIEWER_FILES]
        if all(path.is_file() for path in theirs):
            found += theirs
    return {path.name: path for path in found}


def _bad_host(host: str) -> Response:
    detail = (
        f"The Host header must be a name or an address (an IPv6 one in brackets), with a port or none, got {host!r}."
    )
    return to_flask(problem(400, detail))


def _revalidated(response: Response) -> Response:
    """The response, for caches that ask each time whether it is still the same."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response

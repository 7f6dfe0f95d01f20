"""Between WSGI and the mock: a Flask request to a Request, a Response to a Flask one."""

import re
from typing import Final
from urllib.parse import quote

from flask import Request as FlaskRequest
from flask import Response as FlaskResponse

from mockserver.message import Request, Response
from mockserver.spec.body import MAX_BYTES
from mockserver.suffering import without_connection

_CHUNK: Final = 65_536


def to_request(request: FlaskRequest) -> Request:
    """What was asked, with the path as it was sent where the server tells it."""
    environ = request.environ
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    # The script name is decoded, the raw path is not: a mount that needs quoting is told as no mount.
    mount = quote(environ.get("SCRIPT_NAME", "").rstrip("/"), safe="/")
    if raw is None:
        path = quote(request.path, safe="/:@!$&'()*+,;=~")
    else:
        path = re.sub(r"^https?://[^/?]*", "", raw).partition("?")[0].removeprefix(mount) or "/"
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
    # Not from the raw URI: Werkzeug's test client leaves its `query_string` out of that.
    query = environ.get("QUERY_STRING", "")
    return Request(request.method, path, query, headers, _body(request), request.scheme, mount)


def to_flask(response: Response) -> FlaskResponse:
    """The answer, with the contract's reason phrase."""
    response = without_connection(response)
    status = f"{response.status} {response.reason}" if response.reason else response.status
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
    answer = FlaskResponse(response.body, status, headers)
    if not response.body:
        answer.headers.remove("Content-Type")
        answer.headers.extend((name, value) for name, value in headers if name == "content-type")
    return answer


def _body(request: FlaskRequest) -> bytes:
    """The body; of one beyond the limit only enough to be seen as too long, the rest is read and dropped."""
    stream = request.stream
    body = stream.read(MAX_BYTES + 1)
    while stream.read(_CHUNK):
        pass
    return bytes(body)

"""Errors of the mock itself, as RFC 9457 problems. Errors of the emulated API are the contract's."""

from http import HTTPStatus
from typing import Final

import orjson

from mockserver.message import Headers, Response

_TYPE: Final = ((b"content-type", b"application/problem+json"),)


def problem(status: int, detail: str, extra: Headers = ()) -> Response:
    """The answer with this HTTP status; `detail` says what is wrong, `extra` are further headers."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(status, (*_TYPE, *extra), orjson.dumps(body))


def bug(error: Exception) -> Response:
    """The answer where the mock itself is wrong."""
    return problem(500, f"bug in the mock: {type(error).__name__}: {error}")

"""The files behind a finished video's `url`: small MP4s of the size that the video reports, with range requests."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from mockserver.journal import Exchange
from mockserver.message import Headers, Request, Response

PREFIX: Final = "/media/"
_FOLDER: Final = Path(__file__).parent / "media"
_NAME: Final = re.compile(r"/media/[0-9]+-([0-9]+x[0-9]+)\.(mp4|jpg)")
_TYPES: Final = {"mp4": b"video/mp4", "jpg": b"image/jpeg"}


def exchange(request: Request) -> Exchange:
    """The answer to a request for a file, with its reason."""
    response = answer(request)
    return Exchange(request, response, "", f"{len(response.body)} bytes")


def answer(request: Request) -> Response:
    """The file, or the part of it that a Range header asks for; 404 for any other path, 405 for writing."""
    found = _NAME.fullmatch(request.path)
    content = _content(f"{found[1]}.{found[2]}") if found else None
    if found is None or content is None:
        return Response(404, _text(), b"no such file\n")
    if request.method not in ("GET", "HEAD"):
        return Response(405, (*_text(), (b"allow", b"GET, HEAD")), b"files are only read\n")
    etag = f'"{found[1]}"'.encode()
    headers: Headers = (
        (b"content-type", _TYPES[found[2]]),
        (b"accept-ranges", b"bytes"),
        (b"etag", etag),
        (b"cache-control", b"public, max-age=3600"),
    )
    if _has(request.header(b"if-none-match"), etag):
        return Response(304, headers, b"")
    asked = request.header(b"range")
    if asked is None or request.header(b"if-range") not in (None, etag):
        return Response(200, headers, content)
    return _part(content, asked.decode("latin-1"), headers)


def _has(asked: bytes | None, etag: bytes) -> bool:
    """Whether an If-None-Match names the tag; weak ones count, as HTTP says."""
    tags = [tag.strip().removeprefix(b"W/") for tag in (asked or b"").split(b",")]
    return etag in tags or b"*" in tags


def _part(content: bytes, asked: str, headers: Headers) -> Response:
    # Imported here: most mocks never serve a file.
    from werkzeug.http import parse_range_header

    size = len(content)
    wanted = parse_range_header(asked)
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) > 1:
        return Response(200, headers, content)  # RFC 9110: a Range that is not understood is ignored
    part = wanted.range_for_length(size)
    if part is None:
        return Response(416, (*_text(), (b"content-range", f"bytes */{size}".encode())), b"no such range\n")
    start, stop = part
    shown = (b"content-range", f"bytes {start}-{stop - 1}/{size}".encode())
    return Response(206, (*headers, shown), content[start:stop])


@cache
def _content(name: str) -> bytes | None:
    path = _FOLDER / name
    return path.read_bytes() if path.is_file() else None


def _text() -> Headers:
    return ((b"content-type", b"text/plain; charset=utf-8"),)

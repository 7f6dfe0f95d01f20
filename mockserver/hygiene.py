"""What no HTTP request may hold. Parsers of live servers see to it; for other adapters it is looked for here."""

import re
from typing import Final

from mockserver.message import Request
from mockserver.spec.validation import show

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def fault_of(request: Request) -> str | None:
    """The sentence about a control character in a header or the path, or a path that is not percent-encoded."""
    if not request.path.isascii():
        return f"the path must be percent-encoded, got {show(request.path)}"
    if _CONTROL.search(request.path.encode()):
        return f"the path must hold no control characters, got {show(request.path)}"
    for name, value in request.headers:
        if _CONTROL.search(value) or _CONTROL.search(name):
            return _in_header(name, value)
    return None


def fault_in(head: bytes) -> str | None:
    """The same for the lines of a request's head, as far as they came."""
    lines = head.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    if _CONTROL.search(lines[0]):
        return f"the path must hold no control characters, got {show(lines[0].decode('latin-1'))}"
    if not lines[0].isascii() and b" HTTP/" in lines[0]:
        return f"the path must be percent-encoded, got {show(lines[0].decode('latin-1'))}"
    for line in lines[1:]:
        if _CONTROL.search(line):
            name, _, value = line.partition(b":")
            return _in_header(name, value.strip())
    return None


def _in_header(name: bytes, value: bytes) -> str:
    return f"the header {name.decode('latin-1')} must hold no control characters, got {show(value.decode('latin-1'))}"

"""Requests as curl lines that can be pasted into a shell: nothing in them is taken for anything but text.

The token stands in a variable, $USEAPI_TOKEN; a second one in $USEAPI_TOKEN_2, and so on. Other secrets are masked.
"""

import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from contracts.findings import Call, Event, Passed, Sent, Told
from contracts.report.masking import Masking

_VARIABLE: Final = "USEAPI_TOKEN"
_BY_CURL: Final = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "transfer-encoding", "user-agent"}
)
"""Headers that curl sends as it needs them."""

_LONGEST_BODY: Final = 4_096
"""Bytes of a body that stands in the line; a longer one is too much for some shells, and for every reader."""

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SCHEMED: Final = re.compile(r"([A-Za-z]+ +)(\S.*)", re.DOTALL)


def curl(sent: Sent, variables: Mapping[str, str] | None = None) -> str:
    """A line that sends this request. `variables` are the names of those for credentials, as they are shown masked."""
    length = len(sent.body)
    sent = Masking().sent(sent if length <= _LONGEST_BODY else replace(sent, body=b""))
    if variables is None:
        variables = {} if (found := credential(sent)) is None else {found: _VARIABLE}
    words = ["curl -i"]
    if any(mark in sent.url for mark in "[]{}"):
        words.append("--globoff")
    if re.search(r"/\.\.?(/|$)", sent.url.partition("?")[0]):
        words.append("--path-as-is")
    words += _method(sent, with_body=length > 0)
    words.append(_word(sent.url, variables))
    words += [f"-H {_word(line, variables)}" for line in _headers(sent, with_body=length > 0)]
    if length > _LONGEST_BODY:
        return f"{' '.join(words)} --data-binary @body.bin  # {length:,} bytes, too many for this line"
    return " ".join(words) if not sent.body else _with_body(words, sent.body, variables)


def script(story: Iterable[Event]) -> str:
    """The lines that send a whole story, with a word on the variables they need and on what happens between them."""
    story = list(story)
    calls = [event for event in story if isinstance(event, Call)]
    masking = Masking()
    variables: dict[str, str] = {}
    for call in calls:
        found = credential(masking.sent(replace(call.sent, body=b"")))
        if found is not None and found not in variables:
            number = len(variables) + 1
            variables[found] = _VARIABLE if number == 1 else f"{_VARIABLE}_{number}"
    lines = [f"# ${name} stands for {token}" for token, name in variables.items()]
    last: Call | None = None
    for event in story:
        if isinstance(event, Call):
            last = event
            lines.append(curl(event.sent, variables))
        elif isinstance(event, Told):
            lines.append(f"# now the provider calls {_visible(event.sent.url)}")
        else:
            lines.append(_pass(event, last, variables))
    return "\n".join(lines)


def credential(sent: Sent) -> str | None:
    """What stands behind the scheme in the Authorization header of a masked request, None for no such."""
    value = next((value for name, value in sent.headers if name.lower() == "authorization"), "")
    found = _SCHEMED.fullmatch(value)
    return (found[2] if found else value).strip() or None


def _method(sent: Sent, *, with_body: bool) -> list[str]:
    if sent.method == "HEAD" and not with_body:
        return ["--head"]
    usual = "POST" if with_body else "GET"
    return [] if sent.method == usual else [f"-X {shlex.quote(sent.method)}"]


def _headers(sent: Sent, *, with_body: bool) -> Iterable[str]:
    """Lines for -H; an empty value is written with a semicolon, else curl would send no such header."""
    names = {name.lower() for name, _ in sent.headers}
    for name, value in sent.headers:
        if name.lower() not in _BY_CURL and (name.lower(), value) != ("accept", "*/*"):
            yield f"{name}: {value}" if value.strip() else f"{name};"
    if with_body and "content-type" not in names:
        # Else curl would say that it is a form.
        yield "Content-Type:"


def _with_body(words: list[str], body: bytes, variables: Mapping[str, str]) -> str:
    line = " ".join(words)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if _visible(text) == text:
        return f"{line} --data-raw {_word(text, variables)}"
    return f"printf {shlex.quote(_octal(body))} | {line} --data-binary @-"


def _octal(body: bytes) -> str:
    """Bytes as printf writes them. A hyphen at the start would be an option."""
    plain = {ord("%"): "%%", ord("\\"): "\\\\", ord("-"): "\\055"}
    return "".join(plain.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in body)


def _word(text: str, variables: Mapping[str, str]) -> str:
    """A text as one word of a shell, with variables in the place of credentials."""
    text = _visible(text)
    if not variables:
        return shlex.quote(text)
    places = re.split(
        "(" + "|".join(re.escape(token) for token in sorted(variables, key=len, reverse=True)) + ")", text
    )
    if len(places) == 1:
        return shlex.quote(text)
    if len(places) == 3 and not places[2] and not re.search(r'["`$\\!]', places[0]):
        return f'"{places[0]}${variables[places[1]]}"'
    return "".join(
        f'"${variables[place]}"' if index % 2 else shlex.quote(place) for index, place in enumerate(places) if place
    )


def _visible(text: str) -> str:
    """A text without what would end a line, command a terminal or be no character at all."""
    if text.isprintable():
        return text
    return "".join(
        each.encode("unicode_escape").decode() if unicodedata.category(each) in _INVISIBLE else each for each in text
    )


def _pass(passed: Passed, last: Call | None, variables: Mapping[str, str]) -> str:
    """Where the provider has a clock, the call that moves it."""
    if not passed.moved or last is None:
        return f"sleep {passed.seconds:g}"
    origin = re.match(r"[a-z]+://[^/?#]*", last.sent.url, re.IGNORECASE)
    headers = tuple((name, value) for name, value in last.sent.headers if name.lower() == "authorization")
    body = f'{{"seconds": {passed.seconds:g}}}'.encode()
    url = f"{origin[0] if origin else ''}/__mock/clock/advance"
    return curl(Sent("POST", url, (*headers, ("Content-Type", "application/json")), body), variables)

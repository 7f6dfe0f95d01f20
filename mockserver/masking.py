"""Secrets out of what is told: tokens, passwords, cookies, keys. Where one stood, and of which kind, stays to be seen.

Only what is shown comes here, never a request on its way. A token keeps the number of its user: "user:12345-***". The
ids of videos look much like tokens, and stay as they are.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote_plus

import orjson

_T = TypeVar("_T")

MASK: Final = "***"

SHORTEST: Final = 8
"""Characters of a secret that is looked for in the whole exchange; a shorter one may be any word."""

_DEEPEST: Final = 200
"""Levels of a JSON body that is shown as such; the text of one that is nested deeper is shown."""

_KINDS: Final[Mapping[str, str]] = {
    "password": "password",
    "passwd": "password",
    "pwd": "password",
    "authorization": "token",
    "token": "token",
    "apikey": "key",
    "secret": "secret",
    "cookie": "cookie",
}
"""Words in the name of a field whose value is a secret, and the kind of that."""

_TOKEN: Final = re.compile(r"([uU][sS][eE][rR]:(?!123-abc(?![\w.~-]))[0-9]+-)(?!pixverse:)[\w.~*-]+")
"""What follows "user:12345-pixverse:" is an id; "user:123-abc" is the example in our own sentences."""

_MASKED: Final = re.compile(r"(?:user:[0-9]+-)?\*\*\*")

_NEEDLESS: Final = re.compile(r"(?:%(?:25)*|\\+u00)([46][1-9a-f]|[57][0-9a]|3[0-9a]|2d)", re.IGNORECASE)
"""A letter, digit, colon or hyphen that is percent-encoded, or escaped as in JSON."""

_NAMED: Final = re.compile(
    r"""(?P<name> passw(?:or)?d | pwd | authorization | token | api[_-]?key | secret | cookie )
    (?P<between> [\w.-]{0,40} (?: \\{0,8} ["'] )? \s{0,20} (?: [:=>] | %3a | %3d ) \s{0,20} )
    (?P<value> (?P<quote> \\{0,8} ["'] ) .*? (?: (?<!\\) (?P=quote) | \Z )
        | [\[{] .*
        | (?: (?: bearer | basic | digest ) \s{1,20} )? [^\s&]+
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""A field with its value in a text of any form: to its closing quote, or as far as it may go. Takes linear time."""

_PASSWORD_OF_URL: Final = re.compile(r"(//[^/\s@:]{0,200}:)[^/\s@]{1,500}(?=@)")
_SCHEME: Final = re.compile(r"\s*(bearer|basic|digest|token)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,200})', re.IGNORECASE)
_FORM: Final = re.compile(r"--[^\r\n]{1,200}\r?\n[^\r\n]{0,200}form-data", re.IGNORECASE)
"""The start of a multipart form, whatever it is sent as."""

_EMPTY_LINE: Final = re.compile(r"\r?\n\r?\n")


def kind_of_name(name: str) -> str | None:
    """The kind of secret that a field, header or parameter of this name holds; None for one that holds none."""
    letters = name.lower().replace("-", "").replace("_", "")
    return next((kind for word, kind in _KINDS.items() if word in letters), None) if _may_hold(letters) else None


def mask_tokens(text: str) -> str:
    """A text with the tokens masked that have the documented form, percent-encoded ones too."""
    return _of_plain(text, lambda plain: _TOKEN.sub(rf"\1{MASK}", plain))


def mask_secrets(text: str) -> str:
    """A text with all masked that shows by its form or its name to be a secret."""
    return Mask().text(text, "")


def masked(secrets: Mapping[str, str], tell: Callable[["Mask"], _T]) -> "tuple[_T, Mask]":
    """What `tell` makes with a mask of an exchange, and that mask."""
    mask = Mask(secrets)
    told = tell(mask)
    if mask.learned:
        # A secret that shows by its place may stand at others, too.
        mask = Mask({**secrets, **mask.learned})
        told = tell(mask)
    return told, mask


class Mask:
    """Masks the parts of one exchange.

    `secrets` are texts to be masked wherever they stand, with their kinds. `places` are where something was masked, as
    "query:token"; `learned` the secrets that showed by their place alone, and may stand elsewhere, too.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        self._secrets = {form: kind for text, kind in (secrets or {}).items() for form in (text, quote(text, safe=""))}
        self.places: dict[str, None] = {}
        self.learned: dict[str, str] = {}

    def headers(self, headers: Iterable[tuple[bytes, bytes]], place: str = "header") -> list[list[str]]:
        """Pairs of name and value."""
        return [[self.text(name.decode("latin-1"), place), self._header(name, value, place)] for name, value in headers]

    def query(self, query: str, place: str = "query") -> str:
        """A query, or the body of a form, as it was sent."""
        fields = []
        for field in query.split("&"):
            name, equals, value = field.partition("=")
            kind = kind_of_name(unquote_plus(name)) if equals else None
            if kind is None:
                fields.append(self.text(field, place))
            else:
                fields.append(f"{self.text(name, place)}={self._secret(unquote_plus(value), kind, place, value)}")
        return "&".join(fields)

    def body(self, body: bytes, content_type: str, place: str = "body") -> Any:
        """A body as JSON if it is that, else as text; None for no body."""
        if not body:
            return None
        value = _json(body)
        if value is not None and not self._secrets and _is_clean(body):
            return value
        if value is not None:
            return self.value(value, place)
        text = body.decode("utf-8", "backslashreplace")
        if "urlencoded" in content_type.lower():
            return self.query(text, place)
        if "multipart" in content_type.lower() or _FORM.match(text):
            found = _BOUNDARY.search(content_type)
            told = f"--{found[1]}" if found else ""
            # Clients name another boundary than they use, or none.
            return self._form(text, told if told in text and told else text.partition("\n")[0].rstrip("\r"), place)
        return self.text(text, place)

    def value(self, value: Any, place: str) -> Any:
        """A value of JSON."""
        if isinstance(value, str):
            return self.text(value, place)
        if isinstance(value, list):
            return [self.value(each, place) for each in value]
        if isinstance(value, dict):
            return {self.text(name, place): self._field(name, each, place) for name, each in value.items()}
        return value

    def text(self, text: str, place: str) -> str:
        """Any text."""
        lower = text.lower()
        if "%" in text or "\\u" in text or "user:" in lower or "//" in text or _may_hold(lower):
            text = _of_plain(text, lambda plain: self._rules(plain, place))
        for secret, kind in self._secrets.items():
            if secret in text:
                text = text.replace(secret, MASK)
                self._note(place, kind)
        return text

    def _rules(self, text: str, place: str) -> str:
        text, tokens = _TOKEN.subn(rf"\1{MASK}", text)
        if tokens:
            self._note(place, "token")
        if _may_hold(text.lower()):
            text = _NAMED.sub(lambda found: self._named(found, place), text)
        text, passwords = _PASSWORD_OF_URL.subn(rf"\1{MASK}", text)
        if passwords:
            self._note(place, "password")
        return text

    def _named(self, found: re.Match[str], place: str) -> str:
        mark = found["quote"] or ""
        value = found["value"].removeprefix(mark).removesuffix(mark)
        if not value or _MASKED.fullmatch(value):
            return found[0]
        self._secret(value, kind_of_name(found["name"]) or "secret", place)
        return f"{found['name']}{found['between']}{mark}{MASK}{mark}"

    def _header(self, name: bytes, value: bytes, place: str) -> str:
        text = value.decode("latin-1")
        kind = kind_of_name(name.decode("latin-1"))
        if kind is None:
            return self.text(text, place)
        if kind == "cookie":
            return "; ".join(self._cookie(cookie, place) for cookie in text.split(";"))
        if (found := _SCHEME.fullmatch(text)) is None:
            return self._secret(text, kind, place)
        return f"{found[1]} {self._secret(found[2], kind, place)}" if found[2] else text

    def _cookie(self, cookie: str, place: str) -> str:
        name, equals, value = cookie.strip().partition("=")
        shown = self._secret(value if equals else name, "cookie", place)
        return f"{self.text(name, place)}={shown}" if equals else shown

    def _field(self, name: str, value: Any, place: str) -> Any:
        kind = kind_of_name(name)
        if kind is None or value is None or isinstance(value, bool):
            return self.value(value, place)
        return self._secret(value if isinstance(value, str) else orjson.dumps(value).decode(), kind, place)

    def _form(self, text: str, boundary: str, place: str) -> str:
        """A multipart form, or the start of one."""
        parts = []
        for part in text.split(boundary) if boundary else [text]:
            empty = _EMPTY_LINE.search(part)
            head = part[: empty.end()] if empty else ""
            kind = kind_of_name(head)
            if kind is None:
                parts.append(self.text(part, place))
            else:
                content = part[len(head) :]
                end = "\r\n" if content.endswith("\r\n") else ""
                parts.append(f"{self.text(head, place)}{self._secret(content.removesuffix(end), kind, place)}{end}")
        return boundary.join(parts)

    def _secret(self, secret: str, kind: str, place: str, sent: str | None = None) -> str:
        """What is shown of a secret: of none that it is empty, of a token its user. `sent` is how it was written."""
        if not secret:
            return sent or ""
        self._note(place, kind)
        token = _TOKEN.fullmatch(secret)
        if token is None and len(secret) >= SHORTEST:
            self.learned.setdefault(secret, kind)
        return f"{token[1]}{MASK}" if token else MASK

    def _note(self, place: str, kind: str) -> None:
        self.places[f"{place}:{kind}"] = None


def _may_hold(lower: str) -> bool:
    """Whether a text in lower case holds a word of a secret's name. A loop over them would take three times as long."""
    return (
        "passw" in lower
        or "token" in lower
        or "key" in lower
        or "secret" in lower
        or "cookie" in lower
        or "authorization" in lower
        or "pwd" in lower
    )


def _is_clean(body: bytes) -> bool:
    """Whether a body of JSON holds nothing that would be masked, as far as a quick look can tell."""
    if b"\\" in body or b"%" in body or _may_hold(body.lower().translate(None, b"-_").decode()):
        return False
    text = body.decode()
    return _TOKEN.search(text) is None and _PASSWORD_OF_URL.search(text) is None


def _json(body: bytes) -> Any:
    """The value, None for a body that is no JSON, or nested too deeply."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if body.count(b"[") + body.count(b"{") <= _DEEPEST:
        return value
    level, depth = [value], 0
    while level := [node for node in level if isinstance(node, dict | list)]:
        depth += 1
        if depth > _DEEPEST:
            return None
        level = [inner for node in level for inner in (node.values() if isinstance(node, dict) else node)]
    return value


def _of_plain(text: str, mask: Callable[[str], str]) -> str:
    """The text as it was written if nothing in it is masked, else masked, without what was escaped for no reason."""
    plain = _NEEDLESS.sub(lambda found: chr(int(found[1], 16)), text) if "%" in text or "\\u" in text else text
    shown = mask(plain)
    return text if shown == plain else shown

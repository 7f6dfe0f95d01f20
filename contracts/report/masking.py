"""Secrets out of every report: tokens, passwords, cookies, keys. Where one stood, and of which kind, stays to be seen.

A token of the documented form keeps the number of its user, "user:12345-…"; anything else becomes its kind,
"‹password›". Two that differ stay apart: the second of its kind is "user:12345-…2", "‹password 2›". Ids of videos look
much like tokens and stay as they are, and so does what the provider itself masked.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, NewType
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from contracts.findings import Bar, Call, Course, Event, Finding, Gap, Got, Judged, Sent, Told, Verdict

Masked = NewType("Masked", Verdict)
"""A verdict without secrets: the only kind that can be reported."""

_KINDS: Final[Mapping[str, str]] = {
    "passw": "password",
    "pwd": "password",
    "cookie": "cookie",
    "apikey": "key",
    "secret": "secret",
    "authorization": "token",
    "token": "token",
}
"""Parts of the names of fields and headers that hold a secret, in lower case and without hyphens, and its kind."""

_SHORTEST: Final = 8
"""Characters of a secret that is looked for in places other than its own; a shorter one may be any word."""

_LONGEST_WORD: Final = 15
"""Characters of the longest run of nothing but letters, or digits, that may be an innocent word or number."""

_NAME: Final = r"[\w.\[\]-]{0,40}(?:passw|pwd|token|api[_-]?key|secret|cookie|authorization)[\w.\[\]-]{0,40}"
_TOKEN: Final = re.compile(r"(user:[0-9]+-)(?!pixverse:)[\w.~*-]+", re.IGNORECASE)
_QUOTED_FIELD: Final = re.compile(
    rf"""(?P<start>(?P<mark>\\{{0,4}}["'])(?P<name>{_NAME})(?P=mark)\s{{0,20}}:\s{{0,20}})
    (?:(?P<quote>\\{{0,4}}["'])(?P<text>.*?)(?P<end>(?<!\\)(?P=quote)|\Z)|(?P<number>-?[0-9][\w.+-]*))""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_FORM_FIELD: Final = re.compile(rf"(?<![\w.\[\]-])(?P<name>{_NAME})=(?P<text>[^&\s\"'#;]+)", re.IGNORECASE)
_PART: Final = re.compile(
    rf"""(?P<start>name="(?P<name>{_NAME})"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n){{0,10}}\r?\n)(?P<text>.*?)(?=\r?\n--|\Z)""",
    re.IGNORECASE | re.DOTALL,
)
_OPTION: Final = re.compile(
    rf"""(?P<start>(?<!\S)-{{1,2}}(?P<name>{_NAME})\s+|(?P<header>authorization)\s*:\s*(?:(?:bearer|basic|token)\\?\s+)?)
    (?P<mark>["']?)(?P<text>(?<=")[^"]+|(?<=')[^']+|(?![-{{])[^\s"']+)""",
    re.IGNORECASE | re.VERBOSE,
)
"""An option of a command whose value is its next word, or a header in one."""

_USER_OF_URL: Final = re.compile(r"(//[^/\s@:]{0,200}:)([^/\s@]{1,500})(?=@)")
_NAMES: Final = ("passw", "pwd", "token", "api", "secret", "cookie", "authorization")
"""What a text holds that may name a secret. Looked for one by one: a pattern takes twenty times as long."""

_REMEMBERED: Final = 65_536
"""Characters of the longest text that is remembered with what is shown of it: a run says most things many times."""

_NEEDLESS: Final = re.compile(r"(?:%(?:25)*|\\+u00)([46][1-9a-f]|[57][0-9a]|3[0-9a]|2d|5f)", re.IGNORECASE)
"""A letter, digit, colon, hyphen or underscore that is percent-encoded, or escaped as in JSON, for no reason."""

_HARMLESS: Final = re.compile(
    r"‹.*› | .{0,3} (?:…|\\+u2026) secured (?:…|\\+u2026) .{0,3} | (?:user:[0-9]+-)?…\d* | \$\{?USEAPI_TOKEN\w*\}?",
    re.DOTALL | re.VERBOSE,
)
"""What is masked already, by us or by the provider, or is the name of a variable."""


def masked(verdict: Verdict, secrets: Iterable[str] = ()) -> Masked:
    """The verdict without secrets: the given ones, and whatever shows by its form or its place to be one."""
    masking = Masking(secrets)
    events = [event for each in verdict.judged for finding in each.findings for event in finding.story]
    events += [event for course in verdict.courses for event in course.events]
    for event in (*verdict.events, *events):
        masking.learn(event)
    of_client = bool(verdict.courses) or verdict.grade is not None
    subject = masking.command(verdict.subject) if of_client else masking.text(verdict.subject)
    return Masked(
        replace(
            verdict,
            subject=subject,
            judged=[masking.judged(each) for each in verdict.judged],
            cut_short=masking.text(verdict.cut_short),
            notes=tuple(masking.text(note) for note in verdict.notes),
            events=[masking.event(event) for event in verdict.events],
            courses=[masking.course(course) for course in verdict.courses],
            grade=verdict.grade and replace(verdict.grade, why=masking.text(verdict.grade.why)),
        )
    )


class Masking:
    """Masks texts, requests and answers of one run. `secrets` are looked for everywhere; more are learnt."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: dict[str, str] = {}
        self._shown: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        self._learnt: set[object] = set()
        self._events: dict[int, tuple[Event, Event]] = {}
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            self._look_for(secret, "token")

    def learn(self, event: Event) -> None:
        """Remember the secrets that show by their place in a request or an answer, to find them elsewhere."""
        for part in _parts(event):
            if part.headers not in self._learnt:
                self._learnt.add(part.headers)
                for name, value in part.headers:
                    self._learn_header(name, value)
            if part.body not in self._learnt:
                self._learnt.add(part.body)
                for kind, value in _secrets_of(part.body):
                    self._learn(value, kind)
            if isinstance(part, Sent) and _may_name(part.url.lower()):
                for name, value in parse_qsl(_split(part.url), errors="surrogateescape"):
                    self._learn(value, kind_of(name))

    def text(self, text: str) -> str:
        """Any text."""
        shown = self._texts.get(text)
        if shown is None:
            shown = self._masked(text)
            if len(text) <= _REMEMBERED:
                self._texts[text] = shown
        return shown

    def event(self, event: Event) -> Event:
        """An event; the same one for the same one, as stories are made of what is archived."""
        if id(event) not in self._events:
            self._events[id(event)] = event, self._event(event)
        return self._events[id(event)][1]

    def sent(self, sent: Sent) -> Sent:
        """A request."""
        return replace(
            sent,
            method=self.text(sent.method),
            url=self.text(sent.url),
            headers=self._headers(sent.headers),
            body=self._body(sent.body),
        )

    def judged(self, judged: Judged) -> Judged:
        """A rule and its findings. The rule's own words are published, and hold no secret."""
        findings = [self._finding(finding) for finding in judged.findings]
        return replace(judged, findings=findings, reason=self.text(judged.reason))

    def command(self, line: str) -> str:
        """A command line, where an option may name the secret that follows it; which is then found elsewhere, too."""
        for found in _OPTION.finditer(line):
            self._learn(found["text"], kind_of(found["name"] or found["header"]))
        return self.text(_OPTION.sub(self._option, line))

    def course(self, course: Course) -> Course:
        """A run of a client."""
        return replace(
            course,
            scenario=self.text(course.scenario),
            about=self.text(course.about),
            ended=self.text(course.ended),
            events=tuple(self.event(event) for event in course.events),
            jobs=tuple(self._bar(job) for job in course.jobs),
            output=self.text(course.output),
            broken=tuple(self.text(each) for each in course.broken),
        )

    def _bar(self, bar: Bar) -> Bar:
        reached = tuple((at, self.text(status)) for at, status in bar.reached)
        return replace(bar, video_id=self.text(bar.video_id), reached=reached)

    def _gap(self, gap: Gap | None) -> Gap | None:
        return None if gap is None else replace(gap, label=self.text(gap.label))

    def _event(self, event: Event) -> Event:
        if isinstance(event, Call):
            sent, got = self.sent(event.sent), self._got(event.got)
            return replace(event, operation=self.text(event.operation), sent=sent, got=got, now=self.text(event.now))
        if isinstance(event, Told):
            return replace(event, sent=self.sent(event.sent), now=self.text(event.now))
        return event

    def _got(self, got: Got) -> Got:
        return replace(
            got,
            headers=self._headers(got.headers),
            body=self._body(got.body),
            reason=self.text(got.reason),
            error=self.text(got.error),
        )

    def _finding(self, finding: Finding) -> Finding:
        return replace(
            finding,
            operation=self.text(finding.operation),
            expected=self.text(finding.expected),
            got=self.text(finding.got),
            story=tuple(self.event(event) for event in finding.story),
            curl=self.text(finding.curl),
            scenario=self.text(finding.scenario),
            gap=self._gap(finding.gap),
        )

    def _headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple((self.text(name), self._header(name, value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        kind = kind_of(name)
        if kind is None:
            return self.text(value)
        if kind == "cookie":
            return "; ".join(self._pair(each) for each in _cookies(name, value)) + _attributes(name, value)
        scheme, secret = _credential(value)
        return scheme + self._instead(secret, kind)

    def _pair(self, cookie: str) -> str:
        name, equals, value = cookie.partition("=")
        return f"{self.text(name)}={self._instead(value, 'cookie')}" if equals else self._instead(name, "cookie")

    def _body(self, body: bytes) -> bytes:
        if not body:
            return body
        text = body.decode("utf-8", "surrogateescape")
        shown = self.text(text)
        return body if shown == text else shown.encode("utf-8", "surrogateescape")

    def _masked(self, text: str) -> str:
        for form, shown in self._forms.items():
            if form in text:
                text = text.replace(form, shown)
        plain = _NEEDLESS.sub(lambda found: chr(int(found[1], 16)), text) if "%" in text or "\\u" in text else text
        shown = self._rules(plain)
        return text if shown == plain else shown

    def _rules(self, text: str) -> str:
        lower = text.lower()
        if "user:" in lower:
            text = _TOKEN.sub(lambda found: self._instead(found[0], "token"), text)
        if _may_name(lower):
            text = _QUOTED_FIELD.sub(self._quoted, text)
            text = _PART.sub(lambda found: f"{found['start']}{self._field(found)}", text)
            text = _FORM_FIELD.sub(lambda found: f"{found['name']}={self._field(found)}", text)
        if "//" not in text or "@" not in text:
            return text
        return _USER_OF_URL.sub(lambda found: f"{found[1]}{self._instead(found[2], 'password')}", text)

    def _quoted(self, found: re.Match[str]) -> str:
        if found["number"]:
            return f'{found["start"]}"{self._instead(found["number"], kind_of(found["name"]) or "secret")}"'
        return f"{found['start']}{found['quote']}{self._field(found)}{found['end']}"

    def _option(self, found: re.Match[str]) -> str:
        kind = kind_of(found["name"] or found["header"]) or "secret"
        return f"{found['start']}{found['mark']}{self._instead(found['text'], kind)}"

    def _field(self, found: re.Match[str]) -> str:
        return self._instead(found["text"], kind_of(found["name"]) or "secret")

    def _instead(self, secret: str, kind: str) -> str:
        """What is shown of a secret in its own place; of none, nothing."""
        if not secret or _HARMLESS.fullmatch(secret):
            return secret
        if (secret, kind) not in self._shown:
            token = _TOKEN.fullmatch(secret)
            family = token[1] if token else kind
            number = self._count[family] = self._count.get(family, 0) + 1
            shown = f"{number}" if number > 1 else ""
            self._shown[secret, kind] = f"{family}…{shown}" if token else f"‹{f'{kind} {shown}'.strip()}›"
        return self._shown[secret, kind]

    def _learn_header(self, name: str, value: str) -> None:
        kind = kind_of(name)
        if kind == "cookie":
            for cookie in _cookies(name, value):
                self._learn(cookie.partition("=")[2], kind)
        else:
            self._learn(_credential(value)[1], kind)

    def _learn(self, secret: str, kind: str | None) -> None:
        """A token of the documented form is found by that; a secret that may be an innocent word is not looked for."""
        if kind is None or len(secret) < _SHORTEST or _HARMLESS.fullmatch(secret) or _TOKEN.fullmatch(secret):
            return
        if len(secret) > _LONGEST_WORD or not (secret.isalpha() or secret.isdigit() or len(set(secret)) < 3):
            self._look_for(secret, kind)

    def _look_for(self, secret: str, kind: str) -> None:
        self._texts.clear()
        shown = self._instead(secret, kind)
        escaped = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
        encoded = (quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"))
        for form in (secret, *escaped, *encoded):
            self._forms.setdefault(form, shown)


@lru_cache(4_096)
def kind_of(name: str) -> str | None:
    """The kind of secret that a field or header of this name holds; None for one that holds none."""
    letters = name.lower().replace("-", "").replace("_", "")
    return next((kind for word, kind in _KINDS.items() if word in letters), None)


def _may_name(lower: str) -> bool:
    """Whether a text in lower case may name a secret."""
    return any(name in lower for name in _NAMES)


def _parts(event: Event) -> Iterator[Sent | Got]:
    if isinstance(event, Call):
        yield event.sent
        yield event.got
    elif isinstance(event, Told):
        yield event.sent


def _credential(value: str) -> tuple[str, str]:
    """The scheme of an Authorization header with the space behind it, and what follows."""
    found = re.fullmatch(r"(\s*(?:bearer|basic|digest|token)(?:\s+|$))(.*)", value, re.IGNORECASE | re.DOTALL)
    return (found[1], found[2]) if found else ("", value)


def _cookies(name: str, value: str) -> list[str]:
    """The cookies of a header; of Set-Cookie the one, whose attributes follow it."""
    pairs = [each.strip() for each in value.split(";")]
    return pairs[:1] if name.lower().startswith("set") else pairs


def _attributes(name: str, value: str) -> str:
    return "".join(value.partition(";")[1:]) if name.lower().startswith("set") else ""


def _split(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


def _secrets_of(body: bytes) -> Iterator[tuple[str, str]]:
    """Kind and text of the secrets in a body of JSON or of a form that show by the names of their fields."""
    text = body.decode("utf-8", "replace")
    if not _may_name(text.lower()) and "\\u" not in text:
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        for field in (*_FORM_FIELD.finditer(text), *_PART.finditer(text)):
            yield kind_of(field["name"]) or "secret", field["text"]
        return
    rest: list[tuple[str | None, Any]] = [(None, value)]
    while rest:
        kind, node = rest.pop()
        if isinstance(node, dict):
            rest += [(kind or kind_of(name), each) for name, each in node.items()]
        elif isinstance(node, list):
            rest += [(kind, each) for each in node]
        elif kind is not None and isinstance(node, str):
            yield kind, node

"""Whatever a provider sends, every report keeps its form, and nothing commands a terminal or a browser."""

import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.findings import Bar, Call, Course, Finding, Gap, Got, Grade, Passed, Sent, Told, Verdict
from contracts.report import as_json, github, har, html, junit, shown, terminal
from contracts.report.masking import masked
from report import verdicts

EVIL = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`{{7*7}}{% raw %}",
    "comment": "]]>--><!-- </style></textarea></title></pre></svg>",
    "control": "a\x00b\x07\x1b[31mred\x1b]0;title\x07\x9b2J\r\n\x0b\x0c\x7f",
    "surrogate": "lone \ud800 and \udfff",
    "bidi": "abc\u202egpj.exe\u2066\u200b\ufeff\ufffe\uffff",
    "rich": "[bold red]x[/] [/nothing] :warning:",
    "long": "x" * 100_000,
    "entity": "&lt;&amp;&#0;&nbsp;%0a%s{}",
}
BODIES = {
    "megabyte": b"[" + b"1," * 500_000 + b"1]",
    "deep": b"[" * 100_000,
    "nested": b"[" * 300 + b"]" * 300,
    "invalid": bytes(range(256)),
    "number": b"[" + b"9" * 10_000 + b"]",
    "doubled": b'{"a": 1, "a": 2, "b": 1e400, "c": "\\ud800"}',
    "bom": "\ufeff{}".encode(),
    "truncated": b'{"password": "abc',
}
ALLOWED = frozenset(
    """html head meta title style body a header div p span h1 ul li i b main section h2 table thead tbody tr th td code
    ol article h3 h4 h5 dl dt dd mark details summary pre footer script em svg defs pattern line rect text g path strong
    circle time
    """.split()  # noqa: SIM905 - a list of so many strings is harder to read
)


class Reader(HTMLParser):
    """Reads a page: its elements, its scripts, its attributes; and that everything that opens closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def everywhere(text: str, body: bytes) -> Verdict:
    """A verdict with the same hostile text in every place, and a body."""
    headers = ((text, text), ("content-type", text))
    sent = Sent(text, f"http://127.0.0.1/{text}", headers, body)
    story = (
        Call(1, text, sent, Got(200, headers, body, text), 1, 1, text),
        Passed(5, 2, moved=False),
        Told(sent, 0, 3, text),
        Call(2, text, sent, Got(0, error=text), 4, 1),
    )
    finding = Finding(verdicts.rule(text, text, text, why=text, instead=text), text, text, text + "x", story, 3, text)
    skipped = verdicts.Judged(verdicts.rule("a", text), reason=text)
    verdict = verdicts.of_one(finding, text, notes=(text,), cut_short=text)
    return Verdict(
        **{name: getattr(verdict, name) for name in verdict.__slots__} | {"judged": [*verdict.judged, skipped]}
    )


def of_a_client(text: str, body: bytes) -> Verdict:
    """The same of a client, with runs and a grade."""
    verdict = everywhere(text, body)
    (finding,) = verdict.findings
    story = tuple(event for event in finding.story for _ in range(3))
    wrong = replace(finding, story=story, scenario=text, gap=Gap(1.0, 4.0, text))
    jobs = (Bar(text, 0.0, 3.0, ((0.0, text), (1.0, text), (3.0, text)), 20), Bar(text, -5.0, None, (), 20, ours=False))
    course = Course(text, text, text, 0.005, story, jobs, text)
    judged = [verdicts.Judged(wrong.rule, 1, [wrong]), *verdict.judged[1:]]
    return replace(verdict, judged=judged, courses=(course, replace(course, events=())), grade=Grade(text, 50, text))


def check(verdict: Verdict) -> None:
    """All reports keep their forms."""
    clean = masked(verdict)
    page = html.page(clean)
    page.encode()
    assert len(page) < 3_000_000
    reader = Reader(page)
    assert reader.open == []
    assert reader.seen <= ALLOWED
    assert len(reader.ids) == len(set(reader.ids))
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name in {"src", "srcdoc", "action"}]
    assert page.count("<script>") == 1
    ET.fromstring(junit.xml(clean).encode())
    json.loads(har.archive(clean).encode())
    json.loads(as_json.text(clean).encode())
    assert all(line.isprintable() for command in github.commands(clean) for line in [command])
    github.summary(clean).encode()
    out = io.StringIO()
    terminal.show(clean, out)
    assert all(line.isprintable() for line in out.getvalue().splitlines())


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_hostile_text_breaks_no_report(text: str) -> None:
    """In every place that a text can stand."""
    for told in (everywhere, of_a_client):
        check(told(text, text.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_hostile_body_breaks_no_report(body: bytes) -> None:
    """Large, deep, broken, of no encoding."""
    for told in (everywhere, of_a_client):
        check(told("x", body))


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=[])), st.binary())
def test_any_text_and_body_break_no_report(text: str, body: bytes) -> None:
    """Whatever else there is."""
    for told in (everywhere, of_a_client):
        check(told(text, body))


def test_large_body_is_cut_with_a_note() -> None:
    """The reader is told how much there was."""
    body = shown.body(BODIES["megabyte"], 1_000)
    assert len(body.text) == 1_000
    assert body.note == "only the start is shown, of 1,000,003 bytes"


def test_page_of_many_large_bodies_stays_small() -> None:
    """All bodies have one room."""
    story = verdicts.Story()
    for number in range(40):
        story.call("x", "POST", f"/{number}", 200, b"y" * 20_000, b"z" * 20_000)
    found = [Finding(verdicts.SLOTS, str(each), "a", "b", tuple(story.events), each) for each in range(30)]
    page = html.page(masked(Verdict("http://x", [verdicts.Judged(verdicts.SLOTS, 30, found)])))
    assert len(page) < 12_000_000


def test_body_of_json_is_indented_and_else_as_it_was() -> None:
    """Doubled keys, odd numbers and escapes are what findings are about."""
    text = '{"a":1.50,"a":[],"b":[1e5,{}],"c":"\\u0041 \\/"}'
    indented = '{\n  "a": 1.50,\n  "a": [],\n  "b": [\n    1e5,\n    {}\n  ],\n  "c": "\\u0041 \\/"\n}'
    assert shown.body(text.encode(), 1_000).text == indented


@settings(max_examples=40)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_indented_json_means_the_same(value: object) -> None:
    """Spaces are all that is added."""
    body = shown.body(json.dumps([value]).encode(), 10**6)
    assert json.loads(body.text) == [value]


def test_bytes_that_are_no_text_are_written_out() -> None:
    """And the note says so."""
    body = shown.body(b"caf\xe9\x00", 100)
    assert body.text == "caf\\xe9\\x00"
    assert body.note == "not UTF-8; other bytes are written as \\x…"

"""Secrets out of what is told, wherever a client puts them."""

import json
from time import perf_counter
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.mock import FORM_TYPE, part
from mockserver.masking import MASK, Mask, kind_of_name, mask_tokens
from mockserver.spec import Document

ID = "user:12345-pixverse:demo@example.com-video:11223344"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

tokens = st.from_regex(r"user:[0-9]{1,8}-[A-Za-z0-9]{1,64}", fullmatch=True).filter(
    lambda token: token != "user:123-abc" and not token.startswith("user:123-abc")
)
words = st.text(alphabet="abcdefghijklmnop XYZ/.,&=?#\"'{}[]:\\\n", max_size=20)


# Tokens


@given(tokens, words, words)
def test_token_never_shows(token: str, before: str, after: str) -> None:
    """Whatever stands around it; its user does."""
    mask = Mask()
    shown = mask.text(f"{before} {token} {after}", "why")
    assert token not in shown
    assert f"{token.partition('-')[0]}-{MASK}" in shown or MASK in shown
    assert "why:token" in mask.places


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/x/user:12345-demo", "/x/user:12345-***"),
        ("/x/user%3A12345-demo", "/x/user:12345-***"),
        ("/x/%75ser%3a12345%2Dde%6do/y", "/x/user:12345-***/y"),
        ("/x/user%253A12345-demo", "/x/user:12345-***"),
        (r"{\u0075ser:12345-demo", "{user:12345-***"),
        ("USER:12345-demo", "USER:12345-***"),
        ("user:12345-demo.more_of-it~", "user:12345-***"),
        ("user:12345-pixversed", "user:12345-***"),
    ],
)
def test_token_is_masked_however_it_is_written(text: str, shown: str) -> None:
    """Percent-encoded, escaped, in capitals, with more behind it than a token has."""
    assert Mask().text(text, "path") == mask_tokens(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"/v2/pixverse/videos/{ID}",
        f"/v2/pixverse/videos/{quote(ID, safe='')}",
        f"/v2/pixverse/videos/{quote(quote(ID, safe=''), safe='')}",
        "token 'x' is not of the form user:123-abc; --any-token accepts it",
        "the path takes POST",
        "user:demo, 12345-demo, user:-demo",
        "100% of it\\u",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Above all the ids of videos, and the way in which they were written; and our own sentences."""
    mask = Mask()
    assert mask.text(text, "path") == mask_tokens(text) == text
    assert not mask.places


# Names


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", "password"),
        ("Pass-Word", "password"),
        ("access_token", "token"),
        ("X-Mock-Control-Token", "token"),
        ("Proxy-Authorization", "token"),
        ("API_KEY", "key"),
        ("client_secret", "secret"),
        ("Set-Cookie", "cookie"),
        ("email", None),
        ("video_id", None),
        ("key", None),
    ],
)
def test_kind_of_a_name(name: str, kind: str | None) -> None:
    """In capitals or not, with hyphens, underscores, or none."""
    assert kind_of_name(name) == kind


def test_every_secret_of_the_contract_has_such_a_name() -> None:
    """The contract marks them as passwords; and nothing else in it is taken for one."""
    marked, other = set(), set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            for name, schema in node.get("properties", {}).items():
                secret = isinstance(schema, dict) and schema.get("format") == "password"
                (marked if secret else other).add(name)
        for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            look(inner)

    look(Document.load().data)
    assert marked
    assert all(map(kind_of_name, marked))
    assert [name for name in other - marked if kind_of_name(name)] == []


# Headers


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("authorization", "Bearer user:12345-demo", "Bearer user:12345-***"),
        ("authorization", "bearer  other-token", "bearer ***"),
        ("authorization", "Basic dXNlcjpwYXNz", "Basic ***"),
        ("authorization", "user:12345-demo", "user:12345-***"),
        ("authorization", "my secret", "***"),
        ("authorization", "Bearer user:12345-demo and more", "Bearer ***"),
        ("authorization", "Bearer", "Bearer"),
        ("authorization", "", ""),
        ("cookie", "a=1; session=abc; plain", "a=***; session=***; ***"),
        ("set-cookie", "id=abc; Path=/", "id=***; Path=***"),
        ("x-mock-control-token", "abc", "***"),
        ("x-api-key", "abc", "***"),
        ("referer", "http://host/?token=abc&a=1", "http://host/?token=***&a=1"),
        ("x-forwarded", "https://me:hunter2@host/", "https://me:***@host/"),
        ("user-agent", "python-requests/2.34", "python-requests/2.34"),
    ],
)
def test_headers(name: str, value: str, shown: str) -> None:
    """The name stays, and of an Authorization the scheme."""
    assert Mask().headers([(name.encode(), value.encode())]) == [[name, shown]]


# Queries and forms


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("token=user:12345-demo&limit=2", "token=user:12345-***&limit=2"),
        ("email=demo@example.com&pass%77ord=a%26b&x", "email=demo@example.com&pass%77ord=***&x"),
        ("token=&password=", "token=&password="),
        ("next=user%3A12345-demo", "next=user:12345-***"),
        ("q=a%20b", "q=a%20b"),
        ("", ""),
    ],
)
def test_query(query: str, shown: str) -> None:
    """All else stays as it was written."""
    assert Mask().query(query) == shown


def test_form() -> None:
    """As a query is."""
    assert Mask().body(b"email=a@b.c&password=hun'ter2&x=1", FORM) == "email=a@b.c&password=***&x=1"


def test_multipart_form() -> None:
    """The content of a part with such a name, to its end."""
    text = "".join([part("email", "a@b.c"), part("password", "hunter\r\n--2"), part("maxJobs", "3")])
    shown = text.replace("hunter\r\n--2", MASK)
    assert Mask().body(text.encode(), FORM_TYPE) == shown
    cut = text[: text.index("ter\r\n")]
    assert "hun" not in Mask().body(cut.encode(), FORM_TYPE)
    assert "hunter" not in Mask().body(text.encode(), "multipart/form-data")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "multipart/form-data; boundary=another"])
def test_multipart_form_that_is_sent_as_something_else(kind: str) -> None:
    """A client that sets the Content-Type itself loses the boundary, and should not lose the password, too."""
    text = "".join([part("email", "a@b.c"), part("password", "hunter22"), part("maxJobs", "3")])
    assert Mask().body(text.encode(), kind) == text.replace("hunter22", MASK)


# JSON and what is nearly so


def test_json() -> None:
    """At any depth; and what is none of it stays as it is."""
    body = {
        "email": "a@b.c",
        "password": "x",
        "more": [{"token": 5, "deep": {"apiKey": ["a"]}}],
        "secret": None,
        "pwd": "",
    }
    shown = {
        "email": "a@b.c",
        "password": MASK,
        "more": [{"token": MASK, "deep": {"apiKey": MASK}}],
        "secret": None,
        "pwd": "",
    }
    mask = Mask()
    assert mask.body(json.dumps(body).encode(), JSON) == shown
    assert list(mask.places) == ["body:password", "body:token", "body:key"]


def test_clean_json_is_as_it_was() -> None:
    """Ids, addresses and numbers."""
    body = {"video_id": ID, "url": "https://media.example.com/a/b.mp4", "n": [1, 2.5, None, True], "email": "a@b.c"}
    mask = Mask()
    assert mask.body(json.dumps(body).encode(), JSON) == body
    assert not mask.places


@pytest.mark.parametrize(
    "body",
    [
        '{"password": "hunter2',
        '{"password": "hunter2", "x": ',
        '{"password": ["hunter2", {"a": "hunter2"}]',
        '{"password" : {"a": "hunter2"}, ',
        r'{"text": "{\"password\": \"my hunter2\", \"a\": 1}',
        "password: hunter2\n",
        "{password: 'my hunter2'",
        "<password>hunter2</password>",
        "a=1&password=hunter2&b=2",
        r'{"pass\u0077ord": "hunter2',
        "Authorization: Bearer hunter2",
        "X-Token: Basic hunter2",
        "password%3Dhunter2",
    ],
)
def test_body_that_is_no_json(body: str) -> None:
    """Whatever it was meant to be."""
    assert "hunter2" not in Mask().body(body.encode(), JSON)


@pytest.mark.parametrize("depth", [199, 300, 20_000])
def test_deep_json(depth: int) -> None:
    """As its text where it could not be written into an answer."""
    body = b'{"a":' * depth + b'{"password":"hunter2"}' + b"}" * depth
    shown = Mask().body(body, JSON)
    assert isinstance(shown, str) is (depth > 199)
    assert "hunter2" not in json.dumps(shown)


def test_bytes_that_are_no_text() -> None:
    """They are shown as such."""
    assert Mask().body(b"\xff\x00password=x", JSON) == "\\xff\x00password=***"
    assert Mask().body(b"", JSON) is None


# Secrets that stand elsewhere, too


def test_secret_learned_at_one_place_is_masked_at_others() -> None:
    """It is learned where its place gives it away; a short one may be any word."""
    mask = Mask()
    mask.body(b'{"password": "correct horse", "token": "short"}', JSON)
    assert mask.learned == {"correct horse": "password"}
    again = Mask(mask.learned)
    assert again.text("got correct horse, correct%20horse", "why") == "got ***, ***"
    assert list(again.places) == ["why:password"]
    assert again.body(b'{"a": "correct horse"}', JSON) == {"a": MASK}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(tokens, st.data())
@example("user:1-0", None)
def test_token_planted_anywhere_in_json_never_shows(token: str, data: Any) -> None:
    """As a value, as a part of one, as a key; in JSON that is whole, or cut."""
    planted: Any = {"a": token, token: [f"x{token}", {"b": {"c": f" {token} "}}]}
    if data is not None:
        planted["more"] = data.draw(json_values)
    text = json.dumps(planted).encode()
    for body in (text, text[: len(text) // 2], text + b"}"):
        assert token not in json.dumps(Mask().body(body, JSON))


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 65_536,
        "user:" * 13_000,
        "user:1" * 11_000,
        "user:" + "1" * 65_000,
        "password" * 8_000,
        'password="' * 6_500,
        "password:" * 7_000,
        ("password" + "a" * 40 + " " * 20) * 960,
        "token" + " " * 65_000,
        "token" + "\\" * 65_000,
        "password='" + "\\'" * 30_000,
        "%2525" * 13_000,
        "%25" * 21_000,
        "\\u0070" * 10_000,
        "//a:" * 16_000,
        "--x\r\n" * 13_000,
    ],
)
def test_no_text_takes_long(hostile: str) -> None:
    """As much as a journal keeps of a body, made to be slow: a time that grows with the square would be minutes."""
    started = perf_counter()
    for content_type in (JSON, FORM, "multipart/form-data; boundary=x", "multipart/form-data"):
        Mask().body(hostile.encode(), content_type)
    assert perf_counter() - started < 5

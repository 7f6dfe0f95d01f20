"""The guard of the control API: who is let in, by Host, Origin, Sec-Fetch-Site and control token."""

import re
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.mock import EMAIL, MakeMock
from mockserver import Api, Settings
from mockserver.message import Request, Response
from mockserver.mock import Mock as WholeMock

KEY = "open-sesame-demo"
AUTHORIZATION = {"authorization": "Bearer user:12345-demo"}
OURS = {"host": "127.0.0.1:8596"}
OPEN: dict[str, Any] = {}
LOCKED = {"control_token": KEY}
NAMED = {"allow_hosts": ("mock", "*.Example.com", "bücher.de")}
PUBLIC = {"public_url": "https://Mock.example.org:8443/base"}

KNOWN_HOSTS = [
    *("localhost", "localhost:8596", "LocalHost.", "localhost.:80", "localhost:", "demo.localhost:1"),
    *("127.0.0.1", "127.0.0.1:8596", "10.1.2.3:80", "[::1]", "[::1]:8596", "[FE80::1]:1", ""),
]
FOREIGN_HOSTS = [
    *("evil.test", "evil.test:8596", "localhost.evil.test", "evillocalhost", "127.0.0.1.evil.test", "mock"),
    *("127.1", "0x7f000001", "2130706433:80", "127.0.0.1x", "[::1", "::1", "[127.0.0.1]", "[::1%25eth0]", "[]"),
    *("a b", "evil.test/.localhost", "localhost@evil.test", "evil.test#.localhost", "localhost:80:80", ".localhost"),
    *("localhost, evil.test", "localhost\\", "*", "*.localhost:1:", "évil.test", "x" * 5_000, "localhost:http"),
]


@cache
def whole(**settings: Any) -> WholeMock:
    return WholeMock(Api(Settings(clock="manual", **settings)))


def ask(
    method: str, path: str, headers: dict[str, str] | list[tuple[str, str]], settings: dict[str, Any] = OPEN
) -> Response:
    """The answer of a mock with these settings; the headers bear the sandbox's token besides what is given."""
    given = list(headers.items()) if isinstance(headers, dict) else headers
    sent = [(name, value.encode("latin-1")) for name, value in [*AUTHORIZATION.items(), *given]]
    coming = whole(**settings).exchange(Request(method, path, "", [(n.encode(), v) for n, v in sent], parsed=True))
    return coming.response if not hasattr(coming, "result") else coming.result().response


def verdict(
    method: str, path: str, headers: dict[str, str] | list[tuple[str, str]], settings: dict[str, Any] = OPEN
) -> int:
    """The status of a refusal; 0 for a request that was let in."""
    status = ask(method, path, headers, settings).status
    return status if status in (401, 403) else 0


# Hosts


@pytest.mark.parametrize("host", KNOWN_HOSTS)
def test_known_hosts_are_let_in(host: str) -> None:
    """The local names, every address, and none at all, as HTTP/1.0 has it; with any port."""
    assert verdict("GET", "/__mock/clock", {"host": host}) == 0


def test_request_without_a_host_is_let_in() -> None:
    """In process there is often none."""
    assert verdict("GET", "/__mock/clock", {}) == 0


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_foreign_hosts_are_refused(host: str) -> None:
    """With a problem that says which Host, and what lets it in; garbage is foreign, too."""
    answer = ask("GET", "/__mock/clock", {"host": host})
    assert answer.status == 403
    assert b"--allow-host" in answer.body
    assert ascii(host)[1:20].replace("\\", "\\\\") in answer.body.decode()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("mock", 0),
        ("MOCK.:8596", 0),
        ("a.example.com", 0),
        ("a.b.example.com:1", 0),
        ("xn--bcher-kva.de", 0),
        ("example.com", 403),
        ("aexample.com", 403),
        ("mock.evil.test", 403),
        ("notmock", 403),
    ],
)
def test_allow_host_lets_names_in(host: str, status: int) -> None:
    """The name itself; or all names below one, but not that."""
    assert verdict("GET", "/__mock/clock", {"host": host}, NAMED) == status


def test_host_of_the_public_url_is_let_in() -> None:
    """In any case, with any port; others are not."""
    assert verdict("GET", "/__mock/clock", {"host": "mock.EXAMPLE.org"}, PUBLIC) == 0
    assert verdict("GET", "/__mock/clock", {"host": "www.mock.example.org"}, PUBLIC) == 403


def test_several_hosts_are_no_host() -> None:
    """The second one does not hide behind the first."""
    assert verdict("GET", "/__mock/clock", [("host", "localhost"), ("host", "evil.test")]) == 403


PARTS = [
    "localhost",
    "127.0.0.1",
    "::1",
    "[",
    "]",
    ".",
    ":",
    "80",
    "evil.test",
    "@",
    "/",
    ",",
    " ",
    "-",
    "0x7f",
    "\xe9",
]


@given(st.lists(st.sampled_from(PARTS), max_size=6).map("".join) | st.text(st.characters(max_codepoint=255)))
@example("\x00")
@example("[::ffff:127.0.0.1]:80")
def test_no_host_slips_through(host: str) -> None:
    """Whatever the header holds is answered, and let in only as a local name or an address, with or without a port."""
    status = verdict("GET", "/__mock/clock", {"host": host})
    written = host.encode("latin-1").strip().decode("latin-1").lower()
    name = re.sub(r":[0-9]*\Z", "", written).removesuffix(".")
    ours = written == "" or name == "localhost" or name.endswith(".localhost") or is_literal(name)
    assert status == 403 or ours


def is_literal(host: str) -> bool:
    """Whether a host is an address as it stands in a URL."""
    try:
        return bool(IPv6Address(host[1:-1]) if host.startswith("[") and host.endswith("]") else IPv4Address(host))
    except ValueError:
        return False


# Pages of other origins


@pytest.mark.parametrize(
    ("headers", "settings", "status"),
    [
        ({}, OPEN, 0),
        ({"sec-fetch-site": "none"}, OPEN, 0),
        ({"sec-fetch-site": "same-origin"}, OPEN, 0),
        ({"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8596"}, OPEN, 0),
        ({"origin": "HTTP://127.0.0.1:8596"}, OPEN, 0),
        ({"origin": "https://mock.example.org:8443"}, PUBLIC, 0),
        ({"sec-fetch-site": "cross-site"}, OPEN, 403),
        ({"sec-fetch-site": "same-site"}, OPEN, 403),
        ({"sec-fetch-site": "Same-Origin"}, OPEN, 403),
        ({"sec-fetch-site": ""}, OPEN, 403),
        ({"origin": "http://evil.test"}, OPEN, 403),
        ({"origin": "http://127.0.0.1:8597"}, OPEN, 403),
        ({"origin": "http://127.0.0.1"}, OPEN, 403),
        ({"origin": "https://127.0.0.1:8596"}, OPEN, 403),
        ({"origin": "http://localhost:8596"}, OPEN, 403),
        ({"origin": "http://127.0.0.1:8596/"}, OPEN, 403),
        ({"origin": "http://127.0.0.1:8596, http://evil.test"}, OPEN, 403),
        ({"origin": "null"}, OPEN, 403),
        ({"origin": "null", "sec-fetch-site": "none"}, OPEN, 403),
        ({"origin": ""}, OPEN, 403),
        ({"origin": "é" * 2_000}, OPEN, 403),
        ({"origin": "https://mock.example.org"}, PUBLIC, 403),
        ({"origin": "http://evil.test", "x-mock-control-token": KEY}, LOCKED, 403),
        ({"sec-fetch-site": "cross-site", "x-mock-control-token": KEY}, LOCKED, 403),
        ({"origin": "http://front.test:3000"}, {"cors": ("http://front.test:3000",)}, 403),
        ({"sec-fetch-site": "same-site"}, {"cors": ("*",)}, 403),
    ],
)
def test_pages_of_other_origins_are_refused(headers: dict[str, str], settings: dict[str, Any], status: int) -> None:
    """Whatever they know, and though they may call the emulated API; the mock's own pages and typed addresses pass."""
    assert verdict("POST", "/__mock/clock/freeze", {**OURS, **headers}, settings) == status


def test_a_standard_port_need_not_be_written() -> None:
    """A browser leaves it out of the Origin, whatever the Host has."""
    assert verdict("GET", "/__mock/clock", {"host": "localhost:80", "origin": "http://localhost"}) == 0


def test_second_origin_does_not_hide() -> None:
    """Nor does one that comes first."""
    own = ("origin", "http://127.0.0.1:8596")
    for others in ([own, ("origin", "http://evil.test")], [("origin", "http://evil.test"), own]):
        assert verdict("GET", "/__mock/clock", [*OURS.items(), *others]) == 403


def test_preflight_is_refused_without_a_word_that_allows() -> None:
    """A browser then never sends the request itself; not even where --cors opens the emulated API."""
    asked = {**OURS, "origin": "http://front.test", "access-control-request-method": "POST"}
    answer = ask("OPTIONS", "/__mock/reset", asked, {"cors": ("*",)})
    assert answer.status == 403
    assert not [name for name, _ in answer.headers if name.startswith(b"access-control")]


def test_origin_and_host_that_say_nothing_are_not_equal() -> None:
    """Not even where any name of the mock will do."""
    assert verdict("POST", "/__mock/sink/a", {"host": "a b", "origin": "null"}) == 403


# The control token


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (None, 401),
        ("", 401),
        (KEY[:-1], 401),
        (f"{KEY}x", 401),
        (KEY.upper(), 401),
        ("é", 401),
        (f"Bearer {KEY}", 401),
        (KEY, 0),
        (f" {KEY} ", 0),
    ],
)
def test_control_token_is_asked_for(token: str | None, status: int) -> None:
    """The right one and nothing else; the answer repeats neither of them."""
    headers = OURS if token is None else {**OURS, "x-mock-control-token": token}
    answer = ask("GET", "/__mock/clock", headers, LOCKED)
    assert (answer.status if answer.status == 401 else 0) == status
    assert KEY.encode() not in answer.body
    if status:
        assert b"X-Mock-Control-Token" in answer.body


@pytest.mark.parametrize(
    ("method", "path", "named", "keyless", "foreign"),
    [
        ("GET", "/__mock/health", 0, 0, 0),
        ("HEAD", "/__mock/health", 0, 0, 0),
        ("POST", "/__mock/sink/a", 0, 0, 403),
        ("GET", "/__mock/openapi.json", 403, 0, 403),
        ("GET", "/__mock/metrics", 403, 0, 403),
        ("GET", "/__mock/sink/a", 403, 401, 403),
        ("DELETE", "/__mock/sink/a", 403, 401, 403),
        ("GET", "/__mock/sandboxes", 403, 401, 403),
        ("POST", "/__mock/reset", 403, 401, 403),
        ("POST", "/__mock/health", 403, 401, 403),
        ("GET", "/__mock/nothing", 403, 401, 403),
        ("GET", "/__mock", 403, 401, 403),
        ("GET", "/__mock/health/../reset", 403, 401, 403),
        ("GET", "/__mock/health%2f..%2fclock", 403, 401, 403),
        ("GET", "/__mock//health", 403, 401, 403),
    ],
)
def test_what_each_call_asks_for(method: str, path: str, named: int, keyless: int, foreign: int) -> None:
    """By a name that is not the mock's; without the control token; from a page of another origin."""
    assert verdict(method, path, {"host": "mock"}) == named
    assert verdict(method, path, OURS, LOCKED) == keyless
    assert verdict(method, path, {**OURS, "origin": "http://evil.test"}) == foreign


def test_right_control_token_lifts_the_check_of_the_host() -> None:
    """As for a service that others call by a name in their network; a wrong one does not."""
    assert verdict("GET", "/__mock/clock", {"host": "mock:8596", "x-mock-control-token": KEY}, LOCKED) == 0
    wrong = ask("GET", "/__mock/clock", {"host": "mock:8596", "x-mock-control-token": "guess"}, LOCKED)
    assert wrong.status == 403
    assert b"control token" in wrong.body


def test_a_control_token_that_nobody_asked_for_lifts_nothing() -> None:
    """An open mock has none that could be right."""
    for token in ("", "None", KEY):
        assert verdict("GET", "/__mock/clock", {"host": "mock:8596", "x-mock-control-token": token}) == 403


def test_refusal_makes_no_sandbox() -> None:
    """The guard is asked before all else."""
    mock = whole(control_token="another-demo")
    for headers in ({}, {"origin": "http://evil.test"}, {"host": "evil.test"}):
        assert ask("GET", "/__mock/clock", headers, {"control_token": "another-demo"}).status in (401, 403)
    assert len(mock.api.runtime) == 0


# Through the adapters


def test_refused_calls_change_nothing(make_mock: MakeMock) -> None:
    """The jobs that run are still there after resets by strangers."""
    mock = make_mock(control_token=KEY)
    video = mock.accepted()
    key = {"X-Mock-Control-Token": KEY}
    strangers: list[dict[str, str]] = [
        {},
        {"X-Mock-Control-Token": "guess"},
        {**key, "Origin": "http://evil.test"},
        {**key, "Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.test:8596"},
    ]
    for headers in strangers:
        answer = mock.call("POST", "/__mock/reset", headers=headers)
        assert answer.status in (401, 403)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.body["status"] == answer.status
    jobs = mock.call("GET", "/__mock/jobs", headers={**key, "Host": "mock:1"})
    assert [job["video_id"] for job in jobs.body["data"]] == [video]
    assert mock.call("POST", "/__mock/reset", headers=key).status == 204


def test_emulated_api_is_not_guarded(make_mock: MakeMock) -> None:
    """It answers by any name, without a control token: that no foreign page sees its answers is the browser's part."""
    mock = make_mock(control_token=KEY)
    answer = mock.call("GET", "/v2/pixverse/videos", headers={"Host": "api.useapi.net", "Origin": "http://evil.test"})
    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers
    assert EMAIL in answer.content.decode()


# What is chosen at the start


@pytest.mark.parametrize("token", ["", " ", "a\nb", "a\x00", " a", "a ", "é", "a\tb", "\x7f"])
def test_bad_control_token_is_refused_at_the_start(token: str) -> None:
    """By a text that does not repeat it."""
    with pytest.raises(ValueError, match="control_token must be printable ASCII") as caught:
        Settings(control_token=token)
    assert "é" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["", "*", "*.", "mock:8596", "http://mock", "a b", "a..b", "*.*.a", "[::1]", "x" * 300]
)
def test_bad_allowed_host_is_refused_at_the_start(host: str) -> None:
    """The text names what is taken, and the value."""
    with pytest.raises(ValueError, match="allow_hosts takes host names") as caught:
        Settings(allow_hosts=("mock", host))
    assert repr(host) in str(caught.value)

"""What a client sends reaches the mock as it would reach a server."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import h11
import httpx
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from interception.played import GOOD, Script, in_process, kinds
from mockserver.api import Api
from mockserver.interception import HttpxTransport, RequestsAdapter
from mockserver.interception.conversion import Malformed, read
from mockserver.message import Request
from mockserver.mock import Mock
from mockserver.server import running
from mockserver.settings import Settings

_ORIGIN: Final = "https://api.useapi.net"
_RAW: Final = "abcXYZ019-._~!$&'()*+,;=:@/"


def _heard(api: Api) -> tuple[requests.Session, httpx.Client, list[Request]]:
    """Clients whose requests are kept."""
    heard: list[Request] = []
    mock = in_process(api, Script([GOOD]))
    answer = mock.exchange

    def exchange(request: Request) -> Any:
        heard.append(request)
        return answer(request)

    mock.exchange = exchange
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, RequestsAdapter(mock))
    return session, httpx.Client(transport=HttpxTransport(mock)), heard


_BARE: Final = Api(Settings(clock="manual"))


@given(
    path=st.text(st.sampled_from(_RAW)).filter(lambda path: "//" not in path and "." not in path),
    query=st.text(st.sampled_from(_RAW + "?")),
    value=st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f")),
    parts=st.lists(st.binary()),
)
def test_every_part_of_a_request_arrives(path: str, query: str, value: str, parts: list[bytes]) -> None:
    """Path, query and headers as they stand on the wire; a body whole, however it was cut."""
    session, client, heard = _heard(_BARE)
    target = f"/{path.lstrip('/')}?{query}x"
    header = value.encode("latin-1")
    for content in (b"".join(parts), None):
        session.post(_ORIGIN + target, data=iter(parts) if content is None else content, headers={"x-value": header})
        client.post(_ORIGIN + target, content=iter(parts) if content is None else content, headers={b"x-value": header})
    assert len(heard) == 4
    for request in heard:
        assert (request.method, request.scheme, f"{request.path}?{request.query}") == ("POST", "https", target)
        assert request.header(b"x-value") == header.strip()
        assert request.header(b"host") == b"api.useapi.net"
        assert request.body == b"".join(parts)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.useapi.net/x", b"api.useapi.net"),
        ("https://api.useapi.net:443/x", b"api.useapi.net"),
        ("http://api.useapi.net:80/x", b"api.useapi.net"),
        ("https://API.useapi.net:80/x", b"api.useapi.net:80"),
        ("http://127.0.0.1:8596/x", b"127.0.0.1:8596"),
        ("http://[::1]:8596/x", b"[::1]:8596"),
    ],
)
def test_host_is_that_of_the_address(api: Api, url: str, host: bytes) -> None:
    """Without the port that its scheme implies."""
    session, client, heard = _heard(api)
    session.get(url)
    client.get(url)
    assert [request.header(b"host") for request in heard] == [host, host]


def test_client_adds_the_headers_of_a_connection(api: Api) -> None:
    """The length of a body that is known, chunks for one that is not."""
    session, client, heard = _heard(api)
    for body in (b"four", iter([b"fo", b"ur"])):
        session.post(f"{_ORIGIN}/x", data=body)
    for body in (b"four", iter([b"fo", b"ur"])):
        client.post(f"{_ORIGIN}/x", content=body)
    lengths = [(request.header(b"content-length"), request.header(b"transfer-encoding")) for request in heard]
    assert lengths == [(b"4", None), (None, b"chunked")] * 2
    assert {request.body for request in heard} == {b"four"}


# What is no request


_TOKEN: Final = {"Authorization": "Bearer user:12345-demo"}


@pytest.fixture(scope="module")
def live() -> Iterator[str]:
    """The address of a live server."""
    with running(Api(Settings(strict=True, clock="manual"))) as url:
        yield url


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"X-Odd": "a\x01b"}),
        ("GET", {"X-Odd": "a\x7fb"}),
        ("GET", {"X-Odd": "ä".encode("latin-1")}),
        ("GET", {"Upgrade": "h2c", "Connection": "Upgrade"}),
        ("POST", {"Upgrade": "websocket", "Connection": "Upgrade"}),
        ("FOO", {}),
        ("get ", {}),
        ("HEAD", {}),
        ("OPTIONS", {}),
        ("TRACE", {}),
    ],
)
def test_odd_request_is_answered_as_by_the_live_server(
    live: str, session: requests.Session, method: str, headers: dict[str, str | bytes]
) -> None:
    """Status and body are the same, and so is what the client refuses to send."""
    ends: list[Any] = []
    for origin, sender in ((live, requests.Session()), (live, session)):
        with sender:
            body = b'{"video_id": 5}' if method == "POST" else None
            try:
                answer = sender.request(method, f"{origin}/v2/account", headers={**_TOKEN, **headers}, data=body)
                ends.append((answer.status_code, answer.content))
            except (ValueError, requests.RequestException) as error:
                ends.append(repr(error))
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Odd": "a\r\nX-Other: b"},
        {"X Odd": "a"},
        {"X-Odd": "a\x00"},
        {"X-Odd": "a\x01"},
        {"Content-Length": "3"},
        {"Content-Length": "9"},
        {"Content-Length": "many"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
    ],
)
def test_odd_request_of_httpx_ends_as_on_the_live_server(
    live: str, client: httpx.Client, headers: dict[str, str]
) -> None:
    """With the same answer, or the same error of the client's own."""
    ends: list[Any] = []
    with httpx.Client() as real:
        for sender in (real, client):
            try:
                answer = sender.post(f"{live}/v2/account", headers={**_TOKEN, **headers}, content=b"four")
                ends.append((answer.status_code, answer.content))
            except (httpx.HTTPError, h11.LocalProtocolError) as error:
                ends.append((kinds(error), str(error)))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("url", ["ftp://api.useapi.net/x", "foo://api.useapi.net/x"])
def test_url_of_another_scheme_is_refused(mock: Mock, url: str) -> None:
    """With the clients' own errors, that name it."""
    with requests.Session() as session:
        session.mount(url[:6], RequestsAdapter(mock))
        with pytest.raises(requests.exceptions.InvalidURL, match=url):
            session.get(url)
    for other in (url, "http:///x", "/x"):
        with httpx.Client(transport=HttpxTransport(mock)) as client, pytest.raises(httpx.UnsupportedProtocol):
            client.get(other)


def test_request_that_lacks_its_end_is_not_answered(session: requests.Session) -> None:
    """The server waits for the rest, the client for the answer."""
    request = session.prepare_request(requests.Request("POST", f"{_ORIGIN}/v2/account", data=b"{}"))
    request.headers["Content-Length"] = "3"
    with pytest.raises(requests.ReadTimeout):
        session.send(request, timeout=0.05)


def test_what_stands_behind_a_request_is_not_part_of_it(session: requests.Session) -> None:
    """A length that is too short ends the body."""
    request = session.prepare_request(requests.Request("POST", f"{_ORIGIN}/v2/account", data=b"{}}}"))
    request.headers["Content-Length"] = "2"
    answer = session.send(request)
    assert b"}}" not in answer.content
    assert answer.status_code != 200


@pytest.mark.parametrize("sent", [b"\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"\r\n\r\n\xff"])
def test_bytes_that_are_no_request_are_malformed(sent: bytes) -> None:
    """The sentence says that they should be one."""
    with pytest.raises(Malformed, match=r"^the "):
        read(sent, "http", None)


@given(st.binary())
def test_any_bytes_are_read_malformed_or_incomplete(sent: bytes) -> None:
    """Nothing else comes of them."""
    with suppress(Malformed):
        request = read(sent, "http", None)
        assert request is None or request.parsed

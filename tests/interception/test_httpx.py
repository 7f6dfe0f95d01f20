"""The transports for httpx, as their users meet them."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import trio

from interception.played import GOOD, Script, in_process
from mockserver.api import Api
from mockserver.interception import AsyncHttpxTransport, HttpxTransport
from mockserver.message import Response
from mockserver.mock import Mock

VIDEOS = "/v2/pixverse/videos"
UPSCALE = f"{VIDEOS}/upscale"


@pytest.fixture
def video_id(client: httpx.Client) -> str:
    """A finished video's id."""
    return str(client.get(VIDEOS, params={"limit": 1}).json()["data"][0]["video_id"])


def asynchronous(mock: Mock, token: str) -> httpx.AsyncClient:
    """An asynchronous client whose calls end in the mock."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=AsyncHttpxTransport(mock), headers=headers, base_url="https://api.useapi.net")


def test_response_is_whole(client: httpx.Client) -> None:
    """All that code reads of one is there."""
    response = client.get(VIDEOS, params={"limit": 1}, timeout=5)
    assert (response.status_code, response.reason_phrase, response.http_version) == (200, "OK", "HTTP/1.1")
    assert str(response.url) == f"https://api.useapi.net{VIDEOS}?limit=1"
    assert response.headers["CONTENT-TYPE"] == "application/json"
    assert int(response.headers["Content-Length"]) == len(response.content) == response.num_bytes_downloaded
    assert response.elapsed.total_seconds() > 0
    assert len(response.json()["data"]) == 1


def test_reason_of_the_contract_is_seen(client: httpx.Client, video_id: str) -> None:
    """596 has one that no library knows."""
    response = client.post(UPSCALE, json={"video_id": f"{video_id.rpartition(':')[0]}:596"})
    assert (response.status_code, response.reason_phrase) == (596, "Pending mod message")


def test_body_is_streamed(client: httpx.Client) -> None:
    """In every way that httpx knows."""
    whole = client.get(VIDEOS).content
    with client.stream("GET", VIDEOS) as response:
        assert b"".join(response.iter_bytes(100)) == whole
    with client.stream("GET", VIDEOS) as response:
        assert "\n".join(response.iter_lines()) == whole.decode()


def test_compressed_body_is_decoded(api: Api) -> None:
    """As httpx does it for any server."""
    answer = Response(200, [(b"content-encoding", b"gzip")], gzip.compress(b"plain"))
    with httpx.Client(transport=HttpxTransport(in_process(api, Script([answer])))) as client:
        assert client.get("https://api.useapi.net/").content == b"plain"


def test_head_has_the_length_and_no_body(client: httpx.Client) -> None:
    """As over a socket."""
    length = len(client.get(VIDEOS).content)
    response = client.head(VIDEOS)
    assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", str(length))


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body_has_no_length(api: Api, status: int) -> None:
    """HTTP has none for it."""
    mock = in_process(api, Script([Response(status, [], b"")]))
    with httpx.Client(transport=HttpxTransport(mock)) as client:
        response = client.get("https://api.useapi.net/")
    assert (response.status_code, response.content, "content-length" in response.headers) == (status, b"", False)


@pytest.mark.parametrize(("follow", "asked"), [(True, 2), (False, 1)])
def test_redirects_are_followed_as_told(api: Api, *, follow: bool, asked: int) -> None:
    """By httpx itself."""
    script = Script([Response(302, [(b"location", b"/v2/account")], b""), GOOD])
    with httpx.Client(transport=HttpxTransport(in_process(api, script)), follow_redirects=follow) as client:
        response = client.get("https://api.useapi.net/")
    assert (response.status_code, len(script.asked)) == (200 if follow else 302, asked)


def test_cookies_are_kept(api: Api) -> None:
    """Each of two, from the header that may come twice."""
    script = Script([Response(200, [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")], b"")])
    with httpx.Client(transport=HttpxTransport(in_process(api, script))) as client:
        client.get("https://api.useapi.net/")
        assert dict(client.cookies) == {"a": "1", "b": "2"}


def test_form_is_read(client: httpx.Client, video_id: str) -> None:
    """multipart/form-data, as httpx writes it."""
    assert client.post(UPSCALE, files={"video_id": (None, video_id)}).status_code == 200


def test_url_of_a_video_is_downloaded_in_process(client: httpx.Client, video_id: str) -> None:
    """It names the host that was asked, so it comes back here."""
    url = client.get(f"{VIDEOS}/{video_id}").json()["url"]
    assert url.startswith("https://api.useapi.net/media/")
    assert client.get(url).content[4:8] == b"ftyp"


def test_no_socket_is_opened(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even to look for a name."""

    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a socket: {arguments}")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert client.get(VIDEOS).status_code == 200


def test_threads_share_a_transport(client: httpx.Client) -> None:
    """Eight of them, on one client."""
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda limit: len(client.get(VIDEOS, params={"limit": limit}).json()["data"]), [1, 2] * 60)
        )
    assert found == [1, 2] * 60


async def _upscaled_in_chunks(mock: Mock, token: str, video_id: str) -> int:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"video_id": '
        yield f'"{video_id}"}}'.encode()

    async with asynchronous(mock, token) as client:
        answer = await client.post(UPSCALE, content=chunks(), headers={"Content-Type": "application/json"})
        return answer.status_code


async def _streamed(mock: Mock, token: str) -> tuple[bytes, bytes]:
    async with asynchronous(mock, token) as client:
        whole = (await client.get(VIDEOS)).content
        async with client.stream("GET", VIDEOS) as response:
            return whole, b"".join([part async for part in response.aiter_bytes(100)])


def test_bodies_are_streamed_both_ways_on_asyncio(mock: Mock, token: str, video_id: str) -> None:
    """From an asynchronous generator, and into an asynchronous loop."""
    assert asyncio.run(_upscaled_in_chunks(mock, token, video_id)) == 200
    whole, streamed = asyncio.run(_streamed(mock, token))
    assert whole == streamed


def test_bodies_are_streamed_both_ways_on_trio(mock: Mock, token: str, video_id: str) -> None:
    """From an asynchronous generator, and into an asynchronous loop."""
    assert trio.run(_upscaled_in_chunks, mock, token, video_id) == 200
    whole, streamed = trio.run(_streamed, mock, token)
    assert whole == streamed


def test_transport_outlives_an_event_loop(mock: Mock) -> None:
    """Nothing in it belongs to one."""
    transport = AsyncHttpxTransport(mock)

    async def call() -> int:
        client = httpx.AsyncClient(transport=transport)
        return (await client.get(f"https://api.useapi.net{VIDEOS}")).status_code

    assert [asyncio.run(call()), asyncio.run(call()), trio.run(call)] == [401, 401, 401]

"""The adapter for requests, as its users meet it."""

import gzip
import io
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import responses

from interception.played import GOOD, Script, in_process
from mockserver.api import Api
from mockserver.interception import RequestsAdapter
from mockserver.message import Response
from mockserver.mock import Mock
from mockserver.settings import Settings
from mockserver.spec.body import MAX_BYTES

ORIGIN = "https://api.useapi.net"
VIDEOS = f"{ORIGIN}/v2/pixverse/videos"
UPSCALE = f"{VIDEOS}/upscale"


@pytest.fixture
def video_id(session: requests.Session) -> str:
    """A finished video's id."""
    return str(session.get(VIDEOS, params={"limit": 1}).json()["data"][0]["video_id"])


def scripted(api: Api, *answers: Response) -> tuple[requests.Session, Script]:
    """A session that gets these answers, and who counts them."""
    session, script = requests.Session(), Script(answers)
    session.mount("https://", RequestsAdapter(in_process(api, script)))
    return session, script


# The response


def test_response_is_whole(session: requests.Session, token: str) -> None:
    """All that code reads of one is there."""
    response = session.get(VIDEOS, params={"limit": 1}, timeout=(3, 5))
    assert (response.status_code, response.reason, response.ok) == (200, "OK", True)
    assert response.url == f"{VIDEOS}?limit=1"
    assert response.request.headers["Authorization"] == f"Bearer {token}"
    assert response.headers["CONTENT-TYPE"] == "application/json"
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert response.elapsed.total_seconds() > 0
    assert response.connection is session.get_adapter(ORIGIN)
    assert response.raw.status == 200
    assert response.history == []


def test_reason_of_the_contract_is_seen(session: requests.Session, video_id: str) -> None:
    """596 has one that no library knows."""
    response = session.post(UPSCALE, json={"video_id": f"{video_id.rpartition(':')[0]}:596"})
    assert (response.status_code, response.reason) == (596, "Pending mod message")


def test_body_is_streamed(session: requests.Session) -> None:
    """In every way that requests knows."""
    whole = session.get(VIDEOS).content
    with session.get(VIDEOS, stream=True) as response:
        assert b"".join(response.iter_content(100)) == whole
    with session.get(VIDEOS, stream=True) as response:
        assert b"\n".join(response.iter_lines()) == whole
    with session.get(VIDEOS, stream=True) as response:
        assert response.raw.read(5) + response.raw.read() == whole


def test_compressed_body_is_decoded(api: Api) -> None:
    """As requests does it for any server."""
    answer = Response(200, [(b"content-encoding", b"gzip")], gzip.compress(b"plain"))
    session, _ = scripted(api, answer)
    assert session.get(ORIGIN).content == b"plain"


def test_head_has_the_length_and_no_body(session: requests.Session) -> None:
    """And the next call is not disturbed by it."""
    length = len(session.get(VIDEOS).content)
    response = session.head(VIDEOS)
    assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", str(length))
    assert len(session.get(VIDEOS).content) == length


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body_has_no_length(api: Api, status: int) -> None:
    """HTTP has none for it."""
    session, _ = scripted(api, Response(status, [], b""))
    response = session.get(ORIGIN)
    assert (response.status_code, response.content, "content-length" in response.headers) == (status, b"", False)


@pytest.mark.parametrize(("follow", "asked"), [(True, 2), (False, 1)])
def test_redirects_are_followed_as_told(api: Api, *, follow: bool, asked: int) -> None:
    """By requests itself."""
    session, script = scripted(api, Response(302, [(b"location", b"/v2/account")], b""), GOOD)
    response = session.get(ORIGIN, allow_redirects=follow)
    assert (response.status_code, len(script.asked)) == (200 if follow else 302, asked)


def test_cookies_are_kept(api: Api) -> None:
    """Each of two, from the header that may come twice."""
    session, _ = scripted(api, Response(200, [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2; Secure")], b""))
    assert session.get(ORIGIN).cookies.get_dict() == {"a": "1", "b": "2"}
    assert session.cookies.get_dict() == {"a": "1", "b": "2"}
    assert session.get(ORIGIN).request.headers["Cookie"] == "a=1; b=2"


# The request


@pytest.mark.parametrize("kind", ["json", "bytes", "str", "file", "generator", "multipart"])
def test_body_is_given_in_any_form(session: requests.Session, video_id: str, kind: str) -> None:
    """All of them start the same job."""
    text = f'{{"video_id": "{video_id}"}}'
    given: Any = {
        "json": {"json": {"video_id": video_id}},
        "bytes": {"data": text.encode()},
        "str": {"data": text},
        "file": {"data": io.BytesIO(text.encode())},
        "generator": {"data": (text[n : n + 7].encode() for n in range(0, len(text), 7))},
        "multipart": {"files": {"video_id": (None, video_id)}},
    }[kind]
    headers = {} if kind in ("json", "multipart") else {"Content-Type": "application/json"}
    response = session.post(UPSCALE, headers=headers, **given)
    assert response.status_code == 200, response.text


def test_id_goes_raw_or_encoded_as_it_was_given(session: requests.Session, video_id: str, api: Api, token: str) -> None:
    """The API tells one from the other."""
    raw = session.get(f"{VIDEOS}/{video_id}")
    encoded = session.get(f"{VIDEOS}/{video_id.replace(':', '%3A')}")
    assert (raw.status_code, encoded.status_code) == (200, 400)
    journal = api.runtime.guarded(f"Bearer {token}".encode()).journal
    assert [exchange.request.path.count("%3A") for exchange in journal][-2:] == [0, 3]


def test_text_of_any_language_survives(session: requests.Session, video_id: str) -> None:
    """In a body, and back in the answer."""
    reference = "Größe 漢字 😀"
    made = session.post(UPSCALE, json={"video_id": video_id, "replyRef": reference}).json()["video_id"]
    listed = session.get(VIDEOS, params={"limit": 5}).json()["data"]
    assert [video["replyRef"] for video in listed if video["video_id"] == made] == [reference]


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 400)])
def test_large_body_arrives_whole(session: requests.Session, video_id: str, more: int, status: int) -> None:
    """Of a mebibyte, and no longer than that."""
    text = f'{{"video_id": "{video_id}"}}'
    response = session.post(
        UPSCALE, data=text.ljust(MAX_BYTES + more).encode(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == status, response.text


# Around it


def test_no_socket_is_opened(session: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even to look for a name."""

    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a socket: {arguments}")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert session.get(VIDEOS).status_code == 200


def test_url_of_a_video_is_downloaded_in_process(session: requests.Session, video_id: str) -> None:
    """It names the host that was asked, so it comes back here; ranges work."""
    url = session.get(f"{VIDEOS}/{video_id}").json()["url"]
    assert url.startswith(f"{ORIGIN}/media/")
    whole = session.get(url)
    assert (whole.headers["content-type"], whole.content[4:8]) == ("video/mp4", b"ftyp")
    part = session.get(url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")


def test_proxies_and_certificates_play_no_part(session: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those of the environment nor those of the call."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    proxies = {"https": "socks5://127.0.0.1:9"}
    assert session.get(VIDEOS).status_code == 200
    assert session.get(VIDEOS, proxies=proxies, verify=False, cert="/no/such/file").status_code == 200


def test_login_of_a_session_is_sent(session: requests.Session) -> None:
    """In the place of the token, so the answer is that there is none."""
    session.auth = ("somebody", "secret")
    assert session.get(VIDEOS).status_code == 401


def test_mocks_of_responses_do_not_hide_it(session: requests.Session) -> None:
    """That library puts its own in the place of what HTTPAdapter sends with."""
    with responses.RequestsMock() as others:
        others.get("https://example.com/", body="other")
        assert session.get(VIDEOS).status_code == 200
        assert requests.get("https://example.com/", timeout=5).text == "other"


def test_adapter_serves_on_after_its_session_has_closed(mock: Mock, token: str) -> None:
    """One adapter for any number of sessions."""
    adapter = RequestsAdapter(mock)
    for _ in range(2):
        with requests.Session() as session:
            session.mount("https://", adapter)
            session.headers["Authorization"] = f"Bearer {token}"
            assert session.get(VIDEOS).status_code == 200


def test_threads_share_an_adapter() -> None:
    """Eight of them, each with its own token and its own videos."""
    mock = Mock(Api(Settings(strict=True, clock="manual")))
    adapter = RequestsAdapter(mock)

    def work(number: int) -> set[str]:
        seen: set[str] = set()
        with requests.Session() as session:
            session.mount("https://", adapter)
            session.headers["Authorization"] = f"Bearer user:{number}-demo"
            video = session.get(VIDEOS, params={"limit": 1}).json()["data"][0]["video_id"]
            for _ in range(25):
                videos = session.get(VIDEOS, params={"limit": 3}).json()["data"]
                seen |= {video["video_id"].partition("-")[0] for video in videos}
                assert session.post(UPSCALE, json={"video_id": video}).status_code in (200, 429)
        return seen

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(1, 9))) == [{f"user:{number}"} for number in range(1, 9)]
    assert [len(guarded.journal) for _, guarded in mock.api.runtime] == [51] * 8

"""`mockserver.intercept()`: which calls end in the mock, which don't, and that nothing is left of it."""

import asyncio
import inspect
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from threading import Thread
from typing import Any

import httpcore
import httpx
import pytest
import requests
import responses
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

import mockserver
from mockserver import PixverseMock, Settings
from mockserver.handle.asking import MockError
from mockserver.scenario import ScenarioError

API = "https://api.useapi.net"
ACCOUNT = f"{API}/v2/account"
OTHER = "http://127.0.0.1:9"
"""A host that is not the API's; nothing listens there."""

PLACES = [
    (requests.Session, "get_adapter"),
    (HTTPAdapter, "get_connection_with_tls_context"),
    (HTTPAdapter, "send"),
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (httpcore.ConnectionPool, "handle_request"),
    (httpcore.AsyncConnectionPool, "handle_async_request"),
]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail a test that leaves a patch behind."""
    before = [owner.__dict__[name] for owner, name in PLACES]
    yield
    assert [owner.__dict__[name] for owner, name in PLACES] == before


@pytest.fixture
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a connection fails."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


async def by_async_httpx(url: str, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(url, **options)


CLIENTS: dict[str, Callable[..., Any]] = {
    "requests": requests.get,
    "httpx": httpx.get,
    "httpx async": lambda url, **options: asyncio.run(by_async_httpx(url, **options)),
}


# Which calls


@pytest.mark.parametrize("get", CLIENTS.values(), ids=CLIENTS)
def test_calls_end_in_the_mock(get: Callable[..., Any], no_socket: None) -> None:
    """Of each client, without a socket."""
    with mockserver.intercept() as mock:
        answer = get(ACCOUNT, headers=mock.headers)
        assert (answer.status_code, mock.requests.count()) == (200, 1)


def test_clients_of_any_age_end_in_the_mock(no_socket: None) -> None:
    """Those that were made before, too; and afterwards they are as they were."""
    session, client = requests.Session(), httpx.Client()
    adapter = session.get_adapter(API)
    with session, client:
        with mockserver.intercept() as mock:
            assert session.get(ACCOUNT, headers=mock.headers).status_code == 200
            assert client.get(ACCOUNT, headers=mock.headers).status_code == 200
        assert session.get_adapter(API) is adapter
        with pytest.raises(AssertionError, match="a socket was used"):
            client.get(ACCOUNT)


@pytest.mark.parametrize(
    ("base_url", "url", "meant"),
    [
        (API, "https://api.useapi.net/v2/account", True),
        (API, "https://API.UseAPI.net:443/v2/account?a=1", True),
        (API, "http://api.useapi.net/v2/account", True),
        (API, "https://api.useapi.net:8443/v2/account", False),
        (API, "https://api.useapi.net.example.com/v2/account", False),
        (API, "https://example.com/api.useapi.net", False),
        (API, "https://user:api.useapi.net@example.com/", False),
        ("http://localhost:8596/", "http://localhost:8596/v2/account", True),
        ("http://localhost:8596/", "http://localhost:8597/v2/account", False),
        ("http://localhost:8596/", "http://localhost/v2/account", False),
        ("https://API.test:443", "http://api.test/v2/account", True),
    ],
)
@pytest.mark.parametrize("get", CLIENTS.values(), ids=CLIENTS)
def test_host_decides(get: Callable[..., Any], base_url: str, url: str, *, meant: bool) -> None:
    """Whole, with its port, and nothing else of a URL."""
    with mockserver.intercept(base_url=base_url, refuse_others=True) as mock:
        if meant:
            assert get(url, headers=mock.headers).status_code == 200
        else:
            with pytest.raises((requests.ConnectionError, httpx.ConnectError), match="refuse_others"):
                get(url, headers=mock.headers)
        assert mock.requests.count() == int(meant)


@pytest.mark.parametrize("base_url", ["api.useapi.net", "ftp://a.test", "https://", "https://a.test/v2", "https://a b"])
def test_base_url_has_a_form(base_url: str) -> None:
    """Scheme, host and port; the value is in the message."""
    with pytest.raises(ValueError, match=f"base_url takes scheme, host name and port only.*got '{base_url}'"):
        mockserver.intercept(base_url=base_url)


@pytest.mark.parametrize("get", CLIENTS.values(), ids=CLIENTS)
def test_other_hosts_pass(get: Callable[..., Any]) -> None:
    """Unless they are refused, they are called for real."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, mockserver.intercept():
        thread = Thread(target=answer_once, args=(listener,))
        thread.start()
        assert get(f"http://127.0.0.1:{listener.getsockname()[1]}/").text == "real"
        thread.join()


def answer_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nreal")


@pytest.mark.parametrize("get", CLIENTS.values(), ids=CLIENTS)
def test_other_hosts_are_refused_if_told(get: Callable[..., Any], no_socket: None) -> None:
    """Before there is a connection, with the client's own error, which names the call."""
    with (
        mockserver.intercept(refuse_others=True),
        pytest.raises((requests.ConnectionError, httpx.ConnectError), match=r"lets only calls to .*got GET http://127"),
    ):
        get(OTHER)


def test_refusing_leaves_what_needs_no_connection() -> None:
    """A `responses` mock, and httpx's MockTransport."""
    with mockserver.intercept(refuse_others=True), responses.RequestsMock() as rsps:
        rsps.get("https://example.com/", body="theirs")
        assert requests.get("https://example.com/").text == "theirs"
        with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(204))) as client:
            assert client.get("https://example.com/").status_code == 204


def test_calls_of_any_thread_end_in_the_mock() -> None:
    """Of those that were there before, too."""
    with ThreadPoolExecutor(4) as pool:
        pool.submit(lambda: None).result()
        with mockserver.intercept() as mock:
            calls = [pool.submit(requests.get, ACCOUNT, headers=mock.headers) for _ in range(40)]
            assert {call.result().status_code for call in calls} == {200}
            assert mock.requests.count() == 40


def test_file_is_downloaded(no_socket: None) -> None:
    """From the `url` of a finished video."""
    with mockserver.intercept() as mock:
        video = requests.get(f"{API}/v2/pixverse/videos/{mock.video_id}", headers=mock.headers).json()
        assert requests.get(video["url"]).content[4:8] == b"ftyp"
        assert httpx.get(video["url"], headers={"Range": "bytes=0-9"}).status_code == 206


def test_control_api_is_called_by_the_apis_name(no_socket: None) -> None:
    """As over HTTP."""
    with mockserver.intercept() as mock:
        assert requests.get(f"{API}/__mock/clock", headers=mock.headers).json()["mode"] == "manual"


def test_sessions_own_retries_are_kept(no_socket: None) -> None:
    """Of the adapter that a session has for the API."""
    with mockserver.intercept() as mock, requests.Session() as session:
        session.mount(API, HTTPAdapter(max_retries=Retry(2, status_forcelist=[503], backoff_factor=0)))
        mock.faults.add({"status": 503, "body": "down", "times": 2})
        assert session.get(ACCOUNT, headers=mock.headers).status_code == 200
        assert mock.requests.count() == 3


def test_wire_fails_as_it_does(no_socket: None) -> None:
    """A lost reply is the client's own error, and the job runs."""
    with mockserver.intercept(scenario="lost-reply") as mock:
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{API}/v2/pixverse/videos/upscale", headers=mock.headers, json={"video_id": mock.video_id})
        assert len(mock.jobs) == 1


# Beside `responses`


@pytest.mark.parametrize("inside", [True, False])
def test_mocks_of_responses_do_not_hide_it(*, inside: bool) -> None:
    """Neither those within nor those around it; and theirs answer."""
    first, second = responses.RequestsMock(), mockserver.intercept()
    with first if not inside else second as one, second if not inside else first as other:
        mock, rsps = (one, other) if inside else (other, one)
        assert isinstance(mock, PixverseMock)
        assert isinstance(rsps, responses.RequestsMock)
        rsps.get("https://example.com/", body="theirs")
        assert requests.get(ACCOUNT, headers=mock.headers).status_code == 200
        assert requests.get("https://example.com/").text == "theirs"
        assert mock.requests.count() == 1


def test_api_is_registered_with_a_mock_of_responses() -> None:
    """Beside what else that answers, with the mock's own failures of the wire; nothing is patched for it."""
    with responses.RequestsMock() as rsps:
        adapter = requests.Session.__dict__["get_adapter"]
        mock = mockserver.intercept(scenario="lost-reply").register(rsps)
        assert requests.Session.__dict__["get_adapter"] is adapter
        rsps.get("https://example.com/", body="theirs")
        assert requests.get("https://example.com/").text == "theirs"
        assert requests.get(ACCOUNT, headers=mock.headers, timeout=3).json()
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{API}/v2/pixverse/videos/upscale", headers=mock.headers, json={"video_id": mock.video_id})
        assert [call.request.method for call in rsps.calls] == ["GET", "GET", "POST"]
        with pytest.raises(requests.ConnectionError, match="its host is not that of"):
            requests.get("https://example.org/")
        mock.close()


# More than one


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_ends_in_any_order(order: tuple[int, ...]) -> None:
    """What is still open still answers, the last one opened first."""
    opened = [mockserver.intercept() for _ in range(3)]
    mocks = [interception.__enter__() for interception in opened]
    left = [0, 1, 2]
    for index in order:
        requests.get(ACCOUNT, headers=mocks[0].headers)
        httpx.get(ACCOUNT, headers=mocks[0].headers)
        opened[index].__exit__(None, None, None)
        assert mocks[left[-1]].requests.count() >= 2
        left.remove(index)
    assert sum(mock.requests.count() for mock in mocks) == 6


def test_two_hosts_have_two_mocks(no_socket: None) -> None:
    """Also where the inner one refuses others: the outer one's are answered all the same."""
    with (
        mockserver.intercept() as outer,
        mockserver.intercept(base_url="http://other.test", refuse_others=True) as mock,
    ):
        for get in CLIENTS.values():
            assert get(ACCOUNT, headers=outer.headers).status_code == 200
            assert get("http://other.test/v2/account", headers=mock.headers).status_code == 200
        assert (outer.requests.count(), mock.requests.count()) == (3, 3)


def test_many_threads_open_and_end() -> None:
    """All at the same time, without a trace."""

    def play(number: int) -> int:
        host = f"https://api{number}.test"
        with mockserver.intercept(base_url=host) as mock:
            return requests.get(f"{host}/v2/account", headers=mock.headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(play, range(200))) == {200}


def test_mock_is_fresh_each_time() -> None:
    """And one that is open can't be opened again."""
    interception = mockserver.intercept()
    with interception as first:
        requests.get(ACCOUNT, headers=first.headers)
        with pytest.raises(RuntimeError, match="open already"):
            interception.__enter__()
    with interception as second:
        assert second.requests.count() == 0
    assert first.requests.count() == 1


def test_error_inside_ends_it() -> None:
    """And comes out."""
    with pytest.raises(KeyboardInterrupt), mockserver.intercept():
        raise KeyboardInterrupt


# The decorator


def test_function_is_decorated() -> None:
    """Each call has a fresh mock, which it is given if it has a place for it."""

    @mockserver.intercept()
    def count(times: int, mock: PixverseMock) -> int:
        """Docstring."""
        for _ in range(times):
            requests.get(ACCOUNT, headers=mock.headers)
        return mock.requests.count()

    called: Callable[..., int] = count
    assert [called(2), called(times=3)] == [2, 3]
    assert count.__doc__ == "Docstring."
    assert list(inspect.signature(count).parameters) == ["times"]


def test_place_for_the_mock_may_be_anywhere() -> None:
    """The other arguments come as they are given, by place and by name, and defaults stay."""

    @mockserver.intercept()
    def told(mock: PixverseMock, first: int, /, *rest: int, last: int = 9, **more: int) -> tuple[Any, ...]:
        return mock.requests.count(), first, rest, last, more

    called: Callable[..., Any] = told
    assert called(1, 2, 3, a=4) == (0, 1, (2, 3), 9, {"a": 4})
    with pytest.raises(TypeError, match="missing a required argument: 'first'"):
        called(last=1)


def test_asynchronous_function_is_decorated() -> None:
    """For as long as it is awaited, several at the same time."""

    @mockserver.intercept()
    async def status(host: str) -> int:
        return (await by_async_httpx(f"{host}/v2/account", headers={"Authorization": "Bearer user:1-a"})).status_code

    async def both() -> list[int]:
        return await asyncio.gather(status(API), status(API))

    assert asyncio.run(both()) == [200, 200]


@pytest.mark.parametrize("what", [type("Tests", (), {}), lambda: (yield)])
def test_what_can_not_be_decorated_is_refused(what: Any) -> None:
    """Classes and generators."""
    with pytest.raises(TypeError, match="decorates functions, sync or async, got"):
        mockserver.intercept()(what)


# What it is set up with


def test_scenario_seed_and_settings_are_obeyed() -> None:
    """In each form of a scenario."""
    with mockserver.intercept(scenario={"accounts": [{"email": "a@b.co"}]}, settings=Settings(explain=True)) as mock:
        assert mock.accounts.get()["email"] == "a@b.co"
        assert "x-mock-explain" in requests.get(ACCOUNT, headers=mock.headers).headers
    with mockserver.intercept(clock="auto", token="user:7-x") as mock:
        assert (mock.clock.mode, mock.video_id.partition("-")[0]) == ("auto", "user:7")
    durations = set()
    for seed in (1, 1, 2):
        with mockserver.intercept(seed=seed) as mock:
            body = {"video_id": mock.video_id}
            requests.post(f"{API}/v2/pixverse/videos/upscale", headers=mock.headers, json=body)
            mock.clock.advance("idle")
            durations.add(mock.clock.now)
    assert len(durations) == 2


def test_scenario_is_not_changed() -> None:
    """The caller's data stay the caller's."""
    data = {"accounts": [{"email": "a@b.co"}]}
    with mockserver.intercept(scenario=data, settings=Settings(changes={"accounts.0.credits": "1"})) as mock:
        assert mock.accounts.get()["credits"] == 1
    assert data == {"accounts": [{"email": "a@b.co"}]}


def test_bad_set_up_is_told_and_patches_nothing() -> None:
    """By the rule that it breaks."""
    with pytest.raises(ScenarioError, match="did you mean lost-reply"), mockserver.intercept(scenario="lost-rply"):
        pass
    with pytest.raises(ValueError, match="clock must be one of"):
        mockserver.intercept(clock="fast")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sleep moves a clock that stands, the mode must be manual, got auto"):
        mockserver.intercept(clock="auto", sleep=True)


def test_control_token_does_not_stop_the_handle() -> None:
    """It is the mock's own."""
    with mockserver.intercept(settings=Settings(control_token="secret")) as mock:
        assert mock.jobs == []
    with mockserver.intercept(token="nonsense") as mock, pytest.raises(MockError, match="401"):
        _ = mock.jobs

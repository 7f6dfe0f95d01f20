"""What goes wrong on the wire: in process, a client raises what it raises over a real socket."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest
import requests
import trio
from requests.adapters import HTTPAdapter
from urllib3 import Retry, Timeout

from interception.played import BODY, GOOD, Script, Told, ailing, in_process, kinds, on_a_socket
from mockserver import suffering
from mockserver.api import Api
from mockserver.interception import AsyncHttpxTransport, HttpxTransport, RequestsAdapter
from mockserver.interception.conversion import NeverAnsweredError, pieces
from mockserver.message import Suffering
from mockserver.mock import Mock

_SECONDS: Final = {"unanswered": 0.05, "dribbled too slowly": 0.3}
"""Read timeouts of the clients; those that are not met are long."""

_ANSWERS: Final = {
    "reset": ailing(Suffering.RESET),
    "empty": ailing(Suffering.EMPTY),
    "unanswered": ailing(Suffering.UNANSWERED),
    "truncated": ailing(Suffering.TRUNCATED),
    "dribbled": ailing(Suffering.DRIBBLED),
    "dribbled too slowly": ailing(Suffering.DRIBBLED, seconds=60),
    "sound": GOOD,
}

Way = Callable[[str, Mock | None, float], Any]
"""Calls an address, over a socket or in process, with a read timeout; gives what it got."""


def _session(mock: Mock | None, retries: Retry | int = 0) -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retries) if mock is None else RequestsAdapter(mock, retries))
    return session


def _whole(url: str, mock: Mock | None, seconds: float) -> bytes:
    with _session(mock) as session:
        return session.get(url, timeout=(5, seconds)).content


def _streamed(url: str, mock: Mock | None, seconds: float) -> bytes:
    with _session(mock) as session, session.get(url, timeout=seconds, stream=True) as response:
        assert response.status_code == 200
        return response.content


def _iterated(url: str, mock: Mock | None, seconds: float) -> bytes:
    with _session(mock) as session, session.get(url, timeout=seconds, stream=True) as response:
        return b"".join(response.iter_content(7))


def _raw(url: str, mock: Mock | None, seconds: float) -> bytes:
    with _session(mock) as session, session.get(url, timeout=seconds, stream=True) as response:
        return bytes(response.raw.read())


def _retried(url: str, mock: Mock | None, seconds: float) -> bytes:
    with _session(mock, Retry(2)) as session:
        return session.get(url, timeout=seconds).content


def _headed(url: str, mock: Mock | None, seconds: float) -> bytes:
    with _session(mock) as session:
        return session.head(url, timeout=seconds).content


def _by_httpx(url: str, mock: Mock | None, seconds: float) -> bytes:
    transport = None if mock is None else HttpxTransport(mock)
    with httpx.Client(transport=transport, timeout=seconds, trust_env=False) as client:
        return client.get(url).content


def _streamed_by_httpx(url: str, mock: Mock | None, seconds: float) -> bytes:
    transport = None if mock is None else HttpxTransport(mock)
    with (
        httpx.Client(transport=transport, timeout=seconds, trust_env=False) as client,
        client.stream("GET", url) as response,
    ):
        assert response.status_code == 200
        return b"".join(response.iter_raw())


async def _by_async_httpx(url: str, mock: Mock | None, seconds: float) -> bytes:
    transport = None if mock is None else AsyncHttpxTransport(mock)
    async with httpx.AsyncClient(transport=transport, timeout=seconds, trust_env=False) as client:
        return (await client.get(url)).content


def _on_asyncio(url: str, mock: Mock | None, seconds: float) -> bytes:
    return asyncio.run(_by_async_httpx(url, mock, seconds))


def _on_trio(url: str, mock: Mock | None, seconds: float) -> bytes:
    return trio.run(_by_async_httpx, url, mock, seconds)


_WAYS: Final[dict[str, Way]] = {
    "requests": _whole,
    "requests, streamed": _streamed,
    "requests, iterated": _iterated,
    "requests, raw": _raw,
    "requests, retried": _retried,
    "requests, HEAD": _headed,
    "httpx": _by_httpx,
    "httpx, streamed": _streamed_by_httpx,
}
_LOOPS: Final[dict[str, Way]] = {"asyncio": _on_asyncio, "trio": _on_trio}


def _told(way: Way, url: str, mock: Mock | None, answer: str) -> Told:
    try:
        return Told(way(url, mock, _SECONDS.get(answer, 30)))
    except Exception as error:
        return Told(kinds=kinds(error), text=str(error))


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("answer", _ANSWERS)
def test_error_is_the_one_of_a_real_connection(api: Api, answer: str, way: str) -> None:
    """Its class, those of all that led to it, its text; and the mock is called as often as the server."""
    real, played = Script([_ANSWERS[answer]]), Script([_ANSWERS[answer]])
    with on_a_socket(real) as url:
        expected = _told(_WAYS[way], url, None, answer)
    assert _told(_WAYS[way], url, in_process(api, played), answer) == expected
    assert played.asked == real.asked


@pytest.mark.parametrize("loop", _LOOPS)
@pytest.mark.parametrize("answer", _ANSWERS)
def test_error_on_an_event_loop_is_the_one_of_a_real_connection(api: Api, answer: str, loop: str) -> None:
    """Its class and that of its cause; what is beneath is the loop's own affair."""
    with on_a_socket(Script([_ANSWERS[answer]])) as url:
        expected = _told(_LOOPS[loop], url, None, answer)
    told = _told(_LOOPS[loop], url, in_process(api, Script([_ANSWERS[answer]])), answer)
    assert (told.result, told.kinds[:1], told.kinds[2:3] and told.kinds[2][:1]) == (
        expected.result,
        expected.kinds[:1],
        expected.kinds[2:3] and expected.kinds[2][:1],
    )


def test_answer_that_never_comes_is_told_to_who_waits_for_ever(api: Api) -> None:
    """A real call would hang: no test is served by that."""
    mock = in_process(api, Script([_ANSWERS["unanswered"]]))
    with _session(mock) as session, pytest.raises(requests.ReadTimeout, match=str(NeverAnsweredError())):
        session.get("http://api.useapi.net/", timeout=None)
    endless = httpx.Client(transport=HttpxTransport(mock), timeout=None)
    with endless as client, pytest.raises(httpx.ReadTimeout, match=str(NeverAnsweredError())):
        client.get("http://api.useapi.net/")


def test_slow_body_comes_to_who_waits_for_ever(api: Api) -> None:
    """Without a timeout no pause is too long, and none is waited for."""
    mock = in_process(api, Script([_ANSWERS["dribbled too slowly"]]))
    with _session(mock) as session:
        assert session.get("http://api.useapi.net/").content == BODY
    with httpx.Client(transport=HttpxTransport(mock), timeout=None) as client:
        assert client.get("http://api.useapi.net/").content == BODY


def test_dribbled_body_comes_in_the_pieces_of_the_live_server(api: Api) -> None:
    """As many, if the client looks at each; the number is the live server's."""
    mock = in_process(api, Script([_ANSWERS["dribbled"]]))
    with httpx.Client(transport=HttpxTransport(mock)) as client, client.stream("GET", "http://api.useapi.net/") as got:
        assert list(got.iter_raw()) == pieces(BODY)
    assert len(pieces(bytes(1_000))) == suffering._PIECES


@pytest.mark.parametrize("timeout", [(1, 2, 3), (1,)])
def test_timeout_of_another_form_is_refused(api: Api, timeout: Any) -> None:
    """It names what was given."""
    with _session(in_process(api, Script([GOOD]))) as session, pytest.raises(ValueError, match="pair") as caught:
        session.get("http://api.useapi.net/", timeout=timeout)
    assert repr(timeout) in str(caught.value)


@pytest.mark.parametrize(
    ("timeout", "patience"),
    [(None, None), (7, 7), ((3, 5), 5), ((3, None), None), (Timeout(read=2), 2), (Timeout(total=60), 60)],
)
def test_client_of_requests_is_as_patient_as_its_read_timeout(api: Api, timeout: Any, patience: float | None) -> None:
    """In seconds; the time to connect is not part of it."""
    with _session(in_process(api, script := Script([GOOD]))) as session:
        session.get("http://api.useapi.net/", timeout=timeout)
    assert script.patience == [patience if patience is None else pytest.approx(patience, abs=1)]


@pytest.mark.parametrize(
    ("timeout", "patience"), [(None, None), (7, 7), (httpx.Timeout(3, read=5), 5), (httpx.Timeout(3, read=None), None)]
)
def test_client_of_httpx_is_as_patient_as_its_read_timeout(api: Api, timeout: Any, patience: float | None) -> None:
    """In seconds; the time to connect is not part of it."""
    mock = in_process(api, script := Script([GOOD]))
    with httpx.Client(transport=HttpxTransport(mock)) as client:
        client.get("http://api.useapi.net/", timeout=timeout)
    assert script.patience == [patience]

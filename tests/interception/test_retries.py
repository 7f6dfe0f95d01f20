"""Retries of an adapter of requests: in process they are urllib3's own, as over a real socket."""

from typing import Any, Final

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from interception.played import GOOD, Script, ailing, in_process, kinds, on_a_socket
from mockserver.api import Api
from mockserver.interception import RequestsAdapter
from mockserver.message import Response, Suffering

_BUSY: Final = Response(429, [(b"retry-after", b"0")], b"{}")
_DOWN: Final = Response(503, [], b"")
_RESET: Final = ailing(Suffering.RESET)
_EMPTY: Final = ailing(Suffering.EMPTY)
_CUT: Final = ailing(Suffering.TRUNCATED)


def _on(*statuses: int, **options: Any) -> Retry:
    return Retry(3, status_forcelist=statuses, **options)


_CASES: Final = {
    "until it works": (_on(503), "GET", [_DOWN, _DOWN, GOOD]),
    "in vain": (_on(503), "GET", [_DOWN]),
    "in vain, without an error": (_on(503, raise_on_status=False), "GET", [_DOWN]),
    "another status": (_on(500), "GET", [_DOWN]),
    "told to retry": (Retry(3), "GET", [_BUSY, GOOD]),
    "told to retry, unheard": (Retry(3, respect_retry_after_header=False), "GET", [_BUSY, GOOD]),
    "a method that is not safe": (_on(503), "POST", [_DOWN, GOOD]),
    "any method": (_on(503, allowed_methods=None), "POST", [_DOWN, GOOD]),
    "reset, then good": (Retry(2), "GET", [_RESET, _EMPTY, GOOD]),
    "reset too often": (Retry(2), "GET", [_RESET]),
    "reset while posting": (Retry(2), "POST", [_RESET, GOOD]),
    "no reading again": (Retry(3, read=0), "GET", [_EMPTY, GOOD]),
    "cut short": (Retry(3), "GET", [_CUT, GOOD]),
    "a number": (2, "GET", [_RESET, _RESET, GOOD]),
    "none": (0, "GET", [_RESET, GOOD]),
}


def _outcome(url: str, adapter: HTTPAdapter, method: str) -> Any:
    with requests.Session() as session:
        session.mount("http://", adapter)
        try:
            return session.request(method, url, data=b"wish" if method == "POST" else None, timeout=5).status_code
        except requests.RequestException as error:
            return kinds(error), str(error)


@pytest.mark.parametrize(("retries", "method", "answers"), _CASES.values(), ids=_CASES)
def test_retries_are_those_over_a_socket(api: Api, retries: Retry | int, method: str, answers: list[Response]) -> None:
    """As many calls, each with its body, and the same end."""
    real, played = Script(answers), Script(answers)
    with on_a_socket(real) as url:
        expected = _outcome(url, HTTPAdapter(max_retries=retries), method)
    adapter = RequestsAdapter(in_process(api, played)).retrying(HTTPAdapter(max_retries=retries))
    assert _outcome(url, adapter, method) == expected
    assert played.asked == real.asked


def test_adapter_takes_retries_like_its_base(api: Api) -> None:
    """Given at the start, as for HTTPAdapter."""
    played = Script([_DOWN, GOOD])
    assert _outcome("http://api.useapi.net/", RequestsAdapter(in_process(api, played), _on(503)), "GET") == 200
    assert len(played.asked) == 2

"""`--cors`: pages of other origins may call the emulated API, and nothing else."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack

import pytest

from api.adapters import ADAPTERS
from api.mock import UPSCALE, VIDEOS, Mock
from mockserver import Api, Settings
from mockserver.cors import Cors
from mockserver.journal import Coming, Exchange
from mockserver.message import Request, Response, Suffering, Wire

FRONT = "http://front.test:3000"
ASKED = {"Origin": FRONT, "Access-Control-Request-Method": "POST"}
Mocks = dict[tuple[str, ...], Mock]
ALLOWS = "access-control-allow-origin"


CHOICES: tuple[tuple[str, ...], ...] = ((), (FRONT,), (FRONT, "http://other.test"), ("*",))


@pytest.fixture(scope="module", params=["flask", "asgi", "live"])
def mocks(request: pytest.FixtureRequest) -> Iterator[Mocks]:
    """A mock for each choice of origins, behind an adapter; the seam is behind what --cors changes."""
    with ExitStack() as stack:
        apis = {cors: Api(Settings(strict=True, clock="manual", cors=cors)) for cors in CHOICES}
        yield {cors: Mock(api, stack.enter_context(ADAPTERS[request.param](api))) for cors, api in apis.items()}


# Preflights


@pytest.mark.parametrize("path", [UPSCALE, f"{VIDEOS}/", "/v2/nothing", "/media/1-640x360.mp4"])
def test_preflight_is_allowed(mocks: Mocks, path: str) -> None:
    """Any path but the control API's; the headers that the page wants to send are allowed."""
    wanted = "authorization,content-type, X-Mine"
    headers = {**ASKED, "Access-Control-Request-Headers": wanted, "Authorization": ""}
    answer = mocks[(FRONT,)].call("OPTIONS", path, headers=headers)
    assert (answer.status, answer.content) == (204, b"")
    assert answer.headers[ALLOWS] == FRONT
    assert answer.headers["access-control-allow-headers"] == wanted
    assert "POST" in answer.headers["access-control-allow-methods"].split(", ")
    assert int(answer.headers["access-control-max-age"]) > 0
    assert answer.headers["vary"] == "Origin"


def test_preflight_reaches_no_sandbox_and_no_journal(mocks: Mocks) -> None:
    """Nothing is left of it, though it bears a token here."""
    mock = mocks[("*",)]
    before = len(mock.api.runtime), mock.api.runtime.outside.total
    assert mock.call("OPTIONS", UPSCALE, headers={**ASKED, "Authorization": "Bearer user:1-preflight"}).status == 204
    assert (len(mock.api.runtime), mock.api.runtime.outside.total) == before


def test_preflight_of_another_origin_is_refused(mocks: Mocks) -> None:
    """With a problem that names it and the option."""
    answer = mocks[(FRONT,)].call("OPTIONS", UPSCALE, headers={**ASKED, "Origin": "http://evil.test"})
    assert answer.status == 403
    assert ALLOWS not in answer.headers
    assert "http://evil.test" in answer.body["detail"]
    assert "--cors" in answer.body["detail"]


@pytest.mark.parametrize("names", ["a\x00b", "a b", ",", "a,,b", "é", "a" * 5_000, "x: y"])
def test_headers_that_are_no_names_are_not_repeated(names: str) -> None:
    """What a page asks for stands in the answer only if it is a list of names."""
    response = answered(Cors((FRONT,), silent), {**ASKED, "Access-Control-Request-Headers": names}, "OPTIONS")
    assert response.status == 204
    assert b"access-control-allow-headers" not in dict(response.headers)


@pytest.mark.parametrize("lacks", ["Origin", "Access-Control-Request-Method"])
def test_other_options_requests_are_the_apis(mocks: Mocks, lacks: str) -> None:
    """Answered as without the option: 405."""
    headers = {**ASKED, lacks: ""}
    assert mocks[(FRONT,)].call("OPTIONS", UPSCALE, headers=headers).status == 405


# Answers


@pytest.mark.parametrize(("token", "status"), [("user:12345-demo", 200), ("nonsense", 401)])
def test_answers_may_be_read_by_the_page(mocks: Mocks, token: str, status: int) -> None:
    """Good ones and bad ones, with the headers that clients look at."""
    headers = {"Origin": FRONT, "Authorization": f"Bearer {token}"}
    answer = mocks[(FRONT, "http://other.test")].call("GET", VIDEOS, headers=headers)
    assert answer.status == status
    assert answer.headers[ALLOWS] == FRONT
    assert answer.headers["vary"] == "Origin"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Retry-After", "X-Mock-Explain", "Preference-Applied"} <= set(exposed)


def test_files_may_be_read_by_the_page(mocks: Mocks) -> None:
    """A player asks for parts of them."""
    headers = {"Origin": FRONT, "Range": "bytes=0-3"}
    answer = mocks[(FRONT,)].call("GET", "/media/1-640x360.mp4", headers=headers)
    assert (answer.status, len(answer.content), answer.headers[ALLOWS]) == (206, 4, FRONT)


@pytest.mark.parametrize("origin", ["", "http://evil.test", "null", "http://front.test", "https://front.test:3000"])
def test_answers_to_other_origins_say_only_that_they_vary(mocks: Mocks, origin: str) -> None:
    """So that no cache gives a page what was meant for another."""
    answer = mocks[(FRONT,)].call("GET", VIDEOS, headers={"Origin": origin})
    assert answer.status == 200
    assert ALLOWS not in answer.headers
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", ["", "http://evil.test", "null"])
def test_star_allows_all(mocks: Mocks, origin: str) -> None:
    """In the same words for everybody, so that nothing varies."""
    answer = mocks[("*",)].call("GET", VIDEOS, headers={"Origin": origin})
    assert answer.headers[ALLOWS] == "*"
    assert "vary" not in answer.headers


def test_without_the_option_nothing_is_allowed(mocks: Mocks) -> None:
    """Preflights are answered as the API answers them, answers are as they were."""
    assert mocks[()].call("OPTIONS", UPSCALE, headers=ASKED).status == 405
    answer = mocks[()].call("GET", VIDEOS, headers={"Origin": FRONT})
    assert not {name for name in answer.headers if name.startswith("access-control") or name == "vary"}


@pytest.mark.parametrize("cors", [(FRONT,), ("*",)])
def test_control_api_stays_closed(mocks: Mocks, cors: tuple[str, ...]) -> None:
    """To preflights as to requests, of the pages that may call the emulated API."""
    for method, headers in (("OPTIONS", ASKED), ("POST", {"Origin": FRONT})):
        answer = mocks[cors].call(method, "/__mock/reset", headers=headers)
        assert answer.status == 403
        assert ALLOWS not in answer.headers


# What passes through


def silent(request: Request) -> Exchange:
    return Exchange(request, Response(200, ((b"retry-after", b"5"),), b"{}"), "listVideos", "why")


def answered(cors: Cors, headers: dict[str, str], method: str = "GET") -> Response:
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    coming = cors.exchange(Request(method, VIDEOS, headers=sent))
    return (coming if isinstance(coming, Exchange) else coming.result(timeout=0)).response


def test_what_goes_wrong_on_the_wire_stays() -> None:
    """A faulted answer suffers as before, and the journal's entry is not touched."""
    kept: list[Exchange] = []

    def faulted(request: Request) -> Coming:
        kept.append(silent(request))
        kept[0].response.wire = Wire(Suffering.TRUNCATED)
        return kept[0]

    response = answered(Cors((FRONT,), faulted), {"Origin": FRONT})
    assert response.wire == Wire(Suffering.TRUNCATED)
    assert (b"retry-after", b"5") in response.headers
    assert kept[0].response.headers == ((b"retry-after", b"5"),)


def test_answer_that_comes_later_is_allowed_too() -> None:
    """Once it is there."""
    later: Future[Exchange] = Future()
    cors = Cors((FRONT,), lambda _: later)
    coming = cors.exchange(Request("GET", VIDEOS, headers=[(b"origin", FRONT.encode())]))
    assert isinstance(coming, Future)
    assert not coming.done()
    later.set_result(silent(Request("GET", VIDEOS)))
    assert dict(coming.result(timeout=0).response.headers)[ALLOWS.encode()] == FRONT.encode()


def test_answer_that_never_comes_does_not_hang() -> None:
    """What ended the wait is told on."""
    for end in (lambda later: later.set_exception(ValueError("no")), Future.cancel):
        later: Future[Exchange] = Future()
        coming = Cors(("*",), lambda _, later=later: later).exchange(Request("GET", VIDEOS))
        assert isinstance(coming, Future)
        end(later)
        assert coming.exception(timeout=0) is not None


# What is chosen at the start


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("HTTP://Front.TEST:80", "http://front.test"),
        ("https://front.test:443", "https://front.test"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://bücher.de", "http://xn--bcher-kva.de"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_origins_are_taken_as_browsers_write_them(given: str, origin: str) -> None:
    """In lower case, in ASCII, without the scheme's own port."""
    assert Settings(cors=(given,)).cors == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        *("", "null", "front.test", "//front.test", "http://", "http://front.test/", "http://front.test?x"),
        *("http://a b", "http://front.test:99999", "http://front.test:x", "http://u@front.test", "http://*.test", "**"),
    ],
)
def test_bad_origin_is_refused_at_the_start(origin: str) -> None:
    """The text says what is taken, and the value."""
    with pytest.raises(ValueError, match="cors takes origins") as caught:
        Settings(cors=(FRONT, origin))
    assert repr(origin) in str(caught.value)

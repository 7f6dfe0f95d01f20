"""Prism between a client and the mock, as a second judge of every answer.

Prism names what breaks the contract in the header `sl-violations`; with `--errors` it also puts a problem+json of its
own in the answer's place, but an error status that the contract lacks is only a warning: then the header alone tells.

What Prism does by itself, so that no test of the mock can go that way: it answers a request without credentials 401,
an unknown path 404, an unknown method 405 and a body that is not JSON 400. It relays 596 and ids as they are,
percent-encoded or not; the reason phrase of 596 gets lost ("unknown").
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest
import yaml

from toolchain.documents import CONTRACT, examples, load
from toolchain.tools import prism
from toolchain.tour import STOPS, UNREACHED, Call, Sandbox, Stop

pytestmark = pytest.mark.slow

EXAMPLES: Final = {(example.operation, example.status, example.name): example for example in examples(load(CONTRACT))}
USERS: Final = count(1)


@pytest.fixture(scope="module")
def proxy(mock: str) -> Iterator[str]:
    """Prism in front of the mock. It judges requests and answers."""
    with prism("proxy", CONTRACT, mock, "--errors") as url:
        yield url


@pytest.fixture(scope="module")
def deaf_proxy(mock: str) -> Iterator[str]:
    """Prism in front of the mock. It judges answers, and relays any request."""
    with prism("proxy", CONTRACT, mock, "--errors", "--validate-request=false") as url:
        yield url


@pytest.fixture(scope="module")
def lenient_proxy(lenient_mock: str) -> Iterator[str]:
    """Prism in front of the lenient mock. It judges requests and answers."""
    with prism("proxy", CONTRACT, lenient_mock, "--errors") as url:
        yield url


@pytest.fixture(scope="module")
def other_contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A contract that the mock does not keep: other fields in two schemas, and no 412."""
    document = load(CONTRACT)
    schemas = document["components"]["schemas"]
    schemas["UpscaleResult"]["required"].append("price")
    schemas["Refused"]["properties"]["error"] = {"type": "integer"}
    del document["paths"]["/v2/pixverse/videos/upscale"]["post"]["responses"]["412"]
    path = tmp_path_factory.mktemp("contract") / "other.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def strict_proxy(mock: str, other_contract: Path) -> Iterator[str]:
    """Prism in front of the mock, with the contract that it does not keep."""
    with prism("proxy", other_contract, mock, "--errors") as url:
        yield url


def fresh(mock: str) -> Sandbox:
    """A sandbox that nobody else uses."""
    return Sandbox(mock, f"user:{next(USERS)}-tour")


def judge(stop: Stop, sandbox: Sandbox, proxy: str) -> None:
    """Fail unless the answer that comes through Prism is the stop's, and Prism has nothing against it."""
    response = stop.call(sandbox).send(proxy, sandbox.token)
    assert (response.headers.get("sl-violations"), response.status_code) == (None, stop.status), response.text
    assert response.headers["content-type"] == "application/json"
    if stop.status >= 400:
        assert EXAMPLES[stop.operation, stop.status, stop.name].says(response.json()), response.text


def test_tour_is_complete() -> None:
    """Every answer that the contract names is a stop of the tour, or known not to be reached."""
    assert {(stop.operation, stop.status, stop.name) for stop in STOPS} | UNREACHED == set(EXAMPLES)


@pytest.mark.parametrize("stop", [stop for stop in STOPS if not (stop.violates or stop.lenient)], ids=str)
def test_exchange_fits(stop: Stop, mock: str, proxy: str) -> None:
    """Prism finds neither the request nor the answer at odds with the contract."""
    judge(stop, fresh(mock), proxy)


@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop.lenient], ids=str)
def test_exchange_with_the_lenient_mock_fits(stop: Stop, lenient_mock: str, lenient_proxy: str) -> None:
    """Nor with the answers that take a switch, or a job that ended."""
    judge(stop, fresh(lenient_mock), lenient_proxy)


@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop.violates], ids=str)
def test_answer_to_a_violation_fits(stop: Stop, mock: str, deaf_proxy: str) -> None:
    """Prism finds the answer to a request that breaks the contract in order."""
    judge(stop, fresh(mock), deaf_proxy)


@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop.violates], ids=str)
def test_violation_is_seen(stop: Stop, mock: str, proxy: str) -> None:
    """Prism sees by itself that such a request breaks the contract."""
    sandbox = fresh(mock)
    assert stop.call(sandbox).send(proxy, sandbox.token).status_code == 422


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        pytest.param(7, "must have required property 'price'", id="200"),
        pytest.param(429, "error must be integer", id="429"),
        pytest.param(596, "error must be integer", id="596"),
        pytest.param(412, "Unable to match the returned status code", id="412"),
    ],
)
def test_misfit_is_seen(number: int, problem: str, mock: str, strict_proxy: str) -> None:
    """Prism sees answers that its contract does not allow, 596 and undocumented ones among them."""
    sandbox = fresh(mock)
    call = Call("POST", "/v2/pixverse/videos/upscale", {"video_id": sandbox.number(number)})
    assert problem in call.send(strict_proxy, sandbox.token).headers["sl-violations"]

"""Prism as a mock server: what another reader of OpenAPI makes of the contract."""

from collections.abc import Iterator
from typing import Final

import pytest
import requests

from toolchain.documents import CONTRACT, Example, examples, load
from toolchain.tools import prism

pytestmark = pytest.mark.slow

UPSCALE: Final = [example for example in examples(load(CONTRACT)) if example.operation == "upscaleVideo"]
VIDEO: Final = "user:12345-pixverse:demo@example.com-video:11223344"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a Prism that mocks the contract."""
    with prism("mock", CONTRACT) as url:
        yield url


@pytest.mark.parametrize("example", UPSCALE, ids=lambda example: f"{example.status}-{example.name}")
def test_answers_an_example_that_is_preferred(address: str, example: Example) -> None:
    """The header Prefer gets any answer of the upscale, with the contract's text."""
    response = requests.post(
        f"{address}/v2/pixverse/videos/upscale",
        json={"video_id": VIDEO},
        headers={
            "Authorization": "Bearer user:12345-demo",
            "Prefer": f"code={example.status}, example={example.name}",
        },
        timeout=30,
    )
    assert (response.status_code, response.json()) == (example.status, example.value)

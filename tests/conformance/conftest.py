"""The mock in a process of its own."""

from collections.abc import Iterator

import pytest

from live import Live, serving


@pytest.fixture
def live() -> Iterator[Live]:
    with serving("--log-format", "json") as mock:
        yield mock

"""What these tests share: a live mock."""

from collections.abc import Iterator

import pytest

from live import serving


@pytest.fixture(scope="session")
def mock() -> Iterator[str]:
    """The address of a mock with its default settings."""
    with serving() as live:
        yield live.url


@pytest.fixture(scope="session")
def lenient_mock() -> Iterator[str]:
    """The address of a mock whose jobs end at once, which takes encoded ids, and says 404 to an unknown video."""
    settings = ("jobs.shortest=0", "jobs.longest=0", "answers.encoded_id=200", "answers.unknown_video=404")
    with serving(*(word for setting in settings for word in ("--set", setting))) as live:
        yield live.url

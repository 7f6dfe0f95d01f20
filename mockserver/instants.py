"""Instants, in milliseconds since 1970, as people write them."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(instant: int) -> str:
    """An instant as "2025-01-01T12:13:14Z"."""
    return f"{datetime.fromtimestamp(instant // 1_000, UTC).isoformat()[:19]}Z"


def milliseconds(instant: int) -> str:
    """An instant as "2025-01-01T12:13:14.000Z"."""
    return f"{seconds(instant)[:-1]}.{instant % 1_000:03}Z"


def real(instant: float) -> str:
    """A real instant, in seconds since 1970, in the same form."""
    return milliseconds(round(instant * 1_000))


def parse(text: str) -> int:
    """The instant that an ISO date with time and offset names. Raises ValueError for any other text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"an instant must have an offset, as in 2025-01-01T12:00:00Z, got {text!r}")
    return (moment - _EPOCH) // timedelta(milliseconds=1)

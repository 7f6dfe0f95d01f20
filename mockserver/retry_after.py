"""How long a receiver asks to be left alone."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from mockserver.clock import wall

_LONGEST: Final = 30 * 86_400.0


def retry_after(fields: dict[bytes, bytes]) -> float | None:
    """The seconds that a Retry-After asks for, at most 30 days; a date in the past is 0.

    A date is taken against the answer's own Date, else the real clock. None without the header, or for nonsense.
    """
    value = fields.get(b"retry-after", b"").strip()
    if value.isdigit():
        return min(float(value), _LONGEST)
    until, now = _instant(value), _instant(fields.get(b"date", b""))
    if until is None:
        return None
    return min(max(until - (wall() if now is None else now), 0.0), _LONGEST)


def _instant(value: bytes) -> float | None:
    """The seconds since 1970 of an HTTP date, None for anything else."""
    try:
        date = parsedate_to_datetime(value.decode("latin-1"))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

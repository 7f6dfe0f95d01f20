"""The end of a stream of bytes."""

from typing import Final


class Tail:
    """Keeps the last `size` bytes of what is added, and counts the rest."""

    def __init__(self, size: int) -> None:
        self._size: Final = size
        self._kept = bytearray()
        self._dropped = 0

    def add(self, data: bytes) -> None:
        self._kept += data
        if len(self._kept) > 2 * self._size:
            self._trim()

    def _trim(self) -> None:
        too_many = max(0, len(self._kept) - self._size)
        del self._kept[:too_many]
        self._dropped += too_many

    @property
    def omitted(self) -> int:
        """How many bytes came before those that are kept."""
        self._trim()
        return self._dropped

    @property
    def kept(self) -> bytes:
        self._trim()
        return bytes(self._kept)

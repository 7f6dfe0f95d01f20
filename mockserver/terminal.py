"""What commands print: whole lines, with nothing in them that a terminal takes for a command; colours where wanted."""

import os
from typing import Final, TextIO

_NO_COLOUR: Final = "NO_COLOR"
"""A variable that many commands heed: set to anything, it asks for no colours."""


def shows_colours(stream: TextIO | None) -> bool:
    """Whether what goes to a stream is coloured: it is a terminal, and NO_COLOR is not set."""
    return stream is not None and stream.isatty() and not os.environ.get(_NO_COLOUR)


def plain(text: str) -> str:
    """A text with nothing in it that a terminal takes for a command."""
    return text if text.isprintable() else ascii(text)[1:-1]


def words(error: OSError | UnicodeError) -> str:
    """What is wrong, without the path or address that the message names anyway."""
    number = getattr(error, "errno", None) or 0
    # Below 0 are those of name resolution, which only the error itself has words for.
    return os.strerror(number) if number > 0 else str(getattr(error, "strerror", None) or error)


class _Stop(Exception):  # noqa: N818 - no error
    """Raised by the handler of a signal, to leave a write that waits for a reader."""


class Printer:
    """Writes whole lines at once. No longer does so once who read them has gone.

    Past Python's buffers: what nobody reads must not hold up the end of the process.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._file = None if stream is None else stream.fileno()
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._writing = False
        self.gone = False

    def line(self, text: str) -> None:
        data = f"{text}\n".encode(self._encoding, "backslashreplace")
        try:
            self._writing = True
            while data and self._file is not None and not self.gone:
                data = data[os.write(self._file, data) :]
            self._writing = False
        except (OSError, _Stop):
            self._writing = False
            self.gone = True

    def stop(self) -> None:
        """Called by the handler of a signal."""
        if self._writing:
            raise _Stop

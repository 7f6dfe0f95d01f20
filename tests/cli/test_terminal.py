"""What commands print: lines, errors in words, colours where wanted."""

import errno
import os
import pty
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from mockserver.terminal import Printer, plain, shows_colours, words


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """A stream that is a terminal."""
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield stream
    os.close(reader)


def test_colours_are_for_terminals(terminal: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for files and pipes, nor where NO_COLOR is set to anything."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert shows_colours(terminal)
    assert not shows_colours(None)
    with Path(os.devnull).open("w", encoding="utf-8") as file:
        assert not shows_colours(file)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not shows_colours(terminal)
    monkeypatch.setenv("NO_COLOR", "")
    assert shows_colours(terminal)


def test_plain_text() -> None:
    """What prints stays; of what does not, nothing reaches a terminal as a command."""
    assert plain("é 한") == "é 한"
    assert plain("\x1b[2J\r\n\u202e") == r"\x1b[2J\r\n\u202e"


def test_errors_in_words() -> None:
    """Without numbers and paths; those of name resolution in their own."""
    assert words(OSError(errno.ENOENT, "x", "/a/path")) == "No such file or directory"
    assert words(OSError(-2, "Name or service not known")) == "Name or service not known"
    assert words(OSError("something")) == "something"
    assert "surrogates" in words(UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"))


def test_printer_writes_whole_lines() -> None:
    """In the stream's encoding; what that can't hold is escaped."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="ascii") as stream:
        Printer(stream).line("a é")
    with os.fdopen(reader, "rb") as other:
        assert other.read() == b"a \\xe9\n"


def test_printer_without_a_reader() -> None:
    """It says so, and goes on without a word; as it does without a stream."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        printer = Printer(stream)
        printer.line("a")
        assert printer.gone
        printer.line("b")
    printer = Printer(None)
    printer.line("a")
    printer.stop()
    assert not printer.gone

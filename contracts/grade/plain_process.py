"""A client's process where there are no process groups, as on Windows: what its children do is not known there."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Final

from contracts.grade.ended import Ended
from contracts.grade.tail import Tail

_KEPT: Final = 65_536
_LOOK: Final = 0.05
_PIPE: Final = 1.0
"""Real seconds for which the rest of the output is waited for: a child that goes on may keep the pipe open."""


def run_plainly(
    command: Sequence[str], environment: Mapping[str, str], timeout: float, cancelled: threading.Event | None
) -> Ended:
    """Run a client, and end it and its children after `timeout` real seconds, or when cancelled. Raises OSError."""
    tail, started = Tail(_KEPT), time.time()
    process = subprocess.Popen(  # noqa: S603 - it is the user's own command
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    reader = threading.Thread(target=_read, args=(process.stdout, tail), name="output of a client", daemon=True)
    reader.start()
    try:
        stopped = _wait(process, timeout, cancelled)
    finally:
        if process.poll() is None:
            _end_tree(process)
    ended = time.time()
    reader.join(_PIPE)
    return Ended(None if stopped else process.returncode, started, ended, "", stopped, tail.kept, tail.omitted)


def _read(pipe: IO[bytes] | None, tail: Tail) -> None:
    if pipe is not None:
        with pipe, suppress(OSError):
            while data := pipe.read1(65_536):  # type: ignore[attr-defined]
                tail.add(data)


def _wait(process: subprocess.Popen[bytes], timeout: float, cancelled: threading.Event | None) -> str:
    """Why it has to be stopped; empty when it ended by itself."""
    until = time.monotonic() + timeout
    while True:
        try:
            process.wait(_LOOK)
        except subprocess.TimeoutExpired:
            if cancelled is not None and cancelled.is_set():
                return "from outside"
            if time.monotonic() >= until:
                return f"after {timeout:g} s"
        else:
            return ""


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        with suppress(OSError, subprocess.SubprocessError):
            command = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
            subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    process.kill()
    process.wait()

"""A client's process: started, watched, stopped in time, and ended with all that it started."""

import errno
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import contracts
from contracts.grade.ended import Ended
from contracts.grade.fast_forward import one_clock
from contracts.grade.plain_process import run_plainly
from contracts.grade.processes import marked, send
from contracts.grade.supervisor import LONGEST_END, MARK
from contracts.report.shown import line

_PROGRAM: Final = "import sys; sys.path.append(sys.argv[1]); from contracts.grade.supervisor import main; main()"
_ROOT: Final = str(Path(contracts.__file__).resolve().parents[1])

_LOOK: Final = 50
"""Milliseconds between two looks at whether a run is cancelled."""

_SLACK: Final = 5.0
"""Real seconds beyond those that an end can take, after which the supervisor counts as stopped."""

_SWEEPS: Final = 20

_REASONS: Final = {
    errno.ENOEXEC: "is not a program that this system can run (a script starts with a line like #!/bin/sh)",
    errno.ENOENT: "can't be run: the program that its first line names is not there",
    errno.E2BIG: "can't be run: its arguments and its environment are too long",
    errno.EACCES: "may not be run",
}


class CannotStart(Exception):  # noqa: N818 - as click names its own
    """The client's command can't be run; the message is one line."""


def run_client(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    timeout: float,
    marker: str,
    cancelled: threading.Event | None = None,
) -> Ended:
    """Run a client to its end, and end whatever it leaves behind. Raises CannotStart, CannotFastForward.

    `environment` is all that it gets, and CONTRACTS_GRADE_RUN, which begins with `marker`. It runs in a session of its
    own, reads nothing, and what it prints is read all the time. After `timeout` real seconds, or once `cancelled` is
    set, its process group gets SIGTERM, and SIGKILL if that does not help. Several may run at a time, from any threads.
    """
    program = _program(command, environment)
    environment = {**environment, MARK: f"{marker}.{uuid.uuid4().hex}"}
    with one_clock(environment) as clocked:
        if os.name != "posix":
            try:
                return run_plainly([program, *command[1:]], clocked, timeout, cancelled)
            except OSError as error:
                raise CannotStart(_reason(command[0], error.errno, error.strerror)) from None
        return _run_supervised(program, command, clocked, timeout, cancelled)


def _run_supervised(
    program: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    timeout: float,
    cancelled: threading.Event | None,
) -> Ended:
    order = {
        "program": _portable(program),
        "command": [_portable(argument) for argument in command],
        "environment": {_portable(name): _portable(value) for name, value in environment.items()},
        "timeout": timeout,
    }
    started = time.time()
    try:
        supervisor = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", "-c", _PROGRAM, _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise CannotStart(f"no process can be started: {error.strerror}") from None
    try:
        report = _report(supervisor, order, timeout + LONGEST_END + _SLACK, cancelled)
    finally:
        _let_go(supervisor, environment[MARK])
    head, _, output = report.partition(b"\n")
    if not head:
        over = time.time() - started > timeout
        stopped = f"after {timeout:g} s" if over else "after it had ended the process that watched it"
        return Ended(None, started, time.time(), stopped=stopped)
    found: dict[str, Any] = json.loads(head)
    if "bug" in found:
        raise RuntimeError(found["bug"])
    if "errno" in found:
        raise CannotStart(_reason(command[0], found["errno"], found["error"]))
    return Ended(**{**found, "left": tuple(found["left"])}, output=output)


def _report(
    supervisor: subprocess.Popen[bytes], order: Mapping[str, Any], seconds: float, cancelled: threading.Event | None
) -> bytes:
    """What the supervisor reports, once it has given its order; nothing if it was ended, or is late."""
    assert supervisor.stdin is not None  # noqa: S101 - for the types: both are pipes
    assert supervisor.stdout is not None  # noqa: S101
    with suppress(BrokenPipeError):
        supervisor.stdin.write(json.dumps(order).encode() + b"\n")
        supervisor.stdin.flush()
    end, poll, until, report = supervisor.stdout.fileno(), select.poll(), time.monotonic() + seconds, bytearray()
    poll.register(end, select.POLLIN)
    while time.monotonic() < until:
        if cancelled is not None and cancelled.is_set() and not supervisor.stdin.closed:
            supervisor.stdin.close()
            until = time.monotonic() + LONGEST_END + _SLACK
        if poll.poll(_LOOK):
            if not (data := os.read(end, 65_536)):
                return bytes(report)
            report += data
    return b""


def _let_go(supervisor: subprocess.Popen[bytes], mark: str) -> None:
    """End the supervisor, and with it the client; if it does not do its work, do that ourselves."""
    for pipe in (supervisor.stdin, supervisor.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    try:
        supervisor.wait(LONGEST_END)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
    if supervisor.returncode != 0:
        for _ in range(_SWEEPS):
            if not (left := marked(MARK, mark)):
                break
            send([process.pid for process in left], signal.SIGKILL)


def _program(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """The file that the command runs. Raises CannotStart if there is none, or the command can't be passed on."""
    if not command or not command[0]:
        raise CannotStart("there is no command to run")
    for number, argument in enumerate(command):
        _check(argument, f"argument {number} of the command" if number else "the command's name")
    for name, value in environment.items():
        if not name or "=" in name:
            raise CannotStart(f"a variable can't have the name {line(repr(name), 80)}")
        _check(name + value, f"the variable {line(name, 80)}")
    name, shown = command[0], line(command[0], 200)
    if found := shutil.which(name, path=environment.get("PATH", os.defpath)):
        return found
    here = Path(name)
    try:
        if not here.parent.name and not name.startswith((".", "/")):
            hint = f"; here is a file of this name: write ./{shown}" if here.is_file() else ""
            raise CannotStart(f"{shown} is not found on PATH{hint}")
        if here.is_dir():
            raise CannotStart(f"{shown} is a folder, not a program")
        if here.exists():
            raise CannotStart(f"{shown} is not executable (chmod +x, or name what runs it: python {shown})")
    except OSError as error:
        raise CannotStart(f"{shown} can't be looked at: {error.strerror}") from None
    raise CannotStart(f"there is no {shown}")


def _check(text: str, what: str) -> None:
    if "\0" in text:
        raise CannotStart(f"{what} has a NUL character in it, which no program can be given")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise CannotStart(f"{what} has a character in it that can't be written in this system's encoding") from None


def _portable(text: str) -> str:
    """A text as one character for each of its bytes: the supervisor may be of another mind about the encoding."""
    return os.fsencode(text).decode("latin-1")


def _reason(name: str, number: int | None, text: str | None) -> str:
    reason = _REASONS.get(number or 0, f"can't be run: {text or 'nobody says why'}")
    return f"{line(name, 200)} {reason}"

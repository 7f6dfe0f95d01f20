"""The process between the grader and one client: it runs the client, and ends all that the client started.

It is a process of its own because of what only a whole process can do: adopt what the client leaves behind (on Linux,
as its subreaper, so that nothing that the client starts can get out of its reach, whatever session, group or
environment it takes), wait for all of its children without taking anybody else's, and outlive the grader for a
moment: when that dies, the pipe to it closes, and everything ends.

It reads an order from standard input, one line of JSON, and runs until that is closed or the client has ended. It
writes a report to standard output: one line of JSON, then the output that was kept. Bytes travel in strings of one
character each (latin-1). It imports little: there is one for each client.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from contracts.grade.processes import Process, children, family, send
from contracts.grade.tail import Tail

MARK: Final = "CONTRACTS_GRADE_RUN"
"""The variable in a client's environment by which whatever it starts is known again."""

KEPT: Final = 65_536
"""Bytes of a client's output that are kept: the last."""

GRACE: Final = 3.0
"""Real seconds from SIGTERM to SIGKILL."""

_GRACE_CANCELLED: Final = 0.5
_GRACE_LEFT: Final = 1.0
"""The same for what is left behind."""

_LINGER: Final = 0.5
"""Real seconds in which what the client started may end after it before it counts as left behind."""

_DYING: Final = 5.0
"""Real seconds for which a process that SIGKILL does not end at once is waited for."""

_ROUND: Final = 0.01
_QUICK_LOOKS: Final = 50
_MOST_LEFT_IN_PIPE: Final = 1_048_576

LONGEST_END: Final = GRACE + 2 * _DYING + _LINGER + _GRACE_LEFT
"""Real seconds that the end of a client and of what it left behind can take."""

_UNSEEN: Final = "one that always starts another"
"""The name of what is gone whenever all processes are looked through."""

_SUBREAPER: Final = 36
_CONTROL: Final = 0


class Supervisor:
    """One client from its start to the end of all that it started."""

    def __init__(self, order: dict[str, Any], *, adopts: bool) -> None:
        self._timeout: float = order["timeout"]
        self._adopts = adopts
        self._output = Tail(KEPT)
        self._cancelled = False
        self._wait_status: int | None = None
        self._ended = 0.0
        wake, self._woken = os.pipe()
        self._output_end, output = os.pipe()
        for end in (wake, self._woken, self._output_end):
            os.set_blocking(end, False)
        self._wake = wake
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        # Handlers, as what is ignored would be ignored by the client, too. A client may send its parent a signal.
        for each in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, lambda *_: None)
        environment = {name.encode("latin-1"): value.encode("latin-1") for name, value in order["environment"].items()}
        self._started = time.time()
        try:
            # It is never asked: it would take the status that is waited for here. But it asks when it is collected.
            self._popen = subprocess.Popen(  # noqa: S603 - it is the user's own command
                [argument.encode("latin-1") for argument in order["command"]],
                executable=order["program"].encode("latin-1"),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            os.close(output)
        self._client = self._popen.pid
        self._poll = select.poll()
        for end in (_CONTROL, wake, self._output_end):
            self._poll.register(end, select.POLLIN)

    def run(self) -> tuple[dict[str, Any], bytes]:
        """Wait for the client, stop it when it is time, and end what it leaves; its report and its output."""
        self._until(self._client_is_gone, self._timeout, heed=True)
        stopped = "" if self._client_is_gone() else "from outside" if self._cancelled else f"after {self._timeout:g} s"
        if stopped:
            self._stop_client()
        left = self._end_family()
        for _ in range(_MOST_LEFT_IN_PIPE // KEPT):
            if not self._read_output():
                break
        code = None if self._wait_status is None else os.waitstatus_to_exitcode(self._wait_status)
        report = {
            "status": code if code is not None and code >= 0 and not stopped else None,
            "signal": _signal_name(-code) if code is not None and code < 0 and not stopped else "",
            "started": self._started,
            "ended": self._ended or time.time(),
            "stopped": stopped,
            "omitted": self._output.omitted,
            "left": left,
        }
        return report, self._output.kept

    def _client_is_gone(self) -> bool:
        return self._wait_status is not None

    def _stop_client(self) -> None:
        self._signal_group(signal.SIGTERM)
        # One that was halted would not get it.
        self._signal_group(signal.SIGCONT)
        if not self._cancelled:
            self._until(self._client_is_gone, GRACE, heed=True)
        if self._cancelled:
            self._until(self._client_is_gone, _GRACE_CANCELLED)
        if not self._client_is_gone():
            self._signal_group(signal.SIGKILL)
            self._until(self._client_is_gone, _DYING)

    def _signal_group(self, number: int) -> None:
        with suppress(OSError):
            os.killpg(self._client, number)

    def _end_family(self) -> list[str]:
        """End what still runs of what the client started; the names."""
        if self._until(self._nothing_is_left, 0 if self._cancelled else _LINGER):
            return []
        left = {process.pid: process.name for process in self._family()}
        if not self._cancelled:
            send(left, signal.SIGTERM)
            self._until(self._nothing_is_left, _GRACE_LEFT, heed=True)
        until = time.monotonic() + _DYING
        # Again and again: what was started between the look and the signal is found by the next look.
        while not self._nothing_is_left() and time.monotonic() < until:
            self._kill_family()
            self._until(self._nothing_is_left, _ROUND)
        if not self._nothing_is_left():
            left.update((process.pid, f"{process.name} (still runs)") for process in self._family())
        return list(left.values()) or [_UNSEEN]

    def _kill_family(self) -> None:
        """Kill all that are seen. A group is ended as one: nothing can be started in it meanwhile."""
        found = self._family()
        for group in {self._client, *(process.group for process in found)} - {os.getpgrp()}:
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        send([process.pid for process in found], signal.SIGKILL)
        # One that starts another and ends, in ever new groups, is gone before all processes are looked through. But
        # what it started is our child then.
        for _ in range(_QUICK_LOOKS if self._adopts else 0):
            send(children(), signal.SIGKILL)

    def _family(self) -> list[Process]:
        return family(os.getpid(), self._client)

    def _nothing_is_left(self) -> bool:
        """Whether nothing runs any more that the client started: where orphans come to us, if we have no child."""
        return self._reap() if self._adopts else not self._family()

    def _until(self, enough: Callable[[], bool], seconds: float, *, heed: bool = False) -> bool:
        """Read output and look after children until it is `enough`, which is asked after each event; whether it was.

        Ends early, with `heed`, when the order is taken back.
        """
        until = time.monotonic() + seconds
        while not (done := enough()) and (left := until - time.monotonic()) > 0 and not (heed and self._cancelled):
            # A long wait is made of short ones: poll() takes a number of milliseconds that fits 32 bits.
            for end, _ in self._poll.poll(min(left, 60) * 1_000):
                self._event(end)
        return done

    def _event(self, end: int) -> None:
        if end == self._wake:
            os.read(end, 4_096)
            self._reap()
        elif end == self._output_end:
            if not self._read_output():
                self._poll.unregister(end)
        else:
            self._cancelled = True
            self._poll.unregister(end)

    def _reap(self) -> bool:
        """Take the status of children that have ended; whether there are no others."""
        try:
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self._client:
                    self._wait_status, self._ended = found[1], time.time()
        except ChildProcessError:
            return True
        return False

    def _read_output(self) -> bool:
        """Read some of what there is; whether more can come."""
        try:
            data = os.read(self._output_end, KEPT)
        except BlockingIOError:
            return True
        self._output.add(data)
        return bool(data)


def main() -> None:
    """Do what the order says, and write the report."""
    adopts = _adopt_orphans()
    output = b""
    try:
        order = json.loads(sys.stdin.buffer.readline())
        report, output = Supervisor(order, adopts=adopts).run()
    except OSError as error:
        report = {"errno": error.errno, "error": error.strerror}
    except Exception:
        import traceback

        report = {"bug": traceback.format_exc()}
    with suppress(BrokenPipeError):
        sys.stdout.buffer.write(json.dumps(report).encode() + b"\n" + output)
        sys.stdout.buffer.flush()


def _adopt_orphans() -> bool:
    """Become the parent of all that descends from this process and loses its own; whether that can be, as on Linux."""
    if sys.platform != "linux":
        return False
    try:
        import ctypes

        status: int = ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return False
    return status == 0


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

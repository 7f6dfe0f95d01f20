"""A server under test: started in a session of its own, watched through /proc, ended for sure."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wire import HOST

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LOG_TAIL_BYTES = 8192
# Where /proc/<pid>/stat has them, counted after the command's closing bracket: see proc(5).
_SESSION, _USER_TICKS, _SYSTEM_TICKS, _RESIDENT_PAGES = 3, 11, 12, 21


def free_port() -> int:
    """Return a TCP port that was free on loopback a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A running command. Its process id is also the id of its session and of its process group."""

    def __init__(self, command: Sequence[str], *, log: Path, folder: Path, env: Mapping[str, str]) -> None:
        """Start `command` in `folder`, `env` on top of our environment, both outputs in `log`."""
        self._log = log
        self._ended = False
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, **env},
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        """Whether the command itself has not ended."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """Return the line of the log that best says why it failed, 200 characters at most."""
        with self._log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - _LOG_TAIL_BYTES))
            lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
        lines = [line for line in lines if line]
        telling = [line for line in lines if "error" in line.lower()] or lines
        return telling[-1][:200] if telling else "no output"

    def cpu_seconds(self) -> float:
        """Return the user and system time of all its live processes so far, in seconds."""
        ticks = sum(int(stat[_USER_TICKS]) + int(stat[_SYSTEM_TICKS]) for stat in self._stats())
        return ticks / _TICKS_PER_SECOND

    def memory_bytes(self) -> int:
        """Return the resident memory of all its live processes, in bytes."""
        return sum(int(stat[_RESIDENT_PAGES]) for stat in self._stats()) * _PAGE_BYTES

    def pause(self) -> None:
        """Stop it from running, so that it takes nothing from the subject being timed."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT)

    def end(self, grace: float = 5.0) -> None:
        """End the whole group: politely, after `grace` seconds by force. Safe to call twice."""
        if self._ended:
            return
        self._ended = True
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _stats(self) -> Iterator[list[str]]:
        session = str(self._process.pid)
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if stat[_SESSION] == session:
                yield stat

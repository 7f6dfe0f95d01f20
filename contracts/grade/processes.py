"""The processes of this machine: which descend from which, which carry a mark, and signals to them.

Loaded for each client that is run (supervisor), so it imports little.
"""

import os
import subprocess
from collections.abc import Collection
from contextlib import suppress
from typing import Final, NamedTuple

_PS: Final = ("ps", "-A", "-o", "pid=,ppid=,pgid=,state=,comm=")


class Process(NamedTuple):
    """A process as it was seen. `state` is a letter: Z for one that has ended, and whose parent has not looked yet."""

    pid: int
    parent: int
    group: int
    state: str
    name: str


def processes() -> list[Process]:
    """All that run, from /proc or from `ps`; none where there is neither."""
    found = _of_proc() if os.path.exists("/proc/self/stat") else _of_ps()  # noqa: PTH110 - pathlib takes longer to load
    return [process for process in found if process.state not in {"Z", "X"}]


def family(root: int, group: int) -> list[Process]:
    """The processes that descend from `root`, and those of a group; `root` itself is not among them."""
    seen = [process for process in processes() if process.pid != root]
    found = {process.pid: process for process in seen if process.group == group}
    while more := [
        process for process in seen if process.pid not in found and (process.parent == root or process.parent in found)
    ]:
        found.update((process.pid, process) for process in more)
    return list(found.values())


def children() -> list[int]:
    """The children of this process, which has one thread, as quickly as can be: on Linux only."""
    return [int(pid) for pid in (_file(os.getpid(), f"task/{os.getpid()}/children") or b"").split()]


def marked(variable: str, value: str) -> list[Process]:
    """The processes that run with this in their environment, as far as we may look: on Linux only."""
    mark = os.fsencode(f"{variable}={value}")
    return [process for process in processes() if mark in (_file(process.pid, "environ") or b"").split(b"\0")]


def send(pids: Collection[int], number: int) -> None:
    """Send each of them a signal. One that is gone, or not ours, is passed over."""
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, number)


def _of_proc() -> list[Process]:
    found = []
    for pid in os.listdir("/proc"):  # noqa: PTH208
        line = _file(int(pid), "stat") if pid.isdigit() else None
        if line:
            # The name stands in brackets, and may hold brackets and blanks itself.
            name, _, rest = line.decode("utf-8", "replace").partition("(")[2].rpartition(")")
            state, parent, group = rest.split()[:3]
            found.append(Process(int(pid), int(parent), int(group), state, name))
    return found


def _of_ps() -> list[Process]:
    try:
        done = subprocess.run(  # noqa: S603
            _PS, capture_output=True, text=True, errors="replace", timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.split(None, 4) for line in done.stdout.splitlines()]
    return [
        Process(int(row[0]), int(row[1]), int(row[2]), row[3][0], row[4].rpartition("/")[2])
        for row in rows
        if len(row) == 5
    ]


def _file(pid: int, name: str) -> bytes | None:
    """What /proc tells of a process; None if it is gone, or keeps it from us."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return None

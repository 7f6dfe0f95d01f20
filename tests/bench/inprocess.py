"""The section "in process": what a call through the seam costs, and whether lists stay cheap.

Each sandbox lives in a process of its own (`seam.py`), so that none collects another's garbage on
its own time; the processes take turns.
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from measure import Spread, spread
from subjects import CHECKOUT
from workload import WORKLOADS

LIST = "LIST"
LIST_LIMIT = 40
FEW_VIDEOS = 40
MANY_VIDEOS = 100_000
_SEAM = Path(__file__).with_name("seam.py")
_ANSWER_SECONDS = 30.0
_VIDEO_SECONDS = 0.002


class SeamError(Exception):
    """The seam could not be called; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeamCost:
    """Microseconds per call of one kind: wall time, and CPU time of the process."""

    title: str
    wall: Spread
    cpu: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A row to measure: what `seam.py` is asked, in a sandbox of how many more videos."""

    title: str
    what: str
    videos: int


LINES = (
    *(_Line(title=f"{w.key}: {w.title}", what=w.key, videos=0) for w in WORKLOADS),
    *(
        _Line(
            title=f"GET the newest {LIST_LIMIT} videos of {videos:,}",
            what=LIST,
            videos=videos,
        )
        for videos in (FEW_VIDEOS, MANY_VIDEOS)
    ),
)


def measure_seam(*, folder: Path, rounds: int, seconds: float, say: Callable[[str], None]) -> list[SeamCost]:
    """Time every line `rounds` times for about `seconds`, in turns. SeamError if it can't."""
    values: dict[_Line, list[tuple[float, float]]] = {line: [] for line in LINES}
    with ExitStack() as stack:
        processes: dict[int, _SeamProcess] = {}
        for videos in sorted({line.videos for line in LINES}):
            say(f"in process: making a sandbox with {videos:,} more videos")
            processes[videos] = _SeamProcess(videos, log=folder / f"seam-{videos}.log")
            stack.callback(processes[videos].end)
            processes[videos].read(_ANSWER_SECONDS + videos * _VIDEO_SECONDS)
        for number in range(1, rounds + 1):
            say(f"in process: round {number}/{rounds}")
            for line in LINES:
                values[line].append(processes[line.videos].ask(line.what, seconds))
    return [_cost(line.title, values[line]) for line in LINES]


def _cost(title: str, values: Sequence[tuple[float, float]]) -> SeamCost:
    wall, cpu = zip(*values, strict=True)
    return SeamCost(title=title, wall=spread(wall), cpu=spread(cpu))


class _SeamProcess:
    """A running `seam.py`."""

    def __init__(self, videos: int, *, log: Path) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(_SEAM), str(videos)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
                start_new_session=True,
                bufsize=0,
            )

    def ask(self, what: str, seconds: float) -> tuple[float, float]:
        """Return microseconds of wall time and of CPU per call of `what`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{what} {seconds}\n".encode())
        except BrokenPipeError:
            raise SeamError(self._last_words()) from None
        result = self.read(_ANSWER_SECONDS + 10 * seconds)
        return result["wall"], result["cpu"]

    def read(self, timeout: float) -> dict[str, float]:
        """Return its next line. Raise SeamError when none comes within `timeout` seconds."""
        output = self._process.stdout
        assert output is not None
        if not select.select([output], [], [], timeout)[0]:
            raise SeamError(f"no answer within {timeout:.0f} s")
        line = output.readline()
        if not line:
            self._process.wait(timeout)
            raise SeamError(self._last_words())
        result: dict[str, float] = json.loads(line)
        return result

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else f"ended with exit code {self._process.returncode}"

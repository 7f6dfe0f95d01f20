"""The rounds: every subject is up, all but one are paused, and they take turns in every round.

A subject that can't start is left out with its reason; one that answers a workload wrongly is
reported as wrong there, and not timed.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from load import Generator, LoadError
from process import Server
from subjects import Launch, MissingError, Ours, Subject
from wire import UnreachableError, exchange
from workload import W3, WORKLOADS, Answer, Workload, video_ids

CONNECTIONS = (1, 16)
_START_SECONDS = 40.0
_POLL_SECONDS = 0.005
_SETTLE_SECONDS = 0.05

Cell = tuple[str, int]
"""A workload's key and a number of connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A median with the least and the greatest of its values."""

    median: float
    least: float
    greatest: float


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one value."""
    return Spread(median=statistics.median(values), least=min(values), greatest=max(values))


@dataclass(slots=True, kw_only=True)
class Contestant:
    """A subject that is up, and what was measured of it.

    `rates` are answers per second and `costs` microseconds of server CPU per answer, one value a
    round. `problems` has a line per workload that it answers wrongly.
    """

    subject: Subject
    version: str
    server: Server
    port: int
    start_seconds: float
    video_id: str = ""
    keeps_connections: bool = True
    memory_bytes: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    rates: dict[Cell, list[float]] = field(default_factory=dict)
    costs: dict[Cell, list[float]] = field(default_factory=dict)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let the server run inside, and pause it at the end."""
        self.server.resume()
        time.sleep(_SETTLE_SECONDS)
        try:
            yield
        finally:
            self.server.pause()

    def check(self, workload: Workload) -> bool:
        """Ask outside the timing: whether the answer is right. Keep the answer, or the problem."""
        self.video_id = self.subject.video_id(self.port)
        problem = self._problem(workload)
        if problem:
            self.problems[workload.key] = problem
        return not problem

    def _problem(self, workload: Workload) -> str:
        answer, stays_open = exchange(self.port, workload.call(self.video_id), times=2)
        self.answers[workload.key] = answer
        self.keeps_connections = self.keeps_connections and stays_open
        problem = workload.problem(answer)
        if problem and workload is W3 and self.subject.makes_up_lists and answer.status == W3.status:
            return "" if video_ids(answer.json()) else problem
        return problem


def start_all(
    subjects: Sequence[Subject],
    *,
    folder: Path,
    fixed_answers: Mapping[str, Answer],
    stack: ExitStack,
    say: Callable[[str], None],
) -> tuple[list[Contestant], dict[str, str]]:
    """Start the subjects, each to be ended by `stack`; return those up, and why others are not.

    Ours comes first when it is among them, and its answers are then what the stubs answer.
    """
    up: list[Contestant] = []
    missing: dict[str, str] = {}
    for subject in subjects:
        home = folder / subject.key
        home.mkdir()
        try:
            contestant = _start(subject, home=home, answers=fixed_answers, stack=stack)
        except (MissingError, UnreachableError, OSError, ValueError) as error:
            missing[subject.key] = str(error) or type(error).__name__
            say(f"{subject.key}: left out: {missing[subject.key]}")
            continue
        up.append(contestant)
        seconds = contestant.start_seconds
        say(f"{subject.key}: {contestant.version}, first answer after {seconds:.2f} s")
        for key, problem in contestant.problems.items():
            say(f"{subject.key}: wrong answer to {key}: {problem}")
        if isinstance(subject, Ours) and not contestant.problems:
            fixed_answers = dict(contestant.answers)
    return up, missing


def _start(subject: Subject, *, home: Path, answers: Mapping[str, Answer], stack: ExitStack) -> Contestant:
    version = subject.version()
    launch = subject.prepare(home, answers)
    begun = time.monotonic()
    server = Server(launch.command, log=home / "log", folder=launch.folder or home, env=launch.environment)
    stack.callback(server.end)
    try:
        port = _wait_until_up(server, launch, begun + _START_SECONDS)
        contestant = Contestant(
            subject=subject,
            version=version,
            server=server,
            port=port,
            start_seconds=time.monotonic() - begun,
        )
        for workload in WORKLOADS:
            contestant.check(workload)
    except Exception:
        server.end()
        raise
    server.pause()
    return contestant


def _wait_until_up(server: Server, launch: Launch, deadline: float) -> int:
    while time.monotonic() < deadline:
        if not server.is_running:
            raise MissingError(f"it ended at once: {server.last_words()}")
        port = launch.port
        if launch.port_file is not None and launch.port_file.is_file():
            port = int(launch.port_file.read_text())
        if port:
            try:
                exchange(port, W3.call(""))
            except UnreachableError:
                pass
            else:
                return port
        time.sleep(_POLL_SECONDS)
    raise MissingError(f"no answer within {_START_SECONDS:.0f} s: {server.last_words()}")


def warm_up(
    contestants: Sequence[Contestant],
    generator: Generator,
    *,
    seconds: int,
    say: Callable[[str], None],
) -> None:
    """Load every subject with every workload for `seconds`, at the most connections, untimed."""
    for contestant in contestants:
        say(f"warming up {contestant.subject.key}")
        with contestant.turn():
            for workload in WORKLOADS:
                if workload.key in contestant.problems or not _is_right(contestant, workload):
                    continue
                call = workload.call(contestant.video_id)
                try:
                    generator.burst(contestant.port, call, connections=max(CONNECTIONS), seconds=seconds)
                except LoadError as error:
                    contestant.problems[workload.key] = str(error)


def run_rounds(
    contestants: Sequence[Contestant],
    generator: Generator,
    *,
    rounds: int,
    seconds: int,
    say: Callable[[str], None],
) -> None:
    """Time every subject in every cell, `rounds` times for `seconds`; the subjects take turns."""
    for number in range(1, rounds + 1):
        for connections in CONNECTIONS:
            for workload in WORKLOADS:
                for contestant in contestants:
                    if workload.key in contestant.problems:
                        continue
                    with contestant.turn():
                        line = _time(contestant, workload, generator, connections, seconds)
                    say(f"round {number}/{rounds}  {workload.key} x{connections:<2}  {line}")
    for contestant in contestants:
        contestant.memory_bytes = contestant.server.memory_bytes()


def _time(
    contestant: Contestant,
    workload: Workload,
    generator: Generator,
    connections: int,
    seconds: int,
) -> str:
    name = contestant.subject.key
    if not _is_right(contestant, workload):
        return f"{name}: wrong: {contestant.problems[workload.key]}"
    call = workload.call(contestant.video_id)
    before = contestant.server.cpu_seconds()
    try:
        burst = generator.burst(contestant.port, call, connections=connections, seconds=seconds)
        problem = burst.problem()
    except LoadError as error:
        problem = str(error)
    used = contestant.server.cpu_seconds() - before
    if problem:
        contestant.problems[workload.key] = problem
        return f"{name}: wrong: {problem}"
    cell = (workload.key, connections)
    cost = used * 1e6 / burst.requests
    contestant.rates.setdefault(cell, []).append(burst.rate)
    contestant.costs.setdefault(cell, []).append(cost)
    return f"{name}: {burst.rate:,.0f} req/s, {cost:,.0f} us CPU"


def _is_right(contestant: Contestant, workload: Workload) -> bool:
    try:
        return contestant.check(workload)
    except (UnreachableError, ValueError) as error:
        state = "" if contestant.server.is_running else "; its server has ended"
        contestant.problems[workload.key] = f"{error}{state}"
        return False

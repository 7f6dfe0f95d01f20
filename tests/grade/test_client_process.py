"""Clients that behave badly as processes: each gives a verdict's worth of facts, and leaves nothing running."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from contracts.grade.client_process import CannotStart, run_client
from contracts.grade.ended import Ended
from contracts.grade.plain_process import run_plainly
from contracts.grade.supervisor import KEPT, MARK

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

MARKER = f"tested-{os.getpid()}"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
FOREVER = "while True: signal.pause()\n"


def running(mark: str = MARKER) -> list[int]:
    """The processes that a client of this mark started, or that are the client."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(each.startswith(f"{MARK}={mark}.".encode()) for each in environment):
                found.append(int(folder.name))
    return found


def children() -> set[int]:
    """The children of this process, those among them that nobody waited for, too."""
    return {
        int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text("ascii").split()
    }


def is_alive(pid: int) -> bool:
    """Whether it runs, or is a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    before = children()
    yield
    assert running() == []
    assert children() <= before


def client(*command: str, timeout: float = 30, **options: Any) -> Ended:
    return run_client(command, options.pop("environment", os.environ), timeout=timeout, marker=MARKER, **options)


def python(program: str, *arguments: str, **options: Any) -> Ended:
    """A client of these lines."""
    return client(sys.executable, "-c", f"import os, signal, sys\n{program}", *arguments, **options)


def test_tells_status_output_and_times() -> None:
    before = time.time()
    ended = client("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (ended.status, ended.signal, ended.stopped, ended.left) == (3, "", "", ())
    assert ended.output == b"out\nerr\n"
    assert before <= ended.started <= ended.ended <= time.time()


def test_gets_its_environment_and_arguments_as_they_are() -> None:
    """Bytes that are no text, too; and nothing of ours but the mark."""
    odd = os.fsdecode(b"\xff\n'\" ")
    program = "print(ascii(sorted(os.environ.items())), ascii(sys.argv[1:]))"
    ended = python(program, odd, "", environment={"ODD": odd, "LC_ALL": "C.UTF-8"})
    mark = next(part for part in ended.output.decode().split("'") if part.startswith(MARKER))
    environment = [(MARK, mark), ("LC_ALL", "C.UTF-8"), ("ODD", odd)]
    assert ended.output.decode() == f"{environment!a} {[odd, '']!a}\n"


def test_reads_nothing() -> None:
    assert client("cat").status == 0


def test_knows_a_crash_by_its_signal() -> None:
    ended = python("os.kill(os.getpid(), signal.SIGSEGV)")
    assert (ended.status, ended.signal, ended.stopped) == (None, "SIGSEGV", "")


def test_knows_a_signal_that_has_no_name() -> None:
    assert python("os.kill(os.getpid(), signal.SIGRTMIN + 3)").signal == f"signal {signal.SIGRTMIN + 3}"


def test_keeps_the_traceback_of_an_exception() -> None:
    ended = python("raise ValueError('no such status')")
    assert ended.status == 1
    assert b"ValueError: no such status" in ended.output


def test_stops_one_that_hangs() -> None:
    ended = python(f"print('waits', flush=True)\n{FOREVER}", timeout=0.5)
    assert (ended.status, ended.signal, ended.stopped) == (None, "", "after 0.5 s")
    assert ended.output == b"waits\n"
    assert 0.5 <= ended.seconds < 10


def test_lets_one_that_is_stopped_put_its_house_in_order() -> None:
    program = "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), os._exit(0)))"
    ended = python(f"{program}\n{FOREVER}", timeout=0.5)
    assert (ended.status, ended.stopped, ended.output) == (None, "after 0.5 s", b"bye\n")


def test_kills_one_that_ignores_sigterm() -> None:
    ended = python(f"{DEAF}{FOREVER}", timeout=0.2)
    assert (ended.status, ended.signal, ended.stopped) == (None, "", "after 0.2 s")
    assert 3 <= ended.seconds < 10


def test_stops_its_whole_group() -> None:
    ended = client("sh", "-c", "sleep 1000 | cat", timeout=0.3)
    assert (ended.stopped, ended.left) == ("after 0.3 s", ())


def test_stops_one_that_has_stopped_itself() -> None:
    assert python("os.kill(os.getpid(), signal.SIGSTOP)", timeout=0.3).stopped == "after 0.3 s"


def test_pipeline_has_the_status_of_its_shell() -> None:
    ended = client("sh", "-c", "yes | head -n 100000 | tail -n 1; exit 7")
    assert (ended.status, ended.output) == (7, b"y\n")


@pytest.mark.parametrize("environment", ["os.environ", "{}"], ids=["marked", "without an environment"])
def test_ends_a_daemon_that_ignores_sigterm(environment: str) -> None:
    """It has left session, group and parent, and may have thrown away the mark by which it is known."""
    daemon = f"{DEAF}import os\nos.write(1, b'%d' % os.getpid())\n{FOREVER}"
    program = f"""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve(sys.executable, [sys.executable, "-c", {daemon!r}], {environment})
    os._exit(0)
os.wait()
"""
    ended = python(program)
    assert (ended.status, ended.left) == (0, ("python",))
    assert not is_alive(int(ended.output))


def test_names_what_keeps_the_pipe_open_and_does_not_wait_for_it() -> None:
    ended = client("sh", "-c", "sleep 1000 & echo done")
    assert (ended.status, ended.output, ended.left) == (0, b"done\n", ("sleep",))
    assert ended.seconds < 10


def test_a_child_that_ends_a_moment_later_is_not_left_behind() -> None:
    ended = client("sh", "-c", "{ sleep 0.1; echo late; } & echo done")
    assert (ended.output, ended.left) == (b"done\nlate\n", ())


def test_takes_no_zombie_for_a_process_that_is_left() -> None:
    """Children that it never waited for, some of them in sessions of their own."""
    ended = python("for n in range(20):\n if os.fork() == 0:\n  os.setsid() if n % 2 else None\n  os._exit(0)")
    assert (ended.status, ended.left) == (0, ())


@pytest.mark.parametrize("place", ["", "os.setsid()"], ids=["in one group", "in ever new sessions"])
def test_ends_a_process_that_always_starts_another(place: str) -> None:
    program = f"""
if os.fork() == 0:
    while True:
        {place}
        if os.fork(): os._exit(0)
"""
    ended = python(program)
    assert ended.status == 0
    assert ended.left[0] in {"python", "one that always starts another"}


def test_keeps_the_end_of_much_output() -> None:
    """A hundred million bytes that are no text, and how many came before those that are kept."""
    ended = python("for _ in range(1600): sys.stdout.buffer.write(bytes(range(256)) * 256)", timeout=120)
    assert ended.status == 0
    assert ended.output == bytes(range(256)) * (KEPT // 256)
    assert ended.omitted + len(ended.output) == 1600 * 65_536


def test_stops_one_that_prints_without_end() -> None:
    ended = client("yes", timeout=0.5)
    assert (ended.stopped, len(ended.output)) == ("after 0.5 s", KEPT)
    assert ended.seconds < 10


def test_bears_one_that_prints_nothing() -> None:
    ended = client("true")
    assert (ended.status, ended.output, ended.omitted) == (0, b"", 0)


def test_waits_for_one_that_has_closed_its_output() -> None:
    program = "os.close(1); os.close(2); import time; time.sleep(0.3); os._exit(5)"
    ended = python(program)
    assert ended.status == 5
    assert ended.seconds >= 0.3


def test_cannot_be_ended_by_its_client() -> None:
    """What a parent is usually sent does not keep us from our work."""
    ended = client("sh", "-c", "kill -TERM $PPID; kill -INT $PPID; kill -HUP $PPID; exit 4")
    assert ended.status == 4


def test_ends_a_client_that_kills_the_process_that_watches_it() -> None:
    ended = client("sh", "-c", "kill -KILL $PPID; sleep 1000")
    assert ended.status is None
    assert ended.stopped == "after it had ended the process that watched it"


def test_runs_many_side_by_side() -> None:
    with ThreadPoolExecutor(50) as pool:
        ended = list(pool.map(lambda number: client("sh", "-c", f"echo {number}; exit {number}"), range(50)))
    assert [(each.status, each.output) for each in ended] == [(number, b"%d\n" % number) for number in range(50)]


def test_ends_at_once_when_cancelled() -> None:
    """All of them, whatever they think of it, and long before their time."""
    cancelled = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(python, f"{DEAF}{FOREVER}", timeout=600, cancelled=cancelled) for _ in range(4)]
        wait_for(lambda: len(running()) == 4)
        begun = time.monotonic()
        cancelled.set()
        assert {run.result().stopped for run in runs} == {"from outside"}
    assert time.monotonic() - begun < 10


GRADER = """
import os, signal, sys, threading
# Whoever runs the tests in the background may have had it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from concurrent.futures import ThreadPoolExecutor
from contracts.grade.client_process import run_client

cancelled = threading.Event()
def run(_):
    return run_client(["sleep", "1000"], os.environ, timeout=600, marker=sys.argv[1], cancelled=cancelled).stopped
try:
    if sys.argv[2] == "threads":
        with ThreadPoolExecutor(3) as pool:
            futures = [pool.submit(run, n) for n in range(3)]
            try:
                futures[0].result()
            finally:
                cancelled.set()
    else:
        run(0)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(("how", "clients"), [("threads", 3), ("main", 1)])
def test_ctrl_c_ends_all_clients(how: str, clients: int) -> None:
    mark = f"{MARKER}-{how}"
    grader = subprocess.Popen([sys.executable, "-c", GRADER, mark, how], stdout=subprocess.PIPE, start_new_session=True)
    with grader:
        try:
            wait_for(lambda: len(running(mark)) == clients)
            os.killpg(grader.pid, signal.SIGINT)
            assert grader.communicate(timeout=10)[0] == b"interrupted\n"
        finally:
            grader.kill()
    assert running(mark) == []


def test_client_does_not_outlive_a_grader_that_is_killed() -> None:
    mark = f"{MARKER}-killed"
    with subprocess.Popen([sys.executable, "-c", GRADER, mark, "threads"]) as grader:
        wait_for(lambda: len(running(mark)) == 3)
        grader.kill()
        grader.wait()
    wait_for(lambda: running(mark) == [])


def wait_for(condition: Any, seconds: float = 20) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come about")


def refusal(command: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    with pytest.raises(CannotStart) as refused:
        run_client(command, environment, timeout=10, marker=MARKER)
    return str(refused.value)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ((), "there is no command to run"),
        (("",), "there is no command to run"),
        (("no-such-client", "x"), "no-such-client is not found on PATH"),
        (("./no-such-client",), "there is no ./no-such-client"),
        (("/dev",), "/dev is a folder, not a program"),
        (("echo", "a", "b\0c"), "argument 2 of the command has a NUL character in it, which no program can be given"),
        (("ec\0ho",), "the command's name has a NUL character in it, which no program can be given"),
        (
            ("echo", "\ud800"),
            "argument 1 of the command has a character in it that can't be written in this system's encoding",
        ),
        (("echo", "x" * 4_000_000), "echo can't be run: its arguments and its environment are too long"),
        (("no\x1b[2J", "x"), r"no\x1b[2J is not found on PATH"),
    ],
)
def test_says_why_a_command_cannot_be_run(command: tuple[str, ...], text: str) -> None:
    assert refusal(command) == text


@pytest.mark.parametrize(
    ("content", "mode", "text"),
    [
        ("#!/bin/sh\n", 0o644, "is not executable (chmod +x, or name what runs it: python {})"),
        (
            "echo hello\n",
            0o755,
            "is not a program that this system can run (a script starts with a line like #!/bin/sh)",
        ),
        ("#!/no/such/shell\n", 0o755, "can't be run: the program that its first line names is not there"),
    ],
)
def test_says_why_a_file_cannot_be_run(tmp_path: Path, content: str, mode: int, text: str) -> None:
    file = tmp_path / "client"
    file.write_text(content, encoding="ascii")
    file.chmod(mode)
    assert refusal([str(file)]) == f"{file} {text.format(file)}"


def test_hints_at_a_file_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "client.sh").write_text("#!/bin/sh\n", encoding="ascii")
    monkeypatch.chdir(tmp_path)
    assert refusal(["client.sh"]) == "client.sh is not found on PATH; here is a file of this name: write ./client.sh"


def test_looks_for_the_command_on_the_path_that_it_is_given(tmp_path: Path) -> None:
    file = tmp_path / "own-client"
    file.write_text("#!/bin/sh\nexit 9\n", encoding="ascii")
    file.chmod(0o755)
    assert client("own-client", environment={"PATH": str(tmp_path)}).status == 9
    assert refusal(["own-client"]) == "own-client is not found on PATH"


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"A=B": "c"}, "a variable can't have the name 'A=B'"),
        ({"": "c"}, "a variable can't have the name ''"),
        ({"A": "b\0"}, "the variable A has a NUL character in it, which no program can be given"),
    ],
)
def test_says_which_variable_cannot_be_passed_on(environment: dict[str, str], text: str) -> None:
    assert refusal(["echo"], environment) == text


@pytest.mark.parametrize(
    ("program", "status", "stopped"),
    [("print('x'); sys.exit(6)", 6, ""), (f"print('x', flush=True)\n{DEAF}{FOREVER}", None, "after 1 s")],
)
def test_runs_without_process_groups_too(program: str, status: int | None, stopped: str) -> None:
    """The way of Windows: what the client itself does is known as well there."""
    command = [sys.executable, "-c", f"import signal, sys\n{program}"]
    ended = run_plainly(command, os.environ, 30 if status else 1, None)
    assert (ended.status, ended.stopped, ended.output) == (status, stopped, b"x\n")


def test_can_be_cancelled_without_process_groups() -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert run_plainly(["sleep", "1000"], os.environ, 600, cancelled).stopped == "from outside"

"""Clients that libfaketime makes faster: what waits ten seconds waits half of one, and all else is as it was."""

import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.grade import fast_forward
from contracts.grade.client_process import run_client
from contracts.grade.ended import Ended
from contracts.grade.fast_forward import CannotFastForward, environment, one_clock
from contracts.grade.mock_process import started

linux = pytest.mark.skipif(sys.platform != "linux", reason="libfaketime is used on Linux only")
N = 20
SOON = 5.0
"""Real seconds that what takes half a second may take on a busy machine, far from the client's ten."""


def need(what: str, there: object) -> None:
    if not there:
        reason = f"{what} is not installed"
        if os.environ.get("CI_REQUIRES_TOOLS"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def faster() -> dict[str, str]:
    """The environment of a client that runs N times faster."""
    try:
        variables = environment(N)
    except CannotFastForward as missing:
        need(str(missing), there=False)
    return {**os.environ, **variables}


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that accepts connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def shared_memory() -> set[str]:
    return {path.name for path in Path("/dev/shm").glob("*faketime*")}


def run(environment: dict[str, str], *command: str) -> Ended:
    return run_client(command, environment, timeout=20, marker="faster")


def waits_ten(ended: Ended) -> bool:
    """Whether it has printed that ten seconds passed for it, or a moment more, and took much less."""
    assert ended.status == 0, ended
    assert ended.seconds < SOON, ended
    return 9.9 <= float(ended.output) < SOON * N


PYTHON = {
    "sleep": "time.sleep(10)",
    "asyncio": "asyncio.run(asyncio.sleep(10))",
    "select": "select.select([], [], [], 10)",
    "poll": "select.poll().poll(10_000)",
    "event": "assert not threading.Event().wait(10)",
    "queue": "try: queue.Queue().get(timeout=10)\nexcept queue.Empty: pass",
    "join": "thread = threading.Thread(target=select.select, args=([], [], []), daemon=True); thread.start()\n"
    "thread.join(10); assert thread.is_alive()",
    "timer": "timer = threading.Timer(10, lambda: None); timer.start(); timer.join()",
    "future": "try: futures.Future().result(timeout=10)\nexcept TimeoutError: pass",
    "process": "process = subprocess.Popen(['tail', '-f', '/dev/null'])\n"
    "try: process.wait(timeout=10)\nexcept subprocess.TimeoutExpired: process.kill()",
    "socket": "try: socket.create_connection(('127.0.0.1', int(sys.argv[1].split(':')[2][:-1])), timeout=10).recv(1)\n"
    "except TimeoutError: pass",
    "requests": "try: requests.get(sys.argv[1], timeout=10)\nexcept requests.ReadTimeout: pass",
    "httpx": "try: asyncio.run(httpx.AsyncClient(timeout=10).get(sys.argv[1]))\nexcept httpx.ReadTimeout: pass",
}


@linux
@pytest.mark.slow
@pytest.mark.parametrize("what", PYTHON)
def test_python_waits_shorter(faster: dict[str, str], silent: str, what: str) -> None:
    library = f", {what}" if what in {"requests", "httpx"} else ""
    program = f"""
import asyncio, queue, select, signal, socket, subprocess, sys, threading, time{library}
from concurrent import futures
begun, wall = time.monotonic(), time.time()
{PYTHON[what]}
passed = time.monotonic() - begun
assert abs(passed - time.time() + wall) < 1
print(passed)
"""
    assert waits_ten(run(faster, sys.executable, "-W", "ignore", "-c", program, silent))


NODE = {
    "setTimeout": "await new Promise(done => setTimeout(done, 10000))",
    "AbortSignal.timeout": "await fetch(process.argv[1], {signal: AbortSignal.timeout(10000)}).catch(() => 0)",
}


@linux
@pytest.mark.slow
@pytest.mark.parametrize("what", NODE)
def test_node_waits_shorter(faster: dict[str, str], silent: str, what: str) -> None:
    need("node", shutil.which("node"))
    program = f"const begun = Date.now(); {NODE[what]}; console.log((Date.now() - begun) / 1000); process.exit(0)"
    assert waits_ten(run(faster, "node", "--input-type=module", "-e", program, silent))


SHELL = {
    "sleep": "sleep 10",
    "read": "read -t 10 line < <(exec tail -f /dev/null --pid=$$)",
    "seconds": "end=$((SECONDS + 11)); while ((SECONDS < end)); do sleep 1; done",
    "date": "end=$(($(date +%s) + 11)); while (($(date +%s) < end)); do sleep 1; done",
    "curl": 'curl -s --max-time 10 "$0"',
}


@linux
@pytest.mark.slow
@pytest.mark.parametrize("what", SHELL)
def test_shell_waits_shorter(faster: dict[str, str], silent: str, what: str) -> None:
    """`date` tells the time of the shell's clock, although it is a process of its own."""
    for tool in ("bash", "curl"):
        need(tool, shutil.which(tool))
    program = f'begun=$(date +%s%N); {SHELL[what]}; passed=$(($(date +%s%N) - begun)); echo "${{passed%?????????}}"'
    ended = run(faster, "bash", "-c", f"{program}; exit 0", silent)
    assert ended.status == 0, ended
    assert ended.seconds < SOON
    assert 10 <= int(ended.output) < SOON * N


@linux
@pytest.mark.slow
def test_calls_to_a_mock_work(faster: dict[str, str]) -> None:
    program = """
import requests, sys, time
for _ in range(10):
    headers = {"Authorization": "Bearer user:12345-demo"}
    assert requests.get(f"{sys.argv[1]}/v2/pixverse/videos?limit=1", headers=headers, timeout=30).status_code == 200
    time.sleep(3)
"""
    with started() as url:
        ended = run(faster, sys.executable, "-c", program, url)
    assert (ended.status, ended.output) == (0, b"")


@linux
@pytest.mark.slow
def test_times_of_files_stay_as_they_are(faster: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "old"
    file.touch()
    os.utime(file, (1_000_000_000, 1_000_000_000))
    program = "import os, sys; print(int(os.stat(sys.argv[1]).st_mtime)); os.utime(sys.argv[1], (2_000, 2_000))"
    assert run(faster, sys.executable, "-c", program, str(file)).output == b"1000000000\n"
    assert file.stat().st_mtime == 2_000


@linux
@pytest.mark.slow
def test_sitecustomize_of_the_user_is_loaded_still(faster: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.loaded = True", encoding="utf-8")
    path = os.pathsep.join(filter(None, (faster.get("PYTHONPATH"), str(tmp_path))))
    assert run({**faster, "PYTHONPATH": path}, sys.executable, "-c", "print(loaded)").output == b"True\n"


@linux
@pytest.mark.slow
def test_thread_that_cannot_be_joined_is_refused_still(faster: dict[str, str]) -> None:
    program = "import threading; threading.current_thread().join(10)"
    assert b"RuntimeError: cannot join current thread" in run(faster, sys.executable, "-c", program).output


@linux
@pytest.mark.slow
def test_leaves_no_shared_memory(faster: dict[str, str]) -> None:
    """Not even for a client that is killed."""
    before = shared_memory()
    assert run(faster, "sh", "-c", "kill -KILL $$").signal == "SIGKILL"
    assert shared_memory() == before


@linux
@pytest.mark.slow
def test_keeper_that_is_killed_leaves_no_shared_memory(faster: dict[str, str]) -> None:
    before = shared_memory()
    with one_clock(faster) as clocked:
        made = shared_memory() - before
        assert len(made) == 2
        assert all(name.rpartition("_")[2] in clocked["FAKETIME_SHARED"] for name in made)
        os.kill(int(next(iter(made)).rpartition("_")[2]), signal.SIGKILL)
    assert shared_memory() == before


@linux
def test_library_that_cannot_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = tmp_path / "libfaketime.so.1"
    library.write_text("no library", encoding="ascii")
    monkeypatch.setenv("FAKETIME_LIBRARY", str(library))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    with pytest.raises(CannotFastForward, match=f"^libfaketime does not work here: {library} can't be loaded$"):
        run({**os.environ, **environment(N)}, "true")


@linux
def test_says_how_to_install_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAKETIME_LIBRARY", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(fast_forward, "_FOLDERS", ())
    with pytest.raises(CannotFastForward) as missing:
        environment(N)
    text = "--fast-forward needs libfaketime: install it (Debian, Ubuntu: apt install faketime), or name its file in"
    assert str(missing.value) == f"{text} FAKETIME_LIBRARY"


@linux
def test_finds_the_library_beside_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of a libfaketime that was installed elsewhere, such as the newest."""
    for name in ("bin/faketime", "lib/faketime/libfaketimeMT.so.1", "lib/faketime/libfaketime.so.1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("sem_clockwait", encoding="ascii")
    (tmp_path / "bin/faketime").chmod(0o755)
    monkeypatch.delenv("FAKETIME_LIBRARY", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("LD_PRELOAD", "/lib/other.so")
    found = environment(N)
    assert found["LD_PRELOAD"] == f"/lib/other.so:{tmp_path}/lib/faketime/libfaketimeMT.so.1"
    assert "PYTHONPATH" not in found, "it knows all of Python's waits itself"


@linux
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("missing.so", "libfaketime is not at .*/missing.so, where FAKETIME_LIBRARY says"),
        ("a b.so", "no blank or colon"),
    ],
)
def test_refuses_a_library_that_is_no_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str, text: str
) -> None:
    (tmp_path / "a b.so").touch()
    monkeypatch.setenv("FAKETIME_LIBRARY", str(tmp_path / path))
    with pytest.raises(CannotFastForward, match=text):
        environment(N)


@linux
@pytest.mark.parametrize("n", [0, -1, 1.5, 51, float("inf"), float("nan")])
def test_refuses_a_number_that_is_no_use(n: float) -> None:
    with pytest.raises(CannotFastForward, match="by a whole number from 1 to 50, not by"):
        environment(n)


def test_is_for_linux_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(CannotFastForward, match="on Linux only, not on darwin"):
        environment(N)


@pytest.mark.parametrize("variables", [{}, {"FAKETIME": "2020-01-01", "LD_PRELOAD": "x"}, {"FAKETIME": "+0 x2"}])
def test_leaves_an_environment_that_is_not_ours_alone(variables: dict[str, str]) -> None:
    with one_clock(variables) as clocked:
        assert clocked == variables

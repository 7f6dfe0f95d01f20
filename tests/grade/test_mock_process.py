"""The mock as a process beside a client, on real sockets."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import requests

from contracts.grade import mock_process
from contracts.grade.mock_process import CannotRun, started
from live import TOKEN

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/__mock/health", timeout=5) as response:
            return response.status == 200
    except (URLError, ConnectionError):
        return False


def video_url(url: str) -> str:
    found: str = requests.get(f"{url}/v2/pixverse/videos?limit=1", headers=HEADERS, timeout=5).json()["data"][0]["url"]
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come about")


def test_serves_while_the_block_runs() -> None:
    with started() as url:
        assert url.startswith("http://127.0.0.1:")
        assert answers(url)
    assert not answers(url)


def test_serves_with_the_options() -> None:
    with started("--token", TOKEN) as url:
        assert requests.get(f"{url}/v2/pixverse/accounts", headers=HEADERS, timeout=5).status_code == 200
        other = {"Authorization": "Bearer user:54321-demo"}
        assert requests.get(f"{url}/v2/pixverse/accounts", headers=other, timeout=5).status_code == 401


def test_ends_when_the_block_raises() -> None:
    with pytest.raises(ZeroDivisionError), started() as url:
        raise ZeroDivisionError
    assert not answers(url)


def test_serves_files_under_another_host_than_the_api() -> None:
    with started() as url:
        found = video_url(url)
        assert found.startswith(f"http://localhost:{url.rpartition(':')[2]}/media/")
        assert requests.get(found, timeout=5).status_code == 200


def test_serves_files_where_it_is_told() -> None:
    with started("--public-url", "https://media.example.com") as url:
        assert video_url(url).startswith("https://media.example.com/")
    with started("--public-url=https://media.example.com") as url:
        assert video_url(url).startswith("https://media.example.com/")


def test_takes_nothing_from_the_variables_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKSERVER_SPEED", "much")
    monkeypatch.setenv("MOCKSERVER_PORT", "1")
    with started() as url:
        assert answers(url)


def test_tries_another_port_when_one_was_taken_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    with started() as other:
        free = mock_process._free_port()
        ports = iter([int(other.rpartition(":")[2]), free])
        monkeypatch.setattr(mock_process, "_free_port", lambda: next(ports))
        with started() as url:
            assert url == f"http://127.0.0.1:{free}"


def test_gives_up_when_every_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with started() as other:
        monkeypatch.setattr(mock_process, "_free_port", lambda: int(other.rpartition(":")[2]))
        with pytest.raises(CannotRun, match=r"^the mock finds no free port: 5 were taken"), started():
            pass


def test_tells_the_last_words_of_one_that_ends_at_once() -> None:
    with pytest.raises(CannotRun) as refused, started("--speed", "-3"):
        pass
    text = "the mock ended at once, with status 2: mockserver: Invalid value for '--speed': -3.0 is not in the range"
    assert str(refused.value).startswith(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("import os; os._exit(9)", "the mock ended at once, with status 9, and printed nothing"),
        (
            "import threading; print('loading', flush=True); threading.Event().wait()",
            "the mock does not listen within 0.5 s: loading",
        ),
    ],
)
def test_tells_of_one_that_does_not_come_up(monkeypatch: pytest.MonkeyPatch, program: str, text: str) -> None:
    monkeypatch.setattr(mock_process, "_PROGRAM", program)
    monkeypatch.setattr(mock_process, "_PATIENCE", 0.5)
    with pytest.raises(CannotRun) as refused, started():
        pass
    assert str(refused.value) == text


def test_kills_one_that_does_not_heed_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
import signal, sys, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[-1], "w").write("1")
threading.Event().wait()
"""
    monkeypatch.setattr(mock_process, "_PROGRAM", program)
    monkeypatch.setattr(mock_process, "_GRACE", 0.1)
    before = children()
    with started():
        assert len(children() - before) == 1
    assert children() == before


def children() -> set[int]:
    """The children of this process, and those that nobody waited for."""
    tasks = Path("/proc/self/task").iterdir() if sys.platform == "linux" else ()
    return {int(pid) for task in tasks for pid in (task / "children").read_text("ascii").split()}


GRADER = """
import signal, urllib.request
signal.signal(signal.SIGINT, signal.default_int_handler)
from contracts.grade.mock_process import started
with started() as url:
    try:
        print(url, flush=True)
        signal.pause()
    except KeyboardInterrupt:
        print(urllib.request.urlopen(f"{url}/__mock/health").status, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_outlives_a_ctrl_c_until_its_journals_are_read() -> None:
    with subprocess.Popen([sys.executable, "-c", GRADER], stdout=subprocess.PIPE, start_new_session=True) as grader:
        assert grader.stdout is not None
        url = grader.stdout.readline().decode().strip()
        os.killpg(grader.pid, signal.SIGINT)
        assert grader.communicate(timeout=20)[0] == b"200\n"
    assert not answers(url)


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_does_not_outlive_a_grader_that_is_killed(tmp_path: Path) -> None:
    """Nor does its folder."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", GRADER], stdout=subprocess.PIPE, env=environment) as grader:
        assert grader.stdout is not None
        url = grader.stdout.readline().decode().strip()
        assert answers(url)
        assert len(list(tmp_path.iterdir())) == 1
        grader.kill()
    wait_for(lambda: not answers(url))
    assert list(tmp_path.iterdir()) == []

"""The mock as a user starts it: a process of its own, on a free port."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

TOKEN = "user:12345-demo"


@dataclass(frozen=True)
class Live:
    """A mock that runs: its address, its process, the file its output goes to."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path

    def printed(self) -> str:
        """What it has printed until now."""
        return self.output.read_text(encoding="utf-8")

    def wait_printed(self, text: str, seconds: float = 10) -> str:
        """What it has printed, once `text` is in it. Fails after `seconds`."""
        pause = Event()
        for _ in range(int(seconds / 0.02)):
            if text in (printed := self.printed()):
                return printed
            pause.wait(0.02)
        raise AssertionError(f"not printed within {seconds} s: {text!r}; printed: {self.printed()}")


def serving(*options: str) -> AbstractContextManager[Live]:
    """`mockserver serve` with `options`, ended by SIGTERM. Fails if it does not listen within 10 s."""
    return serving_with(sys.executable, *options)


@contextmanager
def serving_with(python: str | Path, *options: str) -> Iterator[Live]:
    """The same with the mock that the interpreter `python` finds."""
    with TemporaryDirectory() as folder:
        output, port_file = Path(folder) / "output", Path(folder) / "port"
        arguments = [str(python), "-m", "mockserver", "serve", "--port", "0", "--port-file", str(port_file), *options]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MOCKSERVER_")}
        with output.open("wb") as file:
            # Another folder, so that a checkout is not taken for what is installed.
            process = subprocess.Popen(arguments, stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=folder)
        try:
            yield Live(f"http://127.0.0.1:{_port(process, port_file, output)}", process, output)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)


def _port(process: subprocess.Popen[bytes], file: Path, output: Path) -> int:
    pause = Event()
    for _ in range(1_000):
        if file.exists():
            return int(file.read_text(encoding="ascii"))
        if process.poll() is not None:
            break
        pause.wait(0.01)
    raise AssertionError(f"the mock does not listen: {output.read_text(encoding='utf-8')}")

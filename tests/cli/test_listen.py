"""`mockserver listen` as a person meets it in a terminal, and the lines that it prints."""

import http.client
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import pytest

from mockserver.listen import Answer, Rules, json_line, passed_on, read, text_line

RUNNER = """
from mockserver.cli import cli, main
from mockserver.listen import listen
cli.add_command(listen)
main()
"""
VIDEO = "user:12345-pixverse:demo@example.com-video:112233445566"
BODY: dict[str, Any] = {
    "video_id": VIDEO,
    "video_status": 1,
    "video_status_name": "COMPLETED",
    "video_status_final": True,
    "replyUrl": "http://127.0.0.1:9000/callback",
    "replyRef": "order-17",
}
ESCAPES = "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202e\x7f"
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


def command(*options: str) -> list[str]:
    return [sys.executable, "-c", RUNNER, "listen", *options]


def environment(**variables: str) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("MOCKSERVER_")} | variables


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes
    headers: http.client.HTTPMessage


@dataclass(frozen=True)
class Listening:
    """A sink that runs: its port, its process, the file its output goes to."""

    port: int
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def lines(self, count: int) -> list[dict[str, Any]]:
        """The first `count` objects after the greeting, once they are printed. Fails after 10 s."""
        pause = Event()
        for _ in range(500):
            if self.printed().count("\n") > count:
                break
            pause.wait(0.02)
        lines = self.printed().splitlines()[1 : count + 1]
        assert len(lines) == count, self.printed()
        return [json.loads(line) for line in lines]

    def send(
        self, body: object, *, path: str = "/callback", method: str = "POST", headers: dict[str, str] | None = None
    ) -> Answered:
        """Call it, with `body` as it stands or as JSON."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, sent, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return Answered(answer.status, answer.read(), answer.headers)
        finally:
            connection.close()

    def begin(self, body: object) -> socket.socket:
        """Call it without waiting for the answer."""
        sent = json.dumps(body).encode()
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(b"POST /callback HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(sent), sent))
        return connection

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal. Returns the exit code; fails if that takes more than five seconds."""
        asked = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(timeout=10)
        assert time.monotonic() - asked < 5
        return status


@contextmanager
def listening(*options: str, **variables: str) -> Iterator[Listening]:
    """A sink on a free port, ended by SIGTERM. Fails if it does not listen within 10 s."""
    with TemporaryDirectory() as folder:
        output, port_file = Path(folder) / "output", Path(folder) / "port"
        arguments = command("--port", "0", "--port-file", str(port_file), *options)
        with output.open("wb") as file:
            process = subprocess.Popen(arguments, stdout=file, stderr=subprocess.STDOUT, env=environment(**variables))
        try:
            yield Listening(port_of(process, port_file, output), process, output)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)


def port_of(process: subprocess.Popen[bytes], file: Path, output: Path) -> int:
    pause = Event()
    for _ in range(1_000):
        if file.exists():
            return int(file.read_text(encoding="ascii"))
        if process.poll() is not None:
            break
        pause.wait(0.01)
    raise AssertionError(f"it does not listen: {output.read_text(encoding='utf-8')}")


def refused(*options: str, **variables: str) -> str:
    """The one line of a run that could not start."""
    done = subprocess.run(
        command(*options), capture_output=True, text=True, timeout=20, check=False, env=environment(**variables)
    )
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("mockserver: ")
    return done.stderr


def test_prints_one_object_for_each_callback() -> None:
    """It has what a script asks for, and the body."""
    with listening() as sink:
        sink.send(BODY, path="/callback?order=17", headers={"webhook-id": "msg_1"})
        (line,) = sink.lines(1)
        greeting = json.loads(sink.printed().splitlines()[0])
    assert greeting == {"listening": sink.url}
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert line == {
        "path": "/callback?order=17",
        "video_id": VIDEO,
        "status": "COMPLETED",
        "final": True,
        "replyRef": "order-17",
        "webhook_id": "msg_1",
        "bytes": len(json.dumps(BODY)),
        "answered": 200,
        "body": BODY,
    }


def test_answers_ok_to_whatever_comes_and_says_what_it_is() -> None:
    """Any method and path is a callback; GET is a person who looks, and prints nothing."""
    with listening() as sink:
        looked = sink.send(b"", path="/", method="GET")
        assert (looked.status, looked.body.count(b"\n")) == (200, 1)
        assert b"mockserver listen" in looked.body
        for method in ("POST", "PUT", "DELETE"):
            answer = sink.send(BODY, path="/%2e%2e/a", method=method)
            assert (answer.status, answer.body) == (200, b"ok\n")
        lines = sink.lines(3)
        assert sink.end() == 0
        assert sink.printed().count("\n") == 4
    assert [line["path"] for line in lines] == ["/%2e%2e/a"] * 3


@pytest.mark.parametrize("status", [204, 302, 304, 410, 503, 596])
def test_answers_with_the_status_that_is_asked_for(status: int) -> None:
    """Also those without a body, and the vendor's own."""
    with listening("--status", str(status), "--retry-after", "7") as sink:
        answer = sink.send(BODY)
        assert sink.lines(1)[0]["answered"] == status
    assert answer.status == status
    assert answer.headers["Retry-After"] == (None if status == 204 else "7")


def test_first_callbacks_fail() -> None:
    """Two are answered 500, with Retry-After; the third is not."""
    with listening("--fail-first", "2", "--status", "202", "--retry-after", "3") as sink:
        answers = [sink.send(BODY) for _ in range(3)]
        assert [line["answered"] for line in sink.lines(3)] == [500, 500, 202]
    assert [answer.status for answer in answers] == [500, 500, 202]
    assert [answer.headers["Retry-After"] for answer in answers] == ["3", "3", None]


def test_delayed_answers_do_not_wait_for_each_other() -> None:
    """Both callbacks are printed while neither is answered."""
    with listening("--delay", "600") as sink, sink.begin(BODY) as first, sink.begin(BODY) as second:
        assert [line["answered"] for line in sink.lines(2)] == [200, 200]
        for connection in (first, second):
            connection.settimeout(0)
            with pytest.raises(BlockingIOError):
                connection.recv(1)


def test_delayed_answer_comes() -> None:
    """Not before the delay is over."""
    with listening("--delay", "0.2") as sink:
        asked = time.monotonic()
        assert sink.send(BODY).status == 200
        assert time.monotonic() - asked >= 0.2


def test_sender_that_does_not_wait_is_let_go() -> None:
    """Others are served, and nothing is said on the error output."""
    with listening("--delay", "600") as sink:
        sink.begin(BODY).close()
        sink.lines(1)
        assert sink.send(b"", method="GET").status == 200
        assert sink.end() == 0
        assert sink.printed().count("\n") == 2


def test_passes_callbacks_on() -> None:
    """The other server gets path, headers and body as they came; its answer is the sender's, with its status."""
    with (
        listening("--status", "503", "--retry-after", "7") as other,
        listening("--forward-to", f"{other.url}/hook?a=b") as sink,
    ):
        answer = sink.send(BODY, headers={"webhook-id": "msg_1", "Connection": "x-hop", "x-hop": "1"})
        (passed,) = other.lines(1)
        (line,) = sink.lines(1)
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (503, b"503, as asked for\n", "7")
    assert (passed["path"], passed["webhook_id"], passed["body"]) == ("/hook?a=b", "msg_1", BODY)
    assert line["answered"] == 503
    assert "error" not in line


def test_failing_first_is_not_passed_on() -> None:
    """The other server sees a callback once."""
    with listening() as other, listening("--forward-to", other.url, "--fail-first", "1") as sink:
        assert [sink.send(BODY).status for _ in range(2)] == [500, 200]
        assert len(other.lines(1)) == 1
        assert other.end() == 0
        assert other.printed().count("\n") == 2


def test_forwarded_callbacks_do_not_wait_for_each_other() -> None:
    """The other server answers the first only when it has the second."""
    with socket.create_server(("127.0.0.1", 0)) as other, ThreadPoolExecutor(2) as pool:
        other.settimeout(10)
        with listening("--forward-to", f"http://127.0.0.1:{other.getsockname()[1]}") as sink:
            sent = [pool.submit(sink.send, BODY) for _ in range(2)]
            taken = [other.accept()[0] for _ in range(2)]
            for connection in taken:
                with connection:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 204 \r\nConnection: close\r\n\r\n")
            assert [answer.result(timeout=10).status for answer in sent] == [204, 204]


def test_says_why_nobody_could_be_reached() -> None:
    """502, and words for it on the line."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with listening("--forward-to", f"http://127.0.0.1:{port}/") as sink:
        answer = sink.send(BODY)
        (line,) = sink.lines(1)
    assert (answer.status, line["answered"]) == (502, 502)
    assert line["error"] == f"forwarding failed: connection refused by 127.0.0.1:{port}"
    assert answer.body == f"{line['error']}\n".encode()


BODIES: list[tuple[bytes, str | None]] = [
    (b"", "not JSON: 0 bytes"),
    (b"hello, world", "not JSON: 12 bytes"),
    (b'{"video_id": "\xff"}', "not JSON: 17 bytes"),
    (b'{"a": NaN}', "not JSON: 10 bytes"),
    (b"[" * 100_000, "not JSON: 100000 bytes"),
    (b"9" * 5_000, "not JSON: 5000 bytes"),
    (b"[1, 2]", "JSON, but no object: 6 bytes"),
    (b"null", "JSON, but no object: 4 bytes"),
    (b"{}", "no video_id; no video_status_name; no video_status_final"),
    (
        json.dumps({**BODY, "video_id": 7, "video_status_final": "yes", "replyRef": [1]}).encode(),
        "video_id is not a string; video_status_final is not true or false; replyRef is not a string",
    ),
    (json.dumps({**BODY, "replyRef": None}).encode(), None),
    (json.dumps({**BODY, "replyRef": "\ud800"}).encode(), None),
    (json.dumps({**BODY, "replyRef": ESCAPES, "video_status_name": ESCAPES}).encode(), None),
    (json.dumps({**BODY, "video_id": "x" * 500_000}).encode(), None),
    (json.dumps(BODY).encode()[:-1] + b', "seed": 1e999}', "the body can't be shown"),
    (json.dumps(BODY).encode()[:-1] + b', "a": ' + b"[" * 900 + b"]" * 900 + b"}", "?"),
    (b" " * 1_048_577, "too long: 1048577 bytes, at most 1048576 are read"),
]


@pytest.mark.parametrize("form", ["json", "text"])
def test_bodies_of_every_kind_are_shown_and_answered(form: str) -> None:
    """Each with a line that says what is wrong; no control character gets out in either form."""
    with listening("--format", form) as sink:
        statuses = [sink.send(body, path="/%1b/" if not body else "/callback").status for body, _ in BODIES]
        assert sink.end() == 0
        printed = sink.printed()
    assert statuses == [*[200] * (len(BODIES) - 1), 413]
    assert not CONTROLS.search(printed)
    lines = printed.splitlines()[1:]
    if form == "text":
        assert lines.pop() == f"{len(BODIES)} callbacks"
        assert max(map(len, lines)) < 1_000
    assert len(lines) == len(BODIES)
    for line, (_, error) in zip(lines, BODIES, strict=True):
        if form == "json":
            assert error in ("?", json.loads(line).get("error"))
        elif error not in ("?", "the body can't be shown"):
            assert (f"({error})" in line) if error else ("(" not in line)


def test_text_line_says_what_a_person_wants_to_know() -> None:
    """Time, status, video, reference, answer."""
    with listening("--format", "text", "--status", "503") as sink:
        sink.send(BODY)
        assert sink.end(signal.SIGINT) == 0
        greeting, line, end = sink.printed().splitlines()
    assert greeting == f"listening at {sink.url} (give this as replyUrl; Ctrl-C ends)"
    assert re.fullmatch(rf"\d\d:\d\d:\d\d COMPLETED  {VIDEO} replyRef=order-17 -> 503", line)
    assert end == "1 callback"


def test_a_terminal_gets_text_in_colour() -> None:
    """By itself; a pipe gets NDJSON, as the other tests see."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(command("--port", "0"), stdout=writer, stderr=subprocess.STDOUT, env=environment())
    os.close(writer)
    try:
        greeting = os.read(reader, 4_096).decode()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", greeting)
        assert found, greeting
        sink = Listening(int(found[1]), process, Path())
        sink.send({**BODY, "replyRef": ESCAPES})
        line = os.read(reader, 4_096).decode()
        assert sink.end(signal.SIGINT) == 0
        assert os.read(reader, 4_096) == b"1 callback\r\n"
    finally:
        process.kill()
        process.wait(timeout=5)
        os.close(reader)
    assert "\x1b[32mCOMPLETED \x1b[0m" in line
    assert not CONTROLS.search(re.sub(r"\x1b\[\d+m", "", line).rstrip("\r\n"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_once_and_cleanly(number: signal.Signals) -> None:
    """While answers are held back, bodies half sent, a request waits behind another, and a connection is kept."""
    with listening("--delay", "600") as sink, sink.begin(BODY) as held, sink.begin("x") as queue:
        unfinished = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"
        queue.sendall(unfinished)
        half = socket.create_connection(("127.0.0.1", sink.port), timeout=10)
        half.sendall(unfinished)
        kept = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=10)
        kept.request("GET", "/")
        kept.getresponse().read()
        sink.lines(2)
        assert sink.end(number) == 0
        kept.close()
        half.close()
        assert sink.printed().count("\n") == 3
        assert held.recv(12) == b"HTTP/1.1 503"


def test_ends_at_once_while_it_forwards() -> None:
    """To a server that never answers."""
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        listening("--forward-to", f"http://127.0.0.1:{other.getsockname()[1]}") as sink,
        sink.begin(BODY),
    ):
        other.settimeout(10)
        with other.accept()[0] as taken:
            taken.recv(65_536)
            assert sink.end() == 0
            assert sink.printed().count("\n") == 1


def test_ends_quietly_once_nobody_reads() -> None:
    """As in `mockserver listen | head -1`: exit code 0, not a word of it."""
    with listening_to_pipe() as (sink, reader):
        reader.close()
        assert sink.send(BODY).status == 200
        assert sink.process.wait(timeout=5) == 0
        assert sink.process.stderr is not None
        assert sink.process.stderr.read() == b""


def test_ends_quietly_where_nobody_reads_from_the_start(tmp_path: Path) -> None:
    """Likewise, and no port file is left."""
    file = tmp_path / "port"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            command("--port", "0", "--port-file", str(file)),
            stdout=writer,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=20,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not file.exists()


def test_ends_at_once_while_its_reader_does_not_read() -> None:
    """A full pipe holds up neither signal nor exit."""
    with listening_to_pipe() as (sink, _):
        with sink.begin({**BODY, "prompt": "x" * 500_000}):
            Event().wait(0.3)  # it is in the middle of writing by then, or ends all the same
            assert sink.end() == 0
        assert sink.process.stderr is not None
        assert sink.process.stderr.read() == b""


@contextmanager
def listening_to_pipe() -> Iterator[tuple[Listening, Any]]:
    process = subprocess.Popen(
        command("--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        greeting = json.loads(process.stdout.readline())
        yield Listening(int(greeting["listening"].rpartition(":")[2]), process, Path()), process.stdout
    finally:
        process.kill()
        process.wait(timeout=5)
        process.stdout.close()
        process.stderr.close()


def test_port_file_is_gone_after_the_end() -> None:
    """Nobody takes an old port for a new one."""
    with listening() as sink:
        file = sink.output.with_name("port")
        assert file.exists()
        assert sink.end() == 0
        assert not file.exists()


def test_options_have_variables_of_their_own() -> None:
    """MOCKSERVER_PORT and the like are for `serve`."""
    variables = {"MOCKSERVER_LISTEN_STATUS": "418", "MOCKSERVER_HOST": "nowhere", "MOCKSERVER_LISTEN_FORMAT": "text"}
    with listening(**variables) as sink:
        assert sink.send(BODY).status == 418
        assert sink.printed().startswith("listening at")
    assert "'abc' is not a valid integer" in refused(MOCKSERVER_LISTEN_PORT="abc")


def test_port_in_use_is_one_line() -> None:
    """It names the address and what is wrong with it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("--port", str(port))
    assert line == (
        f"mockserver: can't listen on 127.0.0.1:{port}: Address already in use (--port 0 takes any free port)\n"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--forward-to", "ftp://h/"], "Invalid value for '--forward-to': not a URL that can be called"),
        (["--forward-to", "localhost:3000"], "Invalid value for '--forward-to'"),
        (["--forward-to", "http://h:99999/"], "Invalid value for '--forward-to'"),
        (["--forward-to", "http://h/", "--status", "503"], "--status and --forward-to exclude each other"),
        (["--status", "199"], "199 is not in the range 200<=x<=599"),
        (["--delay", "-1"], "-1.0 is not in the range"),
        (["--delay", "nan"], "--delay nan is no number of seconds"),
        (["--host", "a..b"], "can't listen on a..b:9000: "),
        (["--port", "0", "--port-file", "/nowhere/port"], "--port-file /nowhere/port can't be written: No such file"),
        (["--port", "0", "--port-file", "/"], "--port-file / can't be written: "),
    ],
)
def test_bad_option_is_one_line(options: list[str], said: str) -> None:
    """It names the option and the value."""
    assert said in refused(*options)


def test_colour_tells_how_a_video_ended() -> None:
    """Green is good, red is not, all else goes on."""
    colours = {"COMPLETED": 32, "MODERATED": 31, "FAILED": 31, "GENERATING": 36, "BOGUS": 36}
    for status, colour in colours.items():
        record = read("/", [], json.dumps({**BODY, "video_status_name": status}).encode())
        line = text_line(record, 0.0, Answer(status=200), colour=True)
        assert f" \x1b[{colour}m{status:10}\x1b[0m {VIDEO} " in line


def test_text_line_of_what_is_no_callback_names_its_path() -> None:
    """There is nothing else to know it by."""
    line = text_line(read("/a\x1b?b", [], b"x"), 0.0, Answer(status=200, how="after 5 s"))
    assert line.endswith(r" /a\x1b?b (not JSON: 1 bytes) -> 200 after 5 s")


def test_a_line_holds_the_faults_of_both_sides() -> None:
    """What is wrong with the callback, and why it was not passed on."""
    line = json.loads(json_line(read("/", [], b"{}x"), 1.5, Answer(status=502, error="not forwarded")))
    assert line["error"] == "not JSON: 3 bytes; not forwarded"
    assert datetime.fromisoformat(line["time"]).timestamp() == 1.5


def test_rules_say_who_answers() -> None:
    """The first ones fail, then the other server or the status."""
    rules = Rules(fail_first=1, forward_to="http://h/")
    first = rules.answer(1)
    assert isinstance(first, Answer)
    assert first.status == 500
    assert rules.answer(2) == "http://h/"
    assert Rules(status=204).answer(1) == Answer(status=204)


def test_headers_of_one_connection_are_not_passed_on() -> None:
    """Nor those that `Connection` names."""
    headers = [
        *((b"host", b"x"), (b"content-length", b"3"), (b"connection", b"keep-alive, X-Mine"), (b"x-mine", b"1")),
        *((b"webhook-id", b"msg_1"), (b"content-type", b"application/json"), (b"te", b"trailers")),
    ]
    assert passed_on(headers) == [(b"webhook-id", b"msg_1"), (b"content-type", b"application/json")]

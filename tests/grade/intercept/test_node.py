"""Node, whose fetch knows no proxy: what the preloaded file does for it, and what it leaves alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from contracts.grade.intercept import Interception, intercepting
from grade.intercept.clients import need, run
from grade.intercept.peers import Server, echo, everything, serving

ASK: Final = "fetch('https://api.useapi.net/x').then((answer) => console.log(answer.status))"
"""Prints 200 if it came to the server."""

NET: Final = "import net from 'node:net'; import tls from 'node:tls'; import https from 'node:https';"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers with what was sent."""
    need("node")
    with serving(echo) as made:
        yield made


@pytest.fixture
def interception(server: Server, tmp_path: Path) -> Iterator[Interception]:
    """One that leads there, by a folder with odd letters in its name."""
    folder = tmp_path / 'a "quoted" \\ name'
    folder.mkdir()
    with intercepting(server.url, folder) as made:
        yield made


def node(interception: Interception, text: str, folder: Path, suffix: str = "mjs", *options: str) -> str:
    """What a script prints."""
    script = folder / f"script.{suffix}"
    script.write_text(text, encoding="utf-8")
    return run(["node", *options, script], interception.environment).strip()


@pytest.mark.parametrize("suffix", ["mjs", "cjs"])
def test_both_kinds_of_modules_are_taken(interception: Interception, tmp_path: Path, suffix: str) -> None:
    """ES modules and CommonJS."""
    assert node(interception, ASK, tmp_path, suffix) == "200"


@pytest.mark.parametrize(
    "text",
    [
        "import { Worker } from 'node:worker_threads'; new Worker(%s, { eval: true });",
        (
            "import { execFileSync } from 'node:child_process';"
            "process.stdout.write(execFileSync(process.execPath, ['-e', %s]));"
        ),
        (
            "import { fork } from 'node:child_process'; import { writeFileSync } from 'node:fs';"
            "writeFileSync(`${import.meta.dirname}/child.cjs`, %s); fork(`${import.meta.dirname}/child.cjs`);"
        ),
    ],
    ids=["worker", "child", "fork"],
)
def test_what_a_client_starts_is_taken(interception: Interception, tmp_path: Path, text: str) -> None:
    """Workers and processes."""
    assert node(interception, text % json.dumps(ASK), tmp_path) == "200"


@pytest.mark.parametrize(
    "text",
    [
        "http.get('http://api.useapi.net/x', done);",
        "https.get('https://API.useapi.net./x', done);",
        "https.get({ host: 'api.useapi.net', path: '/x', agent: new https.Agent({ keepAlive: true }) }, done);",
        "https.get({ host: 'api.useapi.net', path: '/x', port: 8443, localAddress: '192.0.2.1' }, done);",
        "fetch('http://api.useapi.net:8080/x').then((answer) => done({ statusCode: answer.status }));",
    ],
)
def test_every_way_to_ask_is_taken(interception: Interception, tmp_path: Path, text: str) -> None:
    """In the clear, by any port, with an agent of one's own."""
    script = (
        "import http from 'node:http'; import https from 'node:https';"
        f"const done = (answer) => {{ console.log(answer.statusCode); process.exit(); }}; {text}"
    )
    assert node(interception, script, tmp_path) == "200"


@pytest.mark.parametrize(
    "connecting",
    [
        "const socket = net.connect(80, 'api.useapi.net'); socket.write(a); socket.write(b); socket.end(c);",
        "const socket = net.connect(80, 'api.useapi.net', () => { socket.write(a + b); socket.end(c); });",
        (
            "const socket = new net.Socket(); socket.on('connect', () => socket.end(a + b + c));"
            "socket.connect({ port: 80, host: 'api.useapi.net' });"
        ),
        "const socket = tls.connect({ port: 443, host: 'api.useapi.net' }, () => socket.end(a + b + c));",
        "const socket = tls.connect({ port: 443, host: 'api.useapi.net' }); socket.write(a); socket.end(b + c);",
        (
            "const bare = net.connect(443, 'api.useapi.net');"
            "const socket = tls.connect({ socket: bare, servername: 'api.useapi.net' }); socket.end(a + b + c);"
        ),
    ],
)
def test_bare_connections_carry_what_is_written(tmp_path: Path, connecting: str) -> None:
    """From the first byte on, whenever it was written."""
    need("node")
    script = f"{NET} const [a, b, c] = ['one', 'two', 'three']; {connecting}"
    with serving(everything) as server, intercepting(server.url, tmp_path) as interception:
        assert node(interception, script, tmp_path) == ""
    assert server.told == [b"onetwothree"]


def test_certificate_is_checked(interception: Interception, tmp_path: Path) -> None:
    """It is for the API's host, and for no other name that a client asks it for."""
    text = (
        "import https from 'node:https';"
        "https.get({ host: 'api.useapi.net', servername: 'other.example' }).on('error', (e) => console.log(e.code));"
    )
    assert node(interception, text, tmp_path) == "ERR_TLS_CERT_ALTNAME_INVALID"


@pytest.mark.parametrize(
    ("text", "place", "secure"),
    [
        ("fetch('https://example.com/x')", ("example.com", 443), True),
        ("fetch('https://[2001:db8::1]:8443/x')", ("2001:db8::1", 8443), True),
        (
            "new Promise((_, no) => https.request('https://example.com', { method: 'PUT' }).on('error', no).end('x'))",
            ("example.com", 443),
            True,
        ),
        (
            "new Promise((_, no) => { const s = tls.connect(1, '192.0.2.1').on('error', no); s.write('early'); })",
            ("192.0.2.1", 1),
            True,
        ),
    ],
)
def test_tls_to_another_host_fails_and_is_told(
    interception: Interception, tmp_path: Path, text: str, place: tuple[str, int], *, secure: bool
) -> None:
    """As if nobody listened there, with a sentence that says why."""
    script = f"{NET} await {text}.catch((e) => {{ const c = e.cause ?? e; console.log(c.code, c.message); }});"
    shown = f"[{place[0]}]:{place[1]}" if ":" in place[0] else f"{place[0]}:{place[1]}"
    assert node(interception, script, tmp_path) == (
        f"ECONNREFUSED contracts grade: {shown} is not reached under --intercept"
    )
    (tried,) = interception.elsewhere()
    assert ((tried.host, tried.port), tried.secure, tried.token) == (place, secure, False)


def test_request_in_the_clear_to_another_host_is_refused_and_told(interception: Interception, tmp_path: Path) -> None:
    """With a token in it, that too."""
    text = (
        "const answer = await fetch('http://example.com/x', { method: 'POST', body: '{\"t\": \"user:12345-demo\"}' });"
        "console.log(answer.status, await answer.text());"
    )
    assert node(interception, text, tmp_path).startswith("403 contracts grade: example.com:80 is not reached")
    assert [(tried.host, tried.secure, tried.token) for tried in interception.elsewhere()] == [
        ("example.com", False, True)
    ]


@pytest.mark.parametrize(
    ("connecting", "secure"),
    [
        ("net.connect(5432, 'db.example.com').on('close', () => {}).end(Buffer.from([0, 0, 0, 8]));", False),
        ("net.connect(5432, 'db.example.com').on('close', () => {}).end();", False),
        ("tls.connect({ socket: net.connect(5432, 'db.example.com') }).on('error', () => {});", True),
    ],
)
def test_connection_of_another_kind_is_ended_and_told(
    interception: Interception, tmp_path: Path, connecting: str, *, secure: bool
) -> None:
    """A database, say."""
    assert node(interception, f"{NET} {connecting}", tmp_path) == ""
    (tried,) = interception.elsewhere()
    assert (tried.host, tried.port, tried.secure) == ("db.example.com", 5432, secure)


def test_this_machine_is_left_alone(interception: Interception, tmp_path: Path) -> None:
    """Receivers of callbacks, sockets with a path, a host that is not named."""
    text = """
    import http from 'node:http';
    import { once } from 'node:events';
    const server = http.createServer((asked, answer) => answer.end(asked.url));
    server.listen(0);
    await once(server, 'listening');
    const { port } = server.address();
    for (const host of ['127.0.0.1', 'localhost', '[::1]'])
        console.log(await (await fetch(`http://${host}:${port}/${host}`)).text());
    const local = http.createServer((asked, answer) => answer.end());
    local.listen(`${process.env.FOLDER}/s`);
    await once(local, 'listening');
    for (const options of [{ port }, { port, host: '0.0.0.0' }, { socketPath: `${process.env.FOLDER}/s` }]) {
        const [answer] = await once(http.get(options), 'response');
        console.log(answer.resume().statusCode);
    }
    process.exit();
    """
    script = tmp_path / "script.mjs"
    script.write_text(text, encoding="utf-8")
    printed = run(["node", script], {**interception.environment, "FOLDER": str(tmp_path)})
    assert printed.split() == ["/127.0.0.1", "/localhost", "/[::1]", "200", "200", "200"]
    assert interception.elsewhere() == []


def test_options_that_there_were_are_kept(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NODE_OPTIONS may hold some already."""
    monkeypatch.setenv("NODE_OPTIONS", "--stack-trace-limit=3")
    with intercepting(server.url, tmp_path) as interception:
        assert node(interception, f"console.log(Error.stackTraceLimit); {ASK}", tmp_path).split() == ["3", "200"]


def test_http2_is_not_offered(interception: Interception, tmp_path: Path) -> None:
    """A client that knows nothing else gets an error, not silence."""
    text = "import h2 from 'node:http2'; h2.connect('https://api.useapi.net').on('error', (e) => console.log(e.code));"
    assert node(interception, text, tmp_path) == "ERR_HTTP2_ERROR"

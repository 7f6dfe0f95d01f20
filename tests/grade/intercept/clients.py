"""Clients that hard-code the API's host, one for each way to call it that people use."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

API: Final = "https://api.useapi.net"

_CURL: Final = """
for n in $(seq "$1"); do
    read -r method path < "$2/$n"
    body=(); [ -f "$2/$n.body" ] && body=(--data-binary "@$2/$n.body")
    status=$(curl --silent --max-time 20 --request "$method" --header "Authorization: Bearer $3" \\
        --header "Content-Type: application/json" "${body[@]}" --output "$2/got" --write-out '%{http_code}' \\
        "https://api.useapi.net$path")
    failure=$?
    if [ $failure = 0 ]; then echo "$status $(sha256sum < "$2/got")"; else echo "curl-$failure"; fi
done
"""

_PYTHON: Final = """
import hashlib, sys
from pathlib import Path
%s
folder, token = Path(sys.argv[2]), sys.argv[3]
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
for n in range(1, int(sys.argv[1]) + 1):
    method, path = (folder / str(n)).read_text().split()
    body = folder / f"{n}.body"
    try:
        status, content = call(method, "https://api.useapi.net" + path, body.read_bytes() if body.exists() else None)
        print(status, hashlib.sha256(content).hexdigest())
    except Exception as error:
        print(*(kind.__name__ for kind in type(error).__mro__))
"""

_REQUESTS: Final = """
import requests
def call(method, url, body):
    answer = requests.request(method, url, data=body, headers=headers, timeout=20)
    return answer.status_code, answer.content
"""

_HTTPX: Final = """
import httpx
client = httpx.Client(timeout=20)
def call(method, url, body):
    answer = client.request(method, url, content=body, headers=headers)
    return answer.status_code, answer.content
"""

_URLLIB: Final = """
from urllib.request import Request, urlopen
from urllib.error import HTTPError
def call(method, url, body):
    try:
        with urlopen(Request(url, body, headers, method=method), timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()
"""

_NODE: Final = """
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import https from 'node:https';
import http from 'node:http';
const [count, folder, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
async function byFetch(method, url, body) {
    const answer = await fetch(url, { method, headers, body });
    return [answer.status, Buffer.from(await answer.arrayBuffer())];
}
function byRequest(method, url, body) {
    const { request } = url.startsWith('https:') ? https : http;
    return new Promise((resolve, reject) => {
        const asked = request(url, { method, headers }, (answer) => {
            const parts = [];
            answer.on('data', (part) => parts.push(part));
            answer.on('error', reject);
            answer.on('end', () => resolve([answer.statusCode, Buffer.concat(parts)]));
        });
        asked.on('error', reject);
        asked.end(body);
    });
}
for (let n = 1; n <= count; n++) {
    const [method, path] = readFileSync(`${folder}/${n}`, 'utf8').trim().split(' ');
    const file = `${folder}/${n}.body`;
    try {
        const body = existsSync(file) ? readFileSync(file) : undefined;
        const [status, content] = await %s(method, 'https://api.useapi.net' + path, body);
        console.log(status, createHash('sha256').update(content).digest('hex'));
    } catch (error) {
        console.log(error.cause?.code ?? error.code);
    }
}
"""

_PROGRAMS: Final = {
    "curl": ("bash", "sh", _CURL),
    "requests": (sys.executable, "py", _PYTHON % _REQUESTS),
    "httpx": (sys.executable, "py", _PYTHON % _HTTPX),
    "urllib": (sys.executable, "py", _PYTHON % _URLLIB),
    "fetch": ("node", "mjs", _NODE % "byFetch"),
    "https.request": ("node", "mjs", _NODE % "byRequest"),
}
NAMES: Final = tuple(_PROGRAMS)
"""The clients that there are."""


@dataclass(frozen=True)
class Call:
    """A call that a client shall make."""

    method: str
    path: str
    body: bytes | None = None


@dataclass(frozen=True)
class Outcome:
    """What a client got: status and digest of the body; or what went wrong, in the client's own words."""

    status: int | None
    digest: str = ""
    failure: str = ""


def calling(
    name: str, calls: Sequence[Call], folder: Path, token: str, variables: Mapping[str, str], base: str = API
) -> list[Outcome]:
    """Have a client make the calls, one after the other, with these variables on top of the environment's.

    With another `base` that is put in the place of the API's host, and nothing else changed.
    """
    program, suffix, text = _PROGRAMS[name]
    need(program)
    if name == "curl":
        need("curl")
    folder.mkdir()
    script = folder / f"client.{suffix}"
    script.write_text(text.replace(API, base), encoding="utf-8")
    for number, call in enumerate(calls, 1):
        (folder / str(number)).write_text(f"{call.method} {call.path}\n", encoding="utf-8")
        if call.body is not None:
            (folder / f"{number}.body").write_bytes(call.body)
    printed = run([program, script, str(len(calls)), folder, token], variables)
    return [_outcome(line) for line in printed.splitlines()]


def without_digest(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The same where the bodies are expected to differ."""
    return [replace(outcome, digest="") for outcome in outcomes]


def run(command: Sequence[str | Path], variables: Mapping[str, str]) -> str:
    """What a program prints. Fails if it prints errors, ends with another status than 0, or takes 60 s."""
    environment = {**os.environ, **variables}
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def need(program: str) -> None:
    """Skip the test if a program is missing; fail where none may be."""
    if shutil.which(program) is None:
        reason = f"{program} is not installed"
        if os.environ.get("CI_REQUIRES_TOOLS"):
            pytest.fail(reason)
        pytest.skip(reason)


def _outcome(line: str) -> Outcome:
    first, *rest = line.split()
    return Outcome(int(first), rest[0]) if first.isdigit() else Outcome(None, failure=line.strip())

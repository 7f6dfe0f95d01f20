"""The clients that people use, each as the same function: what it makes of an answer, or of there being none."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import httpx
import pytest
import requests

_SCRIPT: Final = Path(__file__).with_name("fetch.mjs")
_WRITTEN: Final = " %{exitcode} %{http_code} %{time_total} %{content_type}"


@dataclass(frozen=True)
class Call:
    """A POST of a JSON text, by a client that waits for so many seconds."""

    url: str
    token: str
    body: str
    patience: float = 10.0

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


@dataclass(frozen=True)
class Outcome:
    """What a client has in the end: an answer, or the `error` by its own name for it; curl has both.

    `took` are real seconds.
    """

    error: str | None = None
    status: int | None = None
    content_type: str | None = None
    body: str = ""
    took: float = 0.0


def curl(call: Call) -> Outcome:
    """The error is its exit code. Skips the test if there is no curl."""
    need("curl")
    headers = [word for name, value in call.headers.items() for word in ("--header", f"{name}: {value}")]
    done = subprocess.run(
        ["curl", "-s", "-m", str(call.patience), "-w", _WRITTEN, *headers, "--data", call.body, call.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    body, code, status, took, content_type = done.stdout.rsplit(" ", 4)
    assert int(code) == done.returncode, done.stderr
    return Outcome(code if done.returncode else None, int(status) or None, content_type or None, body, float(took))


def through_requests(call: Call, session: requests.Session | None = None) -> Outcome:
    """The error is the exception's class with the class of what is innermost in it."""
    post = session.post if session is not None else requests.post
    started = time.perf_counter()
    try:
        answer = post(call.url, data=call.body, headers=call.headers, timeout=call.patience)
    except requests.RequestException as error:
        return Outcome(_named(error), took=time.perf_counter() - started)
    content_type = answer.headers.get("content-type")
    return Outcome(None, answer.status_code, content_type, answer.text, time.perf_counter() - started)


def through_httpx(call: Call, transport: httpx.BaseTransport | None = None) -> Outcome:
    """Likewise."""
    # Certificates would take longer to load than the call, which needs none.
    with httpx.Client(transport=transport, timeout=call.patience, verify=False) as client:
        started = time.perf_counter()
        try:
            answer = client.post(call.url, content=call.body, headers=call.headers)
        except httpx.HTTPError as error:
            return Outcome(_named(error), took=time.perf_counter() - started)
        took = time.perf_counter() - started
    return Outcome(None, answer.status_code, answer.headers.get("content-type"), answer.text, took)


def fetch(calls: list[Call]) -> list[Outcome]:
    """Node's fetch, all calls at once in one process; the error is the code of its cause.

    Skips the test if there is no Node.
    """
    need("node")
    asked = [
        {"url": call.url, "headers": call.headers, "body": call.body, "patience": 1_000 * call.patience}
        for call in calls
    ]
    done = subprocess.run(
        ["node", _SCRIPT],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Outcome(**outcome) for outcome in json.loads(done.stdout)]


CLIENTS: Final[dict[str, Callable[[Call], Outcome]]] = {
    "curl": curl,
    "requests": through_requests,
    "httpx": through_httpx,
    "fetch": lambda call: fetch([call])[0],
}
"""By name."""


def need(program: str) -> None:
    """Skip the test if a program is missing."""
    if shutil.which(program) is None:
        _missing(f"needs {program}")


def _named(error: BaseException) -> str:
    causes = list(_inside(error))
    return "/".join(dict.fromkeys(type(each).__name__ for each in (causes[0], causes[-1])))


def _inside(error: BaseException) -> Iterator[BaseException]:
    """An exception, that in it, and so on: as its cause, in its arguments, as a reason, as what it came of."""
    while True:
        yield error
        held: list[Any] = [error.__cause__, *error.args, getattr(error, "reason", None), error.__context__]
        found = next((each for each in held if isinstance(each, BaseException)), None)
        if found is None:
            return
        error = found


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI_REQUIRES_TOOLS"):
        pytest.fail(reason)
    pytest.skip(reason)

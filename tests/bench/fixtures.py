"""The fixtures: what setting one up costs, and a call, and an hour's story; and what the plugin adds to a start.

    PYTHONPATH=tests python tests/bench/fixtures.py [--times 500]

The calls of requests to the mock and to a static answer of `responses` take turns in one run. A loop of a million
additions says how fast the machine is just now.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Final

import click
import requests
import responses

import mockserver
from client.demo import Demo
from mockserver.interception.patching import intercept

ACCOUNT: Final = "https://api.useapi.net/v2/account"
STATIC: Final = "https://static.test/v2/account"
ROUNDS: Final = 9
CALLS: Final = 300
PLUGIN: Final = "import pytest; import {}"
STARTS: Final = 15


def timed(act: Callable[[], object], times: int) -> float:
    """The median of so many runs, in milliseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1e3)
    return median(found)


def open_and_close(*, sleep: bool, call: bool) -> None:
    """What a fixture does, around nothing or one call."""
    with intercept(sleep=sleep) as mock:
        if call:
            requests.get(ACCOUNT, headers=mock.headers)


def calls() -> tuple[float, float]:
    """Microseconds of a call to the mock, and of one to a static answer."""
    ours, theirs = [], []
    with mockserver.intercept() as mock, responses.RequestsMock() as static, requests.Session() as session:
        body = session.get(ACCOUNT, headers=mock.headers).content
        static.get(STATIC, body=body, content_type="application/json")
        session.headers.update(mock.headers)
        for _ in range(ROUNDS):
            for url, costs in ((ACCOUNT, ours), (STATIC, theirs)):
                began = time.perf_counter()
                for _ in range(CALLS):
                    session.get(url)
                costs.append((time.perf_counter() - began) / CALLS * 1e6)
            static.calls.reset()
    return median(ours), median(theirs)


def story() -> None:
    """An hour of the vendor's demo client: it tries again 10 s after a 429, and waits for callbacks."""
    with intercept(sleep=True) as mock:
        demo, sink, begun = Demo(mock.base_url, mock.token, time.sleep), mock.sink(), time.monotonic()
        for _ in range(6):
            demo.upscale(mock.video_id, sink.url)
        time.sleep(3_600 - (time.monotonic() - begun))
        for received in sink.received:
            demo.called(received["body"])
        if list(demo.outcomes.values()) != ["done"] * 6:
            raise RuntimeError(f"the story is another one: {demo.outcomes}")


def start(module: str) -> float:
    """Seconds that a process takes to import pytest and a module."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", PLUGIN.format(module)], check=True)
    return time.perf_counter() - began


def additions() -> float:
    """Seconds of a million additions."""
    total, began = 0, time.perf_counter()
    for number in range(1_000_000):
        total += number
    return time.perf_counter() - began


@click.command()
@click.option("--times", default=500, show_default=True, help="Set-ups.")
def main(*, times: int) -> None:
    """Time the fixtures."""
    click.echo(f"the machine now: {additions():.3f} s for a million additions")
    began = time.perf_counter()
    open_and_close(sleep=True, call=True)
    click.echo(f"the first mock of a process, with a call: {time.perf_counter() - began:.2f} s")
    for sleep in (False, True):
        bare, used = (timed(lambda s=sleep, c=call: open_and_close(sleep=s, call=c), times) for call in (False, True))
        click.echo(f"set-up and tear-down, sleep={sleep}: {bare:.3f} ms; around a call: {used:.3f} ms")
    ours, theirs = calls()
    click.echo(
        f"a call of requests: {ours:.0f} us; to a static answer of responses: {theirs:.0f} us ({ours / theirs:.2f})"
    )
    click.echo(f"an hour of the demo client: {timed(story, 20):.1f} ms")
    with_plugin, without = [], []
    for _ in range(STARTS):
        with_plugin.append(start("mockserver.pytest_plugin"))
        without.append(start("pytest"))
    click.echo(f"importing the plugin, the quickest of each: {(min(with_plugin) - min(without)) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()

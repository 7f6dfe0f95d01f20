"""A client run in scenarios of a mock: each in a sandbox of its own, side by side, and what was seen of it."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, Final

from contracts.grade import fast_forward
from contracts.grade.client_process import run_client
from contracts.grade.ended import Ended
from contracts.grade.intercept import Interception, intercepting
from contracts.grade.journal import Client, Journal
from contracts.grade.mock_process import started
from contracts.grade.scenarios import Scenario, chosen
from contracts.grade.world import World
from contracts.report.shown import line

API: Final = "https://api.useapi.net"
_MEDIA: Final = "https://media.pixverse.ai"
"""Where the files of videos lie for a client that is intercepted."""

_KEPT: Final = 100_000
"""Exchanges that the mock's journal of each run keeps."""

_NO_PROXY: Final = "127.0.0.1,localhost,::1"
_OUTPUT: Final = 8_000
_FASTEST: Final = 10_000.0
"""The highest speed that a clock of the mock may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a client is run.

    speed: of the jobs, where 60 is a minute a second. scale: the client's own waits were divided by this, and the jobs
    run so many times faster, too. fast_forward: the client itself is made to run so many times faster; 1 for not.
    timeout: real seconds for each run. jobs: runs side by side, 0 for all. intercept: the client calls the API's own
    host. seed: of the mock. keep: a folder that gets the journal of each run.
    """

    command: Sequence[str]
    scenarios: Sequence[str] = ()
    speed: float = 60.0
    scale: float = 1.0
    fast_forward: float = 1.0
    timeout: float = 150.0
    jobs: int = 0
    intercept: bool = False
    seed: int = 0
    keep: Path | None = None

    @property
    def pace(self) -> float:
        """How many times faster than it says the client waits."""
        return self.scale * self.fast_forward


class Runner:
    """Runs the client in one scenario after another, from any number of threads, each in one of `tokens`' sandboxes."""

    def __init__(self, options: Options, world: World, tokens: Sequence[str], folder: Path) -> None:
        self.ready_made = world.scenarios(tokens[0])
        self.cancelled = threading.Event()
        """Set to end all clients at once."""
        self._options = options
        self._world = world
        self._folder = folder
        self._faster = fast_forward.environment(options.fast_forward) if options.fast_forward != 1 else {}
        self._tokens: SimpleQueue[str] = SimpleQueue()
        for token in tokens:
            self._tokens.put(token)

    def chosen(self) -> list[Scenario]:
        """The scenarios that the options name. Raises ScenarioError."""
        return chosen(self._options.scenarios, self.ready_made)

    def run(self, scenario: Scenario) -> Journal:
        """Run the client once, and read what it did. Raises WorldError, CannotStart."""
        token = self._tokens.get()
        try:
            return self._run(scenario, token)
        finally:
            self._tokens.put(token)

    def _run(self, scenario: Scenario, token: str) -> Journal:
        options, world = self._options, self._world
        # Jobs that run already must not end while the client's interpreter starts.
        clock = {"mode": "real", "speed": min(_FASTEST, options.speed * options.pace), "waits": True}
        world.prepare(token, {**scenario.data, "clock": clock})
        values = {
            "base_url": API if options.intercept else world.url,
            "token": token,
            "video_id": world.video(token),
            "reply_url": f"{world.url}/__mock/sink/{token.partition('-')[0].removeprefix('user:')}",
        }
        with ExitStack() as stack:
            interception = stack.enter_context(self._intercepting(token))
            ended = run_client(
                [_filled(argument, values) for argument in options.command],
                {**_inherited(), **self._faster, **_told(values), **(interception.environment if interception else {})},
                timeout=options.timeout,
                marker=token,
                cancelled=self.cancelled,
            )
            strangers = _strangers(interception)
        document = world.journal(token)
        document |= {"name": scenario.name, "client": _client(options, ended, strangers)}
        if options.keep is not None:
            text = json.dumps(document, indent=1, ensure_ascii=False)
            (options.keep / f"{scenario.name}.json").write_text(f"{text}\n", encoding="utf-8")
        return Journal.of(document)

    @contextmanager
    def _intercepting(self, token: str) -> Iterator[Interception | None]:
        if not self._options.intercept:
            yield None
            return
        folder = self._folder / token.rpartition("-")[2]
        folder.mkdir(exist_ok=True)
        hosts = [url.removeprefix("https://") for url in (API, _MEDIA)]
        with intercepting(self._world.url, folder, hosts) as interception:
            yield interception


@contextmanager
def runner(options: Options, side_by_side: int) -> Iterator[Runner]:
    """A mock of its own with a runner on it. Raises CannotRun, WorldError."""
    tokens = [f"user:{90_001 + number}-graded{number}" for number in range(side_by_side)]
    arguments = ["--seed", str(options.seed), "--journal", str(_KEPT)]
    arguments += [part for token in tokens for part in ("--token", token)]
    if options.intercept:
        arguments += ["--public-url", _MEDIA]
    with TemporaryDirectory() as folder, started(*arguments) as url:
        yield Runner(options, World(url), tokens, Path(folder))


def run_all(runner: Runner, scenarios: Sequence[Scenario], jobs: int, tell: Callable[[Journal], None]) -> list[Journal]:
    """Run the client in all of them, so many side by side; the journals in their order, each told when it is there.

    What one run raises ends all of them.
    """
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [pool.submit(runner.run, scenario) for scenario in scenarios]
        for future in futures:
            future.add_done_callback(lambda done: done.cancelled() or done.exception() or tell(done.result()))
        try:
            return [future.result() for future in futures]
        except BaseException:
            runner.cancelled.set()
            for future in futures:
                future.cancel()
            raise


def _filled(argument: str, values: Mapping[str, str]) -> str:
    """An argument of the command with {base_url}, {token}, {video_id} and {reply_url} put in."""
    for name, value in values.items():
        argument = argument.replace(f"{{{name}}}", value)
    return argument


def _told(values: Mapping[str, str]) -> dict[str, str]:
    return {f"USEAPI_{name.upper()}": value for name, value in values.items()}


def _inherited() -> dict[str, str]:
    """The user's own variables, without those of the mock; a proxy is not asked for what is on this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MOCKSERVER_", "CONTRACTS_"))}
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (kept.get(name), _NO_PROXY)))
    return kept


def _strangers(interception: Interception | None) -> list[str]:
    if interception is None:
        return []
    return sorted({each.host for each in interception.elsewhere() if each.token})


def _client(options: Options, ended: Ended, strangers: Sequence[str]) -> dict[str, Any]:
    return {
        "command": " ".join(options.command),
        "scale": options.pace,
        "status": ended.status,
        "signal": ended.signal,
        "stopped": ended.stopped,
        "started": ended.started,
        "ended": ended.ended,
        "strangers": list(strangers),
        "output": ended.output[-_OUTPUT:].decode("utf-8", "backslashreplace"),
    }


def ended_words(client: Client | None) -> str:
    """How a run ended, in few words, for who watches."""
    if client is None:
        return ""
    if client.stopped:
        return f"stopped {client.stopped}"
    end = f"ended by {client.signal}" if client.signal else f"exit status {client.status}"
    return line(f"{end} after {client.ended - client.started:.0f} s")

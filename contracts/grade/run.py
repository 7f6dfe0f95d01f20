"""A client run in scenarios of a mock: each in a sandbox of its own, side by side, and what was seen of it."""

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, Final

from contracts.grade import fast_forward
from contracts.grade.client_process import run_client
from contracts.grade.ended import Ended
from contracts.grade.hopeless import LOOKED_AT, repeats_itself
from contracts.grade.intercept import Interception, intercepting
from contracts.grade.journal import Journal
from contracts.grade.mock_process import started
from contracts.grade.scenarios import Scenario, chosen
from contracts.grade.world import World, WorldError

API: Final = "https://api.useapi.net"
_MEDIA: Final = "https://media.pixverse.ai"
"""Where the files of videos lie for a client that is intercepted."""

_KEPT: Final = 100_000
"""Exchanges that the mock's journal of each run keeps."""

_NO_PROXY: Final = "127.0.0.1,localhost,::1"
_OUTPUT: Final = 8_000
_PLACEHOLDER: Final = re.compile(r"(?<!\$)\{(base_url|token|video_id|reply_url)\}")
_TICK: Final = 0.1
_LOOK_AFTER: Final = 5.0
"""Seconds of the client's time between two looks at what it does."""

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
    fast_forward: int = 1
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
            watch = stack.enter_context(self._watching(token))
            ended = run_client(
                [_filled(argument, values) for argument in options.command],
                {**_inherited(), **self._faster, **_told(values), **(interception.environment if interception else {})},
                timeout=options.timeout,
                marker=token,
                cancelled=watch.stop,
            )
        if watch.hopeless:
            ended = replace(ended, stopped="as it only repeated itself", status=None)
        document = world.journal(token)
        document |= {"name": scenario.name, "client": _client(options, ended, interception, cut=watch.hopeless)}
        if options.keep is not None:
            text = json.dumps(document, indent=1, ensure_ascii=False)
            (options.keep / f"{scenario.name}.json").write_text(f"{text}\n", encoding="utf-8")
        return Journal.of(document)

    @contextmanager
    def _watching(self, token: str) -> Iterator["_Watch"]:
        """Look at what the client does while it runs, to stop it when all are cancelled, or it only repeats itself."""
        watch = _Watch(self._world, token, self._options.pace, self.cancelled)
        thread = threading.Thread(target=watch.run, name="grade-watch")
        thread.start()
        try:
            yield watch
        finally:
            watch.over.set()
            thread.join()

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


class _Watch:
    """Looks at a run now and then, from a thread of its own, until it is `over`; sets `stop` where it is to end."""

    def __init__(self, world: World, token: str, pace: float, cancelled: threading.Event) -> None:
        self.stop = threading.Event()
        self.over = threading.Event()
        self.hopeless = False
        self._world, self._token, self._pace, self._cancelled = world, token, pace, cancelled

    def run(self) -> None:
        """Look until it is over."""
        every = max(1, round(_LOOK_AFTER / self._pace / _TICK))
        ticks = 0
        while not self.over.wait(_TICK):
            ticks += 1
            if self._cancelled.is_set():
                self.stop.set()
                return
            if ticks % every == 0 and self._repeats_itself():
                self.hopeless = True
                self.stop.set()
                return

    def _repeats_itself(self) -> bool:
        try:
            return repeats_itself(self._world.newest(self._token, LOOKED_AT), self._pace)
        except WorldError:
            return False  # whoever runs the client will hear of it


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

        def done(future: Future[Journal]) -> None:
            if not future.cancelled() and future.exception() is None:
                tell(future.result())

        for future in futures:
            future.add_done_callback(done)
        try:
            return [future.result() for future in futures]
        except BaseException:
            runner.cancelled.set()
            for future in futures:
                future.cancel()
            raise


def _filled(argument: str, values: Mapping[str, str]) -> str:
    """An argument with {base_url}, {token}, {video_id} and {reply_url} put in; ${token} is a program's own."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], argument)


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


def _client(options: Options, ended: Ended, through: Interception | None, *, cut: bool) -> dict[str, Any]:
    return {
        "command": " ".join(options.command),
        "scale": options.pace,
        "status": ended.status,
        "signal": ended.signal,
        "stopped": ended.stopped,
        "started": ended.started,
        "ended": ended.ended,
        "strangers": _strangers(through),
        "distrusted": through.distrusted() if through is not None else 0,
        "cut": cut,
        "left": list(ended.left),
        "output": ended.output[-_OUTPUT:].decode("utf-8", "backslashreplace"),
    }

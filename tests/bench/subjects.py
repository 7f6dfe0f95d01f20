"""The subjects: how each server is started so that it answers the workloads, and its settings.

One that is not here (not installed, no Java, no contract) raises `MissingError` with the reason.
"""

import importlib.metadata
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import stubs
from process import free_port
from wire import exchange
from workload import SAMPLE_VIDEO_ID, Answer, list_call, video_ids

CHECKOUT = Path(__file__).resolve().parents[2]
CONTRACT = CHECKOUT / "openapi.yaml"
_BARE = Path(__file__).with_name("bare.py")


class MissingError(Exception):
    """A subject can't be run here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How to start a server. It listens on `port`, or on the port that it writes to `port_file`.

    `folder` is where it runs (its own when None), `environment` what is added to the environment.
    """

    command: Sequence[str]
    port: int = 0
    port_file: Path | None = None
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


class Subject(Protocol):
    """One server to be timed.

    `setting` says for the report what was switched on or off. A subject that `makes_up_lists`
    answers with the contract's own examples, so it is not asked for exactly two videos.
    """

    key: str
    setting: str
    makes_up_lists: bool

    def version(self) -> str:
        """Return its name and version. Raise `MissingError` when it isn't here."""

    def prepare(self, folder: Path, answers: Mapping[str, Answer], /) -> Launch:
        """Write what it needs into the empty `folder` and say how to start it.

        `answers`, by workload key, are for the subjects that are told what to answer.
        """

    def video_id(self, port: int, /) -> str:
        """Return the id of a video that the server on `port` takes for an upscale."""


class Ours:
    """The mock of this checkout with everything on."""

    key = "ours"
    makes_up_lists = False

    def __init__(self, changes: Sequence[str]) -> None:
        """Serve the scenario `unlimited` with `changes`, each "KEY=VALUE" as `serve --set` takes them."""
        self._source = ""
        self._options = ["--scenario", "unlimited", *(part for change in changes for part in ("--set", change))]
        self.setting = f"`{' '.join(self._options)}`; validation both ways, state, journal, a log line a request"

    def version(self) -> str:
        """See `Subject.version`."""
        try:
            return f"pixverse-mock {importlib.metadata.version('pixverse-mock')}"
        except importlib.metadata.PackageNotFoundError:
            return "pixverse-mock, not installed"

    def prepare(self, folder: Path, _answers: Mapping[str, Answer]) -> Launch:
        """See `Subject.prepare`."""
        port_file = folder / "port"
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--port-file", str(port_file)]
        return Launch(command=[*command, *self._options], port_file=port_file, folder=CHECKOUT)

    def video_id(self, port: int) -> str:
        """Return a source of the sandbox, found while it was fresh: such a one is never forgotten."""
        if not self._source:
            answer, _ = exchange(port, list_call(limit=1))
            self._source = video_ids(json.loads(answer.body))[0]
        return self._source


class Bare:
    """A callable on uvicorn that answers ours' own bytes and does nothing else."""

    key = "bare"
    setting = "httptools, uvloop, no access log; reads the body and answers the same bytes as ours"
    makes_up_lists = False

    def version(self) -> str:
        """See `Subject.version`."""
        try:
            return f"uvicorn {importlib.metadata.version('uvicorn')}"
        except importlib.metadata.PackageNotFoundError as error:
            raise MissingError("uvicorn is not installed in this environment") from error

    def prepare(self, folder: Path, answers: Mapping[str, Answer]) -> Launch:
        """See `Subject.prepare`."""
        file = folder / "answers.json"
        content = {
            key: {"status": answer.status, "headers": answer.headers, "body": answer.body.decode()}
            for key, answer in answers.items()
        }
        file.write_text(json.dumps(content))
        port = free_port()
        return Launch(command=[sys.executable, str(_BARE), str(port), str(file)], port=port)

    def video_id(self, _port: int) -> str:
        """Any id will do."""
        return SAMPLE_VIDEO_ID


class _Peer:
    """Something installed with npm: `package` in the folder's `node_modules`."""

    key: str
    package: str
    setting: str
    makes_up_lists = False

    def __init__(self, peers: Path) -> None:
        """Look for it under `peers`, which has a `node_modules` folder or is one."""
        modules = peers if peers.name == "node_modules" else peers / "node_modules"
        self._home = modules / self.package

    def version(self) -> str:
        """See `Subject.version`."""
        if not (self._home / "package.json").is_file():
            raise MissingError(f"{self.package} is not installed among the peers")
        return f"{self.package} {self._manifest()['version']}"

    def video_id(self, _port: int) -> str:
        """Any id will do."""
        return SAMPLE_VIDEO_ID

    def _manifest(self) -> dict[str, object]:
        manifest = json.loads((self._home / "package.json").read_text())
        assert isinstance(manifest, dict)
        return manifest

    def _node_command(self) -> list[str]:
        programs = self._manifest()["bin"]
        script = next(iter(programs.values())) if isinstance(programs, dict) else programs
        return [_program("node"), str(self._home / str(script))]


class Prism(_Peer):
    """Prism mocking the contract: it validates, and answers the contract's examples."""

    key = "prism"
    package = "@stoplight/prism-cli"
    setting = "`prism mock openapi.yaml -v silent`; the contract's examples; no state"
    makes_up_lists = True

    def prepare(self, folder: Path, _answers: Mapping[str, Answer]) -> Launch:
        """See `Subject.prepare`."""
        if not CONTRACT.is_file():
            raise MissingError("openapi.yaml is not in this checkout")
        port = free_port()
        options = ("-h", "127.0.0.1", "-p", str(port), "-v", "silent")
        command = [*self._node_command(), "mock", *options, str(CONTRACT)]
        return Launch(command=command, port=port, environment={"HOME": str(folder)})


class WireMock(_Peer):
    """WireMock with one stub a workload."""

    key = "wiremock"
    package = "wiremock"
    setting = "no journal, no request log; 3 stubs on method, path, token, JSON path; no state"

    def version(self) -> str:
        """See `Subject.version`."""
        version = super().version()
        self._jar()
        _program("java")
        return version

    def prepare(self, folder: Path, answers: Mapping[str, Answer]) -> Launch:
        """See `Subject.prepare`."""
        mappings = folder / "mappings"
        mappings.mkdir()
        (mappings / "bench.json").write_text(json.dumps(stubs.wiremock_mappings(answers)))
        port = free_port()
        command = [
            *(_program("java"), "-jar", str(self._jar()), "--root-dir", str(folder)),
            *("--bind-address", "127.0.0.1", "--port", str(port)),
            *("--no-request-journal", "--disable-request-logging", "--disable-banner"),
        ]
        return Launch(command=command, port=port)

    def _jar(self) -> Path:
        jars = sorted((self._home / "build").glob("wiremock-standalone-*.jar"))
        if not jars:
            raise MissingError("the wiremock package has no wiremock-standalone jar")
        return jars[-1]


class Mockoon(_Peer):
    """Mockoon's command line with one route a path and rules for the responses."""

    key = "mockoon"
    package = "@mockoon/cli"
    setting = "no log file, no admin API, no templating; rules as WireMock's; no state"

    def prepare(self, folder: Path, answers: Mapping[str, Answer]) -> Launch:
        """See `Subject.prepare`."""
        port = free_port()
        file = folder / "environment.json"
        file.write_text(json.dumps(stubs.mockoon_environment(answers, port)))
        options = ("--disable-log-to-file", "--disable-admin-api", "--max-transaction-logs", "0")
        command = [*self._node_command(), "start", "--data", str(file), *options]
        # It keeps files of its own in the home folder.
        return Launch(command=command, port=port, environment={"HOME": str(folder)})


def all_subjects(peers: Path, changes: Sequence[str] = ()) -> tuple[Subject, ...]:
    """Return every subject, ours first.

    `peers` is the folder in which npm installed the others, `changes` are ours (see `Ours`).
    """
    return Ours(changes), Bare(), Prism(peers), WireMock(peers), Mockoon(peers)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"{name} is not on PATH")
    return found

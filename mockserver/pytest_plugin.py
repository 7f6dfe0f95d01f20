"""The pytest plugin: a mock in process for each test, a live one for each session, and their stories when a test fails.

pixverse_mock       a mock in this process: requests and httpx to the API's host end in it, and what is slept moves its
                    clock
make_pixverse_mock  makes further ones
pixverse_server     a live mock, for clients that are not intercepted; PIXVERSE_SERVER_URL names one that runs already
pixverse_sandbox    a fresh sandbox on it
pixverse_callbacks  receives the callbacks of either

The marker `pixverse` says what they start with. Nothing heavy is imported before a test wants it.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

if TYPE_CHECKING:
    from mockserver.handle.in_process import MakePixverseMock, PixverseMock
    from mockserver.handle.live import PixverseServer
    from mockserver.handle.sandbox import PixverseSandbox
    from mockserver.handle.sink import Sink
    from mockserver.pytest_marker import Wanted

_MARKER: Final = (
    "pixverse(scenario=None, seed=None, clock='manual', sleep=True, **keys): what pixverse_mock and pixverse_sandbox "
    "start with: a scenario (data, a file, the name of a ready-made one), further keys of it, the seed, the clock's "
    "mode, and whether what is slept moves the clock"
)

_HANDLES: Final = pytest.StashKey["list[PixverseSandbox]"]()
"""What a test holds of mocks."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the story of its mocks under a test that failed."""
    report = yield
    handles = item.stash.get(_HANDLES, [])
    if report.failed and handles and call.when != "teardown":
        from mockserver.pytest_report import sections

        report.sections.extend(sections(handles))
    return report


@pytest.fixture
def make_pixverse_mock(request: pytest.FixtureRequest) -> "Iterator[MakePixverseMock]":
    """Makes mocks in this process to which calls are intercepted until the test ends; as `mockserver.intercept`."""
    from mockserver.interception.patching import intercept

    with ExitStack() as stack:

        def make(**options: Any) -> "PixverseMock":
            mock = stack.enter_context(intercept(**options))
            _note(request, mock)
            return mock

        yield make


@pytest.fixture
def pixverse_mock(request: pytest.FixtureRequest, make_pixverse_mock: "MakePixverseMock") -> "PixverseMock":
    """A mock in this process: requests and httpx to the API's host end in it, what is slept moves its clock."""
    wanted = _wanted(request)
    clock = wanted.clock or "manual"
    sleep = clock == "manual" if wanted.sleep is None else wanted.sleep
    try:
        return make_pixverse_mock(scenario=wanted.scenario, seed=wanted.seed, clock=clock, sleep=sleep)
    except wanted.errors as error:
        _fail(str(error))


@pytest.fixture(scope="session")
def pixverse_server() -> "Iterator[PixverseServer]":
    """A live mock, one for each process of tests; or the one at PIXVERSE_SERVER_URL, with PIXVERSE_CONTROL_TOKEN."""
    from mockserver.handle.asking import MockError
    from mockserver.handle.live import PixverseServer

    if url := os.environ.get("PIXVERSE_SERVER_URL"):
        try:
            server = PixverseServer(url, os.environ.get("PIXVERSE_CONTROL_TOKEN") or None)
            server.check()
        except (MockError, ValueError) as error:
            _fail(f"PIXVERSE_SERVER_URL: {error}")
        yield server
        return
    from mockserver.api import Api
    from mockserver.compiled import shared
    from mockserver.server import running

    api = Api(compiled=shared())
    # Its threads are there from the start: a test that looks for some that are left behind must not find these.
    _ = api.courier
    with running(api) as url:
        yield PixverseServer(url)


@pytest.fixture
def pixverse_sandbox(request: pytest.FixtureRequest, pixverse_server: "PixverseServer") -> "Iterator[PixverseSandbox]":
    """A fresh sandbox on the live mock, which no other test has; its clock stands if nothing else is said."""
    from mockserver.handle.asking import MockError

    wanted = _wanted(request)
    if wanted.seed is not None or wanted.sleep is not None:
        _fail("seed and sleep are for pixverse_mock: a live mock has one seed, and its clock is another process's")
    errors: tuple[type[Exception], ...] = (*wanted.errors, MockError)
    try:
        sandbox = pixverse_server.sandbox(scenario=wanted.with_clock())
    except errors as error:
        _fail(str(error))
    wanted.see_to(sandbox.clock)
    _note(request, sandbox)
    yield sandbox
    sandbox.reset()


@pytest.fixture
def pixverse_callbacks(request: pytest.FixtureRequest) -> "Sink":
    """Receives callbacks: give its `url` as `replyUrl`. It belongs to the mock that the test uses."""
    names = set(request.fixturenames)
    live = {"pixverse_sandbox", "pixverse_server"} & names
    if live and {"pixverse_mock", "make_pixverse_mock"} & names:
        _fail("pixverse_callbacks belongs to one mock, and this test uses two: take the sink() of either")
    owner: PixverseSandbox = request.getfixturevalue("pixverse_sandbox" if live else "pixverse_mock")
    return owner.sink()


def _wanted(request: pytest.FixtureRequest) -> "Wanted":
    """What the markers of a test say."""
    from mockserver.pytest_marker import Wanted

    try:
        return Wanted.of(list(request.node.iter_markers("pixverse")))
    except Wanted.errors as error:
        _fail(str(error))


def _note(request: pytest.FixtureRequest, handle: "PixverseSandbox") -> None:
    request.node.stash.setdefault(_HANDLES, []).append(handle)


def _fail(sentence: str) -> NoReturn:
    """End the set-up of a test with one sentence, without a trace through this plugin."""
    raise pytest.fail.Exception(f"pixverse: {sentence}", pytrace=False) from None

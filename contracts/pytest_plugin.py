"""The pytest plugin of the contract tests: a verdict on the client that a test lets loose on a mock.

pixverse_verdict   asserts when the test has ended that its client behaved; `pixverse_verdict.judge()` says it at once
pixverse_explore   asserts that no order and timing of what may happen makes a client break a rule

The marker `pixverse_verdict(only=..., skip=...)` says which rules are judged. The mock is the one that the test uses:
`pixverse_sandbox` where it asks for that, else `pixverse_mock`. Nothing heavy is imported before a test wants it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import pytest

if TYPE_CHECKING:
    from contracts.explore.exploring import Found
    from contracts.findings import Verdict
    from contracts.verify.selection import Selection

_MARKER: Final = (
    "pixverse_verdict(only=(), skip=()): which rules of the rubric pixverse_verdict asserts: ids, groups, or patterns "
    "like 'busy/*'"
)


class Handle(Protocol):
    """What is needed of a mock's handle."""

    @property
    def journal(self) -> Any: ...


@dataclass(slots=True)
class PixverseVerdict:
    """What the client of a test is judged by; `handle` is that of its mock."""

    handle: Handle
    selection: "Selection" = field(repr=False)
    name: str = "the client"

    def judge(self) -> "Verdict":
        """The verdict on all that the client has done until now. Raises JournalError for a mock of another form."""
        from contracts.grade.journal import Journal
        from contracts.grade.judging import judge

        journal = Journal.of(self.handle.journal)
        return judge([journal], subject=self.name, selection=self.selection)

    def check(self) -> None:
        """Raise AssertionError with the findings, their stories and what to do instead, if the client is at fault."""
        verdict = self.judge()
        if verdict.errors:
            raise AssertionError(told(verdict))


@dataclass(frozen=True, slots=True)
class PixverseExplore:
    """Lets a client loose on one scenario after another; `make_mock` is the fixture `make_pixverse_mock`."""

    make_mock: Callable[..., Any] = field(repr=False)

    def __call__(
        self,
        client: Callable[[Any], object],
        *,
        runs: int = 300,
        seed: int = 0,
        only: Sequence[str] = (),
        out: str | Path | None = None,
    ) -> None:
        """Raise AssertionError with the scenario and the story, if there is one in which the client breaks a rule.

        The arguments are those of `search`.
        """
        found = self.search(client, runs=runs, seed=seed, only=only, out=out)
        if found is not None:
            raise AssertionError(_told_of(found, out))

    def search(
        self,
        client: Callable[[Any], object],
        *,
        runs: int = 300,
        seed: int = 0,
        only: Sequence[str] = (),
        out: str | Path | None = None,
    ) -> "Found | None":
        """What makes a client break a rule, made as small as it gets; None if nothing did in so many scenarios.

        `client` is called with a mock (`base_url`, `token`, `video_id`), once in each; what it raises is its exit
        status 1. The same seed tries the same. `only` are rules to look for: ids, groups or patterns. `out` is a file
        for the scenario. Raises SelectionError, CannotExplore.
        """
        from contracts.explore.in_process import explore

        return explore(client, self.make_mock, runs=runs, seed=seed, only=only, out=out)


def _told_of(found: "Found", out: str | Path | None) -> str:
    """What was found, for a person: the story, and the scenario in which it happens again."""
    from contracts.explore import file
    from contracts.report import story

    finding, rule = found.finding, found.rule
    again = f"@pytest.mark.pixverse(scenario={str(out or 'FILE')!r})"
    lines = [f"{rule.id}: {rule.sentence}", f"expected: {finding.expected}", f"got:      {finding.got}"]
    lines += [f"instead:  {rule.instead}", *story.lines(finding), "", "the scenario, as a file:", ""]
    return "\n".join([*lines, file.text(rule.id, rule.sentence, found.atoms, again)])


def told(verdict: "Verdict") -> str:
    """A verdict in lines, as the command prints it."""
    import io

    from contracts.report.masking import masked
    from contracts.report.terminal import show

    stream = io.StringIO()
    show(masked(verdict), stream)
    return stream.getvalue()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def pixverse_verdict(request: pytest.FixtureRequest) -> Iterator[PixverseVerdict]:
    """Judges the client of this test: at its end, unless the test failed already."""
    name = "pixverse_sandbox" if "pixverse_sandbox" in request.fixturenames else "pixverse_mock"
    try:
        from contracts.grade.judging import rules
        from contracts.verify.selection import Selection, SelectionError
    except ModuleNotFoundError as error:
        _fail(f"it needs {error.name}: pip install 'pixverse-mock[contracts]'")
    try:
        selection = Selection(**_wanted(request))
        selection.check(rules())
    except (SelectionError, TypeError) as error:
        _fail(str(error))
    handle: Handle = request.getfixturevalue(name)
    failed = request.session.testsfailed
    verdict = PixverseVerdict(handle, selection, f"the client of {request.node.name}")
    yield verdict
    if request.session.testsfailed == failed:
        found = verdict.judge()
        if found.errors:
            _fail(f"the client misbehaved\n{told(found)}")


@pytest.fixture
def pixverse_explore(make_pixverse_mock: Callable[..., Any]) -> PixverseExplore:
    """Searches for an order and a timing that makes a client break a rule: `pixverse_explore(client)`."""
    return PixverseExplore(make_pixverse_mock)


def _wanted(request: pytest.FixtureRequest) -> dict[str, tuple[str, ...]]:
    """What the markers of a test say, the nearest for each word. Raises TypeError for what is no word of theirs."""
    said: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("pixverse_verdict"))):
        if mark.args:
            raise TypeError(f"the marker takes names, as pixverse_verdict(skip='busy/*'), got {mark.args[0]!r}")
        said |= mark.kwargs
    return {name: (value,) if isinstance(value, str) else tuple(value) for name, value in said.items()}


def _fail(sentence: str) -> NoReturn:
    """End a test with what is wrong, without a trace through this plugin."""
    raise pytest.fail.Exception(f"pixverse_verdict: {sentence}", pytrace=False) from None

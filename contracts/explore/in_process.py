"""The search in this process: the client is a function, the mock a fixture, and what is slept moves its clock.

Hundreds of scenarios so take seconds, and the same client does the same in each of them.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from contracts.explore import file
from contracts.explore.atoms import Atoms, compose
from contracts.explore.exploring import Found, Watch
from contracts.explore.exploring import explore as search
from contracts.explore.observed import CannotExplore, Observed
from contracts.explore.patience import Overdue, at_most
from contracts.explore.proposals import proposals
from contracts.findings import Finding
from contracts.grade.journal import Journal
from contracts.grade.judging import rules
from contracts.verify.selection import Selection

PATIENCE: Final = 10.0
"""Real seconds for one run: in none of the scenarios is there anything to wait for so long."""

_SUBJECT: Final = "the client"


def explore(
    client: Callable[[Any], object],
    make_mock: Callable[..., Any],
    *,
    runs: int = 300,
    seed: int = 0,
    out: str | Path | None = None,
    only: Sequence[str] = (),
    patience: float = PATIENCE,
    watch: Watch | None = None,
) -> Found | None:
    """Search for an order and a timing in which a client breaks a rule; None if there is none among so many.

    client: is called with the handle of a mock (`base_url`, `token`, `video_id`), once in each scenario, and returns
    when it has done its work; a coroutine function, too. What it raises is its exit status 1. make_mock: the fixture
    `make_pixverse_mock`. only: rules to look for, by id, group or pattern. out: a file for the scenario. patience: real
    seconds for each run, which needs the main thread. watch: is told what goes on, and what the client breaks where
    nothing goes wrong, for which is not looked further.

    Raises SelectionError for a rule that there is not, CannotExplore, from what the client raised, if it asks for no
    upscale even where nothing goes wrong, and what the mock raises.
    """
    selection = Selection(tuple(only))
    selection.check(rules())
    runner = _Runner(client, make_mock, Observed(_SUBJECT, selection), patience)

    def cases() -> Iterable[Atoms]:
        try:
            return proposals(Random(seed), runner.observed.habits())  # noqa: S311 - no secret hangs on it
        except CannotExplore as error:
            raise error from runner.raised

    found = search(runner.attempt, cases, runs=runs, watch=watch).found
    if found is not None and out is not None:
        path = Path(out)
        again = f"@pytest.mark.pixverse(scenario={str(path)!r})"
        text = file.text(found.rule.id, found.rule.sentence, found.atoms, again)
        path.write_text(text, encoding="utf-8")
    return found


@dataclass(slots=True)
class _Ended:
    status: int | None
    stopped: str = ""


class _Runner:
    """Runs the client in scenarios, all in one sandbox, which is a fresh one each time.

    `raised` is what the client raised last, if it did.
    """

    def __init__(
        self,
        client: Callable[[Any], object],
        make_mock: Callable[..., Any],
        observed: Observed,
        patience: float,
    ) -> None:
        self.observed = observed
        self.raised: Exception | None = None
        self._client = client
        self._make_mock = make_mock
        self._patience = patience
        self._mock: Any = None

    def attempt(self, scenario: Mapping[str, Any]) -> Sequence[Finding]:
        """Run the client in a scenario, and judge what it did."""
        return self.observed.told(self._run(scenario))

    def _run(self, scenario: Mapping[str, Any]) -> Journal:
        if self._mock is None:
            self._mock = self._make_mock(scenario=compose(()), clock="manual", sleep=True)
        mock = self._mock
        mock.scenario.put(scenario)
        # Not `time.time`, which tells what was slept, too.
        began = datetime.now(UTC)
        ended = self._call(mock)
        document = mock.journal
        if ended.stopped:
            # Where it was stopped, something of the mock may have stopped halfway.
            self._mock = None
            mock.close()
        document |= {
            "name": self.observed.next_name,
            # The sandbox is a fresh one, the mock is not.
            "outside": [each for each in document["outside"] if datetime.fromisoformat(each["real"]) >= began],
            "client": {
                "command": _SUBJECT,
                "scale": 1.0,
                "status": ended.status,
                "signal": "",
                "stopped": ended.stopped,
                "started": began.timestamp(),
                "ended": datetime.now(UTC).timestamp(),
            },
        }
        return Journal.of(document)

    def _call(self, mock: Any) -> _Ended:
        try:
            with at_most(self._patience, spared=type(mock).__module__.partition(".")[0]):
                result = self._client(mock)
                if inspect.iscoroutine(result):
                    asyncio.run(result)
        except Overdue:
            return _Ended(None, f"after {self._patience:g} s")
        except SystemExit as end:
            return _Ended(end.code if isinstance(end.code, int) else int(end.code is not None))
        except Exception as error:
            self.raised = error
            return _Ended(1)
        return _Ended(0)

"""What is read from the journals of a client's runs: what it does on a good day, and what counts against it."""

from collections.abc import Sequence
from typing import Final

from contracts.explore.kinds import READS, UPSCALE
from contracts.explore.proposals import Habits
from contracts.findings import Finding, Verdict
from contracts.grade.journal import Journal
from contracts.grade.judging import CONTROL, judge
from contracts.verify.selection import Selection

_FORM: Final = "answers/"
"""Rules about the form of answers: they blame it for an end that is not good, where they see nothing else to blame."""

_ENDS: Final = "process/ends"

_TROUBLE: Final = ("faults", "accounts", "callbacks")
"""Keys of a scenario that bring other trouble."""


class CannotExplore(Exception):  # noqa: N818 - the client's doing
    """There is nothing to disturb; the message is one line."""


class Observed:
    """The runs of one client. The first that is told is its good day, on which nothing goes wrong."""

    def __init__(self, subject: str, selection: Selection) -> None:
        self._subject = subject
        self._selection = selection
        self._base: Journal | None = None

    @property
    def next_name(self) -> str:
        """What the scenario of the next run is called."""
        return CONTROL if self._base is None else "explored"

    @property
    def base(self) -> Journal:
        """The good day. Raises CannotExplore if there was none yet."""
        if self._base is None:
            raise CannotExplore("the client was not run yet")
        return self._base

    def habits(self) -> Habits:
        """What of the client can be disturbed. Raises CannotExplore if it asks for no upscale at all."""
        operations = {exchange.operation for exchange in self.base.requests}
        if UPSCALE not in operations:
            raise CannotExplore("the client asks for no upscale where nothing goes wrong: there is nothing to disturb")
        return Habits(reads=frozenset(READS) & operations, callbacks=bool(self.base.callbacks))

    def told(self, journal: Journal) -> Sequence[Finding]:
        """The errors of a run; of the good day's those as well that it breaks everywhere."""
        if self._base is None:
            self._base = journal
        return [each for each in self.verdict(journal).errors if self._counts(each, journal)]

    def verdict(self, journal: Journal) -> Verdict:
        """The verdict on the good day and this run."""
        journals = [self.base] if journal is self.base else [self.base, journal]
        return judge(journals, subject=self._subject, selection=self._selection)

    @staticmethod
    def _counts(finding: Finding, journal: Journal) -> bool:
        scenario = journal.scenario
        troubled = any(key in scenario for key in _TROUBLE) or "endings" in scenario.get("jobs", {})
        if finding.rule.id.startswith(_FORM):
            return not troubled
        return finding.rule.id != _ENDS or not _was_swallowed(journal)


def _was_swallowed(journal: Journal) -> bool:
    """Whether an upscale was lost before it was accepted, and nothing else was: who waits for callbacks can't know."""
    asked = [each for each in journal.requests if each.operation == UPSCALE]
    return all(each.accepted is None for each in asked) and bool(asked) and asked[-1].lost

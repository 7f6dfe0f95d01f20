"""Random sequences of actions, by a state machine of Hypothesis; what fails is shrunk by it."""

from typing import Any, ClassVar, Final

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.reporting import with_reporter
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contracts.provider import Budget, Ended
from contracts.verify.behaviour.actions import Action
from contracts.verify.behaviour.player import Failure, Player
from contracts.verify.behaviour.walks import BAD_FIELDS, upscale
from contracts.verify.situation import Situation

_STEPS: Final = 14
_TO_SHRINK: Final = 2_500
"""Calls that may be made to shrink one finding."""

_WHICH: Final = ("finished", "finished", "finished", "unfinished", "ended", "upscaled", "deleted", "unknown", "foreign")


class _Broke(Exception):  # noqa: N818 - Hypothesis takes it for the failure
    """A rule was broken."""


class Search:
    """One search: for a failure that is not `known` yet. `best` is the shortest found."""

    def __init__(self, situation: Situation, known: set[str], budget: Budget) -> None:
        self.situation = situation
        self.best: Failure | None = None
        self.ended: Ended | None = None
        self._known = known
        self._budget = budget
        self._until = 0

    @property
    def over(self) -> bool:
        """Whether nothing more may be tried."""
        return self.ended is not None or (self.best is not None and self._budget.calls < self._until)

    def player(self) -> Player | None:
        """A fresh world to play in, None if the search is over."""
        if self.over:
            return None
        try:
            return Player(self.situation, self.situation.world("behaviour", 1_000))
        except Ended as end:
            self.ended = end
            return None

    def step(self, player: Player, action: Action) -> None:
        """Play one action. Raises _Broke for what this search looks for."""
        try:
            failures = player.play(action)
            player.report()
        except Ended as end:
            self.ended, player.over = end, True
            return
        for failure in failures:
            if failure.key in self._known or (self.best is not None and failure.key != self.best.key):
                continue
            if self.best is None:
                self._until = self._budget.calls - _TO_SHRINK
            if self.best is None or len(failure.actions) <= len(self.best.actions):
                self.best = failure
            raise _Broke


class Machine(RuleBasedStateMachine):
    """The actions as rules."""

    search: ClassVar[Search]

    def __init__(self) -> None:
        super().__init__()
        self._player = self.search.player()

    def _do(self, action: Action) -> None:
        if self._player is not None and not self._player.over:
            self.search.step(self._player, action)

    @rule(
        which=st.sampled_from(_WHICH),
        index=st.integers(0, 5),
        max_jobs=st.none() | st.integers(1, 8),
        reference=st.none() | st.text(st.characters(codec="utf-8"), max_size=12),
        form=st.integers(0, 7),
    )
    def upscale(self, which: str, index: int, max_jobs: int | None, reference: str | None, form: int) -> None:
        """Ask for an upscale."""
        fields: dict[str, Any] = {}
        if max_jobs is not None:
            fields["maxJobs"] = max_jobs
        if reference is not None:
            fields["replyRef"] = reference
        as_form = form == 7 and (reference is None or reference.isprintable())
        self._do(upscale(which, index, form=as_form, **fields))

    @rule(index=st.integers(0, 5))
    def another(self, index: int) -> None:
        """Ask for an upscale of a finished video, plainly."""
        self._do(upscale("finished", index))

    @rule(number=st.sampled_from((7, 8)))
    def doomed(self, number: int) -> None:
        """Start a job that will not be COMPLETED."""
        self._do(upscale("trigger", number))

    @rule(fields=st.sampled_from(BAD_FIELDS))
    def malformed(self, fields: dict[str, Any]) -> None:
        """Ask badly."""
        self._do(upscale(**fields))

    @rule(seconds=st.sampled_from((1.0, 20.0, 60.0, 120.0, 300.0, 900.0, 3_600.0, 90_000.0)))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._do(Action("wait", seconds=seconds))

    @rule(which=st.sampled_from(("running", "running", "cancelled", "ended", "unknown")), index=st.integers(0, 5))
    def cancel(self, which: str, index: int) -> None:
        """Stop following a job."""
        self._do(Action("cancel", which, index))

    @rule(which=st.sampled_from(("finished", "upscaled", "unfinished", "deleted", "unknown")), index=st.integers(0, 5))
    def delete(self, which: str, index: int) -> None:
        """Delete a video."""
        self._do(Action("delete", which, index))

    @rule(which=st.sampled_from(("", "", "new")), index=st.integers(0, 1), max_jobs=st.integers(1, 8))
    def save(self, which: str, index: int, max_jobs: int) -> None:
        """Link or update an account."""
        self._do(Action("save", which, index, (("maxJobs", max_jobs),)))

    @rule(which=st.sampled_from(("", "unlinked")), index=st.integers(0, 1))
    def unlink(self, which: str, index: int) -> None:
        """Unlink an account."""
        self._do(Action("unlink", which, index))

    @rule(name=st.none() | st.text(st.characters(codec="utf-8"), max_size=8))
    def user(self, name: str | None) -> None:
        """Update the user."""
        self._do(Action("user", fields=() if name is None else (("name", name),)))

    @rule(
        field=st.sampled_from(
            (
                *(("credits", 0), ("credits", 20), ("credits", 59), ("credits", 1_000)),
                *(("maxJobs", 1), ("maxJobs", 8), ("concurrency", 2), ("concurrency", 8), ("pendingError", True)),
            )
        ),
        index=st.integers(0, 1),
    )
    def adjust(self, field: tuple[str, Any], index: int) -> None:
        """Set what only the control API can set."""
        self._do(Action("adjust", index=index, fields=(field,)))

    @rule()
    def sweep(self) -> None:
        """Read everything by itself."""
        self._do(Action("sweep"))


def search(situation: Situation, known: set[str], examples: int, number: int) -> Failure | None:
    """Look for a failure that is not known yet; the shrunk one, None if none is found. Raises Ended."""
    own = Search(situation, known, situation.budget)
    machine = seed(situation.seed * 1_000 + number)(type("Machine", (Machine,), {"search": own}))
    chosen = settings(
        max_examples=examples,
        stateful_step_count=_STEPS,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    try:
        with with_reporter(lambda _: None):
            run_state_machine_as_test(machine, settings=chosen)
    except (_Broke, Flaky):
        # A search that is over plays nothing, which Hypothesis takes for a failure that went away.
        pass
    if own.ended is not None and own.best is None:
        raise own.ended
    return own.best

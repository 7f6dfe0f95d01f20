"""A run of `contracts verify`: the phases one after the other, and the verdict."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.contract import Contract
from contracts.findings import Call, Event, Finding, Ledger, Rule, Severity, Verdict
from contracts.provider import Budget, Control, Ended, OutOfCalls, Provider, Safety, Stopped
from contracts.provider.safety import is_loopback
from contracts.report.progress import Progress
from contracts.verify import watching
from contracts.verify.phases import PARTS, rules, rules_of
from contracts.verify.recognise import CannotRun, recognise, unanswered
from contracts.verify.selection import Selection
from contracts.verify.situation import Situation, derived
from contracts.verify.watching import Watch

_CALLS: Final = 50_000
_NOTHING_CAME: Final = "no call of this run met its situation"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run was asked for; times in seconds. `safe` is None where nobody said so."""

    url: str
    tokens: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    seed: int = 0
    max_time: float = 300.0
    safe: bool | None = None
    credits: int | None = None
    callback_address: tuple[str, int] | None = None
    control_token: str | None = None
    fail_fast: bool = False


def verify(options: Options, progress: Progress, announce: Callable[[str], None] = lambda _: None) -> Verdict:
    """Judge a provider. Raises CannotRun, BadAddress, ContractError and SelectionError with one line."""
    began, started = time.monotonic(), time.time()
    contract = Contract.load()
    known = rules(contract)
    options.selection.check(known)
    budget = Budget(_CALLS, began + options.max_time)
    provider = Provider(options.url, budget)
    ledger = Told(known, options.selection, progress, budget if options.fail_fast else None)
    watch = Watch(contract, ledger)

    def seen(call: Call, story: tuple[Event, ...]) -> None:
        progress.call()
        watch(call, story)

    provider.watch = seen
    try:
        provider.reach()
    except OSError as error:
        raise CannotRun(f"{options.url} can't be reached: {error}") from None
    cut_short, notes = "", []
    try:
        control = Control.find(provider, derived(options.seed, "find", 0), options.control_token)
        safety = _safety(options, provider, announce)
        if safety.reads_only and control is None:
            notes.append("only reads were made: the host is not this machine (--credits N allows more)")
        situation = Situation(
            contract,
            provider,
            ledger,
            budget,
            options.seed,
            safety,
            options.tokens,
            control,
            options.callback_address,
            options.selection.wants,
        )
        cut_short = _run(situation, options.selection, progress)
    except Ended as end:
        cut_short = "" if isinstance(end, Stopped) else str(end)
        unanswered(provider, ledger)
        _skip(ledger, known, str(end))
    finally:
        provider.close()
    _skip(ledger, known, _NOTHING_CAME)
    return Verdict(
        options.url,
        [each for each in ledger.judged.values() if options.selection.wants(each.rule)],
        options.seed,
        provider.calls,
        time.monotonic() - began,
        started,
        cut_short,
        tuple(notes),
        provider.events,
    )


class Told(Ledger):
    """A ledger that tells findings of the rules that are wanted; with `budget`, an error of one ends the run."""

    def __init__(self, rules: list[Rule], wanted: Selection, progress: Progress, budget: Budget | None) -> None:
        super().__init__(rules)
        self._wanted = wanted
        self._progress = progress
        self._budget = budget

    def fails(self, finding: Finding) -> None:
        """Note a finding."""
        if not self._wanted.wants(finding.rule):
            return
        before = len(self.judged[finding.rule.id].findings)
        super().fails(finding)
        if len(self.judged[finding.rule.id].findings) > before:
            self._progress.finding(finding)
        if self._budget is not None and finding.rule.severity is Severity.ERROR:
            self._budget.stop("a rule failed (--fail-fast)")


def _run(situation: Situation, selection: Selection, progress: Progress) -> str:
    """Run the phases; what cut the run short."""
    progress.phase("is it this API")
    if not recognise(situation):
        for each in situation.ledger.judged.values():
            situation.ledger.skips(each.rule, "the address does not answer as this API does")
        return ""
    watched = any(selection.wants(rule) for rule in watching.RULES)
    whole = situation.budget
    for part in PARTS:
        own = rules_of(part, situation.contract)
        if not any(selection.wants(rule) for rule in own) and not (watched and not all(map(selection.skips, own))):
            continue
        progress.phase(part.name)
        situation.budget = whole.part(part.calls)
        try:
            part.load().run(situation)
        except OutOfCalls as end:
            _skip(situation.ledger, own, str(end))
    return ""


def _skip(ledger: Ledger, concerned: Sequence[Rule], reason: str) -> None:
    for rule in concerned:
        if not ledger.judged[rule.id].checks:
            ledger.skips(rule, reason)


def _safety(options: Options, provider: Provider, announce: Callable[[str], None]) -> Safety:
    if options.safe:
        return Safety(reads_only=True, strict=True)
    loopback = is_loopback(provider.host)
    return Safety(
        reads_only=not loopback and options.credits is None and options.safe is None,
        credits=options.credits if options.credits is not None or loopback else 0,
        announce=announce,
    )

"""A client that is a command: run in scenarios by the runner of `contracts grade`, and what is told in the end."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

from contracts.explore.atoms import Atoms
from contracts.explore.exploring import Explored
from contracts.explore.observed import CannotExplore, Observed
from contracts.explore.proposals import proposals
from contracts.explore.shown import told
from contracts.findings import Finding, Judged, Verdict
from contracts.grade.journal import Journal
from contracts.grade.run import Options, Runner
from contracts.grade.scenarios import Scenario
from contracts.report.masking import Masking
from contracts.report.shown import line
from contracts.report.words import amount, duration
from contracts.verify.selection import Selection

_USUAL: Final = Options(command=())


class Command:
    """A command in the hands of a runner. Its attempts may be made from any thread, the first by itself."""

    def __init__(self, runner: Runner, options: Options, selection: Selection) -> None:
        self._runner = runner
        self._options = options
        self._observed = Observed(shlex.join(options.command), selection)
        self._journals: dict[str, Journal] = {}

    def attempt(self, scenario: Mapping[str, Any]) -> Sequence[Finding]:
        """Run the client in a scenario, and judge what it did. Raises WorldError, CannotStart."""
        journal = self._runner.run(Scenario(self._observed.next_name, scenario))
        self._journals[_key(scenario)] = journal
        return self._observed.told(journal)

    def cases(self, seed: int) -> Iterable[Atoms]:
        """What to try with it. Raises CannotExplore if it asks for no upscale where nothing goes wrong."""
        try:
            return proposals(Random(seed), self._observed.habits())  # noqa: S311 - no secret hangs on it
        except CannotExplore as error:
            raise CannotExplore(f"{error}{self._end_of_good_day()}") from None

    def verdict(self, explored: Explored, seed: int, seconds: float, notes: Iterable[str]) -> Verdict:
        """What is told in the end: of rules that are always broken, and of the one that was searched for."""
        found, always = explored.found, list(explored.always)
        base = self._observed.verdict(self._observed.base)
        journal = self._observed.base if found is None else self._journals[_key(found.scenario)]
        findings = always if found is None else [*always, found.finding]
        runs = ([base] if always or found is None else []) + (
            [] if found is None else [self._observed.verdict(journal)]
        )
        return replace(
            base,
            judged=[Judged(each.rule, 1, [each]) for each in findings],
            seed=seed,
            calls=sum(len(each.requests) for each in self._journals.values()),
            seconds=seconds,
            notes=tuple(notes),
            events=[event for run in runs for event in run.courses[-1].events],
            courses=[run.courses[-1] for run in runs],
            grade=None,
        )

    def _end_of_good_day(self) -> str:
        client = self._observed.base.client
        if client is None:
            return ""
        end = client.stopped and f"was stopped {client.stopped}"
        end = end or (f"was ended by {client.signal}" if client.signal else f"ended with status {client.status}")
        output = [each for each in client.output.splitlines() if each.strip()]
        said = f" and said: {line(Masking().text(output[-1]), 300)}" if output else ""
        return f" (it {end}{said})"


def replay(options: Options, path: Path) -> str:
    """The command line that plays a scenario file again, without secrets."""
    words = ["contracts", "grade", "--scenario", str(path)]
    for name, value, usual in (
        ("--speed", options.speed, _USUAL.speed),
        ("--client-scale", options.scale, _USUAL.scale),
        ("--fast-forward", options.fast_forward, _USUAL.fast_forward),
        ("--timeout", options.timeout, _USUAL.timeout),
    ):
        if value != usual:
            words += [name, f"{value:g}"]
    if options.intercept:
        words.append("--intercept")
    return Masking().command(shlex.join([*words, "--", *options.command]))


def story(explored: Explored, seconds: float) -> list[str]:
    """What came of a search, in sentences."""
    tried = f"{amount(explored.cases, 'case')} tried, {amount(explored.runs, 'run')} in {duration(seconds)}"
    found = explored.found
    passing = [f"{each.rule.id} was broken once, and not again, where: {told(each.atoms)}" for each in explored.passing]
    if found is None:
        other = "no other rule" if explored.always else "no rule"
        return [f"{other} was broken: {tried}", *passing]
    lines = [f"{found.rule.id} is broken where this happens: {told(found.atoms)}"]
    if not found.steady:
        lines.append("that did not happen each time: the file may have to be played more than once")
    return [*lines, tried, *passing]


def _key(scenario: Mapping[str, Any]) -> str:
    return json.dumps(scenario, sort_keys=True)

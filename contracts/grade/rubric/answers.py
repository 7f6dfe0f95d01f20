"""Answers that are odd but legal: what the contract permits has to be borne."""

from collections.abc import Iterator
from typing import Final

from contracts.findings import Provenance
from contracts.grade.rubric.check import RESULT, Broken, Check, Held, Outcome, Unknown, rule, seconds, told
from contracts.grade.watched import Watched

_EXPLAINING: Final = ("ending/", "polling/", "callbacks/", "busy/", "refused/", "submit/")


def _tolerant(run: Watched) -> Iterator[Outcome]:
    if not run.liberties or not run.calls or any(own.job.status in ("FAILED", "MODERATED") for own in run.jobs):
        return
    if not run.jobs and run.control is None:
        return  # it may not have wanted to upscale anything
    if any(name.startswith(_EXPLAINING) for name in run.broken):
        return
    if run.control is not None and run.control.status != 0:
        yield Unknown("the client does not manage the plain answers, either")
    elif run.status == 0:
        yield Held()
    elif run.stopped or run.status is not None:
        end = f"stopped after {seconds(run.ended)}" if run.stopped else f"exit status {run.status}"
        evidence = tuple(dict.fromkeys((*(own.submit for own in run.jobs[:1]), run.calls[-1])))
        yield Broken(
            "the same end as with plain answers",
            f"it did not end well: {end}; its last call was {told(run.calls[-1])}{run.last_words}",
            evidence,
            len(evidence) - 1,
        )


CHECKS: Final = (
    Check(
        rule(
            "answers/tolerant",
            "Answers that are odd but legal are borne.",
            why="The API gains fields and changes their order without notice; whoever relies on it breaks.",
            instead="Read the fields that you need by name, ignore the others, and parse JSON as JSON.",
            pointer="/components/schemas/Video",
            provenance=Provenance.INFERRED,
        ),
        _tolerant,
        RESULT,
        whole=True,
    ),
)

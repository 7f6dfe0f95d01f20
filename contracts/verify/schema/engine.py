"""Runs Schemathesis in this process, and gives what it saw: each case with its checks."""

import copy
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import schemathesis
from hypothesis import strategies
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

import contracts.hooks
from contracts.contract import Contract
from contracts.contract.operations import Operation
from contracts.verify.schema.wire import Line, all_requests_by

_LONGEST_PATTERN: Final = 200
"""Characters of a pattern from which texts are made at random; from a longer one that takes seconds each."""

EXAMPLES: Final = 6
"""Random requests for each operation and mode, and stateful scenarios."""

_STEPS: Final = 5

Phases = tuple[str, ...]

ALL: Final[Phases] = ("examples", "coverage", "fuzzing", "stateful")


@dataclass(frozen=True)
class Examined:
    """One check of one case: its name in Schemathesis, the case's and the check's own words, and the calls that led to
    it, as far as the case follows others.
    """

    check: str
    case: Any
    recorder: ScenarioRecorder
    message: str
    """Why it failed, empty if it passed."""

    case_id: str
    """The case whose answer is wrong: the check may have made another from its own."""


def examine(
    contract: Contract,
    line: Line,
    url: str,
    token: str,
    *,
    seed: int,
    operations: Collection[str],
    phases: Phases = ALL,
    shrink: bool = False,
) -> Iterator[Examined]:
    """Let Schemathesis test `operations`, and give each check of each case. Ends when `line` has ended.

    With `shrink` an operation ends at its first failure, brought to its shortest; without, all failures are seen.
    """
    hooks = contracts.hooks.Hooks(token, lambda _: line.reply)
    with contracts.hooks.used(hooks), all_requests_by(line), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = _schema(contract, url, seed, operations, phases, shrink=shrink)
        stream = from_schema(schema).execute()
        for event in stream:
            if isinstance(event, events.ScenarioFinished):
                yield from _examined(event)
            if line.ended is not None:
                stream.stop()


def _schema(
    contract: Contract, url: str, seed: int, operations: Collection[str], phases: Phases, *, shrink: bool
) -> Any:
    config = SchemathesisConfig.from_dict(_configuration(contract, operations, phases, shrink=shrink))
    config.update(seed=seed % 2**32, max_failures=None)
    schema = schemathesis.openapi.from_dict(_easy(contract.document), config=config)
    schema.config.update(base_url=url)
    return schema


def _configuration(contract: Contract, operations: Collection[str], phases: Phases, *, shrink: bool) -> dict[str, Any]:
    """What schemathesis.toml says for users of the command line, with few random cases, from the contract alone."""
    reads_only = all(contract.operations[name].reads for name in operations)
    random = {"generation": {"max-examples": EXAMPLES}}
    return {
        "continue-on-failure": not shrink,
        "workers": 1,
        "cache": {"enabled": False},
        # Security parameters would make most broken requests good ones with a broken token.
        "generation": {"database": "none", "with-security-parameters": False},
        "phases": {
            "examples": {"enabled": "examples" in phases},
            # Of a method that a path does not have nobody knows what it would do.
            "coverage": {
                "enabled": "coverage" in phases,
                **({"unexpected-methods": ["OPTIONS"]} if reads_only else {}),
            },
            "fuzzing": {"enabled": "fuzzing" in phases, **random},
            "stateful": {"enabled": "stateful" in phases, "max-steps": _STEPS, **random},
        },
        "checks": {name: {"enabled": False} for name in ("missing_required_header", "object_level_authorization")},
        "operations": [
            {
                "include-operation-id": operation.id,
                "enabled": operation.id in operations,
                "checks": _statuses(operation),
            }
            for operation in contract.operations.values()
        ],
    }


def _statuses(operation: Operation) -> dict[str, Any]:
    """The statuses that an operation may answer whatever it is asked: an error of the server where the contract names
    it, and, where something is paid for, that the video named is not one to take, or that no credits are left.
    """
    named = [str(status) for status in operation.answers if status >= 500]
    paid = ["400", "412"] if operation.cost else []
    return {
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", *named]},
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "429", "5xx", *paid]
        },
    }


def _examined(event: events.ScenarioFinished) -> Iterator[Examined]:
    recorder = event.recorder
    for case_id, nodes in recorder.checks.items():
        for node in nodes:
            if node.status is Status.ERROR or case_id not in recorder.cases:
                continue
            failure = node.failure_info.failure if node.failure_info else None
            yield Examined(
                node.name,
                recorder.cases[case_id].value,
                recorder,
                " ".join(str(failure).split()) if failure is not None else "",
                (failure.case_id or case_id) if failure is not None else case_id,
            )


def _easy(document: Mapping[str, Any]) -> dict[str, Any]:
    """The contract with its long patterns told in another way: by the texts in it that keep them."""
    easy: dict[str, Any] = copy.deepcopy(dict(document))
    examples: dict[str, list[str]] = {}
    nodes = list(_schemas_with_long_patterns(easy))
    for node in nodes:
        examples.setdefault(node["pattern"], []).extend(node.get("examples", ()))
    names = {pattern: f"contracts-{index}" for index, pattern in enumerate(examples)}
    for pattern, texts in examples.items():
        schemathesis.openapi.format(names[pattern], strategies.sampled_from(sorted(set(texts)) or [""]))
    for node in nodes:
        node["format"] = names[node.pop("pattern")]
    return easy


def _schemas_with_long_patterns(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        pattern = node.get("pattern")
        if isinstance(pattern, str) and len(pattern) > _LONGEST_PATTERN:
            yield node
        for item in node.values():
            yield from _schemas_with_long_patterns(item)
    elif isinstance(node, list):
        for item in node:
            yield from _schemas_with_long_patterns(item)

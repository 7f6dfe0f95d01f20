"""The report: Markdown tables of what was measured, and the aims beside. It judges nothing."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inprocess import FEW_VIDEOS, MANY_VIDEOS, SeamCost
from measure import CONNECTIONS, Cell, Contestant, Spread, spread
from workload import W1, WORKLOADS

_ABOUT_CPU = (
    "Microseconds of user and system time of all the server's processes; median (least to greatest). "
    "The steadiest figure on a shared machine."
)
CELLS: tuple[Cell, ...] = tuple((w.key, n) for w in WORKLOADS for n in CONNECTIONS)
_OURS, _CEILING, _JVM_PEER = "ours", "bare", "wiremock"
_NOT_MEASURED = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that a run found out. `seconds` is the length of a round; `seam_problem` may be ""."""

    contestants: Sequence[Contestant]
    missing: Mapping[str, str]
    seam: Sequence[SeamCost]
    seam_problem: str
    generator: str
    rounds: int
    seconds: int


def render(findings: Findings) -> str:
    """Return the report as Markdown."""
    parts = ["# Benchmark", _conditions(findings)]
    if findings.contestants:
        parts += [
            "## Requests per second",
            "Median of the rounds (least to greatest).",
            _table(findings, lambda c, cell: _span(c.rates.get(cell))),
            "As a multiple of ours / of the ceiling:",
            _table(findings, lambda c, cell: _multiples(findings, c, cell, _rates)),
            "## CPU per request",
            _ABOUT_CPU,
            _table(findings, lambda c, cell: _span(c.costs.get(cell))),
            "As a multiple of ours / of the ceiling:",
            _table(findings, lambda c, cell: _multiples(findings, c, cell, _costs)),
            "## Subjects",
            _subjects(findings),
        ]
    problems = _problems(findings)
    if problems:
        parts += ["Left out or wrong:", problems]
    parts += ["## In process", _seam(findings), "## Aims", _aims(findings)]
    return "\n\n".join(parts) + "\n"


def _conditions(findings: Findings) -> str:
    workloads = "; ".join(f"{w.key}: {w.title}" for w in WORKLOADS)
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    rounds = f"rounds of {findings.seconds} s, {findings.rounds} in each cell"
    lines = (
        f"- Machine: {os.cpu_count()} cores, {_cpu_model()}, {system}. Nothing is pinned.",
        f"- Load: {findings.generator}; {rounds}; HTTP keep-alive on loopback.",
        "- The subjects take turns within a round; the others are paused meanwhile.",
        f"- {workloads}. The columns say the workload and the number of connections.",
    )
    return "\n".join(lines)


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown CPU"


def _table(findings: Findings, entry: Callable[[Contestant, Cell], str]) -> str:
    rows = [["subject", *(f"{key} x{n}" for key, n in CELLS)]]
    for contestant in findings.contestants:
        cells = ["wrong" if cell[0] in contestant.problems else entry(contestant, cell) for cell in CELLS]
        rows.append([contestant.subject.key, *cells])
    return _markdown(rows)


def _markdown(rows: Sequence[Sequence[str]], *, text_columns: int = 1) -> str:
    head, *body = rows
    rule = ["---"] * text_columns + ["---:"] * (len(head) - text_columns)
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))


def _span(values: Sequence[float] | None) -> str:
    return _spread_text(spread(values)) if values else _NOT_MEASURED


def _spread_text(values: Spread) -> str:
    digits = 0 if values.median >= 100 else 1
    return f"{values.median:,.{digits}f} ({values.least:,.{digits}f} to {values.greatest:,.{digits}f})"


def _rates(contestant: Contestant, cell: Cell) -> Sequence[float]:
    return contestant.rates.get(cell, ())


def _costs(contestant: Contestant, cell: Cell) -> Sequence[float]:
    return contestant.costs.get(cell, ())


_Values = Callable[[Contestant, Cell], Sequence[float]]


def _multiples(findings: Findings, contestant: Contestant, cell: Cell, values: _Values) -> str:
    texts = []
    for key in (_OURS, _CEILING):
        multiple = _multiple(findings, contestant.subject.key, key, cell, values)
        texts.append(_NOT_MEASURED if multiple is None else f"{multiple:.2f}")
    return " / ".join(texts)


def _multiple(findings: Findings, key: str, other_key: str, cell: Cell, values: _Values) -> float | None:
    """Return the median of `key` over the median of `other_key`; None when one is missing."""
    by_key = {c.subject.key: c for c in findings.contestants}
    if key not in by_key or other_key not in by_key:
        return None
    own, other = values(by_key[key], cell), values(by_key[other_key], cell)
    if not own or not other or not spread(other).median:
        return None
    return spread(own).median / spread(other).median


def _subjects(findings: Findings) -> str:
    sizes = ", ".join(w.key for w in WORKLOADS)
    rows = [["subject", "what", "setting", f"bytes of body ({sizes})", "first answer", "memory"]]
    for contestant in findings.contestants:
        answers = contestant.answers
        lengths = (str(len(answers[w.key].body)) if w.key in answers else "?" for w in WORKLOADS)
        setting = contestant.subject.setting
        if not contestant.keeps_connections:
            setting += "; **closes its connections**"
        rows.append(
            [
                contestant.subject.key,
                contestant.version,
                setting,
                ", ".join(lengths),
                f"{contestant.start_seconds:.2f} s",
                f"{contestant.memory_bytes / 2**20:,.0f} MiB",
            ]
        )
    note = "First answer: from the start of the command, once. Memory: resident, after the last round."
    return _markdown(rows, text_columns=4) + "\n\n" + note


def _problems(findings: Findings) -> str:
    lines = [f"- {key}: {reason}" for key, reason in findings.missing.items()]
    for contestant in findings.contestants:
        key = contestant.subject.key
        lines += [f"- {key}, {workload}: {text}" for workload, text in contestant.problems.items()]
    return "\n".join(lines)


def _seam(findings: Findings) -> str:
    if not findings.seam:
        return f"Not measured: {findings.seam_problem}"
    rows = [["microseconds per call, median (least to greatest)", "wall", "CPU"]]
    rows += [[cost.title, _spread_text(cost.wall), _spread_text(cost.cpu)] for cost in findings.seam]
    return _markdown(rows)


def _aims(findings: Findings) -> str:
    w1 = (W1.key, max(CONNECTIONS))
    seam = {cost.title: cost.cpu.median for cost in findings.seam}
    few, many = (
        next((v for title, v in seam.items() if title.endswith(f" of {count:,}")), None)
        for count in (FEW_VIDEOS, MANY_VIDEOS)
    )
    accepted = next((v for title, v in seam.items() if title.startswith(f"{W1.key}:")), None)
    peer = _multiple(findings, _OURS, _JVM_PEER, w1, _rates)
    ceiling = _multiple(findings, _OURS, _CEILING, w1, _rates)
    rows = [
        ["aim", "wanted", "measured"],
        [f"W1 x{w1[1]}, ours to WireMock", "at least 2", _number(peer)],
        [f"W1 x{w1[1]}, ours to the ceiling", "at least 0.45", _number(ceiling)],
        ["W1 in process, us of CPU", "under 50", _number(accepted)],
        [
            f"list in a sandbox of {MANY_VIDEOS:,} to one of {FEW_VIDEOS}, CPU",
            "1",
            _number(many / few if many and few else None),
        ],
    ]
    return _markdown(rows)


def _number(value: float | None) -> str:
    return _NOT_MEASURED if value is None else f"{value:.2f}"

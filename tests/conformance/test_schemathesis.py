"""`schemathesis run`, all phases and all checks, against the live mock: no failure, and good answers enough.

SCHEMATHESIS_SECONDS sets the length; `make proof` takes 300.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from contracts.sandboxes import RING
from live import Live

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECONDS = int(os.environ.get("SCHEMATHESIS_SECONDS", "60"))
GOOD_SHARE = 0.2


def test_schemathesis_finds_nothing_and_reaches_good_answers(live: Live, tmp_path: Path) -> None:
    report = tmp_path / "events.ndjson"
    done = run_schemathesis(live.url, report)
    assert done.returncode == 0, done.stdout + done.stderr

    calls = Counter(exchanges(report))
    operations = sorted({operation for operation, _ in calls} | set(OPERATIONS.values()))
    table = [row(operation, calls) for operation in operations]
    print(f"\n{'operation':<15} {'calls':>6} {'2xx':>6} {'share':>6}  statuses")
    for operation, total, good, statuses in table:
        print(f"{operation:<15} {total:>6} {good:>6} {good / max(total, 1):>6.1%}  {statuses}")
    assert [name for name, total, good, _ in table if good < GOOD_SHARE * total or not total] == []

    # The hooks go round in a ring of sandboxes; one more belongs to each token that a case made up.
    assert requests.get(f"{live.url}/__mock/health", timeout=5).json()["sandboxes"] <= 2 * RING


def run_schemathesis(url: str, report: Path) -> subprocess.CompletedProcess[str]:
    """Run it as a user does, from the root; the time limit ends it, so the one here only guards."""
    arguments = ["--url", url, "--max-time", str(SECONDS), "--seed", "1", "--no-color"]
    reports = ["--report", "ndjson", "--report-ndjson-path", str(report)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SCHEMATHESIS", "USEAPI"))}
    return subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", "openapi.yaml", *arguments, *reports],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS + 90,
        check=False,
    )


def exchanges(report: Path) -> Iterator[tuple[str, int]]:
    """Operation and status of each call that the checks saw; not those by which the hooks find what exists."""
    with report.open(encoding="utf-8") as file:
        for line in file:
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for exchange in recorder.get("interactions", {}).values():
                request, response = exchange["request"], exchange.get("response", {})
                operation = operation_of(request["method"], urlsplit(request["uri"]).path)
                # A method that the path does not have belongs to no operation.
                if operation is not None:
                    yield operation, response.get("status_code", 0)


def operation_of(method: str, path: str) -> str | None:
    """The operationId that a request belongs to; a path without templates comes first."""
    return next((name for pattern, name in OPERATIONS.items() if re.fullmatch(pattern, f"{method} {path}")), None)


def row(operation: str, calls: Counter[tuple[str, int]]) -> tuple[str, int, int, str]:
    """Calls, good ones among them, and all statuses with their numbers."""
    statuses = {status: number for (name, status), number in sorted(calls.items()) if name == operation}
    good = sum(number for status, number in statuses.items() if 200 <= status < 300)
    return operation, sum(statuses.values()), good, ", ".join(f"{s}: {n}" for s, n in statuses.items())


def _patterns(contract: dict[str, Any]) -> dict[str, str]:
    """Method and path, as a pattern, to operationId."""
    return {
        f"{method.upper()} {re.sub(r'{[^}]+}', '[^/]+', path)}": operation["operationId"]
        for path, item in sorted(contract["paths"].items(), key=lambda entry: "{" in entry[0])
        for method, operation in item.items()
        if "operationId" in operation
    }


OPERATIONS = _patterns(yaml.safe_load((ROOT / "openapi.yaml").read_bytes()))
